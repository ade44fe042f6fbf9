"""Step 8: spatially correlated noise (docs/method/scn.md)."""

import numpy as np

from option_cases.lab import Parameter as P
from option_cases.projects import unwrapped_project
from option_cases.registry import case


def _planes(ws, phase):
    xy = ws.load("ps2")["xy"].astype(float)
    design = np.column_stack([np.ones(len(xy)), xy[:, 1:]])
    return design @ np.linalg.lstsq(design, phase, rcond=None)[0]


@case(P("scn_deramp_ifg"), P("scn_deramp_ifg", np.array([1.0, 2.0])))
def scn_deramp_ifg_all(lab):
    ws = unwrapped_project(lab, scn_deramp_ifg="all", drop_ifg_index=2)
    lab.call("ps_scn_filt", workdir=ws)
    phase = np.delete(ws.load("phuw2")["ph_uw"].astype(float), 1, axis=1)
    np.testing.assert_allclose(ws.load("scn2")["ph_ramp"], _planes(ws, phase), atol=1e-4)


@case(
    P("scn_time_win"), P("scn_time_win", 50.0), P("scn_wavelength"), P("scn_wavelength", 300.0), P("drop_ifg_index"),
    P("drop_ifg_index", np.array([9.0])), P("scn_deramp_ifg"), P("scn_deramp_ifg", np.array([3.0])),
)  # fmt: skip
def filter_of_step_8(lab):
    """High pass in time, low pass in space, relative to the first pixel, by the formulas."""
    ws = unwrapped_project(lab, scn_time_win=30, scn_wavelength=250, drop_ifg_index=8, scn_deramp_ifg=2)
    lab.call("ps_scn_filt", workdir=ws)
    ps, used = ws.load("ps2"), np.delete(np.arange(9), 7)
    phase = ws.load("phuw2")["ph_uw"][:, used].astype(float)
    ramp = _planes(ws, phase[:, 1:2])
    phase[:, 1:2] -= ramp
    day = ps["day"][used]
    weights = np.exp(-((day[:, None] - day) ** 2) / (2 * 30**2))
    weights[:, ps["master_ix"]] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    rest = phase - phase @ weights.T
    rest -= rest[0]
    rest[:, 1:2] += ramp
    xy = ps["xy"][:, 1:].astype(float)
    distance2 = ((xy[:, None] - xy) ** 2).sum(axis=2)
    near = np.where(distance2 < (4 * 250) ** 2, np.exp(-distance2 / (2 * 250**2)), 0)
    smooth = near / near.sum(axis=1, keepdims=True) @ rest
    expected = np.zeros((50, 9))
    expected[:, used] = smooth - smooth[0]
    expected[:, ps["master_ix"]] = 0
    np.testing.assert_allclose(ws.load("scn2")["ph_hpt"], rest, atol=1e-4)
    np.testing.assert_allclose(ws.load("scn2")["ph_scn_slave"], expected, atol=1e-4)


@case(P("drop_ifg_index"), P("drop_ifg_index", np.array([2.0])))
def dropped_interferograms_are_not_kriged(lab):
    ws = unwrapped_project(lab, drop_ifg_index=8)
    lab.call("ps_scn_filt_krig", workdir=ws)
    scn = ws.load("scn2")
    assert scn["ph_hpt"].shape == (50, 8)
    np.testing.assert_array_equal(np.flatnonzero(~scn["ph_scn_slave"].any(axis=0)), [3, 7])
