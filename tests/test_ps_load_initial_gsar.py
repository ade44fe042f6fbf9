"""The loader of GSAR data on a small hand-written project."""

import numpy as np
import pytest

from helpers.gsar_project import MASTER, XML, N, write_project
from stamps.errors import InputError
from stamps.insar.geometry import centre_of
from stamps.legacy.ps_load_initial_gsar import ps_load_initial_gsar
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

BY_DATE = [1, 2, 0]


def load(patch, *files):
    return tuple(Workspace(patch).load(file) for file in files)


@pytest.mark.parametrize("master_first", [True, False])
def test_single_master(tmp_path, master_first):
    """Phases are those of master × conj(slave), whichever comes first in the names."""
    patch, written = write_project(tmp_path / "project", master_first)
    ps_load_initial_gsar(patch)
    ps, ph, bp, la, da, hgt = load(patch, "ps1", "ph1", "bp1", "la1", "da1", "hgt1")
    order = ps["sort_ix"]
    assert (ps["n_ps"], ps["n_ifg"], ps["n_image"], ps["master_ix"]) == (N, 4, 4, 2)
    np.testing.assert_array_equal(ps["day"], datenum([20180108, 20180120, MASTER, 20180225]))
    np.testing.assert_array_equal(ps["bperp"], [-80.25, 12.0, 0, 30.5])
    raw = written["ph"].T[order][:, BY_DATE]
    np.testing.assert_array_equal(np.delete(ph["ph"], 2, axis=1), raw if master_first else np.conj(raw))
    assert np.all(ph["ph"][:, 2] == 1)
    np.testing.assert_array_equal(bp["bperp_mat"], np.tile(np.float32([-80.25, 12.0, 30.5]), (N, 1)))
    np.testing.assert_array_equal(ps["lonlat"], np.column_stack([written["lon"], written["lat"]])[order])
    np.testing.assert_array_equal(ps["ll0"], centre_of(ps["lonlat"]))
    np.testing.assert_array_equal(ps["ij"][:, 1:], written["ij"][order, 1:])
    np.testing.assert_array_equal(la["la"], written["inc"][order])
    np.testing.assert_array_equal(hgt["hgt"], written["hgt"][order])  # double throughout
    np.testing.assert_array_equal(da["D_A"], written["da"][order])
    assert ps["mean_incidence"] == pytest.approx(written["inc"].mean()) and ps["mean_range"] is None
    parameters = Parameters(tmp_path / "project")
    assert parameters.get("heading") == -166.6 and parameters.get("platform") == "RADARSAT-2"
    assert parameters.get("lambda") == 299792458 / 5.4e9 and Workspace(patch).version == 1


def test_files_are_written_anew(tmp_path):
    patch, _ = write_project(tmp_path / "project")
    Workspace(patch).save("ps1", {"calconst": np.ones(3)})
    ps_load_initial_gsar(patch)
    assert "calconst" not in load(patch, "ps1")[0]


def test_optional_files_and_no_candidates(tmp_path):
    patch, _ = write_project(tmp_path / "project")
    (patch / "pscands.1.hgt").unlink()
    (patch / "pscands.1.da").unlink()
    ps_load_initial_gsar(patch)
    ws = Workspace(patch)
    assert ws.exists("ps1") and not ws.exists("hgt1") and not ws.exists("da1")
    empty, _ = write_project(tmp_path / "empty", n=0)
    ps_load_initial_gsar(empty)
    assert Workspace(empty).no_ps_flags().tolist() == [1, 0, 0, 0, 0] and not Workspace(empty).exists("ps1")


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (XML.replace("{}", "far"), "'far' as baseline"),
        (XML.replace("RADARSAT-2", ""), "'' as platform"),
        (XML.replace("</Sensor>", ""), "is no XML"),
    ],
)
def test_damaged_headers(tmp_path, xml, message):
    patch, _ = write_project(tmp_path / "project", xml=xml)
    with pytest.raises(InputError, match=message):
        ps_load_initial_gsar(patch)
    assert not Workspace(patch).exists("ps1")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["20180108_20180120", "20180213_20180225"], "neither their first nor their second image in common"),
        (["20180108_20180120", "20180108_20180120"], "repeat a date"),
        (["20180108_20180120", "noise"], "does not hold two dates"),
        (["20180108_20180120", "20180108_20181399"], "not named by dates"),
    ],
)
def test_names_of_interferograms(tmp_path, names, message):
    patch, _ = write_project(tmp_path / "project")
    (tmp_path / "project" / "pscphase.in").write_text("200\n" + "".join(f"{name}.int\n" for name in names))
    with pytest.raises(InputError, match=message):
        ps_load_initial_gsar(patch)


def test_missing_header(tmp_path):
    patch, _ = write_project(tmp_path / "project")
    (tmp_path / "project" / "20180213_20180108.int.xml").unlink()
    with pytest.raises(InputError, match=r"20180213_20180108\.int\.xml is missing"):
        ps_load_initial_gsar(patch)
