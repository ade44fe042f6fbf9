"""Palettes of GMT: rows to colours by closed forms, what is refused, pictures that use one."""

import colorsys

import numpy as np
import pytest

from helpers import finished_project, pictured_project
from stamps.errors import InputError
from stamps.legacy.cptcmap import cptcmap
from stamps.legacy.ps_plot import ps_plot
from stamps.products.colours import scale_for
from stamps.workspace.parameters import Parameters


def write(folder, text, name="a.cpt"):
    (folder / name).write_text(text)


def test_rows_of_one_colour_and_what_lies_beyond(tmp_path):
    write(tmp_path, "# made by hand\n0 255 0 0 10 255 0 0\n10 0 255 0 30 0 255 0 L\nB 1 2 3\nF white\nN 128\n")
    table = cptcmap("a", workdir=tmp_path)
    np.testing.assert_array_equal(table.cmap, [[1, 0, 0], [0, 1, 0], [0, 1, 0]])
    assert table.lims == (0, 30) and table.ticks.tolist() == [0, 10, 30]
    np.testing.assert_allclose(table.bfn, [np.array([1, 2, 3]) / 255, [1, 1, 1], [128 / 255] * 3])


def test_gradients_are_cut_in_ten_and_interpolated_at_the_centres(tmp_path):
    write(tmp_path, "-1 0 0 0 1 255 255 255\n")
    np.testing.assert_allclose(cptcmap("a.cpt", workdir=tmp_path).cmap[:, 0], (np.arange(10) + 0.5) / 10)
    np.testing.assert_allclose(cptcmap("a.cpt", 4, workdir=tmp_path).cmap[:, 1], [0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(cptcmap("a.cpt", 4, True, tmp_path).cmap[:, 1], [0.875, 0.625, 0.375, 0.125])
    write(tmp_path, "0 0 0 0 1000 1 1 1\n1000 9 9 9 1000.007 9 9 9\n")
    assert len(cptcmap("a.cpt", workdir=tmp_path).cmap) == 256


def test_hues_are_degrees_of_a_whole_turn(tmp_path):
    write(tmp_path, "# COLOR_MODEL = +HSV\n0 300 1 1 1 300 1 1\n1 60 0.5 0.25 2 60 0.5 0.25\n")
    expected = [colorsys.hsv_to_rgb(300 / 360, 1, 1), colorsys.hsv_to_rgb(60 / 360, 0.5, 0.25)]
    np.testing.assert_allclose(cptcmap("a", workdir=tmp_path).cmap, expected)
    write(tmp_path, "0 300-1-1 1 255/0/255\n1 black 2 black\n2 64 3 64 ;a label\n")
    table = cptcmap("a", 3, workdir=tmp_path).cmap
    np.testing.assert_allclose(table, [[1, 0, 1], [0, 0, 0], [64 / 255] * 3])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no row"),
        ("0 1 2 3 1 4 5\n", "Line 1"),
        ("0 1 2 3 1 4 5 999\n", "Line 1"),
        ("1 0 0 0 0 0 0 0\n", "Line 1"),
        ("0 mud 1 mud\n", "Line 1"),
        ("0 1 1 1 1 1 1 1\n2 1 1 1 3 1 1 1\n", "gaps"),
        ("#COLOR_MODEL = CMYK\n0 1 1 1 1 1 1 1\n", "colour model cmyk"),
        ("0 1 1 1 nan 1 1 1\n", "Line 1"),
    ],
)
def test_what_is_no_palette(tmp_path, text, sentence):
    write(tmp_path, text)
    with pytest.raises(InputError, match=sentence):
        cptcmap("a", workdir=tmp_path)


def test_names_and_numbers_that_are_wrong(tmp_path):
    with pytest.raises(InputError, match="put .cpt files into"):
        cptcmap("sea", workdir=tmp_path)
    (tmp_path / "cptfiles").mkdir()
    with pytest.raises(InputError, match="no .cpt files"):
        cptcmap("showall", workdir=tmp_path)
    write(tmp_path / "cptfiles", "0 0 0 0 1 255 255 255\n", "grey.cpt")
    with pytest.raises(InputError, match="there are grey"):
        cptcmap("sea", workdir=tmp_path)
    for number in (0, 2.5, "many"):
        with pytest.raises(InputError, match="number of colours"):
            cptcmap("grey", number, workdir=tmp_path)


def test_pictures_take_a_palette(tmp_path, monkeypatch):
    pictured_project.small_pictures(monkeypatch)
    ws = finished_project.single_master(tmp_path)
    (tmp_path / "cptfiles").mkdir()
    write(tmp_path / "cptfiles", "0 255 0 0 1 255 0 0\n1 0 0 255 2 0 0 255\n", "two.cpt")
    scale = scale_for(np.array([-3.0, 5.0]), (-4, 4), "two.cpt", folder=tmp_path)
    np.testing.assert_allclose(scale.rgba(np.array([-3.0, 5.0, np.nan])), [[1, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 0]])
    Parameters(ws).set("plot_color_scheme", "two.cpt")
    ps_plot("v-d", workdir=ws, out="v.png")
    assert (tmp_path / "v.png").is_file()
    cptcmap("showall", workdir=ws, out="all.png")
    assert (tmp_path / "all.png").is_file()
    Parameters(ws).set("plot_color_scheme", "three.cpt")
    with pytest.raises(InputError, match="there are two"):
        ps_plot("v-d", workdir=ws, out="v.png")


def test_colours_in_hexadecimal_digits_are_no_comments(tmp_path):
    (tmp_path / "a.cpt").write_text("# a comment\n0 #ff0000 1 #ff0000 # another\n1 #0000ff 2 #0000ff\n")
    assert cptcmap("a", workdir=tmp_path).cmap.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    for number in (0, 1.5, float("nan"), 10**9):
        with pytest.raises(InputError, match="The number of colours is .* from 1 to 65536"):
            cptcmap("a", number, workdir=tmp_path)
