"""Pictures of what step 6 unwraps from, of edges, and of all interferograms."""

import shutil
import struct

import numpy as np
import pytest
from PIL import Image

from helpers import pictured_project, random_project
from stamps.errors import InputError, ParameterError
from stamps.legacy.plot_all_ifgs import layout, plot_all_ifgs
from stamps.legacy.plot_edges import plot_edges
from stamps.legacy.plot_uw import plot_uw
from stamps.legacy.uw_3d import uw_3d
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters


@pytest.fixture(autouse=True)
def small(monkeypatch):
    pictured_project.small_pictures(monkeypatch)


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    ws = random_project.small_baselines(tmp_path_factory.mktemp("uw"), n_ps=200)
    Parameters(ws).set("drop_ifg_index", np.array([2.0]))
    ps = ws.load("ps2")
    used = np.delete(np.arange(ps["n_ifg"]), 1)
    phase = ps["xy"][:, 1:2] / 900 * np.arange(1, used.size + 1) / 4
    options = {"grid_size": 200, "goldfilt_flag": "n", "scf_flag": "y", "n_trial_wraps": 0.3, "prefilt_win": 8}
    uw_3d(np.exp(1j * phase).astype(np.complex64), ps["xy"][:, 1:], ps["day"], ps["ifgday_ix"][used], ps["bperp"][used],
          options, workdir=ws)  # fmt: skip
    return ws


class TestPlotUw:
    def test_phases_lie_on_their_nodes(self, ws):
        figures = plot_uw([1, 3], workdir=ws)
        grid, interp = ws.load("uw_grid"), ws.load("uw_interp")
        assert {"filtered", "interpolated", "arcs"} <= set(figures)
        assert {path.stem for path in ws.path.glob("plot_uw_*.png")} == {f"plot_uw_{name}" for name in figures}
        panels = [axes for axes in figures["filtered"].axes if axes.images]
        assert [axes.get_title()[:5] for axes in panels] == ["ifg 1", "ifg 4"]  # the second of the project is dropped
        image = panels[1].images[0].get_array()
        row, column = grid["ij"].T
        np.testing.assert_allclose(image[row, column], np.angle(grid["ph"][:, 2]), atol=1e-6)
        assert np.ma.count(image) == len(row) and panels[1].images[0].origin == "lower"
        full = figures["interpolated"].axes[0].images[0].get_array()
        np.testing.assert_allclose(full, np.angle(grid["ph"][:, 0])[interp["Z"]], atol=1e-6)

    def test_arcs_join_their_nodes(self, ws):
        lines = plot_uw(workdir=ws)["arcs"].axes[0].collections[0]
        ij, edges = ws.load("uw_grid")["ij"], ws.load("uw_interp")["edgs"][:, -2:]
        found = np.array(lines.get_segments())
        np.testing.assert_array_equal(found[:, :, ::-1], np.stack([ij[edges[:, 0]], ij[edges[:, 1]]], axis=1))

    @pytest.mark.parametrize("number", [0, 99, 1.5, [], np.nan])
    def test_interferograms_that_are_not_there(self, ws, number):
        with pytest.raises(InputError, match="was not unwrapped"):
            plot_uw(number, workdir=ws)

    def test_a_text_is_no_list_of_interferograms(self, ws):
        with pytest.raises(InputError, match="'abc' is no list of interferograms"):
            plot_uw("abc", workdir=ws)

    @pytest.mark.parametrize(
        ("variable", "sentence"), [("Z", "names nodes beyond"), ("edgs", "names a point that is not there")]
    )
    def test_nodes_that_are_not_there(self, ws, tmp_path, variable, sentence):
        shutil.copytree(ws.path, tmp_path / "copy")
        copy = Workspace(tmp_path / "copy")
        values = copy.load("uw_interp")[variable]
        values[(0,) * (values.ndim - 1) + (-1,)] = 10**6  # in the last column
        copy.save("uw_interp", {variable: values})
        with pytest.raises(InputError, match=sentence):
            plot_uw(workdir=copy)


class TestPlotEdges:
    X, Y = np.array([0.0, 1, 2]), np.array([0.0, 5, 1])

    def test_lines(self, tmp_path):
        lines = plot_edges([[1, 1, 2], [2, 2, 3]], self.X, self.Y, workdir=tmp_path, out="a.png")
        np.testing.assert_array_equal(lines.get_segments(), [[[0, 0], [1, 5]], [[1, 5], [2, 1]]])
        assert (tmp_path / "a.png").is_file()
        lines = plot_edges([[1, 2], [2, 3]], self.X, self.Y, [3, 3], workdir=tmp_path, out="a.png")
        assert lines.get_array().tolist() == [3, 3]  # alike: no division by zero

    def test_what_cannot_be_right(self, tmp_path):
        for edges, z, sentence in (
            ([[1, 4]], "b", "not there"), ([[0, 1]], "b", "not there"), ([1, 2], "b", "two columns"),
            ([[1, 2]], [1, 2], "1 edges but 2"), ([[1, 2]], "!", "no colour"),
        ):  # fmt: skip
            with pytest.raises(InputError, match=sentence):
                plot_edges(edges, self.X, self.Y, z, workdir=tmp_path, out="a.png")


class TestPlotAllIfgs:
    def write(self, folder, name, shade):
        place = folder / name
        place.mkdir()
        image = np.zeros((20, 30, 3), np.uint8)
        image[0, 0] = shade, 0, 255 - shade
        _sun_raster(place / "cint.minrefdem_4l.ras", image)

    def test_tiles(self, tmp_path):
        for number, name in enumerate(["20200101_20200113", "20200113", ".hidden", "empty"]):
            if name == "empty":
                (tmp_path / name).mkdir()
            else:
                self.write(tmp_path, name, 100 * number)
        (tmp_path / "a_crop.slc").write_bytes(b"")
        figure = plot_all_ifgs(workdir=tmp_path, out="a.png")
        shown = [axes for axes in figure.axes if axes.images]
        texts = [axes.texts[0].get_text() for axes in shown]
        assert texts == ["01 Jan 2020\n13 Jan 2020", "13 Jan 2020", "MASTER"]
        assert shown[0].images[0].get_array()[0, -1].tolist() == [0, 0, 255]  # heading -160: left and right
        assert (shown[2].images[0].get_array() == 113).all() and (tmp_path / "a.png").is_file()
        random_project.single_master(tmp_path / "p", heading=-12.0)
        self.write(tmp_path / "p", "20200113", 100)
        figure = plot_all_ifgs(workdir=tmp_path / "p", out="a.png")
        assert figure.axes[0].images[0].get_array()[-1, 0].tolist() == [100, 0, 155]

    @pytest.mark.parametrize(
        ("n", "aspect", "n_x"), [(1, 1, 0), (7, 1.33, 0), (30, 0.3, 0), (30, 5, 0), (30, 1, 2), (9, 1, 9)]
    )
    def test_there_is_a_place_for_every_tile(self, n, aspect, n_x):
        across, down = layout(n, aspect, n_x)
        assert across * down >= n and across == (n_x or across)

    def test_what_cannot_be_right(self, tmp_path):
        with pytest.raises(InputError, match="no raster files"):
            plot_all_ifgs(workdir=tmp_path, out="a.png")
        for keywords in ({"type": 1}, {"n_x": -1}, {"textsize": np.nan}):
            with pytest.raises(ParameterError):
                plot_all_ifgs(**keywords, workdir=tmp_path, out="a.png")
        (tmp_path / "20200113").mkdir()
        (tmp_path / "20200113" / "cint.azint_4l.ras").write_bytes(b"no raster")
        with pytest.raises(InputError, match="cannot be read"):
            plot_all_ifgs(workdir=tmp_path, out="a.png")


def _sun_raster(path, image):
    """A Sun raster of type 1, 24 bits, blue first."""
    height, width, _ = image.shape
    header = np.array([0x59A66A95, width, height, 24, width * height * 3, 1, 0, 0], ">u4")
    path.write_bytes(header.tobytes() + np.ascontiguousarray(image[..., ::-1]).tobytes())
    assert np.array_equal(np.asarray(Image.open(path).convert("RGB")), image)


@pytest.mark.parametrize("edges", [[[0, 1]], [[1, 4]], [[1, np.nan]], [[1, 1.5]], [["a", "b"]]])
def test_edges_of_points_that_are_not_there(edges, tmp_path):
    with pytest.raises(InputError, match="points count from 1 to 3"):
        plot_edges(edges, [0, 1, 2], [0, 1, 2], out=tmp_path / "x.png")


@pytest.mark.parametrize(
    "wrong", [{"n_x": "a"}, {"n_x": np.nan}, {"n_x": 10**6}, {"textsize": 1e9}, {"textsize": np.nan}]
)
def test_numbers_of_tiles_and_points_that_cannot_be(wrong, tmp_path):
    with pytest.raises(ParameterError, match=f"{next(iter(wrong))} is .* from 0"):
        plot_all_ifgs(workdir=tmp_path, **wrong)


@pytest.mark.parametrize("side", [0, 60000])
def test_a_raster_of_no_size_or_far_too_large(side, tmp_path):
    (tmp_path / "20200101").mkdir()
    header = struct.pack(">8I", 0x59A66A95, side, side, 8, side * side, 1, 1, 768)
    (tmp_path / "20200101" / "cint.minrefdem_4l.ras").write_bytes(header + bytes(768))
    with pytest.raises(InputError, match="cannot be read as a raster file"):
        plot_all_ifgs(workdir=tmp_path, out=tmp_path / "x.png")
