"""Selection: thresholds by closed forms, and the step on a synthetic patch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.synthetic_patch import MASTER, N_IFG, make_patch
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.legacy.ps_select import ps_select
from stamps.matlab.dates import datestr
from stamps.steps.reestimation import reestimated_coherence, used_interferograms
from stamps.steps.selection import (
    DispersionBins,
    Threshold,
    accepted_random,
    bin_threshold,
    coherence_spread,
    coherence_threshold,
    dispersion_bins,
    pixel_threshold,
)

BINS = 0.005 + 0.01 * np.arange(100)

# ---------------------------------------------------------------------- thresholds


def test_few_candidates_share_one_class():
    bins = dispersion_bins(np.linspace(0.1, 0.4, 9_999), 9_999)
    np.testing.assert_array_equal(bins.edges, [0, 1])
    assert np.all(bins.dispersion == 1) and bins.members(0).all()
    assert dispersion_bins(None, 7).dispersion.tolist() == [1] * 7


@pytest.mark.parametrize("n, size", [(10_000, 2000), (11_466, 2000), (50_000, 10_000), (73_001, 10_000)])
def test_classes_hold_equal_numbers(n, size):
    dispersion = np.random.default_rng(0).permutation(np.arange(1, n + 1) / n)
    bins = dispersion_bins(dispersion, n)
    counts = [np.count_nonzero(bins.members(i)) for i in range(bins.n)]
    assert counts[:-1] == [size] * (bins.n - 1) and sum(counts) == n
    assert size <= counts[-1] < 2 * size


def test_zero_dispersion_is_in_no_class():
    dispersion = np.concatenate([[0.0], np.arange(1, 10_000) / 1e4])
    bins = dispersion_bins(dispersion, 10_000)
    assert sum(bins.members(i).sum() for i in range(bins.n)) == 9_999


def test_accepted_density_is_single():
    xy = np.array([[0, 0], [3000, 500]], dtype=np.float32)
    accepted = accepted_random(False, 20, xy, 3)
    assert accepted.dtype == np.float32 and accepted == pytest.approx(20 * 1.5 / 3)
    assert accepted_random(True, 20, xy, 3).dtype == np.float64


def falling_counts():
    """10 000 random pixels in the lowest 20 bins, then a straight fall to zero in bin 60 (counted from 1)."""
    counts = np.zeros(100)
    counts[:20] = 500
    counts[20:60] = np.arange(40, 0, -1)
    return counts


def coherences(counts, extra=0):
    """Values at the bin centres as often as ``counts`` says, and ``extra`` stable pixels."""
    return np.concatenate([np.repeat(BINS, counts.astype(int)), np.full(extra, 0.995)])


def test_threshold_where_the_accepted_number_lies_above():
    counts = falling_counts()
    # bins k = 21 … 60 (from 1) hold 61 - k; from bin k upwards there are (61-k)(62-k)/2, found at the edge 0.01·k
    for k in (30, 41, 55):
        accepted = np.float64((61 - k) * (62 - k) / 2)
        assert bin_threshold(coherences(counts, 400), counts * 3, BINS, 20, accepted, False) == pytest.approx(
            0.01 * k, abs=2e-4
        )


def test_threshold_in_percent_counts_empty_bins_as_one():
    counts = falling_counts()
    k = 45
    random_above = (61 - k) * (62 - k) / 2
    all_above = random_above + 400 + 39  # bins 61 … 99 are empty, the stable pixels are in bin 100
    accepted = np.float64(100 * random_above / all_above)
    threshold = bin_threshold(coherences(counts, 400), counts, BINS, 20, accepted, True)
    assert threshold == pytest.approx(0.01 * k, abs=2e-4)


def test_threshold_scales_with_the_pixels_of_low_coherence():
    counts = falling_counts()
    one = bin_threshold(coherences(counts), counts, BINS, 20, np.float64(100), False)
    two = bin_threshold(coherences(2 * counts), counts, BINS, 20, np.float64(200), False)
    assert two == pytest.approx(one)


def test_threshold_of_single_class_is_a_single_number():
    counts = falling_counts()
    threshold = bin_threshold(coherences(counts), counts, BINS, 20, np.float32(100), False)
    assert threshold == np.float32(threshold)


def test_threshold_at_the_ends():
    counts = falling_counts()
    assert bin_threshold(coherences(counts), counts, BINS, 20, np.float64(0), False) == 1
    assert np.isnan(bin_threshold(coherences(counts), counts, BINS, 20, np.float64(1e6), False))
    assert np.isnan(bin_threshold(np.zeros(50), counts, BINS, 20, np.float64(10), False))
    values = np.concatenate([coherences(counts), np.full(30, np.nan), np.zeros(100)])
    expected = bin_threshold(coherences(counts), counts, BINS, 20, np.float64(50), False)
    assert bin_threshold(values, counts, BINS, 20, np.float64(50), False) == expected


def classes(*parts):
    """Coherences of several classes and the bins that hold them: dispersions 0.1, 0.3, 0.5 …"""
    dispersion = np.concatenate([np.full(part.size, 0.1 + 0.2 * i) for i, part in enumerate(parts)])
    return np.concatenate(parts), DispersionBins(0.2 * np.arange(len(parts) + 1), dispersion)


def threshold_of(values, bins):
    return coherence_threshold(values, bins, falling_counts(), BINS, 20, np.float64(100), False)


def test_line_through_classes():
    few, many = coherences(falling_counts()), coherences(3 * falling_counts())
    low, high = threshold_of(*classes(few)), threshold_of(*classes(many))
    assert low.coefficients is None and high.value > low.value
    rising = threshold_of(*classes(few, many))
    by_pixel = pixel_threshold(rising, np.array([0.1, 0.3, -5]))
    np.testing.assert_allclose(by_pixel, [low.value, high.value, 0], rtol=1e-12)
    # a falling line is read at 0.35 and its coefficients are not kept
    falling = threshold_of(*classes(many, few))
    assert falling.coefficients is None
    assert falling.value == pytest.approx(high.value + (low.value - high.value) / 0.2 * 0.25)


def test_classes_without_threshold_are_left_out():
    values, bins = classes(coherences(falling_counts()), np.zeros(20), np.zeros(0))
    threshold = threshold_of(values, bins)
    assert threshold.coefficients is None
    assert threshold.value == threshold_of(*classes(coherences(falling_counts()))).value
    assert threshold_of(np.zeros(values.size), bins) == Threshold(0.3, None, True)


@given(st.floats(-2, 2))
def test_thresholds_are_not_negative(value):
    assert pixel_threshold(Threshold(value, None), np.ones(3)).tolist() == [max(value, 0)]


# ---------------------------------------------------------------------- pieces


def test_interferograms_are_counted_without_the_master():
    ps = {"n_ifg": 6, "master_ix": 2}
    assert used_interferograms(ps, np.array([]), False).tolist() == [0, 1, 2, 3, 4]
    assert used_interferograms(ps, np.array([1, 4]), False).tolist() == [0, 2, 4]
    assert used_interferograms(ps, np.array([1, 4]), True).tolist() == [0, 2, 3, 5]


def test_spread_of_coherence():
    random = np.random.default_rng(0)
    phase = np.vstack([np.zeros((3, 40)), random.uniform(-np.pi, np.pi, (500, 40))]).astype(np.float32)
    spread = coherence_spread(phase)
    assert np.all(spread[:3] < 1e-12)
    assert 0.04 < spread[3:].mean() < 0.09  # about sqrt((1 - pi/4) / 40)
    np.testing.assert_array_equal(coherence_spread(phase), spread)
    assert coherence_spread(np.zeros((0, 5))).shape == (0,)


def test_reestimated_coherence_of_a_perfect_pixel():
    random = np.random.default_rng(0)
    bperp = np.tile(random.normal(0, 100, 12).astype(np.float32), (3, 1))
    patch = 3 * np.exp(1j * random.uniform(-np.pi, np.pi, (3, 12)))
    k_ps = np.array([0.004, -0.003, 0.001])
    ph = (7 * patch * np.exp(1j * (k_ps[:, np.newaxis] * bperp + 0.7))).astype(np.complex64)
    ph[2, 5] = 0
    used = np.delete(np.arange(12), [5, 7])
    values = reestimated_coherence(ph, patch.astype(np.complex64), bperp, used, np.float32(0.5))
    # the refinement of K takes the offset from the trial, so it is not exact
    np.testing.assert_allclose(values["K_ps2"], [0.004, -0.003, np.nan], atol=5e-5)
    np.testing.assert_allclose(values["C_ps2"], [0.7, 0.7, 0], atol=5e-3)
    np.testing.assert_allclose(values["coh_ps2"], [1, 1, np.nan], atol=1e-4)
    assert values["ph_res2"].dtype == np.float32
    assert not values["ph_res2"][:, [5, 7]].any() and not values["ph_res2"][2].any()
    np.testing.assert_allclose(values["ph_res2"][:2][:, used], 0.7, atol=5e-3)


# ---------------------------------------------------------------------- the step


def test_stable_pixels_are_selected(tmp_path, capsys):
    ws, stable = make_patch(tmp_path)
    ws.version = 2
    ps_select(workdir=ws)
    select = ws.load("select1")
    kept = select["ix"][select["keep_ix"]]
    assert np.mean(stable[kept]) > 0.95 and kept.size > 0.9 * stable.sum()
    pm, bperp = ws.load("pm1"), np.delete(ws.load("ps1")["bperp"], MASTER)
    limit = 2 * np.pi / (bperp.max() - bperp.min())
    close = np.abs(pm["K_ps"][select["ix"]] - select["K_ps2"]) < limit
    np.testing.assert_array_equal(select["keep_ix"], (select["coh_ps2"] > select["coh_thresh"]) & close)
    assert select["ifg_index"].tolist() == list(range(N_IFG - 1)) and select["n_win"] == 16
    assert select["max_percent_rand"].dtype == np.float32 and select["coh_thresh_coeffs"] is None
    assert ws.version == 1 and not ws.no_ps_flags().any()
    output = capsys.readouterr().out
    assert f"PS_SELECT: {len(select['ix'])} PS selected initially" in output
    assert f"PS_SELECT: {kept.size} ps selected after re-estimation of coherence" in output


def test_percent_accepts_more_pixels_with_a_higher_limit(tmp_path):
    counts = []
    for percent in (1.0, 30.0):
        ws, _ = make_patch(tmp_path / str(percent), select_method="percent", percent_rand=percent)
        ps_select(workdir=ws)
        select = ws.load("select1")
        assert select["max_percent_rand"].dtype == np.float64 and select["max_percent_rand"] == percent
        counts.append(select["ix"].size)
    assert counts[0] < counts[1]


def test_without_reestimation_the_values_of_step_2_are_kept(tmp_path):
    ws, _ = make_patch(tmp_path)
    ps_select(1, workdir=ws)
    select, pm = ws.load("select1"), ws.load("pm1")
    assert select["keep_ix"].all()
    for name in ("ph_patch", "ph_res", "K_ps", "C_ps", "coh_ps"):
        np.testing.assert_array_equal(select[f"{name}2"], pm[name][select["ix"]])
    assert np.all(pm["coh_ps"][select["ix"]] > select["coh_thresh"])


def test_values_of_an_earlier_run_are_reused(tmp_path):
    ws, _ = make_patch(tmp_path)
    ps_select(workdir=ws)
    first = ws.load("select1")
    pm = ws.load("pm1")
    ws.save("pm1", {"ph_grid": np.zeros_like(pm["ph_grid"])})
    ps_select(2, workdir=ws)
    second = ws.load("select1")
    for name, value in first.items():
        np.testing.assert_array_equal(second[name], value, err_msg=name)


def test_all_candidates_are_reestimated(tmp_path):
    ws, stable = make_patch(tmp_path)
    ps_select(workdir=ws)
    some = ws.load("select1")
    ps_select(3, workdir=ws)
    everything = ws.load("select1")
    assert everything["ix"].size == len(stable)
    np.testing.assert_array_equal(everything["coh_ps2"][some["ix"]], some["coh_ps2"])


def test_dropped_interferograms_count_with_the_master_and_take_no_part(tmp_path, capsys):
    ws, _ = make_patch(tmp_path, drop_ifg_index=[2, MASTER + 2])
    ps_select(workdir=ws)
    first = ws.load("select1")
    assert first["ifg_index"].tolist() == [0, 2, 3, 5, 6, 7]
    assert not first["ph_res2"][:, [1, 4]].any() and first["ph_res2"][:, 0].any()
    assert capsys.readouterr().out.count("is dropped from noise re-estimation") == 2
    ph = ws.load("ph1")["ph"]
    ph[:, [1, MASTER + 1]] = 1j
    ws.save("ph1", {"ph": ph})
    ps_select(workdir=ws)
    np.testing.assert_array_equal(ws.load("select1")["coh_ps2"], first["coh_ps2"])


def test_small_baselines(tmp_path, capsys):
    ws, stable = make_patch(tmp_path, small_baselines=True, drop_ifg_index=1)
    ps_select(workdir=ws)
    select, ps = ws.load("select1"), ws.load("ps1")
    assert select["ph_patch2"].shape == (select["ix"].size, ps["n_ifg"])
    assert select["ifg_index"].tolist() == list(range(1, ps["n_ifg"])) and select["small_baseline_flag"] == "y"
    assert np.mean(stable[select["ix"][select["keep_ix"]]]) > 0.95
    dates = "-".join(datestr(day) for day in ps["ifgday"][0])
    assert f"{dates} is dropped from noise re-estimation" in capsys.readouterr().out


def test_oversampling_changes_the_first_interferogram_only(tmp_path):
    ws, _ = make_patch(tmp_path)
    ps_select(workdir=ws)
    plain = ws.load("select1")["ph_patch2"]
    ws.save_raw("localparms", {"slc_osf": np.array([[2.0]])})
    ps_select(workdir=ws)
    cleared = ws.load("select1")["ph_patch2"]
    assert np.all(cleared[:, 1:] == plain[:, 1:]) and np.mean(cleared[:, 0] != plain[:, 0]) > 0.9


def test_unsteady_pixels_are_rejected(tmp_path):
    ws, _ = make_patch(tmp_path)
    ps_select(1, workdir=ws)
    ix = ws.load("select1")["ix"]
    spread = coherence_spread(ws.load("pm1")["ph_res"][ix])
    limit = float(np.median(spread))
    ws.save_raw("localparms", {"gamma_stdev_reject": np.array([[limit]])})
    ps_select(1, workdir=ws)
    np.testing.assert_array_equal(ws.load("select1")["ix"], ix[spread < limit])


@pytest.mark.parametrize("reest_flag", [0, 1, 2])
def test_no_pixel_selected(tmp_path, reest_flag):
    ws, stable = make_patch(tmp_path)
    ws.save("pm1", {"coh_ps": np.zeros(len(stable))})
    flags = np.array([0.0, 0, 0, 1, 1])
    ws.save_no_ps_flags(flags)
    if reest_flag == 2:
        ps_select(workdir=ws)
    ps_select(reest_flag, workdir=ws)
    raw = ws.load_raw("select1")
    assert raw["ix"].size == 0 and raw["keep_ix"].dtype == bool and raw["ph_patch2"].shape == (0, N_IFG - 1)
    assert ws.no_ps_flags().tolist() == [0, 0, 1, 0, 0]


def test_no_pixel_kept_sets_the_flag(tmp_path):
    ws, _ = make_patch(tmp_path)
    ws.save("pm1", {"ph_grid": np.zeros_like(ws.load("pm1")["ph_grid"])})  # no pixel has neighbours
    ps_select(workdir=ws)
    select = ws.load("select1")
    assert select["ix"].size and not select["keep_ix"].any() and np.isnan(select["coh_ps2"]).all()
    assert ws.no_ps_flags()[2] == 1


def test_wrong_use_is_explained(tmp_path):
    with pytest.raises(ParameterError, match="reest_flag"):
        ps_select(4, workdir=tmp_path)
    ws, _ = make_patch(tmp_path / "patch")
    ws.save_raw("localparms", {"clap_win": np.array([[32.0]])})
    with pytest.raises(InputError, match="clap_win is 32"):
        ps_select(workdir=ws)
    assert not ws.exists("select1")
    ws.delete("pm1.mat")
    with pytest.raises(WorkspaceError, match="run step 2 first"):
        ps_select(workdir=ws)
