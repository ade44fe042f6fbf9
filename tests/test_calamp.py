"""Calibration constants of images."""

import numpy as np
import pytest

from helpers.preparation_files import write_slc
from stamps.errors import InputError, ParameterError
from stamps.frontends import candidates
from stamps.legacy.calamp import calamp


def test_calamp_closed_form(tmp_path):
    nan = np.nan
    write_slc(tmp_path / "a.slc", [[3 + 4j, 0], [6 + 8j, 0.001j], [nan, 0.0009]])  # float32(0.001) is above 0.001
    write_slc(tmp_path / "b.slc", [[1, 2j], [-3, -4j]])
    write_slc(tmp_path / "c.slc", [[0, 0], [0, 0]])
    (tmp_path / "list").write_text("a.slc\nb.slc\nc.slc\n")
    constants = calamp("list", 2, "out", "f", 1, workdir=tmp_path)
    expected = np.float32((5 + 10 + float(np.float32(0.001))) / 3)
    np.testing.assert_array_equal(constants, np.array([expected, 2.5, 0], np.float32))
    assert (tmp_path / "out").read_text() == "a.slc 5.00033\nb.slc 2.5\nc.slc 0\n"


def test_calamp_warns_without_usable_pixel(tmp_path, capsys):
    write_slc(tmp_path / "dark.slc", np.zeros((2, 2)))
    (tmp_path / "list").write_text("dark.slc\n")
    calamp("list", 2, byteswap=1, workdir=tmp_path)
    assert "dark.slc has no usable pixel" in capsys.readouterr().err
    assert (tmp_path / "parmfile.out").read_text() == "dark.slc 0\n"


def test_calamp_mask_applies_to_each_image(tmp_path):
    for name in ("a.slc", "b.slc"):
        write_slc(tmp_path / name, [[1, 2], [3, 4]])
    np.array([[0, 1], [0, 7]], np.uint8).tofile(tmp_path / "mask")
    (tmp_path / "list").write_text("a.slc\nb.slc\n")
    np.testing.assert_array_equal(calamp("list", 2, "out", "f", 1, "mask", workdir=tmp_path), [2, 2])


def test_calamp_drops_last_name_without_newline_and_incomplete_line(tmp_path):
    write_slc(tmp_path / "a.slc", [1, 1, 1, 1, 9])  # width 2: the last pixel is an incomplete line
    (tmp_path / "list").write_text("a.slc\nb.slc")
    assert calamp("list", 2, "out", byteswap=1, workdir=tmp_path).tolist() == [1]
    assert (tmp_path / "out").read_text() == "a.slc 1\n"


@pytest.mark.parametrize(("byteswap", "order"), [(0, "<"), (1, ">")])
def test_calamp_short_integers(tmp_path, byteswap, order):
    np.array([[3, 4], [5, 12]], order + "i2").tofile(tmp_path / "a.slc")
    (tmp_path / "list").write_text("a.slc\n")
    assert calamp("list", 1, "out", "s", byteswap, workdir=tmp_path).tolist() == [9]


def test_calamp_in_blocks_is_sequential(tmp_path, monkeypatch):
    values = np.random.default_rng(4).lognormal(0, 3, (40, 11)).astype(np.float32)
    write_slc(tmp_path / "a.slc", values)
    (tmp_path / "list").write_text("a.slc\n")
    monkeypatch.setattr(candidates, "SEQUENTIAL_PIXELS", 30)
    total = 0.0
    used = [float(v) for v in values.ravel() if v > 0.001]
    for value in used:
        total += value
    assert calamp("list", 11, byteswap=1, workdir=tmp_path)[0] == np.float32(total / len(used))


def test_calamp_complains(tmp_path):
    (tmp_path / "list").write_text("absent.slc\n")
    with pytest.raises(InputError, match=r"absent\.slc cannot be read"):
        calamp("list", 2, workdir=tmp_path)
    with pytest.raises(InputError, match="no_list cannot be read"):
        calamp("no_list", 2, workdir=tmp_path)
    with pytest.raises(ParameterError, match="precision is 'q'"):
        calamp("list", 2, "out", "q", workdir=tmp_path)
    write_slc(tmp_path / "absent.slc", np.ones((3, 2)))
    np.zeros((2, 2), np.uint8).tofile(tmp_path / "mask")
    with pytest.raises(InputError, match="mask .* has 2 lines"):
        calamp("list", 2, "out", "f", 1, "mask", workdir=tmp_path)
    assert not (tmp_path / "out").exists()
