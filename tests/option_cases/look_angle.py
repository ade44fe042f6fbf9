"""Step 7: look-angle error, ramps and the reference area (docs/method/scla.md)."""

import numpy as np

from option_cases.lab import Argument, Code, set_parameters
from option_cases.lab import Parameter as P
from option_cases.projects import small_baseline_series, unwrapped_project
from option_cases.registry import case
from option_cases.written_out import metres_per_degree, network, ramp_columns, sequential_slope
from stamps.insar.ramps import ramp_design
from stamps.workspace import Workspace

__all__ = ["k_is"]


def k_is(ws, phase, used=None, reference=slice(None), with_velocity=True):
    """The stored look-angle error must be that of this phase."""
    ps = ws.load("ps2")
    bperp = np.insert(ws.load("bp2")["bperp_mat"], ps["master_ix"], 0, axis=1)
    if reference is not None:
        phase = phase - phase[reference].mean(axis=0)
    used = np.arange(ps["n_ifg"]) if used is None else used
    expected = sequential_slope(phase, bperp, ps["day"], used, with_velocity)
    np.testing.assert_allclose(ws.load("scla2")["K_ps_uw"], expected, rtol=1e-4, atol=1e-6)


def _read_as(degree, kind="ignored"):
    """The degree of the file taken as another one."""
    target = "stamps.insar.ramps.ramp_design"
    return Code("deramp_degree.mat", target, lambda xy, _: ramp_design(xy, degree), kind)


def _degree_case(degree, *mutants):
    def check(lab):
        ws = unwrapped_project(lab, scla_deramp="y")
        ws.save_raw("deramp_degree", {"degree": np.array([[float(degree)]])})
        lab.call("ps_calc_scla", 0, 1, workdir=ws)
        phase = ws.load("phuw2")["ph_uw"].astype(float)
        columns = ramp_columns(ws.load("ps2")["xy"], degree)
        ramp = columns @ np.linalg.lstsq(columns, phase, rcond=None)[0]
        stored = ws.load("scla2")["ph_ramp"]
        assert stored is not None
        np.testing.assert_allclose(stored, ramp, atol=1e-4)
        k_is(ws, phase - ramp)

    case(P("scla_deramp"), *mutants, name=f"ramps of degree {degree}")(check)


_degree_case(1, _read_as(1.5, "wrong"))
for _degree in (1.5, 2, 3):
    _degree_case(_degree, _read_as(1))


@case(P("deramp_degree"))
def degree_of_the_parameter(lab):
    ws = unwrapped_project(lab, scla_deramp="y", deramp_degree=2.5)
    lab.call("ps_calc_scla", 0, 1, workdir=ws)
    phase = ws.load("phuw2")["ph_uw"].astype(float)
    x, y = ws.load("ps2")["xy"][:, -2:].astype(float).T / 1000
    columns = np.stack([x**2, y**2, x * y, x, y, np.ones_like(x)], axis=1)
    ramp = columns @ np.linalg.lstsq(columns, phase, rcond=None)[0]
    np.testing.assert_allclose(ws.load("scla2")["ph_ramp"], ramp, atol=1e-4)


@case(P("deramp_mask_lon"), P("deramp_mask_lat"))
def pixels_that_no_ramp_is_fitted_to(lab):
    ws = unwrapped_project(lab, scla_deramp="y")
    lonlat = ws.load("ps2")["lonlat"].astype(float)
    (west, south), (east, north) = np.quantile(lonlat, 0.2, axis=0), np.quantile(lonlat, 0.6, axis=0)
    set_parameters(ws, deramp_mask_lon=[west, east, east, west], deramp_mask_lat=[south, south, north, north])
    lab.call("ps_calc_scla", 0, 1, workdir=ws)
    inside = (lonlat > [west, south]).all(axis=1) & (lonlat < [east, north]).all(axis=1)
    assert 0 < inside.sum() < len(inside) - 10
    phase = ws.load("phuw2")["ph_uw"].astype(float)
    columns = ramp_columns(ws.load("ps2")["xy"], 1)
    ramp = columns @ np.linalg.lstsq(columns[~inside], phase[~inside], rcond=None)[0]
    np.testing.assert_allclose(ws.load("scla2")["ph_ramp"], ramp, atol=1e-4)


@case(Argument("ps_deramp", "degree"), Argument("ps_deramp", "degree", 2))
def degree_of_ps_deramp(lab):
    ws = unwrapped_project(lab)
    ps, phase = ws.load("ps2"), ws.load("phuw2")["ph_uw"]
    deramped, ramp = lab.call("ps_deramp", ps, phase, 3, workdir=ws)
    columns = ramp_columns(ps["xy"], 3)
    expected = columns @ np.linalg.lstsq(columns, phase.astype(float), rcond=None)[0]
    np.testing.assert_allclose(ramp, expected, atol=1e-4)
    np.testing.assert_allclose(deramped, phase - expected, atol=1e-4)


@case(Argument("ps_calc_scla", "coest_mean_vel"))
def coest_mean_vel_1(lab):
    ws = unwrapped_project(lab)
    lab.call("ps_calc_scla", 0, 1, workdir=ws)
    k_is(ws, ws.load("phuw2")["ph_uw"].astype(float))


@case(Argument("ps_calc_scla", "coest_mean_vel", 1))
def coest_mean_vel_0(lab):
    ws = unwrapped_project(lab)
    lab.call("ps_calc_scla", 0, 0, workdir=ws)
    phase = ws.load("phuw2")["ph_uw"].astype(float)
    k_is(ws, phase, with_velocity=False)
    scla, others = ws.load("scla2"), np.delete(np.arange(9), ws.load("ps2")["master_ix"])
    rest = phase - phase.mean(axis=0) - scla["ph_scla"]
    np.testing.assert_allclose(scla["C_ps_uw"], rest[:, others].mean(axis=1), atol=1e-5)


def _k_of_pairs_is(ws, ps, used, phase=None):
    """Look-angle error of the interferograms ``used`` by generalised least squares."""
    phase = ws.load("phuw_sb2")["ph_uw"].astype(float) if phase is None else phase
    phase = (phase - phase.mean(axis=0))[:, used]
    covariance = ws.load("phuw_sb_res2")["sb_cov"][np.ix_(used, used)]
    design = np.column_stack(
        [
            np.ones(len(used)),
            ws.load("bp2")["bperp_mat"][:, used].mean(axis=0),
            np.diff(ps["ifgday"][used], axis=1)[:, 0],
        ]
    )
    weighted = np.linalg.solve(covariance, design)
    expected = np.linalg.solve(design.T @ weighted, weighted.T @ phase.T)[1]
    np.testing.assert_allclose(ws.load("scla_sb2")["K_ps_uw"], expected, rtol=1e-3, atol=1e-6)


@case(Argument("ps_calc_scla", "use_small_baselines"))
def look_angle_error_of_pairs(lab):
    ws, ps = small_baseline_series(lab)
    lab.call("ps_calc_scla", 1, 1, workdir=ws)
    _k_of_pairs_is(ws, ps, np.arange(ps["n_ifg"]))


@case(
    P("sb_scla_drop_index"), P("sb_scla_drop_index", np.array([3.0, 8.0])), P("drop_ifg_index"),
    P("drop_ifg_index", np.array([6.0])),
)  # fmt: skip
def pairs_left_out_of_the_look_angle_error(lab):
    ws, ps = small_baseline_series(lab, sb_scla_drop_index=[2, 8], drop_ifg_index=5, scla_drop_index=1)
    lab.call("ps_calc_scla", 1, 1, workdir=ws)
    _k_of_pairs_is(ws, ps, np.setdiff1d(np.arange(ps["n_ifg"]), [1, 4, 7]))


@case(P("scla_drop_index"), P("scla_drop_index", np.array([2.0])))
def images_left_out_of_the_look_angle_error(lab):
    ws, ps = small_baseline_series(lab, sb_scla_drop_index=2, drop_ifg_index=[3, 4], scla_drop_index=6)
    lab.call("ps_calc_scla", 0, 1, workdir=ws)
    used = np.setdiff1d(np.arange(7), [ps["master_ix"], 5])
    matrix = network(ps)
    bperp = np.zeros((50, 7))
    bperp[:, used] = np.linalg.lstsq(matrix[:, used], ws.load("bp2")["bperp_mat"].T, rcond=None)[0].T
    phase = ws.load("phuw2")["ph_uw"].astype(float)
    expected = sequential_slope(phase - phase.mean(axis=0), bperp, ps["day"], used)
    np.testing.assert_allclose(ws.load("scla2")["K_ps_uw"], expected, rtol=1e-3, atol=1e-6)


@case(Argument("ps_smooth_scla", "use_small_baselines"))
def smoothing_of_pairs(lab):
    ws, ps = small_baseline_series(lab)
    lab.plain("ps_calc_scla", 1, 1, workdir=ws)
    lab.call("ps_smooth_scla", 1, workdir=ws)
    scla, smooth = ws.load("scla_sb2"), ws.load("scla_smooth_sb2")
    assert smooth["ph_scla"].shape == (50, ps["n_ifg"])
    changed = smooth["K_ps_uw"] != scla["K_ps_uw"]
    assert 0 < changed.mean() < 1 and np.ptp(smooth["K_ps_uw"]) < np.ptp(scla["K_ps_uw"])


@case(Argument("scla_reset", "patches_flag", "n"))
def scla_reset_in_all_patches(lab):
    """Without a patch list, too (the original forgot the first patch)."""
    ws, folders = _with_scla(lab)
    lab.call("scla_reset", workdir=ws)
    assert not [path.name for folder in folders for path in folder.path.glob("scla*.mat")]
    assert all(folder.exists("phuw2") for folder in folders)


@case(Argument("scla_reset", "patches_flag"))
def scla_reset_in_the_directory_alone(lab):
    ws, folders = _with_scla(lab)
    lab.call("scla_reset", "n", workdir=ws)
    assert [len(list(folder.path.glob("scla*.mat"))) for folder in folders] == [0, 4, 4]


def _with_scla(lab):
    ws = Workspace(lab.folder)
    folders = [ws, ws / "PATCH_1", ws / "PATCH_2"]
    for folder in folders:
        folder.path.mkdir(exist_ok=True)
        folder.version = 2
        for name in ("scla2", "scla_smooth2", "scla_sb2", "scla_smooth_sb2", "phuw2"):
            folder.save(name, {"K_ps_uw": np.zeros(3)})
    return ws, folders


# ---------------------------------------------------------------------- reference areas (section 3)

_BOX = np.array([14.002, 14.018])
_AREAS = {
    "ref_lon": ({"ref_lon": _BOX}, lambda p: (p.lon > _BOX[0]) & (p.lon < _BOX[1])),
    "ref_lat": ({"ref_lat": [40.003, 40.01]}, lambda p: (p.lat > 40.003) & (p.lat < 40.01)),
    "ref_radius": (
        {"ref_radius": 600, "ref_centre_lonlat": [14.012, 40.009]}, lambda p: p.distance(14.012, 40.009) <= 600
    ),
    "ref_centre_lonlat": (
        {"ref_radius": 900, "ref_centre_lonlat": [14.004, 40.005]}, lambda p: p.distance(14.004, 40.005) <= 900
    ),
    "ref_x": ({"ref_x": [200, 1500], "ref_y": [0, 9e9], "ref_lon": [0, 1]}, lambda p: (p.x > 200) & (p.x < 1500)),
    "ref_y": ({"ref_x": [0, 9e9], "ref_y": [300, 1200]}, lambda p: (p.y > 300) & (p.y < 1200)),
}  # fmt: skip


class _Pixels:
    def __init__(self, ps):
        self.lon, self.lat = ps["lonlat"].T
        self.x, self.y = ps["xy"][:, 1:].T

    def distance(self, lon, lat):
        return np.hypot(*((np.column_stack([self.lon, self.lat]) - [lon, lat]) * metres_per_degree(lat)).T)


def _area_case(name):
    values, inside = _AREAS[name]
    value = np.asarray(values[name], float)
    wrong = value / 2 if name in ("ref_x", "ref_y", "ref_radius") else value + 0.003

    def check(lab):
        ws = unwrapped_project(lab, **values)
        mask = inside(_Pixels(ws.load("ps2")))
        assert 3 < mask.sum() < 47
        np.testing.assert_array_equal(lab.call("ps_setref", workdir=ws), np.flatnonzero(mask))
        lab.call("ps_calc_scla", 0, 1, workdir=ws)
        phase = ws.load("phuw2")["ph_uw"].astype(float)
        k_is(ws, phase, reference=mask)

    case(P(name), P(name, wrong if wrong.ndim else float(wrong)), name=f"reference area {name}")(check)


for _name in _AREAS:
    _area_case(_name)


@case(Argument("ps_setref", "ps"))
def reference_among_other_points(lab):
    """Points of another data set are searched; if none of them is inside, all are taken."""
    ws = unwrapped_project(lab, ref_lon=_BOX)
    points = {"lonlat": np.array([[14.0, 40], [14.01, 40], [14.03, 40]])}
    np.testing.assert_array_equal(lab.call("ps_setref", points, workdir=ws), [1])
    set_parameters(ws, ref_lon=[15, 16])
    np.testing.assert_array_equal(lab.call("ps_setref", points, workdir=ws), [0, 1, 2])


@case(P("ref_radius"), P("ref_radius", 1.0))
def ref_radius_minus_inf_means_no_reference(lab):
    ws = unwrapped_project(lab, ref_radius=-np.inf)
    lab.call("ps_calc_scla", 0, 1, workdir=ws)
    k_is(ws, ws.load("phuw2")["ph_uw"].astype(float), reference=None)


@case(P("ref_lon"), Code("ref_lon", "stamps.legacy.sb_invert_uw.ps_setref", lambda **_: None))
def inversion_is_relative_to_the_reference_area(lab):
    ws, ps = small_baseline_series(lab, ref_lon=_BOX)
    lab.call("sb_invert_uw", workdir=ws)
    inside = (ps["lonlat"][:, 0] > _BOX[0]) & (ps["lonlat"][:, 0] < _BOX[1])
    series = ws.load("phuw2")["ph_uw"]
    np.testing.assert_allclose(series[inside].mean(axis=0), 0, atol=1e-5)
    assert np.abs(series.mean(axis=0)).max() > 0.01


@case(P("drop_ifg_index"), P("drop_ifg_index", np.array([2.0, 7.0])))
def inversion_without_dropped_interferograms(lab):
    ws, ps = small_baseline_series(lab, drop_ifg_index=[2, 6])
    lab.call("sb_invert_uw", workdir=ws)
    use, images = np.setdiff1d(np.arange(ps["n_ifg"]), [1, 5]), np.delete(np.arange(7), ps["master_ix"])
    matrix = network(ps)
    phase = ws.load("phuw_sb2")["ph_uw"][:, use].astype(float)
    series = np.linalg.lstsq(matrix[np.ix_(use, images)], (phase - phase.mean(axis=0)).T, rcond=None)[0].T
    np.testing.assert_allclose(ws.load("phuw2")["ph_uw"][:, images], series, atol=1e-4)
