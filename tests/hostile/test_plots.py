"""Plots of projects whose files are empty, incomplete or of another size, and of parameters that make no sense."""

import shutil

import numpy as np
import pytest

from helpers import finished_project as finished
from stamps import export, ps_plot
from stamps.errors import InputError, ParameterError, StampsError, WorkspaceError
from stamps.workspace import Workspace

#: Value type, further arguments, file and variable behind it.
BEHIND = [
    ("p", (), "pm2", "ph_patch"), ("w", (), "rc2", "ph_rc"), ("u", (), "phuw2", "ph_uw"), ("u-d", (), "scla2", "ph_scla"),
    ("v-d", (), "scla2", "ph_scla"), ("d", (), "scla2", "K_ps_uw"), ("m", (), "scla2", "C_ps_uw"),
    ("s", (), "scn2", "ph_scn_slave"), ("hgt", (), "hgt2", "hgt"), ("wf", (), "uw_grid", "ph"),
    ("a", ("a_gacos",), "tca2", "ph_tropo_gacos"), ("wa", ("a_gacos",), "tca2", "ph_tropo_gacos"),
    ("i", ("i_as",), "ica2", "ph_iono_azshift"), ("w-d", (), "scla_smooth2", "ph_scla"), ("v", (), "ifgstd2", "ifg_std"),
    ("u-dit", ("i_as",), "tide2", "ph_tide"),
]  # fmt: skip
DAMAGE = {
    "empty": lambda value: np.zeros((0, 0), value.dtype),
    "fewer pixels": lambda value: value[:-3],
    "fewer images": lambda value: value[:, :-2],
    "a text": lambda value: "damaged",
    "one number": lambda value: np.float64(3),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished project."""
    ws = finished.single_master(tmp_path_factory.mktemp("finished"))
    ws.save(
        "uw_grid",
        {"ph": np.ones((6, 8), np.complex64), "grid_ij": np.ones((60, 2), int), "nzix": np.ones((2, 3), bool)},
    )
    return ws


@pytest.fixture
def ws(whole, tmp_path):
    """A copy of it to be damaged."""
    return Workspace(shutil.copytree(whole.path, tmp_path / "project"))


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("value, options, file, variable", BEHIND, ids=[f"{one[0]}-{one[2]}" for one in BEHIND])
def test_damaged_variables_are_named(ws, value, options, file, variable, damage):
    content = dict(ws.load(file))
    if damage == "fewer images" and content[variable].ndim == 1:
        pytest.skip("one value for each pixel")
    if (variable, damage) == ("ifg_std", "empty"):
        pytest.skip("the noise of interferograms may be unknown")
    ws.save(file, {variable: DAMAGE[damage](content[variable])})
    with pytest.raises(WorkspaceError) as error:
        ps_plot(value, -1, *options, workdir=ws)
    sentence = str(error.value)
    assert (file in sentence or "no heights" in sentence) and sentence.endswith(".") and "\n" not in sentence


@pytest.mark.parametrize("name, value", [
    ("plot_scatterer_size", 0), ("plot_scatterer_size", -5), ("plot_scatterer_size", np.nan), ("plot_scatterer_size", "abc"),
    ("plot_scatterer_size", np.inf), ("plot_pixels_scatterer", 1e9), ("plot_pixels_scatterer", "x"),
    ("plot_pixels_scatterer", np.nan),
])  # fmt: skip
def test_impossible_sizes_are_named(tmp_path, name, value):
    """Otherwise: a division by zero, or 10¹⁸ cells of a picture."""
    pytest.importorskip("matplotlib")
    ws = finished.single_master(tmp_path)
    ws.save("parms", {name: value if isinstance(value, str) else float(value)})
    with pytest.raises(ParameterError, match=name):
        ps_plot("hgt", workdir=ws, out=str(tmp_path / "map.png"))
    if name == "plot_scatterer_size":
        pytest.importorskip("rasterio")
        with pytest.raises(ParameterError, match=name):
            export("geotiff", workdir=ws, n_boot=4)
    assert not list(tmp_path.glob("*.png")) + list(tmp_path.glob("*.tif"))


@pytest.mark.parametrize("posting, error", [(1e-4, InputError), (0, ParameterError), ("abc", ParameterError)])
def test_impossible_posting_is_named(tmp_path, posting, error):
    pytest.importorskip("matplotlib")
    ws = finished.single_master(tmp_path)
    np.zeros((30, 30), "<f4").tofile(tmp_path / "dem.raw")
    (tmp_path / "demparms.in").write_text(f"{tmp_path / 'dem.raw'} 30 30 13.9 40.1 0.01 float")
    ws.save("parms", {"plot_dem_posting": posting})
    with pytest.raises(error, match="plot_dem_posting"):
        ps_plot("hgt", 2, workdir=ws, out=str(tmp_path / "map.png"))
    assert issubclass(error, StampsError) and not (tmp_path / "dem.mat").exists()
