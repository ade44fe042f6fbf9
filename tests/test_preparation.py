"""Preparation: patches, calibration, selection, sampling, checks of the inputs, atomic publishing."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.frontends import candidates, rasters, sampling
from stamps.frontends.amplitudes import KeptAmplitudes
from stamps.frontends.headers import header_numbers, raster_size
from stamps.frontends.lists import format_general, format_integers, read_candidates
from stamps.frontends.patches import Patch, patch_layout, read_patch
from stamps.legacy.calamp import calamp
from stamps.legacy.mt_extract_cands import mt_extract_cands
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.legacy.pscdem import pscdem
from stamps.legacy.psclonlat import psclonlat
from stamps.legacy.pscphase import pscphase
from stamps.legacy.selpsc_patch import selpsc_patch
from stamps.legacy.selsbc_patch import selsbc_patch
from stamps.native import candidates as kernels
from stamps.native import compiled_kernels
from stamps.simulation import stack as simulate

TINY = ["--preset", "tiny", "--lines", "24", "--samples", "30", "--quiet"]


@pytest.fixture(scope="session")
def tiny_export(tmp_path_factory):
    """A single-master export of five images, 24 × 30 pixels."""
    path = tmp_path_factory.mktemp("export") / "stack"
    assert simulate.main([str(path), *TINY, "--mask"]) == 0
    return path


@pytest.fixture
def export(tiny_export, tmp_path):
    """A copy of the export that may be damaged."""
    return Path(shutil.copytree(tiny_export, tmp_path / "stack"))


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def master_of(export):
    return json.loads((Path(export) / "truth.json").read_text())["master"]


def tree(folder):
    """Content of all files of a folder but the log and the parameters, which hold dates."""
    files = (path for path in sorted(Path(folder).rglob("*")) if path.is_file())
    skipped = ("STAMPS.log", "parms.mat")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name not in skipped}


# ---------------------------------------------------------------------- reference trees


def prepare(run, stack, project, mask=None):
    counts = (run[name] for name in ("rg_patches", "az_patches", "rg_overlap", "az_overlap"))
    mt_prep_snap(int(run["master"]), stack, run["da_thresh"], *counts, mask, workdir=project)


def assert_same_files(project, overlay, stack):
    expected = tree(overlay)
    expected.pop("variant.json", None)
    found = tree(project)
    assert expected
    for name, content in expected.items():
        assert found[name].replace(str(stack).encode(), b"@STACK@") == content, name


def set_with_stack(golden_dir, name):
    folder = golden_dir(name)
    if not (folder / "stack" / "rslc").is_dir() or not (folder / "step0").is_dir():
        pytest.skip(f"{folder} has no rasters or no step0")
    return folder


def test_golden_single_master(golden_dir, project):
    folder = set_with_stack(golden_dir, "ps_mini")
    prepare(json.loads((folder / "run.json").read_text()), folder / "stack", project)
    assert_same_files(project, folder / "step0", folder / "stack")
    integers = {f"{name}/pscands.1.ij.int" for name in ("PATCH_1", "PATCH_2")}  # not kept in the reference
    assert set(tree(project)) == set(tree(folder / "step0")) | integers
    for name in integers:
        positions = np.frombuffer((project / name).read_bytes(), ">i4").reshape(-1, 2)[:, ::-1]
        expected = np.loadtxt(folder / "step0" / name.removesuffix(".int"), int)[:, 1:]
        np.testing.assert_array_equal(positions, expected)


@pytest.mark.parametrize("absolute", [False, True])
def test_golden_mask(golden_dir, project, absolute):
    folder = set_with_stack(golden_dir, "ps_mini")
    overlay = folder / "variants" / "prep_mask"
    if not overlay.is_dir():
        pytest.skip(f"{folder} has no variant prep_mask")
    shutil.copy(folder / "stack" / "mask.bin", project)
    mask = project / "mask.bin" if absolute else "mask.bin"
    prepare(json.loads((folder / "run.json").read_text()), folder / "stack", project, mask)
    assert_same_files(project, overlay, folder / "stack")


PS_SMALL = "--preset ps_small --seed 1"
SB_MINI = (
    "--preset sb_small --seed 1 --n-images 12 --lines 100 --samples 200 --range-spacing 12 --azimuth-spacing 27.94"
)


@pytest.mark.parametrize(("name", "options"), [("ps_small", PS_SMALL), ("sb_mini", SB_MINI)])
def test_golden_simulated(golden_dir, project, tmp_path, name, options):
    folder = golden_dir(name)
    if not (folder / "step0" / "calamp.out").is_file():
        pytest.skip(f"{folder} has no step0")
    stack = tmp_path / "stack"
    assert simulate.main([str(stack), *options.split(), "--quiet"]) == 0
    prepare(json.loads((folder / "run.json").read_text()), stack, project)
    assert_same_files(project, folder / "step0", stack)


# ---------------------------------------------------------------------- patch layout


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


# ---------------------------------------------------------------------- numbers as text


@given(st.lists(st.one_of(st.floats(0, 1), st.floats(0, 1, width=32), st.floats(allow_nan=False))))
def test_format_general_is_percent_g(values):
    assert format_general(np.array(values)).decode() == "".join(f"{value:g}\n" for value in values)


def test_format_general_special_values():
    values = [0.0, -0.0, 0.1, 0.01, 0.001, 1e-4, 9.999999e-5, 0.9999995, 0.0635779, 0.1234565, 0.0009765625, np.inf]
    assert format_general(np.array(values)).decode() == "".join(f"{value:g}\n" for value in values)
    assert format_general(np.array([np.nan, np.copysign(np.nan, -1)])) == b"nan\n-nan\n"
    assert format_general(np.empty(0)) == b""


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 70000))))
def test_format_integers(rows):
    table = np.array(rows, dtype=np.int64).reshape(-1, 2)
    assert format_integers(table[:, 0], table[:, 1]).decode() == "".join(f"{a} {b}\n" for a, b in rows)


# ---------------------------------------------------------------------- calibration


def write_slc(path, values, dtype=">c8"):
    np.asarray(values, dtype=np.complex64).astype(dtype).tofile(path)
    return path


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


# ---------------------------------------------------------------------- selection


def single(value):
    return np.float32(value)


def amplitude(z):
    return single(np.sqrt(float(z.real) ** 2 + float(z.imag) ** 2))


def select_by_loops(images, constants, threshold, patch, mask=None, master=None):
    """The definition of the single-master selection, pixel by pixel: texts and bytes of the outputs."""
    ij, ij0, da, binary, mean = "", "", "", b"", b""
    number, n, squared = 0, single(len(images)), single(threshold) * single(threshold)
    with np.errstate(all="ignore"):
        for y in range(patch.lines.start, patch.lines.stop):
            for x in range(patch.samples.start, patch.samples.stop):
                s, q, zero = single(0), single(0), False
                m = single(1) if master is None else (amplitude(master[y, x]) or single(1))
                for image, constant in zip(images, constants, strict=True):
                    a = amplitude(image[y, x]) / single(constant) / m
                    if a <= 0.00005:
                        zero, s = True, single(0)
                        continue
                    s, q = s + a, q + a * a
                mean += s.astype("<f4").tobytes()
                if (mask is not None and mask[y, x]) or not s > 0:
                    continue
                d2 = n * q / (s * s) - single(1)
                if not (d2 < squared if threshold >= 0 else d2 >= squared):
                    continue
                if zero:
                    ij0 += f"{number} {y} {x}\n"
                    continue
                number += 1
                ij += f"{number} {y} {x}\n"
                binary += np.array([x, y], ">i4").tobytes()
                root = np.sqrt(d2)
                da += ("-nan" if np.isnan(root) and np.signbit(root) else f"{root:g}") + "\n"
    return {
        "pscands.1.ij": ij.encode(),
        "pscands.1.ij0": ij0.encode(),
        "pscands.1.ij.int": binary,
        "pscands.1.da": da.encode(),
        "mean_amp.flt": mean,
    }


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


def select_pairs_by_loops(images, constants, threshold, patch, mask=None):
    """The definition of the small-baseline selection, pixel by pixel."""
    n, k = single(len(images)), single(len(images) // 2)
    ij, da, mean, number = "", "", b"", 0
    with np.errstate(all="ignore"):
        for y in range(patch.lines.start, patch.lines.stop):
            for x in range(patch.samples.start, patch.samples.stop):
                s, q = single(0), single(0)
                for i in range(0, len(images) - 1, 2):
                    a1 = amplitude(images[i][y, x]) / single(constants[i])
                    a2 = amplitude(images[i + 1][y, x]) / single(constants[i + 1])
                    s, q = s + a1 + a2, q + (a1 - a2) * (a1 - a2)
                mean += s.astype("<f4").tobytes()
                d = np.sqrt(q / k) / (s / n)
                if s > 0 and not (mask is not None and mask[y, x]) and (threshold < 0 or d < single(threshold)):
                    number += 1
                    ij += f"{number} {y} {x}\n"
                    da += f"{d:g}\n"
    return {"pscands.1.ij": ij.encode(), "pscands.1.da": da.encode(), "mean_amp.flt": mean}


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


def test_extraction_forgets_kept_amplitudes(tiny_export, project, monkeypatch):
    stores = []

    class Spy(KeptAmplitudes):
        def clear(self):
            stores.append(len(self._images))
            super().clear()

    monkeypatch.setattr("stamps.frontends.project.KeptAmplitudes", Spy)
    mt_prep_snap(master_of(tiny_export), tiny_export, 0.4, 2, 1, workdir=project)
    assert len(stores) == 1
    assert stores[0] == len(list((tiny_export / "rslc").glob("*.rslc")))


# ---------------------------------------------------------------------- sampling


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


# ---------------------------------------------------------------------- headers


def test_header_numbers(tmp_path):
    path = tmp_path / "a.par"
    path.write_text("prf:\t486.5 Hz\nbase(TCN): 1 -2.5 3e2 m m\nazimuth_lines: 7\nrange_samples:\t12\nbad: x\n")
    assert header_numbers(path, "prf") == [486.5]
    assert header_numbers(path, "base(TCN):", 3) == [1, -2.5, 300]
    assert raster_size(path) == (12, 7)
    with pytest.raises(InputError, match=r"a\.par has 'x' in field 'bad', but a number was expected"):
        header_numbers(path, "bad:")
    with pytest.raises(InputError, match=r"a\.par has no field 'heading'"):
        header_numbers(path, "heading:")
    with pytest.raises(InputError, match="3 numbers"):
        header_numbers(path, "azimuth_lines", 3)


# ---------------------------------------------------------------------- broken exports


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def slave_of(export):
    return sorted(path.name[9:17] for path in export.glob("diff0/*.diff"))[0]


def diff_of(export, suffix="diff"):
    return export / "diff0" / f"{master_of(export)}_{slave_of(export)}.{suffix}"


def damage_rename(export):
    diff_of(export).rename(export / "diff0" / f"{master_of(export)}_20300101.diff")
    diff_of(export, "base").rename(export / "diff0" / f"{master_of(export)}_20300101.base")


def header(export, date=None):
    return export / "rslc" / f"{date or master_of(export)}.rslc.par"


def truncate(path):
    os.truncate(path, path.stat().st_size - 8)


BROKEN = {
    "slave header": (lambda e: header(e, slave_of(e)).unlink(), r"\.rslc\.par of an SLC is missing", 1),
    "master header": (lambda e: header(e).unlink(), "master is absent", 1),
    "baseline": (lambda e: diff_of(e, "base").unlink(), r"baseline file .*\.base is missing", 1),
    "longitude": (lambda e: next(e.glob("geo/*.lon")).unlink(), "no longitude raster", 3),
    "latitude": (lambda e: next(e.glob("geo/*.lat")).unlink(), "no latitude raster", 1),
    "height": (lambda e: next(e.glob("geo/*dem.rdc")).unlink(), "no height raster", 1),
    "no interferogram": (lambda e: shutil.rmtree(e / "diff0"), "no interferogram: nothing matches", 1),
    "no SLC": (lambda e: shutil.rmtree(e / "rslc"), "no SLC: nothing matches", 1),
    "short SLC": (
        lambda e: truncate(e / "rslc" / f"{slave_of(e)}.rslc"),
        r"has 5752 bytes, but 30 samples × 24 lines × 8 bytes \(complex float32\) = 5760 were expected",
        1,
    ),
    "short interferogram": (lambda e: truncate(diff_of(e)), r"\.diff has 5752 bytes", 1),
    "short longitude": (lambda e: truncate(next(e.glob("geo/*.lon"))), r"\.lon has 2872 bytes.*× 4 bytes", 1),
    "other date": (damage_rename, "interferogram of 20300101, but no SLC of this date", 1),
    "interferogram away": (lambda e: diff_of(e).unlink(), "but no interferogram of this date", 1),
    "no name": (lambda e: (e / "diff0" / "tree.diff").write_bytes(b""), r"tree\.diff is not named", 1),
    "other master": (
        lambda e: diff_of(e).rename(e / "diff0" / f"20171212_{slave_of(e)}.diff"),
        "is of master 20171212, but the master is",
        1,
    ),
    "SLC name": (lambda e: (e / "rslc" / "crop.rslc").write_bytes(b""), "is not named by its date", 1),
    "twice": (
        lambda e: shutil.copy(e / "rslc" / f"{slave_of(e)}.rslc", e / "rslc" / f"{slave_of(e)}.slc"),
        "There are 2 SLCs of",
        1,
    ),
    "lines": (
        lambda e: rewrite(header(e), "azimuth_lines:\t24", "azimuth_lines:\tmany"),
        r"\.rslc\.par has 'many' in field 'azimuth_lines', but a whole number",
        1,
    ),
    "field away": (lambda e: rewrite(header(e), "prf:", "frp:"), r"\.rslc\.par has no field 'prf'", 1),
    "field": (
        lambda e: rewrite(header(e), "heading:\t-166.6", "heading:\tsouth"),
        r"\.rslc\.par has 'south' in field 'heading', but a number was expected",
        1,
    ),
    "baseline field": (
        lambda e: rewrite(diff_of(e, "base"), "initial_baseline_rate:\t0.0000000", "initial_baseline_rate:\tNaN"),
        r"\.base has 'NaN .*' in field 'initial_baseline_rate', but 3 numbers were expected",
        1,
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_export(export, project, case):
    damage, message, status = BROKEN[case]
    master = master_of(export)
    damage(export)
    with pytest.raises(InputError, match=message) as caught:
        mt_prep_snap(master, export, workdir=project)
    assert caught.value.exit_status == status
    assert list(project.iterdir()) == []


def test_all_problems_at_once(export, project):
    master, slave = master_of(export), slave_of(export)
    header(export, slave).unlink()
    diff_of(export, "base").unlink()
    next(export.glob("geo/*.lon")).unlink()
    truncate(export / "rslc" / f"{slave}.rslc")
    rewrite(header(export), "heading:\t-166.6", "heading:\tsouth")
    with pytest.raises(InputError) as caught:
        mt_prep_snap(master, export, "low", 0, 25, -1, 50, "no.mask", workdir=project)
    text = str(caught.value)
    parts = (f"{slave}.rslc.par of", ".base is", "longitude", "5752 bytes", "'south'", "no.mask", "'low'", "rg_patches")
    for part in parts:
        assert part in text
    assert "az_patches is 25, but the image has only 24 pixels" in text
    assert "rg_overlap is '-1'" in text
    assert "has 10 problems; nothing was written" in text
    assert text.count("\n  - ") == 10
    assert caught.value.exit_status == 3
    assert list(project.iterdir()) == []


@pytest.mark.parametrize(
    ("mask", "message", "status"), [("no.mask", "does not exist", 2), ("short", "one byte per pixel", 1)]
)
def test_broken_mask(export, project, mask, message, status):
    (project / "short").write_bytes(bytes(9))
    with pytest.raises(InputError, match=message) as caught:
        mt_prep_snap(master_of(export), export, maskfile=mask, workdir=project)
    assert caught.value.exit_status == status


def test_broken_directory_and_master(export, project, tmp_path):
    with pytest.raises(InputError, match="nowhere does not exist"):
        mt_prep_snap(20180101, tmp_path / "nowhere", workdir=project)
    broken = tmp_path / "my\ndata"
    export.rename(broken)
    with pytest.raises(InputError, match="has a line break"):
        mt_prep_snap(20180101, broken, workdir=project)
    broken.rename(export)
    with pytest.raises(InputError, match="'2018' is not a date"):
        mt_prep_snap(2018, export, workdir=project)
    with pytest.raises(InputError, match="master is absent"):
        mt_prep_snap("20300101", export, workdir=project)


@pytest.fixture(scope="session")
def tiny_pairs(tmp_path_factory):
    """A small-baseline export."""
    path = tmp_path_factory.mktemp("pairs") / "stack"
    assert simulate.main([str(path), *TINY, "--network", "sb"]) == 0
    return path


def test_small_baselines(tiny_pairs, project):
    master = master_of(tiny_pairs)
    mt_prep_snap(master, tiny_pairs, workdir=project)
    pairs = sorted(path.name for path in (tiny_pairs / "SMALL_BASELINES").iterdir())
    assert not (project / "selpsc.in").exists()
    assert (project / "selsbc.in").read_text().startswith("0.6\n30\n")
    assert len((project / "calamp.in").read_text().split()) == 2 * len(pairs)
    last = [name for name in pairs if master in name][-1]
    assert (project / "rsc.txt").read_text() == f"{tiny_pairs}/SMALL_BASELINES/{last}/{master}.rslc.par\n"
    assert not (project / "PATCH_1" / "pscands.1.ij0").exists()
    candidates = (project / "PATCH_1" / "pscands.1.ij").read_text().count("\n")
    assert (project / "PATCH_1" / "pscands.1.ph").stat().st_size == 8 * candidates * len(pairs) > 0


def test_broken_small_baselines(tiny_pairs, project, tmp_path):
    export = Path(shutil.copytree(tiny_pairs, tmp_path / "stack"))
    folders = sorted((export / "SMALL_BASELINES").iterdir())
    first, second = folders[0].name.split("_")
    (folders[0] / f"{first}.rslc").unlink()
    (folders[1] / f"{folders[1].name}.diff").rename(folders[1] / "20300101_20300113.diff")
    (folders[1] / f"{folders[1].name}.base").rename(folders[1] / "20300101_20300113.base")
    with pytest.raises(InputError) as caught:
        mt_prep_snap(master_of(export), export, workdir=project)
    assert f"{folders[0].name} has 1 interferograms and 1 SLCs, not one and two" in str(caught.value)
    assert "20300101_20300113.diff does not match the SLCs next to it" in str(caught.value)


# ---------------------------------------------------------------------- the command as a whole


def test_project_files(tiny_export, project, capsys):
    master = master_of(tiny_export)
    mt_prep_snap(int(master), tiny_export, "0.50", 2, 2, 3, 2, workdir=project)
    read = {path.name: path.read_text() for path in project.glob("*.[tiol]*")}
    assert (read["processor.txt"], read["width.txt"], read["len.txt"]) == ("snap\n", "30\n", "24\n")
    assert read["rsc.txt"] == f"{tiny_export}/rslc/{master}.rslc.par\n"
    assert read["patch.list"] == "PATCH_1\nPATCH_2\nPATCH_3\nPATCH_4\n"
    assert read["selpsc.in"] == "0.50\n30\n" + read["calamp.out"]
    assert (project / "PATCH_4" / "patch.in").read_text() == "13\n30\n11\n24\n"
    assert (project / "PATCH_4" / "patch_noover.in").read_text() == "16\n30\n13\n24\n"
    assert (project / "parms.mat").is_file()
    assert "PS_PARMS_DEFAULT" in (project / "STAMPS.log").read_text()
    summary = capsys.readouterr().out.splitlines()[-2:]
    counts = [(project / f"PATCH_{k}" / "pscands.1.ij").read_text().count("\n") for k in (1, 2, 3, 4)]
    assert summary[0] == f"MT_PREP_SNAP: 30 samples × 24 lines, 5 images, 4 interferograms (master {master})"
    assert summary[1].startswith(f"MT_PREP_SNAP: {sum(counts)} candidates in 4 patches: PATCH_1 {counts[0]}, ")
    assert not list(project.glob(".stamps*"))


def test_relative_paths_start_at_the_work_directory(export, project):
    mt_prep_snap(master_of(export), "../stack", maskfile="../stack/mask.bin", workdir=project)
    assert (project / "rsc.txt").read_text().startswith(f"{export}/rslc/")
    masked = (project / "calamp.out").read_text()
    mt_prep_snap(master_of(export), export, workdir=project)
    assert (project / "calamp.out").read_text() != masked


def test_null_interferogram_is_allowed(tmp_path, project):
    stack = tmp_path / "stack"
    assert simulate.main([str(stack), *TINY, "--null-master"]) == 0
    mt_prep_snap(master_of(stack), stack, workdir=project)
    assert len((project / "pscphase.in").read_text().split()) == 6


def test_old_patches_go(tiny_export, project):
    master = master_of(tiny_export)
    mt_prep_snap(master, tiny_export, 0.4, 3, 1, workdir=project)
    (project / "PATCH_1" / "ps1.mat").write_bytes(b"old")
    (project / "PATCH_1" / "deeper").mkdir()
    (project / "PATCH_1" / "deeper" / "file").write_bytes(b"old")
    (project / "PATCH_9").mkdir()
    (project / "PATCH_notes.txt").write_text("old")
    mt_prep_snap(master, tiny_export, workdir=project)
    assert sorted(path.name for path in project.glob("PATCH_*")) == ["PATCH_1"]
    assert not (project / "PATCH_1" / "ps1.mat").exists()
    assert not (project / "PATCH_1" / "deeper").exists()


def test_linked_patch_is_refused(tiny_export, project, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (project / "PATCH_1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="PATCH_1 in .* is a link"):
        mt_prep_snap(master_of(tiny_export), tiny_export, workdir=project)


def test_left_over_small_baseline_list_decides(tiny_export, project, capsys):
    """A selsbc.in of an earlier run selects the candidates of a single-master project, as in the original."""
    master = master_of(tiny_export)
    images = sorted(tiny_export.glob("rslc/*.rslc"))[:4]
    stale = "0.6\n30\n" + "".join(f"{path} 50\n" for path in images)
    (project / "selsbc.in").write_text(stale)
    mt_prep_snap(master, tiny_export, workdir=project)
    assert "left over from small baselines" in capsys.readouterr().out
    assert (project / "selsbc.in").read_text() == stale
    assert not (project / "PATCH_1" / "pscands.1.ij0").exists()
    patch = read_patch(project / "PATCH_1" / "patch.in")
    rasters_read = [np.fromfile(path, ">c8").reshape(24, 30) for path in images]
    expected = select_pairs_by_loops(rasters_read, [50] * 4, 0.6, patch)
    assert (project / "PATCH_1" / "pscands.1.ij").read_bytes() == expected["pscands.1.ij"]


def test_extract_parts(tiny_export, project):
    mt_prep_snap(master_of(tiny_export), tiny_export, 0.4, 2, 1, workdir=project)
    before = tree(project)
    for folder in project.glob("PATCH_*"):
        for name in ("ll", "hgt", "ph"):
            (folder / f"pscands.1.{name}").unlink()
    ij = (project / "PATCH_2" / "pscands.1.ij").read_text().splitlines(keepends=True)
    (project / "PATCH_2" / "pscands.1.ij").write_text("".join(ij[:3]))
    (project / "some.list").write_text("PATCH_2\n")
    mt_extract_cands(1, 0, 1, 0, "f", 1, None, "some.list", workdir=project)
    assert not (project / "PATCH_1" / "pscands.1.ph").exists()
    assert not (project / "PATCH_2" / "pscands.1.ll").exists()
    assert (project / "PATCH_2" / "pscands.1.hgt").read_bytes() == before["PATCH_2/pscands.1.hgt"][:12]
    mt_extract_cands(byteswap=1, workdir=project)
    (project / "some.list").unlink()
    assert tree(project) == before


def test_extract_complains(tiny_export, project):
    with pytest.raises(InputError, match=r"patch\.list is missing"):
        mt_extract_cands(workdir=project)
    mt_prep_snap(master_of(tiny_export), tiny_export, workdir=project)
    (project / "patch.list").write_text("PATCH_1\nPATCH_7\n")
    with pytest.raises(InputError, match=r"without patch\.in: PATCH_7"):
        mt_extract_cands(workdir=project)


# ---------------------------------------------------------------------- all or nothing


@pytest.mark.parametrize(
    ("error", "raised", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), WorkspaceError, "the disk is full"),
        (KeyboardInterrupt("stop"), KeyboardInterrupt, "stop"),
    ],
)
def test_error_in_the_middle_leaves_the_old_state(tiny_export, project, monkeypatch, error, raised, message):
    mt_prep_snap(master_of(tiny_export), tiny_export, 0.4, 2, 1, workdir=project)
    before = tree(project), (project / "parms.mat").read_bytes()
    calls = []
    take = sampling._take

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) >= 9:  # in the second patch
            raise error
        return take(*arguments)

    monkeypatch.setattr(sampling, "_take", fail)
    with pytest.raises(raised, match=message):
        mt_prep_snap(master_of(tiny_export), tiny_export, 0.3, 3, 1, workdir=project)
    assert len(calls) >= 9  # threads may have begun further ones
    assert (tree(project), (project / "parms.mat").read_bytes()) == before
    assert not list(project.glob(".stamps*"))


KILLED = """
import os, signal, sys
import stamps.frontends.candidate_programs
module = sys.modules["stamps.frontends.candidate_programs"]
module.sample_phases = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
from stamps.legacy.mt_prep_snap import mt_prep_snap
mt_prep_snap(sys.argv[1], sys.argv[2], 0.3, 3, 1, workdir=sys.argv[3])
"""


def test_kill_leaves_the_old_state(tiny_export, project):
    master = master_of(tiny_export)
    mt_prep_snap(master, tiny_export, 0.4, 2, 1, workdir=project)
    before = tree(project)
    arguments = [sys.executable, "-c", KILLED, master, str(tiny_export), str(project)]
    environment = {**os.environ, "PYTHONPATH": str(Path(simulate.__file__).parents[2])}
    killed = subprocess.run(arguments, env=environment, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = {name: content for name, content in tree(project).items() if not name.startswith(".stamps")}
    assert left == before
    assert list(project.glob(".stamps*"))
    mt_prep_snap(master, tiny_export, 0.4, 2, 1, workdir=project)
    assert tree(project) == before
