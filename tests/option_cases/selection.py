"""Step 3: selection of pixels (docs/method/selection.md)."""

import numpy as np

from helpers.synthetic_patch import N_WIN, make_patch
from option_cases.lab import Argument, Code
from option_cases.lab import Parameter as P
from option_cases.registry import case
from option_cases.written_out import clap_cell, coherence_threshold
from stamps.steps.selection import DispersionBins


@case(P("density_rand"), P("density_rand", 25.0))
def density_rand(lab):
    ws = make_patch(lab.folder, density_rand=40)[0]
    lab.call("ps_select", 1, workdir=ws)
    _selection_is(ws, 40 * np.prod(np.ptp(ws.load("ps1")["xy"][:, 1:], axis=0)) / 1e6, by_percent=False)


@case(P("percent_rand"), P("percent_rand", 4.0), P("select_method"))
def percent_rand(lab):
    ws = make_patch(lab.folder, select_method="percent", percent_rand=3)[0]
    lab.call("ps_select", 1, workdir=ws)
    _selection_is(ws, 3.0, by_percent=True)


def _selection_is(ws, accepted, by_percent, edges=(0, 1), dispersion=None):
    """First selection by the formulas of docs/method/selection.md, sections 2 and 3."""
    pm, select = ws.load("pm1"), ws.load("select1")
    dispersion = np.ones(len(pm["coh_ps"])) if dispersion is None else dispersion
    level = coherence_threshold(pm["coh_ps"], dispersion, edges, pm["Nr"], 31, accepted, by_percent)
    np.testing.assert_allclose(select["max_percent_rand"], accepted, rtol=1e-6)
    ix = np.flatnonzero(pm["coh_ps"] > level)
    np.testing.assert_array_equal(select["ix"], ix)
    np.testing.assert_allclose(np.broadcast_to(select["coh_thresh"], ix.shape), level[ix], atol=1e-5)


def _equal_classes(size):
    def bins(dispersion, n_ps):
        inner = np.sort(dispersion)[size - 1 : n_ps - size : size]
        return DispersionBins(np.concatenate([[0.0], inner, [dispersion.max()]]), dispersion)

    return bins


def _dispersion_case(n, size, wrong_size):
    def check(lab):
        """Classes of equal numbers of candidates, a line through their thresholds."""
        ws, random = make_patch(lab.folder)[0], np.random.default_rng(1)
        dispersion = random.uniform(0.05, 0.6, n).round(6)
        stable = random.random(n) < 0.7 - dispersion
        coherence = np.where(stable, random.uniform(0.8, 0.99, n), random.rayleigh(0.25, n).clip(0.01, 0.9))
        ws.save("da1", {"D_A": dispersion})
        xy = np.column_stack([np.arange(1, n + 1), random.uniform(0, 3000, (n, 2))]).astype(np.float32)
        n_ifg = ws.load("ps1")["n_ifg"]
        ws.save("ps1", {"n_ps": n, "xy": xy, "ij": np.zeros((n, 3)), "lonlat": np.zeros((n, 2))})
        empty = np.zeros((n, n_ifg - 1), np.complex64)
        kept = ws.load("pm1", ("Nr", "coh_bins", "n_trial_wraps"))
        ws.save(
            "pm1",
            {
                **kept,
                "coh_ps": coherence,
                "K_ps": np.zeros(n),
                "C_ps": np.zeros(n),
                "ph_patch": empty,
                "ph_res": empty.real,
            },
            append=False,
        )
        lab.call("ps_select", 1, workdir=ws)
        edges = np.concatenate([[0], np.sort(dispersion)[size - 1 : n - size : size], [dispersion.max()]])
        area = np.prod(np.ptp(xy[:, 1:], axis=0)) / 1e6
        _selection_is(ws, 20 * area / (len(edges) - 1), False, edges, dispersion)
        assert ws.load("select1")["coh_thresh_coeffs"][0] > 0

    one_class = Code("D_A binning", "stamps.steps.selection._MIN_FOR_BINS", 10**9)
    other = Code("D_A binning", "stamps.legacy.ps_select.dispersion_bins", _equal_classes(wrong_size), "wrong")
    case(one_class, other, name=f"D_A classes of {size}")(check)


_dispersion_case(10_500, 2_000, 10_000)
_dispersion_case(50_000, 10_000, 2_000)


@case(P("gamma_stdev_reject"), P("gamma_stdev_reject", 0.01), P("gamma_stdev_reject", 0.5))
def gamma_stdev_reject(lab):
    """Three kinds of pixels, whose coherence spreads about 0, 0.02 and 0.2 between samples of interferograms."""
    ws = make_patch(lab.folder, gamma_stdev_reject=0.1, drop_ifg_index=2)[0]
    pm, random = ws.load("pm1"), np.random.default_rng(2)
    n, m = pm["ph_res"].shape
    kind = np.arange(n) % 3
    scatter = np.array([0, 0.35, np.pi / 2])[kind][:, None] * np.where(np.arange(m) % 2, 1, -1)
    scatter[:, 1] = random.uniform(-np.pi, np.pi, n)  # the dropped interferogram does not count
    ws.save("pm1", {"ph_res": scatter.astype(np.float32), "coh_ps": np.full(n, 0.95)})
    lab.call("ps_select", 1, workdir=ws)
    np.testing.assert_array_equal(ws.load("select1")["ix"], np.flatnonzero(kind < 2))


def _filter_of_step_3(oversampling):
    def check(lab):
        """The cell itself is left out; of oversampled images its neighbours, too, in the first interferogram."""
        ws = make_patch(lab.folder, clap_alpha=0.6, clap_beta=0.5, slc_osf=oversampling)[0]
        lab.call("ps_select", workdir=ws)
        pm, select = ws.load("pm1"), ws.load("select1")
        for row in (0, 40, len(select["ix"]) - 1):
            cell = pm["grid_ij"][select["ix"][row]]
            expected = clap_cell(pm["ph_grid"], cell, N_WIN, 0.6, 0.5, pm["low_pass"], oversampling)
            np.testing.assert_allclose(select["ph_patch2"][row], expected, rtol=1e-3, atol=1e-4)

    mutants = (
        [P("slc_osf"), P("slc_osf", 2.0)]
        if oversampling > 1
        else [
            P("clap_alpha"),
            P("clap_alpha", 0.7),
            P("clap_beta"),
            P("clap_beta", 0.4),
            P("clap_win"),
            P("slc_osf", 2.0),
        ]
    )
    case(*mutants, name=f"filter of step 3, slc_osf {oversampling}")(check)


_filter_of_step_3(1)
_filter_of_step_3(3)


@case(Argument("ps_select", "reest_flag"), Argument("ps_select", "reest_flag", 3))
def reest_flag_1_keeps_the_values_of_step_2(lab):
    ws = make_patch(lab.folder)[0]
    lab.call("ps_select", 1, workdir=ws)
    select, pm = ws.load("select1"), ws.load("pm1")
    for name in ("ph_patch", "ph_res", "K_ps", "C_ps", "coh_ps"):
        np.testing.assert_array_equal(select[f"{name}2"], pm[name][select["ix"]])
    assert select["keep_ix"].all() and 0 < select["ix"].size < len(pm["coh_ps"])


@case(*(Argument("ps_select", "reest_flag", *value) for value in ((), (1,), (3,))))
def reest_flag_2_uses_the_stored_values(lab):
    ws = make_patch(lab.folder)[0]
    lab.plain("ps_select", workdir=ws)
    first = ws.load("select1")
    changed = first["coh_ps2"].copy()
    changed[::4] = 0.01
    ws.save("select1", {"coh_ps2": changed})
    lab.call("ps_select", 2, workdir=ws)
    second = ws.load("select1")
    np.testing.assert_array_equal(second["coh_ps2"], changed)
    assert not second["keep_ix"][::4].any()
    np.testing.assert_array_equal(second["ix"], first["ix"])


@case(Argument("ps_select", "reest_flag"), Argument("ps_select", "reest_flag", 1))
def reest_flag_3_takes_all_candidates(lab):
    ws = make_patch(lab.folder)[0]
    coherence = ws.load("pm1")["coh_ps"]
    coherence[[3, 8]] = 0  # not above a threshold of 0
    ws.save("pm1", {"coh_ps": coherence})
    lab.call("ps_select", 3, workdir=ws)
    select = ws.load("select1")
    np.testing.assert_array_equal(select["ix"], np.flatnonzero(coherence > 0))
    assert 0.1 < select["keep_ix"].mean() < 0.9
