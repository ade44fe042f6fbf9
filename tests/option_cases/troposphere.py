"""Tropospheric corrections (docs/method/products.md, sections 2.6 and 3)."""

import numpy as np

from option_cases.lab import Argument
from option_cases.lab import Parameter as P
from option_cases.look_angle import k_is
from option_cases.projects import small_baseline_series, unwrapped_project
from option_cases.registry import case
from option_cases.written_out import network, sequential_slope

#: Number, names, variables that are added, and the variable whose empty columns blank the sum.
TROPO = (
    (1, "a_linear a_l", "ph_tropo_linear", ""),
    (2, "a_powerlaw a_p", "ph_tropo_powerlaw", ""),
    (3, "a_meris a_m", "ph_tropo_meris", ""),
    (4, "a_erai a_e", "ph_tropo_era", ""),
    (5, "a_erai-h a_eh", "ph_tropo_era_hydro", ""),
    (6, "a_erai-w a_ew", "ph_tropo_era_wet", ""),
    (7, "a_wrf a_w", "ph_tropo_wrf", ""),
    (8, "a_wrf-h a_wh", "ph_tropo_wrf_hydro", ""),
    (9, "a_wrf-w a_ww", "ph_tropo_wrf_wet", ""),
    (10, "a_meris-ni a_mi", "ph_tropo_meris_no_interp", ""),
    (11, "a_powerlaw-k a_pk", "K_tropo_powerlaw", ""),
    (12, "a_modis a_M", "ph_tropo_modis", ""),
    (13, "a_modis-ni a_MI", "ph_tropo_modis_no_interp", ""),
    (14, "a_meris+a_erai-h a_m+a_eh", "ph_tropo_meris ph_tropo_era_hydro", "ph_tropo_meris"),
    (15, "a_meris-ni+a_erai-h a_mi+a_eh", "ph_tropo_meris_no_interp ph_tropo_era_hydro", ""),
    (16, "a_modis+a_erai-h a_M+a_eh", "ph_tropo_modis ph_tropo_era_hydro", "ph_tropo_modis"),
    (17, "a_modis-ni+a_erai-h a_MI+a_eh", "ph_tropo_modis_no_interp ph_tropo_era_hydro", ""),
    (18, "a_linear-man a_lman", "strat_corr", ""),
    (19, "a_recalmodis a_RM", "ph_tropo_modis_recal", ""),
    (20, "a_recalmodis-ni a_RMI", "ph_tropo_modis_no_interp_recal", ""),
    (21, "a_recalmodis+a_erai-h a_RM+a_eh", "ph_tropo_modis_recal ph_tropo_era_hydro", "ph_tropo_modis"),
    (22, "a_recalmodis-ni+a_erai-h a_RMI+a_eh", "ph_tropo_modis_no_interp_recal ph_tropo_era_hydro", ""),
    (23, "a_meris+a_wrf-h a_m+a_wh", "ph_tropo_meris ph_tropo_wrf_hydro", "ph_tropo_meris"),
    (24, "a_meris-ni+a_wrf-h a_mi+a_wh", "ph_tropo_meris_no_interp ph_tropo_wrf_hydro", ""),
    (25, "a_modis+a_wrf-h a_M+a_wh", "ph_tropo_modis ph_tropo_wrf_hydro", "ph_tropo_modis"),
    (26, "a_modis-ni+a_wrf-h a_MI+a_wh", "ph_tropo_modis_no_interp ph_tropo_wrf_hydro", ""),
    (27, "a_recalmodis+a_wrf-h a_RM+a_wh", "ph_tropo_modis_recal ph_tropo_wrf_hydro", "ph_tropo_modis"),
    (28, "a_recalmodis-ni+a_wrf-h a_RMI+a_wh", "ph_tropo_modis_no_interp_recal ph_tropo_wrf_hydro", ""),
    (29, "a_merra", "ph_tropo_merra", ""),
    (30, "a_merra2", "ph_tropo_merra2", ""),
    (31, "a_merra-h", "ph_tropo_merra_hydro", ""),
    (32, "a_merra2-h", "ph_tropo_merra2_hydro", ""),
    (33, "a_merra-w", "ph_tropo_merra_wet", ""),
    (34, "a_merra2-w", "ph_tropo_merra2_wet", ""),
    (35, "a_gacos", "ph_tropo_gacos", ""),
    (36, "a_narr", "ph_tropo_narr", ""),
    (37, "a_narr-h", "ph_tropo_narr_hydro", ""),
    (38, "a_narr-w", "ph_tropo_narr_wet", ""),
    (39, "a_era5", "ph_tropo_era5", ""),
    (40, "a_era5-h", "ph_tropo_era5_hydro", ""),
    (41, "a_era5-w", "ph_tropo_era5_wet", ""),
)


def _corrections(ws, seed=6):
    """A tropospheric file that holds all variables; two columns of the spectrometers sum to zero."""
    names = sorted({name for row in TROPO for name in row[2].split()})
    random, n_ifg = np.random.default_rng(seed), ws.load("ps2")["n_ifg"]
    corrections = {name: random.normal(size=(ws.load("ps2")["n_ps"], n_ifg)) for name in names}
    corrections["ph_tropo_meris"][:, 1] = 0
    corrections["ph_tropo_modis"][:, 2] = 0
    return corrections


def _tropo_case(number, names, variables, blanked_by):
    other = "a_p" if number == 1 else "a_l"

    def check(lab):
        corrections = None
        for name in (*names.split(), number):
            ws = unwrapped_project(lab, subtr_tropo="y", tropo_method=name)
            corrections = corrections or _corrections(ws)
            ws.save("tca2", corrections)
            expected = sum(corrections[variable] for variable in variables.split())
            if blanked_by:
                expected = np.where(corrections[blanked_by].sum(axis=0) == 0, 0, expected)
            lab.call("ps_calc_scla", 0, 1, workdir=ws)
            k_is(ws, ws.load("phuw2")["ph_uw"] - expected)

    case(P("subtr_tropo"), P("tropo_method", other), name=f"tropo_method {number} {names.split()[0]}")(check)


for _row in TROPO:
    _tropo_case(*_row)


@case(P("tropo_method"), P("tropo_method", "a_erai"), P("subtr_tropo"), P("drop_ifg_index", reader="sb_invert_aps"))
def troposphere_of_a_time_series(lab):
    """The correction of the pairs is inverted, then taken from the series."""
    ws, ps = small_baseline_series(lab, subtr_tropo="y", tropo_method="a_gacos", drop_ifg_index=3)
    corrections = _corrections(ws)
    ws.save("tca_sb2", corrections)
    lab.call("ps_calc_scla", 0, 1, workdir=ws)
    matrix = network(ps)
    use, images = np.delete(np.arange(ps["n_ifg"]), 2), np.delete(np.arange(7), ps["master_ix"])
    series = np.zeros((50, 7))
    solution = np.linalg.lstsq(matrix[np.ix_(use, images)], corrections["ph_tropo_gacos"][:, use].T, rcond=None)[0]
    series[:, images] = solution.T
    np.testing.assert_allclose(ws.load("tca2")["ph_tropo_gacos"], series, atol=1e-5)
    phase = ws.load("phuw2")["ph_uw"] - series
    bperp = np.zeros((50, 7))
    bperp[:, images] = np.linalg.lstsq(matrix[:, images], ws.load("bp2")["bperp_mat"].T, rcond=None)[0].T
    expected = sequential_slope(phase - phase.mean(axis=0), bperp, ps["day"], images)
    np.testing.assert_allclose(ws.load("scla2")["K_ps_uw"], expected, rtol=1e-3, atol=1e-6)


@case(Argument("sb_invert_aps", "aps_flag"), Argument("sb_invert_aps", "aps_flag", 5))
def aps_flag_of_sb_invert_aps(lab):
    ws, _ = small_baseline_series(lab)
    ws.save("tca_sb2", _corrections(ws))
    lab.call("sb_invert_aps", "a_era5-w", workdir=ws)
    assert ws.variables_of("tca2") == ["ph_tropo_era5_wet"]
