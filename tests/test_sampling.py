"""Phases, positions and heights of the candidates."""

import os

import numpy as np
import pytest

from stamps.errors import InputError, ParameterError
from stamps.frontends import rasters, sampling
from stamps.legacy.pscdem import pscdem
from stamps.legacy.psclonlat import psclonlat
from stamps.legacy.pscphase import pscphase


@pytest.mark.parametrize("n_threads", ["1", "2"])
@pytest.mark.parametrize("choice", ["dense", "sparse", "unsorted"])
def test_phases_are_taken_from_blocks_or_mapped(tmp_path, monkeypatch, choice, n_threads):
    monkeypatch.setenv("OMP_NUM_THREADS", n_threads)
    monkeypatch.setattr(rasters, "BLOCK_PIXELS", 1000)
    rng = np.random.default_rng(2)
    values = rng.integers(0, 2**63, (3, 40 * 700), dtype=np.uint64)
    for k in range(3):
        values[k].tofile(tmp_path / f"{k}.diff")
    (tmp_path / "pscphase.in").write_text("700\n0.diff\n1.diff\n2.diff\n")
    pixels = rng.choice(values.shape[1], 7 if choice == "sparse" else 3000, replace=False)
    if choice != "unsorted":
        pixels.sort()
    sampling.sample_phases(tmp_path / "pscphase.in", tmp_path, *np.divmod(pixels, 700), tmp_path / "out")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "out", np.uint64).reshape(3, -1), values[:, pixels])


@pytest.fixture
def sampled(tmp_path):
    """A folder with candidates, real rasters and interferograms of 3 lines of 4 samples."""
    (tmp_path / "pscands.1.ij").write_text("1 0 1\n2 1 3 and more text\n3 2 0\n4 0 0")  # the last line has no newline
    for name, first in (("lon", 100), ("lat", 200), ("dem", 300)):
        (first + np.arange(12)).astype(">f4").tofile(tmp_path / name)
    for k in range(2):
        (k + 1j * np.arange(12)).astype(">c8").tofile(tmp_path / f"{k}.diff")
    (tmp_path / "psclonlat.in").write_text("4\nlon\nlat\n")
    (tmp_path / "pscdem.in").write_text("4\ndem\n")
    (tmp_path / "pscphase.in").write_text("4\n0.diff\n1.diff\n")
    return tmp_path


def test_psclonlat(sampled):
    psclonlat("psclonlat.in", workdir=sampled)
    found = np.fromfile(sampled / "pscands.1.ll", ">f4").reshape(-1, 2)
    assert found.tolist() == [[101, 201], [107, 207], [108, 208]]
    (sampled / "psclonlat.in").write_text("4\nlon\nlat")  # lost: the latitude
    with pytest.raises(InputError, match="longitude and a latitude"):
        psclonlat("psclonlat.in", workdir=sampled)


def test_pscdem(sampled, capsys):
    pscdem("pscdem.in", workdir=sampled)
    assert np.fromfile(sampled / "pscands.1.hgt", ">f4").tolist() == [301, 307, 308]
    (0.5 + np.arange(12)).astype("<f8").tofile(sampled / "dem")
    pscdem("pscdem.in", "pscands.1.ij", "double", "d", workdir=sampled)
    assert np.fromfile(sampled / "double", "<f8").tolist() == [1.5, 7.5, 8.5]
    (sampled / "pscdem.in").write_text("4\nabsent\n")
    pscdem("pscdem.in", workdir=sampled)
    assert (sampled / "pscands.1.hgt").read_bytes() == bytes(12)
    assert "absent cannot be read" in capsys.readouterr().err
    with pytest.raises(ParameterError, match="precision is 's'"):
        pscdem("pscdem.in", precision="s", workdir=sampled)


def test_pscphase(sampled):
    pscphase("pscphase.in", workdir=sampled)
    found = np.fromfile(sampled / "pscands.1.ph", ">c8")
    assert found.tolist() == [1j, 7j, 8j, 1 + 1j, 1 + 7j, 1 + 8j]
    (sampled / "pscphase.in").write_text("4\n0.diff\n1.diff")
    pscphase("pscphase.in", workdir=sampled)
    assert (sampled / "pscands.1.ph").stat().st_size == 24


def test_sampling_beyond_the_end_is_an_error(sampled):
    (sampled / "pscands.1.ij").write_text("1 3 0\n")
    for program, lists in ((psclonlat, "psclonlat.in"), (pscdem, "pscdem.in"), (pscphase, "pscphase.in")):
        with pytest.raises(InputError, match="ends after 12 pixels, but a candidate is pixel 13"):
            program(lists, workdir=sampled)
    assert not list(sampled.glob("pscands.1.[lhp]*"))


@pytest.mark.parametrize("text", ["1 2\n", "1 a 2\n", "1 -1 2\n"])
def test_candidate_list_must_be_numbers(sampled, text):
    (sampled / "pscands.1.ij").write_text(text)
    with pytest.raises(InputError, match=r"pscands\.1\.ij"):
        pscdem("pscdem.in", workdir=sampled)


def test_offsets_beyond_32_bits(tmp_path):
    """A sparse raster of 2³² + 2³ pixels: the last one is found."""
    width, lines = 1 << 16, (1 << 16) + 1
    with open(tmp_path / "dem", "wb") as file:
        file.truncate(4 * width * lines - 4)
        file.seek(0, os.SEEK_END)
        file.write(np.array(7.5, ">f4").tobytes())
    (tmp_path / "pscdem.in").write_text(f"{width}\ndem\n")
    (tmp_path / "pscands.1.ij").write_text(f"1 0 0\n2 {lines - 1} {width - 1}\n")
    pscdem("pscdem.in", workdir=tmp_path)
    assert np.fromfile(tmp_path / "pscands.1.hgt", ">f4").tolist() == [0, 7.5]
