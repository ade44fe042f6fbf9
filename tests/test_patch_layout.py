"""How a scene is divided into patches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.frontends.patches import Patch, patch_layout, read_patch


def test_layout_of_one_patch():
    assert patch_layout(7, 5) == [(Patch(1, 7, 1, 5), Patch(1, 7, 1, 5))]


def test_layout_order_and_overlap():
    layout = patch_layout(10, 8, 2, 2, 1, 3)
    cores = [Patch(1, 5, 1, 4), Patch(1, 5, 5, 8), Patch(6, 10, 1, 4), Patch(6, 10, 5, 8)]
    assert [core for core, _ in layout] == cores
    assert layout[0][1] == Patch(1, 6, 1, 7)
    assert layout[3][1] == Patch(5, 10, 2, 8)
    assert layout[0][1].text == "1\n6\n1\n7\n"


def test_layout_remainder_belongs_to_no_core():
    layout = patch_layout(11, 9, 3, 2, 1, 0)
    assert max(core.range_end for core, _ in layout) == 9
    assert max(full.range_end for _, full in layout) == 10  # only as far as the overlap reaches
    assert max(full.azimuth_end for _, full in layout) == 8


@given(*[st.integers(1, 60)] * 2, *[st.integers(1, 6)] * 2, *[st.integers(0, 9)] * 2)
def test_layout_cores_tile_the_image(width, length, rg, az, rg_overlap, az_overlap):
    rg, az = min(rg, width), min(az, length)
    cover = np.zeros((length, width), int)
    for core, full in patch_layout(width, length, rg, az, rg_overlap, az_overlap):
        cover[core.lines, core.samples] += 1
        assert full.range_start == max(1, core.range_start - rg_overlap)
        assert full.azimuth_end == min(length, core.azimuth_end + az_overlap)
    assert (cover[: length // az * az, : width // rg * rg] == 1).all()
    assert cover.sum() == (length // az * az) * (width // rg * rg)


def test_read_patch(tmp_path):
    path = tmp_path / "patch.in"
    path.write_text("3\n8\n2\n4\n")
    assert (read_patch(path).samples, read_patch(path).lines) == (slice(2, 8), slice(1, 4))
    for text in ("3\n8\n2\n", "a\n8\n2\n4\n", "0\n8\n2\n4\n", "3\n2\n2\n4\n"):
        path.write_text(text)
        with pytest.raises(InputError, match=r"patch\.in"):
            read_patch(path)
