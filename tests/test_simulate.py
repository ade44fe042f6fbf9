"""The simulator: reproducible, consistent with its truth, in the layout that the preparation reads."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import stamps
from stamps.errors import InputError
from stamps.simulation.command import _OPTIONS, parse_args
from stamps.simulation.images import Border
from stamps.simulation.plan import plan_stack
from stamps.simulation.settings import PRESETS, Settings
from stamps.simulation.snap_files import java_number
from stamps.simulation.stack import simulate
from stamps.simulation.truth_files import PixelClass

TINY = ["--preset", "tiny", "--lines", "20", "--samples", "30", "--quiet"]


def make(folder, *options):
    simulate(parse_args([str(folder), *TINY, *options]))
    return folder


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def settings_of(folder):
    return json.loads((folder / "truth.json").read_text())


def read_slc(path, shape=(20, 30)):
    return np.fromfile(path, ">c8").astype(np.complex64).reshape(shape)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return make(tmp_path_factory.mktemp("simulated") / "stack", "--mask")


def test_reproducible(stack, tmp_path):
    again, first = files(make(tmp_path / "again", "--mask")), files(stack)
    first.pop("truth.json"), again.pop("truth.json")  # they hold the path
    assert again == first
    other = files(make(tmp_path / "other", "--mask", "--seed", "2"))
    assert not {data for name, data in other.items() if name.endswith(".rslc")} & set(first.values())


def test_reference_stack(golden_dir, tmp_path):
    """The stack of the reference is made again from the settings in its truth."""
    reference = golden_dir("ps_mini") / "stack"
    if not (reference / "truth.json").is_file() or not (reference / "rslc").is_dir():
        pytest.skip(f"{reference} has no truth or no rasters")
    names = {field.name for field in dataclasses.fields(Settings)}  # settings that came later keep their defaults
    settings = {name: value for name, value in settings_of(reference).items() if name in names}
    made = tmp_path / "stack"
    simulate(Settings(**{**settings, "datadir": made}))
    expected, found = files(reference), files(made)
    for name in ("truth.json", "truth.npz"):
        expected.pop(name, None), found.pop(name)
    assert set(found) == set(expected)
    for name, content in expected.items():
        if name.endswith(("par", "base", "bin")):
            assert found[name] == content, name
        else:  # the last bits of sines depend on the processor
            a, b = (np.frombuffer(data, ">f4").astype(float) for data in (found[name], content))
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max())


def test_layout_and_sizes(stack):
    settings = settings_of(stack)
    dates = sorted(path.name[:8] for path in stack.glob("rslc/*.rslc"))
    pairs = sorted(path.stem for path in stack.glob("diff0/*.diff"))
    assert len(dates) == settings["n_images"] == 5
    assert pairs == [f"{settings['master']}_{date}" for date in dates if date != settings["master"]]
    assert all((stack / "rslc" / f"{date}.rslc.par").is_file() for date in dates)
    assert all((stack / "diff0" / f"{pair}.base").is_file() for pair in pairs)
    assert {path.stat().st_size for path in stack.glob("rslc/*.rslc")} == {20 * 30 * 8}
    assert {path.stat().st_size for path in (*stack.glob("geo/*.l*"), *stack.glob("geo/*.rdc"))} == {20 * 30 * 4}


def test_interferograms_are_master_times_conjugate_slave(stack):
    for path in stack.glob("diff0/*.diff"):
        master, slave = (read_slc(stack / "rslc" / f"{date}.rslc") for date in path.stem.split("_"))
        np.testing.assert_allclose(read_slc(path), master * np.conj(slave), rtol=1e-6)


def test_truth_agrees_with_the_rasters(stack):
    truth = np.load(stack / "truth.npz")
    mask = np.fromfile(stack / "mask.bin", np.uint8).reshape(20, 30)
    np.testing.assert_array_equal(mask == 1, truth["pixel_class"] == PixelClass.WATER)
    line, sample = truth["ps_line"], truth["ps_sample"]
    strong = truth["ps_phase_std"] < 0.25
    assert strong.sum() >= 3
    master, slave = int(truth["master_ix"]), (int(truth["master_ix"]) + 1) % 5
    names = [str(date) for date in truth["dates"]]
    phase = np.angle(read_slc(stack / "diff0" / f"{names[master]}_{names[slave]}.diff"))[line, sample]
    expected = truth["ps_phase"][slave] - truth["ps_phase"][master]
    error = np.angle(np.exp(1j * (phase - expected)))[strong]
    assert np.sqrt(np.mean(error**2)) < 0.6


def test_small_baselines(tmp_path):
    folder = make(tmp_path / "stack", "--network", "sb")
    pairs = sorted(path.name for path in (folder / "SMALL_BASELINES").iterdir())
    assert len(pairs) >= 4
    for pair in pairs:
        names = {path.name for path in (folder / "SMALL_BASELINES" / pair).iterdir()}
        first, second = pair.split("_")
        images = {f"{date}.rslc{suffix}" for date in (first, second) for suffix in ("", ".par")}
        assert names == images | {f"{pair}.diff", f"{pair}.base"}
    date = pairs[0].split("_")[1]
    copies = {path.read_bytes() for path in folder.glob(f"SMALL_BASELINES/*/{date}.rslc")}
    assert len(copies) == 1


def test_snap_layout(tmp_path):
    folder = make(tmp_path / "stack", "--layout", "snap", "--null-master")
    master = settings_of(folder)["master"]
    assert (folder / "geo" / "elevation_dem.rdc").is_file()
    assert (folder / "dem" / "projected_dem_seg.par").is_file()
    null = read_slc(folder / "diff0" / f"{master}_{master}.diff")
    np.testing.assert_allclose(null.imag, 0, atol=1e-6 * np.abs(null).max())
    text = (folder / "rslc" / f"{master}.rslc.par").read_text()
    assert "range_pixel_spacing:\t6\tm" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0"), (12.5, "12.5"), (1e-4, "1.0E-4"), (12345678.5, "1.23456785E7"), (-2e7, "-2.0E7"), (1e-3, "0.001")],
)
def test_numbers_as_java_prints_them(value, text):
    assert java_number(value) == text


def test_old_data_are_kept_unless_told(stack, tmp_path):
    folder = make(tmp_path / "stack")
    (folder / "rslc" / "20990101.rslc").write_bytes(b"old")
    with pytest.raises(InputError, match="already holds rslc, diff0, geo, dem"):
        make(folder)
    assert (folder / "rslc" / "20990101.rslc").exists()
    make(folder, "--overwrite")
    assert not (folder / "rslc" / "20990101.rslc").exists()
    assert (folder / "rslc").is_dir()


def test_command(stack, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(stamps.__file__).parents[1])}
    command = [sys.executable, "-m", "stamps.simulate"]
    arguments = [*command, str(tmp_path / "made"), *TINY[:-1]]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "point scatterers, 5 images, 4 interferograms" in done.stdout
    again = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1
    with pytest.raises(SystemExit):
        parse_args([str(tmp_path), "--lines", "3"])


def test_every_setting_has_an_option():
    others = {"datadir", "preset", "null_master", "mask", "overwrite", "quiet"}
    assert {option.setting for option in _OPTIONS} | others == {field.name for field in dataclasses.fields(Settings)}


def test_presets_are_settings(tmp_path):
    for name, changes in PRESETS.items():
        settings = Settings.of_preset(name, tmp_path, seed=5)
        assert (settings.preset, settings.seed) == (name, 5)
        assert {key: getattr(settings, key) for key in changes} == changes
        assert parse_args([str(tmp_path), "--preset", name, "--seed", "5"]) == dataclasses.replace(
            settings, datadir=str(tmp_path)
        )


@pytest.mark.parametrize("wrong", [{"lines": 15}, {"samples": 3}, {"n_images": 2}, {"revisit": 0}])
def test_settings_that_cannot_be_simulated(wrong, tmp_path):
    with pytest.raises(InputError, match="The simulator needs at least"):
        Settings.of_preset("tiny", tmp_path, **wrong)


def test_plan_has_a_master_in_the_middle_and_a_connected_network(tmp_path):
    plan = plan_stack(Settings.of_preset("tiny", tmp_path, n_images=9, network="sb", max_temporal=1, max_perp=0))
    master = plan.acquisitions.master
    assert plan.pairs == [(i, i + 1) for i in range(8)]  # nothing is close: neighbours only
    for name in ("bperp", "bpar", "along", "across", "down", "years"):
        values = getattr(plan.acquisitions, name)
        assert values[master] == 0 and np.count_nonzero(values) == 8
    look = plan.geometry.look[plan.settings.samples // 2]
    across, down = plan.acquisitions.across, plan.acquisitions.down
    np.testing.assert_allclose(across * np.cos(look) - down * np.sin(look), plan.acquisitions.bperp, atol=1e-9)


def test_border_is_slanted():
    left = Border(1, 2.0, "left").covers((4, 6))
    assert left.sum(axis=1).tolist() == [1, 2, 2, 3]  # samples below 1, 1.5, 2 and 2.5
    np.testing.assert_array_equal(Border(1, 2.0, "right").covers((4, 6)), left[:, ::-1])
