"""Options that golden variants were made with: one call, compared with the files of the original."""

import numpy as np

from option_cases.lab import Code
from option_cases.lab import Parameter as P
from option_cases.registry import case
from stamps.native.fringe_frequency import fringe_frequency
from stamps.verify.parity_jobs import BY_ENERGY


def _other_sign(grid, n_win):
    """Fringe frequencies with the right sign, which is not that of the original."""
    rows, columns, centres, peak = fringe_frequency(grid, n_win)
    return rows, -columns, centres, peak


#: Variants of golden sets: name, call (function, arguments, directory), files compared, mutants.
GOLDEN = (
    ("ps_mini gamma_snr", ("ps_est_gamma_quick", (), "PATCH_1"), ("PATCH_1/pm1.mat",),
     (P("filter_weighting"), P("gamma_max_iterations"), P("gamma_max_iterations", 1.0))),
    ("ps_mini gamma_window16", ("ps_est_gamma_quick", (), "PATCH_1"), ("PATCH_1/pm1.mat",),
     (P("clap_win"), P("clap_win", 24.0), P("filter_grid_size"), P("filter_grid_size", 45.0), P("max_topo_err"),
      P("max_topo_err", 25.0))),
    ("ps_mini select_no_reestimate", ("stamps", (3, 3), "."), ("PATCH_1/select1.mat",),
     (P("select_reest_gamma_flag"),)),
    ("ps_mini select_percent", ("ps_select", (), "PATCH_1"), ("PATCH_1/select1.mat",),
     (P("select_method"), P("percent_rand"), P("percent_rand", 12.0))),
    ("ps_mini weed_max_noise", ("ps_weed", (), "PATCH_1"), ("PATCH_1/weed1.mat", "PATCH_1/ps2.mat"),
     (P("weed_time_win"), P("weed_time_win", 250.0), P("weed_standard_dev"), P("weed_standard_dev", 0.55),
      P("weed_max_noise"), P("weed_max_noise", 1.1))),
    ("ps_mini weed_none", ("ps_weed", (), "PATCH_1"), ("PATCH_1/weed1.mat", "PATCH_1/ps2.mat"),
     (P("weed_standard_dev"), P("weed_standard_dev", 3.0))),
    ("ps_mini weed_neighbours", ("ps_weed", (), "PATCH_1"), ("PATCH_1/weed1.mat", "PATCH_1/ps2.mat"),
     (P("weed_neighbours"),)),
    ("ps_mini weed_zero_elevation", ("ps_weed", (), "PATCH_1"), ("PATCH_1/weed1.mat", "PATCH_1/ps2.mat"),
     (P("weed_zero_elevation"), Code("weed_zero_elevation", "stamps.legacy.ps_weed._ZERO_HEIGHT", 5.0, "wrong"))),
    ("ps_mini merge_resample", ("stamps", (5, 5), "."), ("ps2.mat", "rc2.mat", "pm2.mat", "bp2.mat", "ifgstd2.mat"),
     (P("merge_resample_size"), P("merge_resample_size", 55.0), P("merge_standard_dev"),
      P("merge_standard_dev", 0.5))),
    ("ps_mini drop_ifg", ("stamps", (3, 8), "."),
     ("PATCH_1/select1.mat", "PATCH_1/weed1.mat", "PATCH_1/ps2.mat", "phuw2.mat", "scla2.mat", "scn2.mat"),
     (P("drop_ifg_index", np.array([3.0, 9.0])), *(P("drop_ifg_index", reader=reader) for reader in
      ("ps_select", "ps_weed", "ps_unwrap", "ps_calc_scla", "ps_scn_filt")))),
    ("ps_mini unwrap_2D", ("ps_unwrap", (), "."), ("phuw2.mat", "uw_space_time.mat"),
     (P("unwrap_method"), P("unwrap_method", "3D_NO_DEF"))),
    ("ps_mini unwrap_3D_NO_DEF", ("ps_unwrap", (), "."), ("phuw2.mat", "uw_space_time.mat"),
     (P("unwrap_method"), P("unwrap_method", "2D"))),
    ("ps_mini unwrap_3D_QUICK", ("ps_unwrap", (), "."), ("phuw2.mat", "uw_phaseuw.mat"), (P("unwrap_method"),)),
    ("ps_mini unwrap_no_la_error", ("ps_unwrap", (), "."), ("phuw2.mat", "uw_phaseuw.mat"),
     (P("unwrap_la_error_flag"),)),
    ("ps_mini unwrap_no_prefilter", ("ps_unwrap", (), "."), ("phuw2.mat", "uw_phaseuw.mat"),
     (P("unwrap_prefilter_flag"),)),
    ("ps_mini unwrap_patch_phase", ("ps_unwrap", (), "."), ("phuw2.mat", "uw_phaseuw.mat"),
     (P("unwrap_patch_phase"),)),
    ("ps_mini unwrap_spatial_cost", ("ps_unwrap", (), "."), ("phuw2.mat", "uw_space_time.mat"),
     (P("unwrap_spatial_cost_func_flag"),
      Code("gradient_filt", "stamps.steps.unwrapping.spatial_gradients.fringe_frequency", _other_sign, "wrong"))),
    ("ps_mini scla_deramp", ("stamps", (7, 8), "."), ("scla2.mat", "scn2.mat"), (P("scla_deramp"),)),
    ("ps_mini scla_drop", ("ps_calc_scla", (0, 1), "."), ("scla2.mat",),
     (P("scla_drop_index"), P("scla_drop_index", np.array([5.0, 10.0])))),
    ("ps_mini scla_L1", ("ps_calc_scla", (0, 1), "."), ("scla2.mat",), (P("scla_method"),)),
    ("ps_mini scla_reference", ("ps_calc_scla", (0, 1), "."), ("scla2.mat",),
     (P("ref_radius"), P("ref_radius", 500.0), P("ref_centre_lonlat", np.array([14.201, 40.8])))),
    ("ps_mini scn_deramp", ("ps_scn_filt", (), "."), ("scn2.mat",),
     (P("scn_deramp_ifg"), P("scn_deramp_ifg", np.array([1.0, 3.0])))),
    ("ps_mini scn_windows", ("ps_scn_filt", (), "."), ("scn2.mat",),
     (P("scn_wavelength"), P("scn_wavelength", 180.0), P("scn_time_win"), P("scn_time_win", 100.0))),
    ("sb_mini drop_ifg", ("stamps", (3, 8), "."),
     ("PATCH_1/select1.mat", "phuw_sb2.mat", "phuw2.mat", "scla_sb2.mat", "scla2.mat"),
     (P("drop_ifg_index", np.array([3.0, 9.0])), *(P("drop_ifg_index", reader=reader) for reader in
      ("ps_select", "ps_unwrap", "sb_invert_uw", "ps_calc_scla")))),
    ("sb_mini no_resample", ("stamps", (5, 5), "."), ("ps2.mat", "pm2.mat"), (P("merge_resample_size"),)),
    ("sb_mini weed_noisy", ("stamps", (4, 4), "."), ("PATCH_1/weed1.mat",),
     (P("weed_standard_dev"), P("weed_standard_dev", 0.8), P("weed_max_noise"), P("weed_max_noise", 2.0))),
    ("sb_mini unwrap_2D", ("stamps", (6, 6), "."), ("phuw_sb2.mat", "phuw2.mat", "uw_space_time.mat"),
     (P("unwrap_method"), P("unwrap_method", "3D_NO_DEF"))),
    ("sb_mini unwrap_3D_SMALL_DEF", ("stamps", (6, 6), "."), ("phuw_sb2.mat", "uw_space_time.mat"),
     (P("unwrap_method", "3D_NO_DEF"),)),
    ("sb_mini unwrap_3D_NO_DEF", ("stamps", (6, 6), "."), ("phuw_sb2.mat", "uw_space_time.mat"),
     (P("unwrap_method"), P("unwrap_method", "2D"))),
    ("sb_mini unwrap_spatial_cost", ("stamps", (6, 6), "."), ("uw_space_time.mat",),
     (P("unwrap_spatial_cost_func_flag"),)),
    ("sb_mini scla_L1", ("stamps", (7, 7), "."), ("scla2.mat", "scla_sb2.mat"), (P("scla_method"),)),
    ("sb_mini scla_deramp", ("stamps", (7, 8), "."), ("scla2.mat", "scla_sb2.mat", "scn2.mat"), (P("scla_deramp"),)),
)  # fmt: skip


def _golden_case(title, call, files, mutants):
    set_name, variant = title.split()
    function, arguments, place = call

    def check(lab):
        ws = lab.golden(None, set_name, variant)
        if (set_name, variant) in BY_ENERGY:  # one optimum of several
            (ws.path / "stamps.toml").write_text('solver = "snaphu"\n')
        lab.call(function, *arguments, workdir=ws.path / place)
        several = arguments[0] if function == "stamps" and arguments[0] != arguments[1] else None
        lab.agrees(ws.path, files, variant=variant, set_name=set_name, chain=several)

    case(*mutants, name=f"golden {title}")(check)


for _row in GOLDEN:
    _golden_case(*_row)
