"""Numbers of the reports."""

import hashlib

import numpy as np
import pytest

from stamps.report import differences, figures_of_merit, samples, timings

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from stamps.report.page import _figure, plain  # noqa: E402

TURN = 2 * np.pi


def test_statistics_of_a_difference():
    golden = np.array([[1.0, 2.0], [3.0, 4.0], [np.nan, 5.0]])
    ours = golden + [[0.1, -0.3], [0.0, 0.2], [1.0, np.nan]]
    figures = differences.statistics_of(differences.difference_of(ours, golden, "absolute"), golden, "absolute")
    assert figures.count == 4
    assert figures.mean == pytest.approx(0.0, abs=1e-12)
    assert figures.rms == pytest.approx(np.sqrt(0.14 / 4))
    assert figures.maximum == pytest.approx(0.3)
    # of 0, 0.1, 0.2, 0.3 the 95th percentile stands at 2.85 of 3 steps, the 99th at 2.97
    assert figures.p95 == pytest.approx(0.285)
    assert figures.p99 == pytest.approx(0.297)
    assert figures.reference_rms == pytest.approx(np.sqrt((1 + 4 + 9 + 16 + 25) / 5))
    assert figures.cycles is None


def test_cycles_are_counted_for_unwrapped_phases_only():
    golden = np.linspace(-5, 5, 20)
    ours = golden.copy()
    ours[3:6] += TURN
    ours[10] -= 2 * TURN
    unwrapped = differences.statistics_of(differences.difference_of(ours, golden, "cycles"), golden, "cycles")
    assert unwrapped.cycles == 4
    assert unwrapped.maximum == pytest.approx(2 * TURN)
    wrapped = differences.statistics_of(differences.difference_of(ours, golden, "phase"), golden, "phase")
    assert wrapped.maximum == pytest.approx(0, abs=1e-12)


def test_phasors_differ_by_an_angle_or_by_a_vector():
    golden = np.array([1.0 + 0j, 2j])
    ours = golden * np.exp(0.1j)
    np.testing.assert_allclose(differences.difference_of(ours, golden, "phase"), 0.1)
    figures = differences.statistics_of(differences.difference_of(ours, golden, "relative"), golden, "relative")
    assert figures.maximum == pytest.approx(2 * abs(np.exp(0.1j) - 1))


def test_nothing_finite_gives_no_number():
    figures = differences.statistics_of(np.full(3, np.nan), np.full(3, np.nan), "absolute")
    assert figures.count == 0 and np.isnan(figures.maximum)


def test_digests_tell_class_shape_and_bits():
    value = np.arange(6.0).reshape(2, 3)
    expected = hashlib.sha256(b"double (2, 3)\n" + np.array([0.0, 3, 1, 4, 2, 5]).tobytes()).hexdigest()
    assert differences.digest(value) == expected
    others = [value.astype(np.float32), value.T, value + 1e-15 * (value == 5), value.astype(complex)]
    assert len({differences.digest(other) for other in [value, *others]}) == 5
    assert differences.digest(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert differences.digest(None) == ""


def test_the_sample_keeps_the_worst_pixels_and_the_whole_histogram(monkeypatch):
    monkeypatch.setattr(samples, "_MOST_PIXELS", 100)
    monkeypatch.setattr(samples, "_WORST", 5)
    golden = np.random.default_rng(0).normal(size=(2000, 4)).astype(np.float32)
    ours = golden.copy()
    ours[1234, 2] += 1
    sample = samples.sample_of(ours, golden, "absolute")
    assert sample.columns[0].number == 2
    assert 1234 in sample.rows and len(sample.rows) <= 100
    assert sample.columns[0].counts.sum() == 2000
    assert sample.columns[0].largest == pytest.approx(1, abs=1e-6)
    assert samples.sample_of(ours, golden[:, :3], "absolute") is None
    assert samples.sample_of("text", "text", "exact") is None


def test_seconds_of_steps(tmp_path):
    project, patch = tmp_path / "STAMPS.log", tmp_path / "PATCH_1.log"
    patch.write_text(
        "25-Nov-2026 22:00:00 STAMPS           ################ Step 1 ################\n"
        "25-Nov-2026 22:00:04 PS_LOAD_INITIAL  Finished\n"
        "25-Nov-2026 22:00:04 STAMPS           ################ Step 5 ################\n"
        "25-Nov-2026 22:00:05 PS_CORRECT_PHASE Finished\n"
    )
    project.write_text(
        "25-Nov-2026 22:00:08 PS_MERGE_PATCHES Starting\n"
        "25-Nov-2026 22:00:10 PS_MERGE_PATCHES Finished\n"
        "25-Nov-2026 22:00:11 STAMPS           ################ Step 6 ################\n"
        "25-Nov-2026 22:00:20 PS_UNWRAP        Finished\n"
        "25-Nov-2026 23:59:59 SETPARM          unwrap_grid_size = 100\n"
    )
    assert timings.log_seconds([project, patch, tmp_path / "none"]) == {1: 4, 5: 6, 6: 9}
    (tmp_path / "run.json").write_text('{"reference_seconds": {"prep": 1, "step2": 73.4}}')
    assert timings.recorded_seconds(tmp_path) == {2: 73.4}
    assert timings.recorded_seconds(tmp_path / "none") == {}


def test_passes_are_read_from_the_log(tmp_path):
    log = tmp_path / "STAMPS.log"
    line = "25-Nov-2026 22:00:08 {:<16s} {}\n".format
    log.write_text(line("PS_UNWRAP", "Finished") + line("PS_CALC_SCLA", "Finished"))
    assert timings.passes(log) == (1, False)
    log.write_text(log.read_text() + line("PS_UNWRAP", "Finished"))
    assert timings.passes(log) == (2, True)
    assert timings.passes(tmp_path / "none") == (0, False)


def test_closure_counts_pixels_a_cycle_away():
    rng = np.random.default_rng(0)
    image = rng.normal(0, 3, (50, 3))
    phase = np.column_stack([image[:, 1] - image[:, 0], image[:, 2] - image[:, 1], image[:, 2] - image[:, 0]]) + [
        0.3,
        0,
        7,
    ]
    phase[[4, 8, 9], 1] += TURN
    assert figures_of_merit.closure_of(phase, np.array([[1.0, 1.0, -1.0]])).tolist() == [3]


def test_density_and_area():
    xy = np.array([[0, 0], [10, 10], [999, 10], [10, 999], [999, 999.0]])
    density, side = figures_of_merit.density_of(xy, cells=20)
    assert side == 50
    np.testing.assert_allclose(density, np.array([2, 2, 1, 1, 1]) / 0.05**2)
    assert figures_of_merit.area_of([[0, 0], [2000, 0], [2000, 1000], [0, 1000]]) == pytest.approx(2)
    assert figures_of_merit.area_of([[0, 0], [1, 1], [2, 2]]) == 0


def test_neighbours_find_the_pixel_on_another_cycle():
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 1000, (80, 2))
    days = np.arange(20) * 12.0
    phase = rng.normal(0, 0.02, 80)[:, np.newaxis] * days + rng.normal(0, 2, 20) + rng.normal(0, 0.1, (80, 20))
    phase[17, 9] += TURN
    arcs = figures_of_merit.neighbour_arcs(xy)
    found = figures_of_merit.arc_consistency(phase, days, arcs)
    assert found.beyond[9] == np.count_nonzero(arcs == 17) > 0
    assert found.beyond.sum() == found.beyond[9]
    assert int(np.nanargmax(found.of_pixels)) == 17
    assert found.of_pixels[17] == pytest.approx(1 / 20)


def test_numbers_for_people():
    assert _figure(0.00012345, 2) == "1.2·10⁻⁴"
    assert _figure(-12.34) == "−12.3"
    assert _figure(float("nan")) == _figure(None) == ""
    assert plain({"a": np.float32("nan"), 1: (np.int64(2), np.array([1.5, np.inf]))}) == {
        "a": None,
        "1": [2, [1.5, None]],
    }
