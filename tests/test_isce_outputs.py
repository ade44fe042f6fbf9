"""Rasters that the stack processor must leave: what is complete, and what is wrong with the others."""

from pathlib import Path

import numpy as np
import pytest

from stamps.frontends import isce
from stamps.frontends.isce_jobs.outputs import check_raster, check_slc, missing_dates


def raster(path, values, dtype="<c8"):
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.asarray(values, dtype)
    values.tofile(path)
    isce.write_header(f"{path}.xml", values.shape[1], values.shape[0], dtype, path.name)
    return path


@pytest.fixture
def slc(tmp_path):
    return raster(tmp_path / "merged" / "SLC" / "20200103" / "20200103.slc.full", np.ones((20, 5)))


def test_a_complete_slc(slc, tmp_path):
    assert check_slc(slc.parent) == "" and check_raster(slc) == ""
    assert missing_dates(tmp_path, ["20200103", "20200115"]) == ["20200115"]


def test_no_slc(tmp_path):
    (tmp_path / "20200103").mkdir()
    assert "20200103.slc.full" in check_slc(tmp_path / "20200103")


def test_half_an_slc(slc):
    slc.write_bytes(slc.read_bytes()[:400])
    assert "400 bytes, but 800" in check_slc(slc.parent)


def test_no_header(slc):
    Path(f"{slc}.xml").unlink()
    assert "no header" in check_slc(slc.parent)


@pytest.mark.parametrize("text", ["", "<imageFile>", "<imageFile/>"])
def test_damaged_header(slc, text):
    Path(f"{slc}.xml").write_text(text)
    assert f"{slc}.xml" in check_slc(slc.parent)


def test_only_zeros(slc):
    slc.write_bytes(bytes(800))
    assert "only zeros" in check_slc(slc.parent)


def test_zeros_are_right_for_baselines_but_nothing_is_not(tmp_path):
    assert check_raster(raster(tmp_path / "a", np.zeros((9, 9)), "<f4")) == ""
    assert "holds no number" in check_raster(raster(tmp_path / "b", np.full((9, 9), np.nan), "<f4"))


def test_absent_raster(tmp_path):
    assert "no raster" in check_raster(tmp_path / "20200103")


def test_virtual_slc(slc):
    vrt = Path(f"{slc}.vrt")
    vrt.write_text(f'<VRTDataset><SourceFilename relativeToVRT="1">{slc.name}</SourceFilename></VRTDataset>')
    assert check_raster(vrt) == ""
    slc.unlink()
    assert f"{slc}, which is not there" in check_slc(slc.parent)
    vrt.write_text("<VRT")
    assert "no XML" in check_slc(slc.parent)
