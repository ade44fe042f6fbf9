"""All that the package offers, in a project that HyP3's products began: it works, or says in a sentence why not."""

import json

import pytest

from helpers import hyp3_products as products_of
from helpers.pictured_project import small_pictures
from stamps import ps_plot
from stamps.cli import program
from stamps.errors import StampsError
from stamps.legacy.stamps import stamps
from stamps.products.value_types import known_names
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

#: What cannot be drawn, and the beginning of the reason, by a part of the name after the dash or the name itself.
CORRECTIONS = ("Say which", "tide")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Project whose unwrapping was repaired, after step 8 (read only)."""
    folder = tmp_path_factory.mktemp("hyp3")
    products = products_of.simulated(folder / "stack", lines=90, samples=90, n_images=8, hyp3_errors=2)
    answer = products_of.prepared(products, folder / "project")
    stamps(6, 8, workdir=answer.workdir)
    return answer.workdir


@pytest.fixture
def project(finished, tmp_path, monkeypatch):
    """A copy that may be changed, with small pictures."""
    small_pictures(monkeypatch)
    folder = products_of.copied(finished, tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


def ran(capsys, line):
    """Exit status and last line of a command."""
    command, *words = line.split()
    status = program.run(command, words)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return status, (err or out).strip().splitlines()[-1]


def test_every_value_type(project):
    refused = {}
    for name in known_names(small_baselines=True):
        try:
            ps_plot(name, -1, workdir=project)
        except StampsError as error:
            refused[name] = str(error)
    others = {name: text for name, text in refused.items() if not any(word in text for word in CORRECTIONS)}
    assert "has no patch phase" in others.pop("p")
    assert set(others) == {"w-o", "w-do", "w-dmo", "o"}
    assert all("scla_deramp" in text for text in others.values())
    assert {"v-d", "V-do", "wf", "hgt", "u-dms", "rsb", "usb", "w", "vs", "D"}.isdisjoint(refused)


def test_values_with_ramps_and_troposphere(project, capsys):
    assert ran(capsys, "stamps tropo linear")[0] == 0
    Parameters(project).set("scla_deramp", "y")
    stamps(7, 8, workdir=project)
    for line in ("w-do -1", "v-do -1", "V-dao -1 a_l", "usb-da -1 a_linear", "a -1 a_linear"):
        assert ran(capsys, f"ps_plot {line}")[0] == 0, line
    Parameters(project).set("subtr_tropo", "y")
    Parameters(project).set("tropo_method", "a_linear")
    stamps(6, 8, workdir=project)


@pytest.mark.parametrize(
    "line",
    [
        "stamps status", "stamps estimate", "stamps describe-inputs", "stamps describe-inputs 6", "stamps describe-inputs 8",
        "stamps 6 8 --dry-run", "stamps settings", "ps_info", "sb_info", "sb_baseline_plot --out s.png", "ps_mean_v",
        "plot_sb_baselines --out p.png", "ps_plot v-d --out v.png", "ps_plot wf --out w.png", "ps_plot V-d 6 --out v6.png",
        "ps_plot hgt 0 --out h.png", "sb_invert_uw", "sb_invert_uw --weights identity", "sb_fix_closure", "sb_bridge",
        "env_oscilator_corr y", "stamps tropo powerlaw", "scla_reset y", "K2q [0.01] 1200 E", "stamps view",
        "stamps report",
    ],
)  # fmt: skip
def test_what_works(project, capsys, line):
    assert ran(capsys, line)[0] == 0


@pytest.mark.parametrize(
    "kind", ["csv", "geotiff", "visualizer", "mintpy", "gpkg", "geojson", "shp", "kml", "geoparquet"]
)
def test_exports(project, capsys, kind):
    assert ran(capsys, f"stamps export {kind}")[0] == 0


def test_series_and_output(project, capsys):
    lon, lat = Workspace(project).load("ps2")["ll0"]
    for line in (
        "ps_plot V-d ts",
        f"ts_plot {lon} {lat} 800 --out t.png",
        f"ts_plotdiff {lon} {lat} {lon + 0.01} {lat} 800 --out d.png",
        "ps_plot V-d -1",
        "ps_output",
        "ps_gescatter velocity ps_plot_v-d 5 0.6",
        "ps_shapefile velocity ps_plot_v-d",
        "gescatter velocity ps_mean_v.xy",
    ):
        assert ran(capsys, line)[0] == 0, line


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("stamps 1 8", "nothing for steps 1 to 5 to do"),
        ("stamps 3 5 --dry-run", "nothing for steps 1 to 5 to do"),
        ("stamps describe-inputs 2", "nothing for steps 1 to 5 to do"),
        ("ps_plot p --out p.png", "has no patch phase"),
        ("ps_plot w 4 --out w.png", "has no mean_amp.flt"),
        ("ps_plot w 2 --out w.png", "demparms.in is missing"),
        ("sb_invert_uw --weights sigma", "or use the weights 'identity'"),
        ("ps_baseline_plot --out b.png", "use sb_baseline_plot"),
        ("ps_sb_merge", "ps_sb_merge"),
        ("sb_find", "is a small-baseline project"),
        ("ps_load_mean_amp", "has no mean_amp.flt"),
        ("ps_load_dem", "demparms.in is missing"),
        ("ps_load_info", "day.1.in was found neither"),
        ("mt_link", "is missing"),
        ("mt_add_ds", "is missing"),
        ("mt_extract_cands", "is missing"),
        ("mt_extract_info", "master.res"),
        ("stamps_mc_header 1 5", "has no patches"),
        ("stamps relocate /tmp", "no list files"),
        ("sb_bridge --undo", "Nothing can be undone"),
    ],
)
def test_what_says_why_not(project, capsys, line, sentence):
    status, said = ran(capsys, line)
    assert status == 1
    assert sentence in said


def test_unwrapping_with_the_patch_phase_is_refused(project, capsys):
    Parameters(project).set("unwrap_patch_phase", "y")
    status, said = ran(capsys, "stamps 6 6")
    assert status == 1
    assert "holds no patch phase" in said


def test_an_empty_patch_phase_is_none_either(project, capsys):
    ws = Workspace(project)
    ws.save("pm2", {"coh_ps": ws.load("pm2")["coh_ps"], "ph_patch": None}, append=False)
    assert "has no patch phase" in ran(capsys, "ps_plot p --out p.png")[1]
    Parameters(project).set("unwrap_patch_phase", "y")
    assert "holds no patch phase" in ran(capsys, "stamps 6 6")[1]


def test_status_knows_where_it_stands(tmp_path, capsys, finished):
    products = finished.parent / "stack" / "hyp3"
    for mode, steps in (("keep", "stamps 7 8"), ("repair", "stamps 6 8"), ("redo", "stamps 6 8")):
        answer = products_of.prepared(products, tmp_path / mode, unwrap=mode)
        capsys.readouterr()
        assert program.run("stamps", ["status", "--json", "--workdir", str(answer.workdir)]) == 0
        assert json.loads(capsys.readouterr().out)["processor"] == "hyp3"
        assert program.run("stamps", ["status", "--workdir", str(answer.workdir)]) == 0
        assert steps in capsys.readouterr().out


def test_a_second_pass(project):
    stamps(6, 8, workdir=project)
    assert Workspace(project).exists("scn2")
