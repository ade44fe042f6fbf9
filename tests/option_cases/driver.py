"""The driver and what it decides (docs/method/conventions.md, section 7)."""

import os
import threading
import time

import numpy as np

from helpers.synthetic_patch import make_patch
from option_cases.lab import Argument, Code, unwrapped_by
from option_cases.lab import Parameter as P
from option_cases.projects import (
    after_two_iterations,
    fewer_random_pixels,
    small_baseline_series,
    unwrapped_project,
    wrapped_project,
)
from option_cases.registry import case
from stamps.errors import ParameterError


@case(P("quick_est_gamma_flag"))
def there_is_only_the_quick_estimator(lab):
    ws = lab.golden(1, quick_est_gamma_flag="n")
    with fewer_random_pixels():
        lab.refused(ParameterError, "quick_est_gamma_flag", "stamps", 2, 2, workdir=ws.path)


@case(P("quick_est_gamma_flag"))
def without_the_quick_estimator_nothing_is_re_estimated(lab):
    ws = lab.golden(2, quick_est_gamma_flag="n")
    lab.call("stamps", 3, 3, workdir=ws.path)
    lab.agrees(ws.path, ["PATCH_1/select1.mat"], variant="select_no_reestimate")


@case(P("insar_processor"), P("insar_processor", "gsar"))
def insar_processor(lab):
    ws = lab.golden(0, insar_processor="GAMMA")
    lab.call("stamps", 1, 1, workdir=ws.path)
    lab.agrees(ws.path, ["PATCH_1/ps1.mat", "PATCH_2/bp1.mat", "PATCH_1/la1.mat"], step=1)


@case(P("small_baseline_flag"))
def small_baselines_are_weeded_without_neighbours(lab):
    ws = make_patch(lab.folder, small_baselines=True, weed_neighbours="y", weed_standard_dev=np.inf)[0]
    ij = ws.load("ps1")["ij"]
    ws.save("ps1", {"ij": np.floor(ij / [1, 2, 2])})  # now they touch each other
    lab.plain("ps_select", 1, workdir=ws)
    lab.call("stamps", 4, 4, "n", workdir=ws.path)
    kept = ws.load("select1")["keep_ix"].sum()
    np.testing.assert_array_equal(ws.load("weed1")["ix_weed"], np.ones(kept, bool))


@case(P("small_baseline_flag"))
def small_baselines_are_filtered_image_by_image(lab):
    """Step 8 takes all images: what is dropped are interferograms."""
    ws, _ = small_baseline_series(lab, n_image=3, drop_ifg_index=1)
    lab.call("ps_scn_filt", workdir=ws)
    assert ws.load("scn2")["ph_hpt"].shape == (50, 3)


@case(P("scn_kriging_flag"))
def scn_kriging_flag(lab):
    ws = unwrapped_project(lab, scn_kriging_flag="y")
    lab.call("stamps", 8, 8, workdir=ws.path)
    assert {"ph_noise_res", "std_ph_noise"} <= set(ws.variables_of("scn2"))


def _contents(ws, *but):
    """Bytes of the files of a directory."""
    return {path.name: path.read_bytes() for path in ws.path.iterdir() if path.name not in but}


@case(Argument("stamps", "start_step"), Argument("stamps", "start_step", 4))
def start_step_0_resumes_each_patch_where_it_stands(lab):
    ws = lab.golden(4)
    for file in ("weed1", "ps2", "pm2", "ph2", "bp2", "la2", "hgt2", "psver"):
        (ws.path / "PATCH_2" / f"{file}.mat").unlink()
    (ws / "PATCH_1").version = 1
    before = _contents(ws / "PATCH_1", "psver.mat", "STAMPS.log")
    lab.call("stamps", 0, 4, workdir=ws.path)
    assert _contents(ws / "PATCH_1", "psver.mat", "STAMPS.log") == before, "a finished patch is left alone"
    assert (ws / "PATCH_1").version == 2
    lab.agrees(ws.path, ["PATCH_2/weed1.mat", "PATCH_2/ps2.mat"], step=4)


@case(Argument("stamps", "end_step"), Argument("stamps", "end_step", 4))
def end_step(lab):
    ws = lab.golden(2)
    lab.call("stamps", 3, 3, workdir=ws.path)
    assert (ws / "PATCH_2").exists("select1") and not (ws / "PATCH_1").exists("weed1")


@case(Argument("stamps", "patches_flag"))
def patches_flag_n_works_in_the_directory_itself(lab):
    ws = make_patch(lab.folder, **{"lambda": 0.0555})[0]
    (ws.path / "PATCH_1").mkdir()
    lab.call("stamps", 3, 3, "n", workdir=ws.path)
    assert ws.exists("select1") and not list((ws.path / "PATCH_1").iterdir())
    assert not (ws.path / "patch.list").exists()


@case(
    Code("one-patch directory", "stamps.workspace.parameter_files.ParameterFiles.home", lambda self: self.workspace),
    Code("one-patch directory", "stamps.run.step_calls.merge", lambda *_: ""),
    Code("one-patch directory", "stamps.workspace.Workspace.patch_list", lambda *_: ["PATCH_1"]),
)
def one_patch_directory(lab):
    """Started in a patch: everything happens there, with the parameters of the directory above."""
    project_ws = lab.golden(3)
    ws = project_ws / "PATCH_1"
    lab.call("stamps", 4, 8, workdir=ws.path)
    lab.agrees(project_ws.path, ["PATCH_1/weed1.mat", "PATCH_1/ps2.mat"], step=4)
    lab.agrees(project_ws.path, ["PATCH_1/rc2.mat"], step=5)
    n_ps, n_ifg = ws.load("ps2")["n_ps"], ws.load("ps2")["n_ifg"]
    assert ws.load("ifgstd2")["ifg_std"].shape == (n_ifg,) and ws.load("scn2")["ph_scn_slave"].shape == (n_ps, n_ifg)
    assert ws.load("uw_grid")["pix_size"] == 50, "the parameter of the directory above"
    ph_rc, ph_uw = ws.load("rc2")["ph_rc"], ws.load("phuw2")["ph_uw"]
    used = np.delete(np.arange(n_ifg), ws.load("ps2")["master_ix"])
    k_term = ws.load("pm2")["K_ps"][:, None] * ws.load("bp2")["bperp_mat"]
    wrapped = np.angle(np.exp(1j * ph_uw[:, used]) * np.conj(ph_rc[:, used] * np.exp(1j * k_term)))
    np.testing.assert_allclose(wrapped, 0, atol=1e-3)
    assert not project_ws.exists("ps2") and not (ws.path / "patch.list").exists()


@case(Argument("stamps", "est_gamma_parm"), Argument("stamps", "est_gamma_parm", 1))
def est_gamma_parm(lab):
    """2: the patch phase is computed once more with the weights of the last iteration, then all stops."""
    ws, before = after_two_iterations(lab)
    with fewer_random_pixels():
        lab.call("stamps", 2, 2, "n", 2, workdir=ws.path)
    after = ws.load("pm1")
    np.testing.assert_array_equal(after["K_ps"], before["K_ps"])
    assert np.abs(after["ph_patch"] - before["ph_patch"]).max() > 1e-3


@case(Argument("stamps", "patch_list_file"))
def patch_list_file(lab):
    ws = lab.golden(3)
    ws.write_text("some.list", "PATCH_2\n\n")
    lab.call("stamps", 4, 4, patch_list_file="some.list", workdir=ws.path)
    assert not (ws / "PATCH_1").exists("weed1")
    lab.agrees(ws.path, ["PATCH_2/weed1.mat"], step=4)
    assert (ws.path / "patch.list").read_text().split() == ["PATCH_2"], "the subset replaces the list"
    assert (ws.path / "patch.list_old").read_text().split() == ["PATCH_1", "PATCH_2"]


@case(Argument("stamps", "part_limitation"), Argument("stamps", "part_limitation", 2))
def part_1_stops_before_the_merge(lab):
    ws = lab.golden(4)
    lab.call("stamps", 5, 5, None, 0, None, 1, workdir=ws.path)
    lab.agrees(ws.path, ["PATCH_1/rc2.mat", "PATCH_2/rc2.mat"], step=5)
    assert not ws.exists("ps2") and not ws.exists("ifgstd2")


@case(Argument("stamps", "part_limitation"), Argument("stamps", "part_limitation", 1))
def part_2_leaves_the_patches_alone(lab):
    ws = lab.golden(4)
    for patch in (ws / "PATCH_1", ws / "PATCH_2"):
        patch.put_file("rc2.mat", lab.golden_file(f"{patch.name}/rc2.mat", 5))
        os.utime(patch.path / "rc2.mat", (1e9, 1e9))
    lab.call("stamps", 5, 5, None, 0, None, 2, workdir=ws.path)
    assert all((ws.path / patch / "rc2.mat").stat().st_mtime == 1e9 for patch in ("PATCH_1", "PATCH_2"))
    lab.agrees(ws.path, ["ps2.mat", "rc2.mat", "ifgstd2.mat"], step=5)


@case(P("n_cores"))
def n_cores(lab):
    """As many interferograms are unwrapped at a time."""
    wanted = (os.cpu_count() or 1) + 1
    ws = wrapped_project(lab, n_ifg=wanted + 4, n_cores=wanted)[0]
    running, most, changed = [], [], threading.Condition()

    def stand_in(interferogram, *_):
        with changed:
            running.append(1)
            most.append(len(running))
            changed.notify_all()
            changed.wait_for(lambda: max(most) >= wanted, timeout=1)
        time.sleep(0.02)  # more than were asked for would start now
        with changed:
            running.pop()
        return np.angle(interferogram).astype(np.float32)

    with unwrapped_by(stand_in):
        lab.call("ps_unwrap", workdir=ws)
    assert max(most) == wanted
