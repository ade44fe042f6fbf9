"""Results that are out of date, or placeholders of results, are refused."""

import shutil
from functools import partial

import numpy as np
import pytest

from helpers.run_projects import copied, golden_set, quietly
from helpers.stale_results import does, plotted, refused, steps
from stamps.cli import report as report_command
from stamps.errors import ExternalProgramError, WorkspaceError
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.legacy.ps_calc_scla import ps_calc_scla
from stamps.legacy.ps_calc_tca import ps_calc_tca
from stamps.legacy.ps_gescatter import ps_gescatter
from stamps.legacy.ps_mean_v import ps_mean_v
from stamps.legacy.ps_output import ps_output
from stamps.legacy.ps_plot import ps_plot
from stamps.legacy.ps_scn_filt_krig import ps_scn_filt_krig
from stamps.legacy.ps_unwrap import ps_unwrap
from stamps.legacy.scla_reset import scla_reset
from stamps.legacy.setparm import setparm
from stamps.legacy.stamps import stamps
from stamps.legacy.ts_plot import ts_plot
from stamps.products.exports import export
from stamps.products.view import view
from stamps.queries.status import project_status
from stamps.run import engine, step_calls
from stamps.tropo.aps_linear import aps_linear
from stamps.verify import golden
from stamps.workspace import Workspace, freshness, matfile
from stamps.workspace.lineage import FILE

#: What reads unwrapped phases.
READERS = {
    **{f"ps_plot {name}": plotted(name) for name in ("u", "u-dms", "v", "v-do", "vs", "vdrop")},
    "ps_plot v ts": partial(ps_plot, "v", "ts", out="x.png"),
    "ps_mean_v": ps_mean_v,
    "stamps 7 7": steps(7, 7),
    "stamps 8 8": steps(8, 8),
    "stamps 7 8": steps(7, 8),
    "kriging": ps_scn_filt_krig,
    "ps_calc_scla": ps_calc_scla,
    "export csv": partial(export, "csv", "x.csv"),
    "export visualizer": partial(export, "visualizer", "x.csv"),
    "view": view,
    "tropo linear": aps_linear,
    "ps_calc_tca": partial(ps_calc_tca, [2], [0, 1e4], [-99, 99]),
}


READERS_SB = {
    **{f"ps_plot {name}": plotted(name) for name in ("u", "u-d", "V", "V-do", "Vs")},
    "stamps 8 8": steps(8, 8),
    "ps_mean_v": ps_mean_v,
    "export csv": partial(export, "csv", "x.csv"),
    "view": view,
}


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    """The original's state after step 5, read only: the placeholder without a record."""
    return golden.build_state(golden_set("ps_mini"), 5, tmp_path_factory.mktemp("merged"))


@pytest.fixture(scope="module")
def merged_pairs(tmp_path_factory):
    """Small baselines unwrapped, but not inverted, over the zeros of a merge without resampling."""
    path = golden.build_state(golden_set("sb_mini"), 8, tmp_path_factory.mktemp("pairs"))
    zeros(path, (Workspace(path).load("ps2")["n_ps"], 32))
    return path


@pytest.fixture
def chain(finished_ps_mini):
    return finished_ps_mini


@pytest.fixture
def project(chain, tmp_path):
    """A copy of :func:`chain`."""
    return copied(chain, tmp_path / "project")


def zeros(path, shape):
    content = matfile.read(path / "phuw2.mat")
    matfile.write(path / "phuw2.mat", {**content, "ph_uw": np.zeros(shape, np.float32)})


def change(path, name, variable):
    """Change a result as a later run of its step would: published by the workspace."""
    ws = Workspace(path)
    content = ws.load_raw(name)
    with ws.publish():
        ws.save_raw(name, {**content, variable: content[variable] * 1.5}, append=False)


# ---------------------------------------------------------------------- the placeholder


@pytest.mark.parametrize("reader", READERS)
def test_zeros_of_step_5_are_no_phases(merged, reader):
    refused(READERS[reader], merged, "phuw2.mat holds only zeros", "run step 6 first (stamps 6 6)")


@pytest.mark.parametrize("reader", READERS_SB)
def test_zeros_beside_unwrapped_pairs_are_no_series(merged_pairs, reader):
    refused(READERS_SB[reader], merged_pairs, "phuw2.mat holds only zeros", "stamps 6 6")


@pytest.mark.parametrize("value", ("usb", "v", "d"))
def test_pairs_can_be_shown_before_they_are_inverted(merged_pairs, tmp_path, value):
    does(plotted(value), copied(merged_pairs, tmp_path / "project"))


@pytest.mark.parametrize("value", ("w", "p", "hgt", "wf"))
def test_what_needs_no_unwrapped_phase_can_be_shown(project, value):
    does(steps(5, 5, cores=1), project)
    does(plotted(value), project)


def test_the_dry_run_and_the_status_foretell_it(merged):
    assert "step 6 comes first" in str(stamps(7, 8, workdir=merged, dry_run=True))
    assert not stamps(6, 8, workdir=merged, dry_run=True).fails
    assert project_status(merged).merged_step == 5
    assert "stamps 6 8" in project_status(merged).next[0].command


def test_products_of_older_results_refuse_the_zeros_too(project):
    does(plotted("v-d"), project)
    does(partial(ps_plot, "v-d", "ts", out="x.png"), project)
    does(steps(5, 5, cores=1), project)
    refused(ps_output, project, "phuw2.mat holds only zeros", "stamps 6 6")
    for value in ("d", "s", "v-d"):
        refused(plotted(value), project, "phuw2.mat", "(stamps 6 ")
    refused(partial(ts_plot, 14.2, 40.2), project, "ps_plot_ts_v-d.mat", "stamps 6 ")
    refused(partial(ps_gescatter, "x.kml", "ps_plot_v-d"), project, "ps_plot_v-d.mat", "stamps 6 ")


def test_a_dropped_interferogram_is_no_placeholder(project):
    setparm("drop_ifg_index", [3], workdir=project)
    does(steps(6, 7), project)
    assert not Workspace(project).load("phuw2")["ph_uw"][:, 2].any()
    does(plotted("v-d"), project)


def test_phases_that_step_6_found_to_be_zero_are_phases(tmp_path):
    ws = Workspace(tmp_path)
    ws.save("uw_phaseuw", {"ph_uw": np.zeros((4, 1), np.float32)})
    with ws.publish():
        ws.load("uw_phaseuw")
        ws.save("phuw2", {"ph_uw": np.zeros((4, 1), np.float32)})
    assert not ws.load("phuw2")["ph_uw"].any() and not freshness.is_placeholder(ws, "phuw2")
    (tmp_path / FILE).unlink()
    with pytest.raises(WorkspaceError, match="stamps 6 6"):
        ws.load("phuw2")


@pytest.mark.parametrize("value", (np.nan, 1e-30))
def test_what_is_not_zero_is_no_placeholder(tmp_path, value):
    ws = Workspace(tmp_path)
    ws.save("phuw2", {"ph_uw": np.array([[0, value]], np.float32)})
    assert not freshness.is_placeholder(ws, "phuw2")


# ---------------------------------------------------------------------- results that are out of date


def test_step_6_alone_leaves_the_look_angle_error_behind(project):
    setparm("unwrap_grid_size", 60, workdir=project)
    assert [item.name for item in project_status(project).made_with] == ["unwrap_grid_size"]
    does(plotted("v-d"), project)  # other parameters are no reason to refuse
    does(steps(6, 6), project)
    does(plotted("u"), project)
    for function in (
        plotted("v-d"),
        plotted("d"),
        partial(ps_mean_v, None, 10, "d"),
        partial(export, "csv", "x.csv"),
        view,
    ):
        refused(function, project, "scla2.mat was made from another phuw2.mat", "run step 7 again (stamps 7 7)")
    assert "Warning: " in does(steps(8, 8), project)
    status = project_status(project)
    assert status.made_with == () and "stamps 7 8" in status.next[0].command
    names = [item.file.rpartition("/")[2] for item in status.stale]
    assert names == ["scla2.mat", "scla_smooth2.mat", "scn2.mat", "mean_v.mat"]
    assert "Warning" not in does(steps(7, 8), project)
    does(plotted("v-ds"), project)


def test_a_patch_run_again_puts_the_merged_results_out_of_date(project):
    setparm("weed_standard_dev", 0.9, workdir=project)
    does(steps(4, 5, part_limitation=1, cores=1), project)
    for value in ("v-d", "w", "hgt"):
        refused(plotted(value), project, "ps2.mat was made from another PATCH_1/ps2.mat", "stamps 5 8")
    assert "stamps 5 8" in project_status(project).next[0].command
    assert "another PATCH_1/ps2.mat" in does(steps(6, 6), project)
    does(steps(5, 6, cores=1), project)
    refused(steps(8, 8), project, "scla2.mat was made from another ps2.mat", "stamps 7 7")  # of other pixels
    assert "another ps2.mat" in str(stamps(8, 8, workdir=project, dry_run=True))
    does(steps(7, 8), project)
    does(plotted("v-ds"), project)


def test_an_earlier_step_in_one_patch_is_noticed(project):
    change(project / "PATCH_2", "pm1", "coh_ps")
    refused(plotted("v-d"), project, "goes back to another PATCH_2/pm1.mat", "stamps 3 8")
    assert "stamps 3 8" in project_status(project).next[0].command
    assert "select1.mat" in does(steps(4, 4, cores=1), project)


def test_a_project_prepared_again_is_noticed(project):
    stack = golden_set("ps_mini") / "stack"
    quietly(mt_prep_snap, "20180426", stack, 0.35, 2, 1, 10, 10, workdir=project)
    refused(plotted("v-d"), project, "PATCH_1/ps2.mat, which is not there any more", "stamps 1 8")
    assert "stamps 1 8" in project_status(project).next[0].command


def test_candidates_changed_in_place_are_noticed(project):
    path = project / "PATCH_1" / "pscands.1.ph"
    content = bytearray(path.read_bytes())
    content[100:108] = content[108:116]
    path.write_bytes(content)
    refused(plotted("v-d"), project, "goes back to another PATCH_1/pscands.1.ph", "stamps 1 8")


def test_a_step_6_that_fails_after_a_rerun_leaves_no_result(project, monkeypatch):
    setparm("weed_standard_dev", 0.9, workdir=project)
    monkeypatch.setattr("stamps.legacy.ps_unwrap.uw_3d", _fail)
    with pytest.raises(ExternalProgramError):
        does(steps(4, 8, cores=1), project)
    refused(plotted("v-d"), project, "phuw2.mat holds only zeros", "stamps 6 6")
    refused(plotted("d"), project, "stamps 6 7")


def _fail(*arguments, **options):
    raise ExternalProgramError("SNAPHU failed.")


def test_look_angle_errors_of_other_pixels_are_not_subtracted(project):
    """As many pixels as before, but others: the original would subtract what belongs to the old ones."""
    change(project, "ps2", "lonlat")
    assert "wrong number of PS" in does(ps_unwrap, project)
    assert not (project / "scla_smooth2.mat").exists()


def test_the_standard_deviation_of_an_older_velocity_is_refused(project):
    does(ps_mean_v, project)
    does(steps(6, 6), project)
    with_cutoff = partial(ps_gescatter, "x.kml", np.ones(Workspace(project).load("ps2")["n_ps"]), std_cutoff=5)
    refused(with_cutoff, project, "mv2.mat", "run ps_mean_v again")


@pytest.mark.exhaustive
def test_the_report_names_what_is_out_of_date(project, capsys):
    report_command.main(["--workdir", str(project)])
    assert "Warning" not in capsys.readouterr().out
    does(steps(6, 6), project)
    with pytest.raises(WorkspaceError, match="stamps 7 7"):
        report_command.main(["--workdir", str(project)])
    assert "scla2.mat was made from another phuw2.mat" in (project / "report" / "index.html").read_text()
    does(steps(5, 5, cores=1), project)
    with pytest.raises(WorkspaceError, match="stamps 6 6"):
        report_command.main(["--workdir", str(project)])
    assert "holds only zeros" in capsys.readouterr().out


# ---------------------------------------------------------------------- usual ways of working


def test_a_second_pass_is_not_hindered(project):
    assert "Warning" not in does(steps(6, 7), project)
    for value in ("u-dm", "v-d", "d", "u"):
        does(plotted(value), project)
    assert "layer of correlated noise is left out" in does(partial(view, n_boot=20), project)
    refused(plotted("v-ds"), project, "scn2.mat was made from another phuw2.mat", "stamps 8 8")
    assert "Warning" not in does(steps(8, 8), project)
    does(plotted("v-ds"), project)
    assert project_status(project).stale == ()


def test_single_steps_can_be_repeated(project):
    for name, value, step in (("scla_deramp", "y", 7), ("scn_time_win", 100, 8), ("scn_wavelength", 50, 8)):
        setparm(name, value, workdir=project)
        assert "Warning" not in does(steps(step, 8), project)
    for step in (7, 8, 8):
        does(steps(step, step), project)
    does(plotted("v-dso"), project)
    does(scla_reset, project)
    does(plotted("v"), project)
    refused(plotted("v-d"), project, "scla2.mat is missing", "stamps 7 7")
    assert "Warning" not in does(steps(6, 8), project)


@pytest.mark.exhaustive
def test_a_correction_of_the_troposphere_is_not_hindered(project):
    does(aps_linear, project)
    setparm("subtr_tropo", "y", workdir=project)
    setparm("tropo_method", "a_linear", workdir=project)
    for start in (7, 6, 6):
        assert "made from" not in does(steps(start, 8), project)
        does(plotted("v-da", "a_linear"), project)
    assert project_status(project).stale == ()


@pytest.mark.exhaustive
def test_a_run_from_the_beginning_makes_everything_anew(project):
    assert "made from" not in does(steps(1, 8, cores=1), project)
    does(plotted("v-ds"), project)
    assert project_status(project).stale == ()


@pytest.mark.parametrize("way", ("touched", "without patches", "patches thinned out", "record lost", "moved"))
def test_copies_are_as_good_as_the_project(project, way):
    if way == "touched":
        for path in project.rglob("*"):
            path.touch()
    elif way == "without patches":
        for path in project.glob("PATCH_*"):
            shutil.rmtree(path)
    elif way == "patches thinned out":
        for path in [*project.glob("PATCH_*/p*1.mat"), *project.glob("PATCH_*/rc2.mat"), *project.glob("uw_*.mat")]:
            path.unlink()
    elif way == "record lost":
        (project / FILE).unlink()
    else:
        project = project.rename(project.with_name("elsewhere"))
    does(plotted("v-ds"), project)
    assert "made from" not in does(steps(7, 8), project)
    assert project_status(project).stale == ()


def test_a_project_that_the_original_continues_is_judged_by_its_files(project):
    """Results of other origin are taken as they are; what was made from older ones is not."""
    for step in (6, 7, 8):
        golden.lay_overlay(golden_set("ps_mini") / f"step{step}", project)
    does(plotted("v-ds"), project)
    shutil.copy(golden_set("ps_mini") / "pass2" / "phuw2.mat", project)
    does(plotted("v-ds"), project)
    does(steps(7, 7), project)
    shutil.copy(golden_set("ps_mini") / "step6" / "phuw2.mat", project)
    refused(plotted("v-d"), project, "scla2.mat was made from another phuw2.mat", "stamps 7 7")


def test_a_project_of_the_original_works_whatever_the_times_are(tmp_path):
    path = golden.build_state(golden_set("ps_mini"), 8, tmp_path)
    for name in ("ps2.mat", "phuw2.mat"):
        (path / name).touch()
    does(plotted("v-ds"), path)
    assert project_status(path).stale == () and project_status(path).made_with == ()


@pytest.mark.exhaustive
def test_the_record_depends_neither_on_cores_nor_on_who_runs_the_patches(chain, tmp_path):
    golden.build_state(golden_set("ps_mini"), 3, tmp_path)
    quietly(
        engine.run_patches,
        [Workspace(tmp_path) / name for name in ("PATCH_1", "PATCH_2")],
        4,
        5,
        step_calls.StepOptions(),
        _Two(),
    )
    ours, theirs = (freshness.Judge(Workspace(folder / "PATCH_1")).book for folder in (chain, tmp_path))
    for name in ("ps2.mat", "rc2.mat", "weed1.mat"):
        assert [source for source, _ in ours.made_from(name)] == [source for source, _ in theirs.made_from(name)]


class _Two:
    """Workers of two processes."""

    client, cores = None, 2
