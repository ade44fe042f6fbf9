"""Selection of candidates by amplitude dispersion, against loops over pixels."""

import os

import numpy as np
import pytest

from helpers.candidates_by_loops import select_by_loops, select_pairs_by_loops
from helpers.preparation_files import tree, write_slc
from stamps.errors import InputError
from stamps.frontends import rasters
from stamps.frontends.amplitudes import KeptAmplitudes
from stamps.frontends.lists import read_candidates
from stamps.frontends.patches import Patch
from stamps.legacy.calamp import calamp
from stamps.legacy.selpsc_patch import selpsc_patch
from stamps.legacy.selsbc_patch import selsbc_patch
from stamps.native import candidates as kernels
from stamps.native import compiled_kernels


def random_images(gains, shape, rng):
    n_images = len(gains)
    speckle = rng.normal(size=(n_images, *shape)) + 1j * rng.normal(size=(n_images, *shape))
    images = (rng.uniform(0, 20, shape) + 2 * speckle).astype(np.complex64)
    images[rng.random(images.shape) < 0.02] = 0
    images[rng.random(images.shape) < 0.005] = np.nan
    images[:, 0, 0] = 0
    images[:, 1, 1] = 3  # constant amplitude: the dispersion is 0 or slightly imaginary
    return images * np.array(gains, np.float32)[:, None, None]


def write_selection(folder, images, constants, threshold, patch, name="selpsc.in"):
    lines = [str(threshold), str(images.shape[2])]
    for k, image in enumerate(images):
        write_slc(folder / f"{k}.slc", image)
        lines.append(f"{k}.slc {constants[k]:g}")
    (folder / name).write_text("\n".join(lines) + "\n")
    (folder / "patch.in").write_text(patch.text)


def outputs(folder):
    return {name: content for name, content in tree(folder).items() if name.startswith(("pscands", "mean_amp"))}


@pytest.mark.parametrize("block", [1, 20, 10**6])
@pytest.mark.parametrize("threshold", [0.5, -0.25, 0])
@pytest.mark.parametrize(("with_mask", "with_master"), [(False, False), (True, True)])
def test_selpsc_against_loops(tmp_path, monkeypatch, block, threshold, with_mask, with_master):
    monkeypatch.setattr(rasters, "BLOCK_PIXELS", block)
    rng = np.random.default_rng(7)
    constants = [1.5, 2, 0.75, 3.25, 1, 10]
    images = random_images(constants, (9, 12), rng)
    patch = Patch(2, 11, 1, 8)
    write_selection(tmp_path, images, constants, threshold, patch)
    mask = master = None
    if with_mask:
        mask = (rng.random((9, 12)) < 0.2).astype(np.uint8)
        mask.tofile(tmp_path / "mask")
    if with_master:
        master = images[3]
        (tmp_path / "masteramp").write_text("3.slc 1\n")
    count = selpsc_patch(
        "selpsc.in",
        "patch.in",
        byteswap=1,
        maskfile="mask" if with_mask else None,
        masteramp_list="masteramp" if with_master else None,
        workdir=tmp_path,
    )
    expected = select_by_loops(images, constants, threshold, patch, mask, master)
    assert outputs(tmp_path) == expected
    assert count == expected["pscands.1.da"].count(b"\n")


def test_selpsc_finds_each_case(tmp_path):
    """The loops above must not agree on nothing: candidates, rejected pixels and pixels without signal all occur."""
    images = random_images([1] * 6, (30, 40), np.random.default_rng(7))
    patch = Patch(1, 40, 1, 30)
    write_selection(tmp_path, images, [1] * 6, 0.5, patch)
    count = selpsc_patch("selpsc.in", "patch.in", byteswap=1, workdir=tmp_path)
    assert 300 < count < 1100
    assert (tmp_path / "pscands.1.ij0").read_text().count("\n") >= 5


def test_selpsc_zero_restarts_the_sum(tmp_path):
    images = np.array([2, 0, 3, 5], np.complex64).reshape(4, 1, 1)
    write_selection(tmp_path, images, [1] * 4, 9, Patch(1, 1, 1, 1))
    assert selpsc_patch("selpsc.in", "patch.in", byteswap=1, workdir=tmp_path) == 0
    assert np.fromfile(tmp_path / "mean_amp.flt", "<f4").tolist() == [8]
    assert (tmp_path / "pscands.1.ij0").read_text() == "0 0 0\n"


def test_selpsc_short_master_is_one(tmp_path):
    """Short integers without master image: the amplitudes stay as they are on every line."""
    for k in range(2):
        np.full((3, 2, 2), [3, 4], ">i2").tofile(tmp_path / f"{k}.slc")
    (tmp_path / "selpsc.in").write_text("0.5\n2\n0.slc 1\n1.slc 1\n")
    (tmp_path / "patch.in").write_text(Patch(1, 2, 1, 3).text)
    assert selpsc_patch("selpsc.in", "patch.in", precision="s", byteswap=1, workdir=tmp_path) == 6
    assert (np.fromfile(tmp_path / "mean_amp.flt", "<f4") == 10).all()


def test_selpsc_list_quirks(tmp_path):
    images = random_images([1, 1, 1], (4, 5), np.random.default_rng(1))
    patch = Patch(1, 5, 1, 4)
    write_selection(tmp_path, images, [1, 1, 1], 0.4, patch)
    text = (tmp_path / "selpsc.in").read_text()
    (tmp_path / "selpsc.in").write_text(text.rstrip("\n"))  # the last image is lost
    selpsc_patch("selpsc.in", "patch.in", byteswap=1, workdir=tmp_path)
    assert outputs(tmp_path) == select_by_loops(images[:2], [1, 1], 0.4, patch)
    (tmp_path / "selpsc.in").write_text("0.4\n5\n0.slc 1\n1.slc 1")
    with pytest.raises(InputError, match="at least two images"):
        selpsc_patch("selpsc.in", "patch.in", byteswap=1, workdir=tmp_path)


def test_selpsc_stops_at_the_end_of_the_second_image(tmp_path):
    images = random_images([1, 1, 1], (4, 5), np.random.default_rng(1))
    write_selection(tmp_path, images, [1, 1, 1], 0.4, Patch(1, 5, 1, 4))
    write_slc(tmp_path / "1.slc", images[1].ravel()[:13])  # two lines and a part of the third
    selpsc_patch("selpsc.in", "patch.in", byteswap=1, workdir=tmp_path)
    assert outputs(tmp_path) == select_by_loops(images, [1, 1, 1], 0.4, Patch(1, 5, 1, 2))
    write_slc(tmp_path / "1.slc", images[1])
    write_slc(tmp_path / "2.slc", images[2][:3])
    with pytest.raises(InputError, match=r"2\.slc has 3 lines"):
        selpsc_patch("selpsc.in", "patch.in", byteswap=1, workdir=tmp_path)


@pytest.mark.parametrize(
    "text", ["", "x\n5\n", "0.4\nwide\n", "0.4\n5\n0.slc 1\n1.slc\n", "0.4\n5\n0.slc one\n1.slc 1\n"]
)
def test_selection_list_must_be_complete(tmp_path, text):
    (tmp_path / "selpsc.in").write_text(text)
    (tmp_path / "patch.in").write_text(Patch(1, 5, 1, 4).text)
    with pytest.raises(InputError, match=r"selpsc\.in"):
        selpsc_patch("selpsc.in", "patch.in", workdir=tmp_path)


def test_selpsc_at_the_end_of_a_scene_of_17_gigabytes(tmp_path):
    width, length = 63000, 34000
    lines = ["0.4", str(width)]
    for k in range(2):
        with open(tmp_path / f"{k}.slc", "wb") as file:  # sparse: only the last pixel has signal
            file.truncate(8 * (width * length - 1))
            file.seek(0, os.SEEK_END)
            file.write(np.array(3 + 4j, ">c8").tobytes())
        lines.append(f"{k}.slc 2.5")
    (tmp_path / "selpsc.in").write_text("\n".join(lines) + "\n")
    (tmp_path / "patch.in").write_text(Patch(width - 5, width, length - 3, length).text)
    assert selpsc_patch("selpsc.in", "patch.in", byteswap=1, workdir=tmp_path) == 1
    assert (tmp_path / "pscands.1.ij").read_text() == f"1 {length - 1} {width - 1}\n"
    assert np.fromfile(tmp_path / "mean_amp.flt", "<f4").tolist() == [0.0] * 23 + [4.0]


@pytest.mark.parametrize(("n_images", "threshold"), [(6, 0.5), (7, 0.5), (6, -0.1)])
def test_selsbc_against_loops(tmp_path, n_images, threshold):
    """Also: fewer than ten lines, an odd number of images, every pixel with signal for a negative threshold."""
    rng = np.random.default_rng(11)
    constants = [1.5, 2, 0.75, 3.25, 1, 10, 2][:n_images]
    images = random_images(constants, (7, 12), rng)
    mask = (rng.random((7, 12)) < 0.2).astype(np.uint8)
    mask.tofile(tmp_path / "mask")
    patch = Patch(1, 11, 3, 6)
    write_selection(tmp_path, images, constants, threshold, patch, "selsbc.in")
    count = selsbc_patch("selsbc.in", "patch.in", byteswap=1, maskfile="mask", workdir=tmp_path)
    found = outputs(tmp_path)
    line_and_sample = np.frombuffer(found.pop("pscands.1.ij.int"), ">i4").reshape(-1, 2)[:, ::-1]
    expected = select_pairs_by_loops(images, constants, threshold, patch, mask)
    assert found == expected
    assert count == len(line_and_sample) > 0
    np.testing.assert_array_equal(np.column_stack(read_candidates(tmp_path / "pscands.1.ij")), line_and_sample)


@pytest.mark.skipif(not compiled_kernels()["candidates"], reason="the kernel is not compiled")
def test_compiled_kernels_give_the_same_bits(monkeypatch):
    rng = np.random.default_rng(3)
    images = random_images([1, 2, 1, 1], (300, 200), rng).reshape(4, -1)
    pixels = [np.ascontiguousarray(image).view(np.float32).reshape(-1, 2) for image in images]
    master, mask = kernels.amplitude(pixels[2]), (rng.random(60000) < 0.3).astype(np.uint8)
    results = {}
    for backend in ("numpy", "pythran"):
        monkeypatch.setenv("STAMPS_BACKEND", backend)
        total, squares, zero = np.zeros(60000, np.float32), np.zeros(60000, np.float32), np.zeros(60000, np.uint8)
        pairs, differences = total.copy(), total.copy()
        values = [kernels.amplitude(p) for p in pixels]
        kernels.add_amplitudes(total, squares, zero, values[0], 1.7)
        kernels.add_amplitudes(total, squares, zero, values[1], 2.3, master)
        kernels.add_differences(pairs, differences, values[0], values[3], 1.7, 0.3)
        sums = [kernels.amplitude_sum(values[0]), kernels.amplitude_sum(values[1], mask, 5.5, 3)]
        results[backend] = [total, squares, zero, pairs, differences, np.array(sums), *values]
    for found, expected in zip(results["pythran"], results["numpy"], strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("n_threads", ["1", "3"])
@pytest.mark.parametrize("limit", [0, 2 * 4 * 9 * 12, 10**9])  # of six images: none, two, all
def test_kept_amplitudes_give_the_same_candidates(tmp_path, monkeypatch, limit, n_threads):
    """Calibration and selection in one go equal the two separate commands, whatever fits into memory."""
    rng = np.random.default_rng(11)
    images = random_images([1.5, 2, 0.75, 3.25, 1, 10], (9, 12), rng)
    patch = Patch(2, 11, 1, 8)
    found = {}
    for name, kept in (("apart", None), ("together", KeptAmplitudes(limit))):
        monkeypatch.setenv("OMP_NUM_THREADS", "1" if kept is None else n_threads)
        monkeypatch.setattr(rasters, "BLOCK_PIXELS", 10**6 if kept is None else 20)
        folder = tmp_path / name
        folder.mkdir()
        write_selection(folder, images, np.ones(6), 0.5, patch)
        (folder / "calamp.in").write_text("".join(f"{k}.slc\n" for k in (0, 1, 2, 3, 4, 5, 0)))
        calamp("calamp.in", 12, "calamp.out", byteswap=1, workdir=folder, kept=kept)
        for name_in, program in (("selpsc.in", selpsc_patch), ("selsbc.in", selsbc_patch)):
            (folder / name_in).write_text("0.5\n12\n" + (folder / "calamp.out").read_text())
            out = (f"{name_in}.ij", f"{name_in}.da", f"{name_in}.amp")
            assert program(name_in, "patch.in", *out, byteswap=1, workdir=folder, kept=kept) > 0
        found[name] = {file: content for file, content in tree(folder).items() if not file.endswith(".slc")}
        if kept is not None:
            n_kept = sum(kept.of(folder / f"{k}.slc") is not None for k in range(6))
            assert n_kept == min(6, limit // (4 * 9 * 12))
    assert found["apart"] == found["together"]
