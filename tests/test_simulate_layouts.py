"""One simulated stack in the layouts of all processors: every preparation and loader leads to the same pixels."""

import json

import numpy as np
import pytest

from helpers.prepared_layouts import OPTIONS, prepare
from stamps import simulate
from stamps.frontends.doris import read_image
from stamps.frontends.doris_stack import find_stack
from stamps.legacy.stamps import stamps
from stamps.simulation.geometry import Geometry
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

pytest.importorskip("rasterio")

LAYOUTS = ("clean", "gamma", "doris", "isce")
FILES = ("ps1", "ph1", "bp1", "da1", "hgt1", "la1", "inc1")


@pytest.fixture(scope="module", params=["single", "sb"])
def loaded(request, tmp_path_factory):
    """Network, and by layout the project directory and the files of step 1 of its only patch."""
    folder = tmp_path_factory.mktemp(request.param)
    results = {}
    for layout in LAYOUTS:
        assert simulate.main([str(folder / layout), *OPTIONS, "--network", request.param, "--layout", layout]) == 0
    master = json.loads((folder / "clean" / "truth.json").read_text())["master"]
    for layout in LAYOUTS:
        project = prepare(folder, layout, request.param, master)
        stamps(1, 1, workdir=project)
        ws = Workspace(project / "PATCH_1")
        results[layout] = project, {name: ws.load(name) for name in FILES if ws.exists(name)}
    return request.param, results


def matched(loaded, layout):
    """The common pixels of SNAP's layout and another: files of both, rows of both."""
    wanted, found = loaded[1]["clean"][1], loaded[1][layout][1]
    number = [files["ps1"]["ij"][:, 1] * 1000 + files["ps1"]["ij"][:, 2] for files in (wanted, found)]
    _, rows, others = np.intersect1d(*number, return_indices=True)
    return wanted, found, rows, others


@pytest.mark.parametrize("layout", ["gamma", "doris", "isce"])
def test_same_candidates(loaded, layout):
    """Exactly the same where the SLCs are; integers move a few across the threshold."""
    wanted, found, rows, _ = matched(loaded, layout)
    sizes = wanted["ps1"]["n_ps"], found["ps1"]["n_ps"]
    assert rows.size > 500
    if layout == "gamma":
        assert rows.size > 0.98 * max(sizes)
    else:
        assert sizes == (rows.size, rows.size)


@pytest.mark.parametrize("layout", ["gamma", "doris", "isce"])
def test_same_pixels(loaded, layout):
    wanted, found, rows, others = matched(loaded, layout)
    a, b = wanted["ps1"], found["ps1"]
    for name in ("day", "master_day", "master_ix", "n_ifg", "n_image"):
        np.testing.assert_array_equal(a[name], b[name])
    np.testing.assert_array_equal(a["lonlat"][rows], b["lonlat"][others])
    np.testing.assert_array_equal(wanted["hgt1"]["hgt"][rows], found["hgt1"]["hgt"][others])
    np.testing.assert_allclose(b["bperp"], a["bperp"], atol=0.02)
    tolerance = 0.01 if layout == "gamma" else 1e-5  # rounding of the SLCs; other order of the images
    np.testing.assert_allclose(wanted["da1"]["D_A"][rows], found["da1"]["D_A"][others], atol=tolerance)
    shift = np.median(b["xy"][others, 1:] - a["xy"][rows, 1:], axis=0)  # the frame hangs on the outermost pixels
    assert layout == "gamma" or np.abs(shift).max() < 0.01
    np.testing.assert_allclose(b["xy"][others, 1:] - shift, a["xy"][rows, 1:], atol=0.01)  # headings of 5 to 7 digits
    if loaded[0] == "sb":
        np.testing.assert_array_equal(a["ifgday"], b["ifgday"])
        np.testing.assert_array_equal(a["ifgday_ix"], b["ifgday_ix"])


@pytest.mark.parametrize("layout", ["gamma", "doris", "isce"])
def test_same_phases(loaded, layout):
    """Phases are equal; amplitudes are calibrated (single master) or unity with Doris and ISCE."""
    wanted, found, rows, others = matched(loaded, layout)
    a, b = wanted["ph1"]["ph"][rows], found["ph1"]["ph"][others]
    assert b.dtype == np.complex64
    present = (a != 0) & (b != 0)
    np.testing.assert_array_equal(a != 0, b != 0)
    assert np.abs(np.angle(a[present] * np.conj(b[present]))).max() < 1e-5
    if layout == "gamma":
        np.testing.assert_array_equal(a, b)
    elif loaded[0] == "sb":
        np.testing.assert_allclose(np.abs(b[present]), 1, rtol=1e-6)
    else:
        ps = found["ps1"]
        scale = np.insert(ps["calconst"], ps["master_ix"], 1)
        np.testing.assert_allclose(b * scale, a, rtol=1e-5, atol=1e-3)
        assert np.all(ps["calconst"] > 1)


@pytest.mark.parametrize(("layout", "tolerance"), [("gamma", 1e-5), ("doris", 0.1), ("isce", 2e-3)])
def test_same_baselines(loaded, layout, tolerance):
    """Doris' geometry knows heights and the ellipsoid, which the headers of the others leave out; metres."""
    wanted, found, rows, others = matched(loaded, layout)
    a, b = wanted["bp1"]["bperp_mat"][rows], found["bp1"]["bperp_mat"][others]
    assert np.abs(a).max() > 50
    np.testing.assert_allclose(b, a, atol=tolerance)


def test_angles(loaded):
    """Gamma: incidence (small baselines: look); Doris: look; ISCE: incidence."""
    network, results = loaded
    angle = {}
    for layout, name in (("clean", "la"), ("doris", "la"), ("isce", "inc")):
        files = results[layout][1]
        line_sample = files["ps1"]["ij"][:, 1] * 1000 + files["ps1"]["ij"][:, 2]
        angle[layout] = files[f"{name}1"][name][np.argsort(line_sample)]
    truth = np.load(results["clean"][0].parent / "clean" / "truth.npz")
    order = np.argsort(results["clean"][1]["ps1"]["ij"][:, 1:] @ [1000, 1])
    sample = results["clean"][1]["ps1"]["ij"][order, 2].astype(int)
    np.testing.assert_allclose(angle["clean"], truth["look" if network == "sb" else "incidence"][sample], atol=1e-7)
    np.testing.assert_allclose(angle["doris"], truth["look"][sample], atol=1e-3)
    np.testing.assert_allclose(angle["isce"], truth["incidence"][sample], atol=1e-6)


def test_parameters(loaded):
    network, results = loaded
    for layout, (project, _) in results.items():
        parameters = Parameters(project)
        assert parameters.get("insar_processor") == {"clean": "snap"}.get(layout, layout)
        assert parameters.get("heading") == pytest.approx(-166.6, abs=1e-3)
        assert parameters.get("lambda") == pytest.approx(0.05546576, rel=1e-7)
        assert parameters.flag("small_baseline_flag") == (network == "sb")


def test_orbits_of_the_doris_layout(loaded):
    project, _ = loaded[1]["doris"]
    stack = find_stack(project)
    truth = np.load(stack.root.parent / "truth.npz")
    assert stack.master.date == truth["dates"][truth["master_ix"]]
    position, velocity, _ = stack.master.orbit.state(stack.master.orbit.middle)
    assert abs(position @ velocity.T) < 1e-3 * np.linalg.norm(position)
    middle = 18362.114512 + 0.0137 * truth["master_ix"] + (50 / 2 - 0.5) / Geometry.prf
    for date, c, n in zip(truth["dates"], truth["baseline_c"], truth["baseline_n"], strict=True):
        if date != stack.master.date:
            i = list(truth["dates"]).index(date)
            slave = read_image(stack.slave(date)).orbit.state(middle + 0.0137 * (i - truth["master_ix"]))[0]
            here = stack.master.orbit.state(middle)[0]
            expected = np.sqrt(c**2 + n**2 + truth["baseline_t"][i] ** 2)
            assert np.linalg.norm(slave - here) == pytest.approx(expected, abs=0.01)


def test_layouts_are_replaced_only_when_told(tmp_path):
    arguments = [str(tmp_path / "stack"), *OPTIONS, "--layout", "doris"]
    assert simulate.main(arguments) == 0
    assert not (tmp_path / "stack" / ".snap").exists()
    assert simulate.main(arguments) == 1
    assert simulate.main([*arguments[:-1], "isce", "--overwrite"]) == 0
    assert not list((tmp_path / "stack").glob("INSAR_*")) and (tmp_path / "stack" / "merged").is_dir()
