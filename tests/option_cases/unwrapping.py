"""Step 6: unwrapping (docs/method/unwrapping.md)."""

import numpy as np

from option_cases.lab import Argument, Code, unwrapped_by, without_solver
from option_cases.lab import Parameter as P
from option_cases.projects import phasors, wrapped_project
from option_cases.registry import case
from option_cases.written_out import goldstein, trial_wraps, triangles
from stamps.legacy.uw_grid_wrapped import uw_grid_wrapped
from stamps.legacy.uw_interp import uw_interp
from stamps.legacy.uw_sb_unwrap_space_time import uw_sb_unwrap_space_time
from stamps.workspace import Workspace


def _stages(lab, ws, ps, ph, use, pairs, **options):
    """What the stages of the unwrapping write when they are called by themselves with these options."""
    other = Workspace(lab.folder / "stages")
    other.path.mkdir()
    day, bperp = ps["day"] - ps["master_day"], ps["bperp"][use]
    low = "y" if options["method"] in ("3D", "3D_NEW") else "n"
    uw_grid_wrapped(
        ph[:, use], ps["xy"], options["grid_size"], options["window"], "y", low, options["alpha"], workdir=other
    )
    uw_interp(workdir=other)
    uw_sb_unwrap_space_time(
        day,
        pairs[use],
        options["method"],
        options["time_win"],
        "y",
        bperp,
        options["wraps"],
        options["window"],
        "n",
        workdir=other,
    )
    for file, names in (("uw_grid", ("grid_ij", "nzix")), ("uw_space_time", ("dph_space_uw", "dph_noise"))):
        expected, found = other.load(file), ws.load(file)
        for name in names:
            assert (expected[name] is None) == (found[name] is None), f"{file}:{name}"
            if expected[name] is not None:
                np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-4, err_msg=f"{file}:{name}")


@case(
    P("unwrap_time_win"), P("unwrap_time_win", 60.0), P("unwrap_grid_size"), P("unwrap_grid_size", 60.0),
    P("unwrap_gold_n_win"), P("unwrap_gold_n_win", 8.0), P("unwrap_gold_alpha"), P("unwrap_gold_alpha", 0.6),
    P("max_topo_err"), P("max_topo_err", 60.0), P("lambda"), P("lambda", 0.05),
)  # fmt: skip
def numbers_of_the_unwrapping(lab):
    """Time window, grid, filter and search range: the filter by its formula, the rest as the stages are called."""
    values = {"unwrap_time_win": 40, "unwrap_grid_size": 55, "unwrap_gold_n_win": 10, "unwrap_gold_alpha": 0.5}
    ws, ps, ph, _ = wrapped_project(lab, max_topo_err=70, **values, **{"lambda": 0.04})
    with without_solver():
        lab.call("ps_unwrap", workdir=ws)
    use = np.delete(np.arange(ps["n_ifg"]), ps["master_ix"])
    grid = ws.load("uw_grid")
    np.testing.assert_allclose(grid["ph_in"], ph[:, use], atol=1e-5)
    for k in (0, 4):
        summed = np.zeros(grid["nzix"].shape, complex)
        np.add.at(summed, tuple(grid["grid_ij"].T), ph[:, use[k]])
        filtered = goldstein(summed, 10, 0.5)
        np.testing.assert_allclose(grid["ph"][:, k], filtered.T[grid["nzix"].T], rtol=1e-3, atol=1e-4)
    wraps = trial_wraps(ps["bperp"], 70, 0.04, ws.load("la2")["la"].mean() + 0.052)
    pairs = np.column_stack([np.full(ps["n_ifg"], ps["master_ix"]), np.arange(ps["n_ifg"])])
    _stages(lab, ws, ps, ph, use, pairs, grid_size=55, window=10, alpha=0.5, method="3D_FULL", time_win=40, wraps=wraps)


def _method_case(method, small, effective, wrong):
    def check(lab):
        ws, ps, ph, _ = wrapped_project(lab, small, unwrap_method=method.lower())
        with without_solver():
            lab.call("ps_unwrap", workdir=ws)
        use = np.arange(ps["n_ifg"])
        pairs = ps["ifgday_ix"] if small else np.column_stack([np.full(ps["n_ifg"], ps["master_ix"]), use])
        use = use if small else np.delete(use, ps["master_ix"])
        wraps = trial_wraps(ps["bperp"], 20, 0.0555, ws.load("la2")["la"].mean() + 0.052)
        _stages(
            lab, ws, ps, ph, use, pairs, grid_size=60, window=8, alpha=0.8, method=effective, time_win=730, wraps=wraps
        )
        assert (ws.load("uw_space_time")["dph_noise"] is None) == (method == "2D")
        assert (ws.load("uw_grid")["ph_lowpass"] is not None) == (effective in ("3D", "3D_NEW"))

    case(P("unwrap_method"), P("unwrap_method", wrong), name=f"unwrap_method {method}")(check)


# in small-baseline projects where the default is 3D_QUICK, with a single master where 3D becomes 3D_FULL
for _row in (
    ("2D", False, "2D", "3D_NO_DEF"),
    ("3D", True, "3D", "3D_NO_DEF"),
    ("3D_NEW", True, "3D_NEW", "2D"),
    ("3D_FULL", True, "3D_FULL", "3D"),
    ("3D_QUICK", False, "3D_QUICK", "3D_NO_DEF"),
    ("3D_SMALL_DEF", False, "3D_SMALL_DEF", "2D"),
    ("3D_NO_DEF", False, "3D_NO_DEF", "3D_QUICK"),
):
    _method_case(*_row)


@case(P("unwrap_method"))
def single_master_3D_is_3D_FULL(lab):
    ws = lab.golden(5, unwrap_method="3D_NEW")
    lab.call("ps_unwrap", workdir=ws)
    lab.agrees(ws.path, ["phuw2.mat", "uw_phaseuw.mat"], step=6)
    ws = lab.golden(5, unwrap_method="3D_QUICK")
    lab.call("ps_unwrap", workdir=ws)
    lab.agrees(ws.path, ["uw_phaseuw.mat"], variant="unwrap_3D_QUICK")


@case(P("drop_ifg_index"), P("drop_ifg_index", np.array([3.0, 6.0])))
def dropped_interferograms_are_not_unwrapped(lab):
    ws, ps, ph, _ = wrapped_project(lab, True, drop_ifg_index=[2, 6])
    with without_solver():
        lab.call("ps_unwrap", workdir=ws)
    result, use = ws.load("phuw_sb2"), np.delete(np.arange(ps["n_ifg"]), [1, 5])
    assert not result["ph_uw"][:, [1, 5]].any() and not result["msd"][[1, 5]].any()
    np.testing.assert_allclose(np.exp(1j * result["ph_uw"][:, use]), ph[:, use], atol=1e-4)


def _with_earlier_estimates(lab, small, **parameters):
    """Project with the look-angle error, ramps and troposphere of an earlier pass, and the sum of the first."""
    ws, ps, ph, bperp = wrapped_project(lab, small, **parameters)
    random, n = np.random.default_rng(8), ps["n_ps"]
    k, c = random.normal(0, 0.002, n), random.normal(0, 0.4, n).astype(np.float32)
    ramp, tropo = random.normal(size=(n, ps["n_ifg"])), random.normal(size=(2, n, ps["n_ifg"]))
    name = "_sb" if small else ""
    ws.save(f"scla_smooth{name}2", {"K_ps_uw": k, "C_ps_uw": c, "ph_ramp": ramp, "ph_scla": k[:, None] * bperp})
    ws.save(f"tca{name}2", {"ph_tropo_linear": tropo[0], "ph_tropo_era_hydro": tropo[1]})
    ph = ph * np.exp(-1j * (k[:, None] * bperp + (0 if small else c[:, None])))
    use = np.arange(ps["n_ifg"]) if small else np.delete(np.arange(ps["n_ifg"]), ps["master_ix"])
    return ws, ph[:, use], ramp[:, use], tropo[1][:, use]


def _unwraps(lab, ws, ph):
    with without_solver():
        lab.call("ps_unwrap", workdir=ws)
    np.testing.assert_allclose(ws.load("uw_grid")["ph_in"], ph, atol=2e-5)


for _small in (False, True):
    _kind = "small baselines" if _small else "single master"

    @case(P("scla_deramp"), name=f"ramps are taken away before unwrapping, {_kind}")
    def _(lab, small=_small):
        ws, ph, ramp, _ = _with_earlier_estimates(lab, small, scla_deramp="Y")
        _unwraps(lab, ws, ph * np.exp(-1j * ramp))

    @case(P("scla_deramp", "y"), name=f"ramps stay before unwrapping, {_kind}")
    def _(lab, small=_small):
        ws, ph, _, _ = _with_earlier_estimates(lab, small)
        _unwraps(lab, ws, ph)

    @case(
        P("subtr_tropo"),
        P("tropo_method"),
        P("tropo_method", 1.0),
        name=f"the troposphere is taken away before unwrapping, {_kind}",
    )
    def _(lab, small=_small):
        ws, ph, _, tropo = _with_earlier_estimates(lab, small, subtr_tropo="y", tropo_method="a_eh")
        _unwraps(lab, ws, ph * np.exp(-1j * tropo))


@case(
    P("unwrap_hold_good_values"),
    Code("unwrap_hold_good_values", "stamps.legacy.sb_identify_good_pixels._LARGEST_MISCLOSURE", 0.3, "wrong"),
    P("drop_ifg_index", reader="sb_make_closure_loops"),
)
def good_values_are_held(lab):
    """Unwrapped phases that close around a triangle stay; of the dropped interferogram there is no triangle."""
    ws, ps, _, _ = wrapped_project(lab, True, n_image=6, unwrap_hold_good_values="y", drop_ifg_index=4)
    ph_rc, random = ws.load("rc2")["ph_rc"], np.random.default_rng(3)
    ws.save("pm2", {"K_ps": None})
    series = random.normal(0, 3, (ps["n_ps"], 6))
    before = np.diff(series[:, ps["ifgday_ix"]], axis=2)[..., 0] + random.normal(0, 0.35, ph_rc.shape)
    before = before.astype(np.float32)
    ws.save("phuw_sb2", {"ph_uw": before})
    with without_solver():
        lab.call("ps_unwrap", workdir=ws)
    good = np.zeros(before.shape, bool)
    for ab, bc, ac in triangles(ps["ifgday_ix"]):
        if 3 in (ab, bc, ac):
            continue
        rest = before[:, ab] + before[:, bc] - before[:, ac]
        closed = np.abs(rest - 2 * np.pi * np.round(rest.mean() / 2 / np.pi)) <= 1
        for k in (ab, bc, ac):
            good[closed, k] = True
    assert 0.5 < good[:, 0].mean() < 1
    use = np.delete(np.arange(ps["n_ifg"]), 3)
    np.testing.assert_array_equal(ws.load("uw_grid")["ph_in_predef"], np.where(good, before, np.nan)[:, use])
    cycles = (ws.load("phuw_sb2")["ph_uw"] - before) / (2 * np.pi)
    for k in use:
        held = cycles[good[:, k], k]
        np.testing.assert_allclose(held, np.round(held[0]), atol=1e-4)


def _cells(size=100.0):
    """Pixels on 8 x 8 places, and the row of each; the last two rows and columns share cells: 7 x 7 nodes."""
    j, i = np.meshgrid(np.arange(8), np.arange(8))
    table = np.column_stack([np.arange(1, 65), j.ravel() * size, i.ravel() * size]).astype(np.float32)
    return table, np.minimum(i.ravel(), 6)


_STAR = np.column_stack([np.full(8, 4), [0, 1, 2, 3, 5, 6, 7, 8]])
_DAY = np.array([0.0, 24, 60, 84, 120, 168, 204, 240, 300]) - 120


def _stack_of_unwrapping(seed=12):
    """Smooth deformation and noise at 400 pixels in 8 interferograms of one master."""
    random = np.random.default_rng(seed)
    xy = random.uniform(0, 1500, (400, 2)).astype(np.float32)
    rate = 4 * np.sin(xy[:, 0] / 500) * np.cos(xy[:, 1] / 600)
    phase = rate[:, None] * _DAY[_STAR[:, 1]] / 150 + random.normal(0, 0.4, (400, 8))
    bperp = random.uniform(-90, 90, 8)
    table = np.column_stack([np.arange(1, 401), xy]).astype(np.float32)
    return table, phasors(phase + (0.006 * np.sin(xy[:, 0] / 200))[:, None] * bperp), bperp


_OPTIONS = {
    "grid_size": (70, 80), "prefilt_win": (8, 10), "time_win": (100, 200), "unwrap_method": ("3D_QUICK", "3D_NO_DEF"),
    "goldfilt_flag": ("y", "n"), "lowfilt_flag": ("y", "n"), "gold_alpha": (0.5, 0.6), "n_trial_wraps": (0.7, 0.2),
    "la_flag": ("y", "n"), "scf_flag": ("n", "y"),
}  # fmt: skip


@case(
    *(Argument("uw_3d", f"options.{name}") for name in _OPTIONS if name != "la_flag"),
    *(Argument("uw_3d", f"options.{name}", wrong) for name, (_, wrong) in _OPTIONS.items()),
)
def options_of_uw_3d(lab):
    """Every option reaches the stage that it is for."""
    xy, ph, bperp = _stack_of_unwrapping()
    ws, chosen = Workspace(lab.folder), {name: value for name, (value, _) in _OPTIONS.items()}
    with without_solver():
        lab.call("uw_3d", ph, xy, _DAY, _STAR, bperp, chosen, workdir=ws)
    other = Workspace(lab.folder / "stages")
    other.path.mkdir()
    uw_grid_wrapped(ph, xy, 70, 8, "y", "y", 0.5, workdir=other)
    uw_interp(workdir=other)
    uw_sb_unwrap_space_time(_DAY, _STAR, "3D_QUICK", 100, "y", bperp, 0.7, 8, "n", workdir=other)
    for file in ("uw_grid", "uw_space_time"):
        expected, found = other.load(file), ws.load(file)
        assert set(expected) == set(found)
        for name, value in expected.items():
            assert (value is None) == (found[name] is None), name
            if isinstance(value, np.ndarray):
                assert value.shape == found[name].shape, name
                np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5, err_msg=name)


@case(Argument("uw_3d", "options.la_flag"))
def la_flag_of_uw_3d(lab):
    xy, ph, bperp = _stack_of_unwrapping()
    options = {"grid_size": 70, "prefilt_win": 8, "la_flag": "n", "unwrap_method": "3D_NO_DEF", "n_trial_wraps": 0.7}
    with without_solver():
        lab.call("uw_3d", ph, xy, _DAY, _STAR, bperp, options, workdir=lab.folder)
    stored = Workspace(lab.folder).load("uw_space_time")
    np.testing.assert_array_equal(stored["dph_space_uw"], stored["dph_noise"])


@case(Argument("uw_3d", "options.master_day"), Argument("uw_3d", "options.master_day", 300.0))
def master_day_of_uw_3d(lab):
    """Days of the interferograms and a master day are as good as days of the images and pairs."""
    xy, ph, _ = _stack_of_unwrapping()
    options = {"grid_size": 70, "prefilt_win": 8, "scf_flag": "n", "time_win": 60, "unwrap_method": "3D_QUICK"}
    days, pairs = Workspace(lab.folder / "days"), Workspace(lab.folder / "pairs")
    for ws in (days, pairs):
        ws.path.mkdir()
    with without_solver():
        lab.plain("uw_3d", ph, xy, _DAY, _STAR, None, options, workdir=pairs)
        options["master_day"] = 200.0
        lab.call("uw_3d", ph, xy, _DAY[_STAR[:, 1]] + 200, None, None, options, workdir=days)
    expected, found = (ws.load("uw_space_time")["dph_noise"] for ws in (pairs, days))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@case(Argument("uw_3d", "options.ph_uw_predef"))
def ph_uw_predef_of_uw_3d(lab):
    xy, ph, _ = _stack_of_unwrapping()
    held = np.where(np.arange(400)[:, None] % 3 == 0, np.angle(ph) + 4 * np.pi, np.nan).astype(np.float32)
    options = {"grid_size": 70, "prefilt_win": 8, "scf_flag": "n", "unwrap_method": "3D_QUICK", "ph_uw_predef": held}
    with without_solver():
        ph_uw, _ = lab.call("uw_3d", ph, xy, _DAY, _STAR, None, options, workdir=lab.folder)
    off = ((ph_uw - held) / 2 / np.pi)[::3]
    np.testing.assert_allclose(off, np.broadcast_to(np.round(off[0]), off.shape), atol=1e-4)


@case(
    *(Argument("uw_3d", f"options.{name}") for name in ("temp", "n_temp_wraps", "max_bperp_for_temp_est")),
    Argument("uw_3d", "options.n_temp_wraps", 1), Argument("uw_3d", "options.max_bperp_for_temp_est", 200),
)  # fmt: skip
def temperature_options_of_uw_3d(lab):
    """A term of five cycles over the temperatures, only to be seen in interferograms of short baselines."""
    xy, row = _cells()
    temp = np.array([3.0, -5, 12, 1, 7, -9, 4, -2])
    bperp = np.array([20.0, -10, 60, 5, -80, 25, -15, 90])
    per_degree = row * 2 * np.pi * 4.4 / np.ptp(temp)
    short = np.abs(bperp) < 30
    noise = np.random.default_rng(1).uniform(-np.pi, np.pi, (len(xy), 8)) * ~short
    truth = per_degree[:, None] * temp
    options = {
        "grid_size": 100,
        "prefilt_win": 4,
        "la_flag": "n",
        "unwrap_method": "3D_NO_DEF",
        "temp": temp,
        "n_temp_wraps": 5,
        "max_bperp_for_temp_est": 30,
    }
    with without_solver():
        lab.call("uw_3d", phasors(truth + noise), xy, _DAY, _STAR, bperp, options, workdir=lab.folder)
    ws = Workspace(lab.folder)
    cells, edges = ws.load("uw_grid"), ws.load("uw_interp")["edgs"][:, 1:]
    of_node = np.zeros(cells["nzix"].shape)
    of_node[tuple(cells["grid_ij"].T)] = per_degree
    nodes = of_node.T[cells["nzix"].T]
    expected = (nodes[edges[:, 1]] - nodes[edges[:, 0]])[:, None] * temp
    np.testing.assert_allclose(ws.load("uw_space_time")["dph_space_uw"][:, short], expected[:, short], atol=0.05)


@case(Argument("uw_3d", "options.variance"), Argument("uw_3d", "options.variance", np.full(49, 0.2)))
def variance_of_uw_3d(lab):
    """Only 2D: the variances of both nodes are part of the variance of an arc."""
    xy, _ = _cells()
    variance = np.random.default_rng(0).uniform(0.5, 3, 49)
    ph, found = phasors(np.random.default_rng(1).normal(size=(len(xy), 8))), []

    def stand_in(interferogram, rowcost, colcost, *_):
        found.append((rowcost.copy(), colcost.copy()))
        return np.angle(interferogram).astype(np.float32)

    options = {"grid_size": 100, "prefilt_win": 4, "la_flag": "n", "unwrap_method": "2D", "variance": variance}
    with unwrapped_by(stand_in):
        lab.call("uw_3d", ph, xy, _DAY, _STAR, None, options, workdir=lab.folder)
    nzix = Workspace(lab.folder).load("uw_grid")["nzix"]
    assert nzix.all() and nzix.size == 49
    of_cell = variance.reshape(nzix.shape, order="F")
    base = (2 * np.pi) ** 2 * (1 - np.exp(-3 * 100 / 20000))
    for cost, axis in zip(found[0], (0, 1), strict=True):
        first, second = np.delete(of_cell, -1, axis), np.delete(of_cell, 0, axis)
        expected = np.floor((first + second + base) / 10 * 400 + 0.5)
        if axis == 0:
            expected[0, 0] = 1  # the first edge is lost on a full grid
        np.testing.assert_array_equal(cost[:, 1::4], expected)


@case(Argument("uw_stat_costs", "subset_ifg_index"), Argument("uw_stat_costs", "subset_ifg_index", [1, 4]))
def subset_ifg_index_of_uw_stat_costs(lab):
    xy, ph, bperp = _stack_of_unwrapping()
    options = {"grid_size": 70, "prefilt_win": 8, "unwrap_method": "3D_NO_DEF"}
    with without_solver():
        lab.plain("uw_3d", ph, xy, _DAY, _STAR, bperp, options, workdir=lab.folder)
        whole = Workspace(lab.folder).load("uw_phaseuw")["ph_uw"]
        lab.call("uw_stat_costs", "3D_NO_DEF", None, [1, 5], workdir=lab.folder)
    expected = np.zeros_like(whole)
    expected[:, [1, 5]] = whole[:, [1, 5]]
    np.testing.assert_array_equal(Workspace(lab.folder).load("uw_phaseuw")["ph_uw"], expected)


def _plane_wave():
    """Phasors on 16 x 16 cells that turn by 2 and 1 cycles in a window of 8."""
    i, j = np.mgrid[:16, :16]
    return np.exp(2j * np.pi * (2 * i + j) / 8)


@case(Argument("gradient_filt", "correct_sign"))
def gradient_filt_with_the_right_sign(lab):
    ifreq, jfreq, _, _ = lab.call("gradient_filt", _plane_wave(), 8, True)
    np.testing.assert_allclose(ifreq, np.pi / 2)
    np.testing.assert_allclose(jfreq, np.pi / 4)


@case(Argument("gradient_filt", "correct_sign", True), Argument("gradient_filt", "n_win", 16))
def gradient_filt_with_the_sign_of_the_original(lab):
    ifreq, jfreq, centre, _ = lab.call("gradient_filt", _plane_wave(), 8)
    np.testing.assert_allclose(ifreq, np.full(25, np.pi / 2))
    np.testing.assert_allclose(jfreq, np.full(25, -np.pi / 4))
    np.testing.assert_array_equal(np.unique(centre), 4.5 + 2 * np.arange(5))
