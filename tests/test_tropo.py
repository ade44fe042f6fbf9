"""Tropospheric corrections: choice and inversion."""

import numpy as np
import pytest

from helpers import random_project
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.insar.corrections import tropo_method
from stamps.insar.network import design_matrix
from stamps.legacy.ps_calc_scla import ps_calc_scla
from stamps.legacy.ps_plot_tca import ps_plot_tca
from stamps.legacy.sb_invert_aps import sb_invert_aps
from stamps.workspace.parameters import Parameters


def test_every_number_and_name_once():
    methods = [tropo_method(number) for number in range(1, 42)]
    names = [name for method in methods for name in method.names]
    assert len(names) == len(set(names))
    assert all(tropo_method(name) is method for method in methods for name in method.names)


@pytest.mark.parametrize(
    ("number", "name", "variables"),
    [
        (1, "a_l", ("ph_tropo_linear",)),
        (5, "a_eh", ("ph_tropo_era_hydro",)),
        (9, "a_ww", ("ph_tropo_wrf_wet",)),
        (11, "a_pk", ("K_tropo_powerlaw",)),
        (18, "a_lman", ("strat_corr",)),
        (22, "a_RMI+a_eh", ("ph_tropo_modis_no_interp_recal", "ph_tropo_era_hydro")),
        (31, "a_merra-h", ("ph_tropo_merra_hydro",)),
        (34, "a_merra2-w", ("ph_tropo_merra2_wet",)),
        (35, "a_gacos", ("ph_tropo_gacos",)),
        (41, "a_e5w", ("ph_tropo_era5_wet",)),
    ],
)
def test_table(number, name, variables):
    method = tropo_method(name)
    assert (method.number, method.variables) == (number, variables)


#: Numbers of the single corrections and the variables they read; the others are the sums below.
SINGLE = {
    1: "linear", 2: "powerlaw", 3: "meris", 4: "era", 5: "era_hydro", 6: "era_wet", 7: "wrf", 8: "wrf_hydro",
    9: "wrf_wet", 10: "meris_no_interp", 12: "modis", 13: "modis_no_interp", 19: "modis_recal",
    20: "modis_no_interp_recal", 29: "merra", 31: "merra_hydro", 33: "merra_wet",
    30: "merra2", 32: "merra2_hydro", 34: "merra2_wet", 35: "gacos",
    36: "narr", 37: "narr_hydro", 38: "narr_wet", 39: "era5", 40: "era5_hydro", 41: "era5_wet",
}  # fmt: skip
SUMS = {
    14: (3, 5), 15: (10, 5), 16: (12, 5), 17: (13, 5), 21: (19, 5), 22: (20, 5),
    23: (3, 8), 24: (10, 8), 25: (12, 8), 26: (13, 8), 27: (19, 8), 28: (20, 8),
}  # fmt: skip
OTHERS = {11: "K_tropo_powerlaw", 18: "strat_corr"}


@pytest.mark.parametrize("file", ["tca2", "tca_sb2"])
def test_every_method_reads_its_own_variables(tmp_path, file):
    ws = random_project.single_master(tmp_path)
    values = {name: float(2**i) * np.ones((3, 4)) for i, name in enumerate(SINGLE.values())}
    stored = {f"ph_tropo_{name}": value for name, value in values.items()}
    stored.update({name: -number * np.ones((3, 4)) for number, name in OTHERS.items()})
    ws.save(file, stored)
    aps = ws.load(file)
    for number in range(1, 42):
        expected = stored[OTHERS[number]] if number in OTHERS else 0
        for part in SUMS.get(number, (number,) if number in SINGLE else ()):
            expected = expected + values[SINGLE[part]]
        correction, _, found = ps_plot_tca(aps, number)
        np.testing.assert_array_equal(correction, expected, err_msg=str(number))
        assert found == number
        missing = tropo_method(number).variables[-1]
        with pytest.raises(WorkspaceError, match=f"{file}.mat has no variable '{missing}'"):
            ps_plot_tca(type(aps)(aps.source, {k: v for k, v in aps.items() if k != missing}), number)


@pytest.mark.parametrize("number", [14, 16, 21, 23, 25, 27])
def test_sums_are_blank_where_the_spectrometer_is(number):
    method = tropo_method(number)
    aps = {name: np.full((3, 4), 1.0 + i) for i, name in enumerate({*method.variables, method.blanked_by})}
    expected = aps[method.variables[0]] + aps[method.variables[1]]
    aps[method.blanked_by] = aps[method.blanked_by].copy()
    aps[method.blanked_by][:, 2] = [1, -1, 0]
    if method.blanked_by == method.variables[0]:
        expected[:, 2] += [1, -1, 0] - np.full(3, expected[0, 2])
    expected[:, 2] = 0
    correction, _, found = ps_plot_tca(aps, number)
    np.testing.assert_array_equal(correction, expected)
    assert found == number


def test_what_is_not_there():
    with pytest.raises(ParameterError, match="not a valid option"):
        ps_plot_tca({}, 0)
    with pytest.raises(ParameterError, match="not a valid option"):
        ps_plot_tca({}, "a_nonsense")
    with pytest.raises(WorkspaceError, match="ph_tropo_linear"):
        ps_plot_tca({}, "a_l")


@pytest.fixture
def sb(tmp_path):
    ws = random_project.small_baselines(tmp_path, n_ps=30, n_image=7, master_ix=2)
    series = np.random.default_rng(0).normal(size=(30, 7))
    series -= series[:, 2:3]
    network = design_matrix(ws.load("ps2")["ifgday_ix"], 7)
    ws.save("tca_sb2", {"ph_tropo_linear": series @ network.T})
    return ws, series


def test_inversion_recovers_the_series_without_an_empty_interferogram(sb):
    ws, series = sb
    correction = ws.load("tca_sb2")["ph_tropo_linear"]
    correction[:, 4] = 0
    ws.save("tca_sb2", {"ph_tropo_linear": correction})
    ws.save("tca2", {"ph_tropo_gacos": series})
    result = sb_invert_aps("a_l", workdir=ws)
    np.testing.assert_allclose(result, series, atol=1e-6)
    assert result.dtype == np.float32 and not result[:, 2].any()
    assert sorted(ws.variables_of("tca2")) == ["ph_tropo_gacos", "ph_tropo_linear"]


def test_what_cannot_be_inverted(sb):
    ws, _ = sb
    assert sb_invert_aps("", workdir=ws) is None
    with pytest.raises(ParameterError, match="powerlaw"):
        sb_invert_aps(2 + 9, workdir=ws)
    correction = ws.load("tca_sb2")["ph_tropo_linear"]
    pairs = ws.load("ps2")["ifgday_ix"]
    blank = correction.copy()
    blank[:, (pairs[:, 0] <= 3) & (pairs[:, 1] > 3)] = 0
    ws.save("tca_sb2", {"ph_tropo_linear": blank})
    with pytest.raises(InputError, match="isolated"):
        sb_invert_aps(1, workdir=ws)


def test_step_7_subtracts_the_correction(tmp_path):
    ws = random_project.single_master(tmp_path, n_ps=30, n_ifg=8, master_ix=3)
    rng = np.random.default_rng(1)
    k = rng.normal(0, 0.01, 30)
    k -= k.mean()
    bperp = ws.load("ps2")["bperp"]
    ws.save("bp2", {"bperp_mat": np.tile(np.delete(bperp, 3), (30, 1))})
    tropo = rng.normal(size=(30, 8))
    ws.save("phuw2", {"ph_uw": (k[:, None] * bperp + tropo).astype(np.float32)})
    ws.save("tca2", {"ph_tropo_gacos": tropo})
    Parameters(ws).set("subtr_tropo", "y")
    Parameters(ws).set("tropo_method", "a_gacos")
    ps_calc_scla(0, 1, workdir=ws)
    np.testing.assert_allclose(ws.load("scla2")["K_ps_uw"], k, atol=1e-6)
