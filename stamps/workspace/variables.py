"""What is stored where: the kind of every variable of the workspace files, as data.

Inside the package indices count from 0 and vectors are one-dimensional; files hold what MATLAB writes. This table is the
border between the two, used by :mod:`stamps.workspace` alone. Kinds:

``scalar``        1x1, NumPy scalar of the stored class
``count``         1x1, Python ``int``
``index``         1x1 index from 1 <-> Python ``int`` from 0
``column``, ``row``  n x 1 or 1 x n <-> 1-D array (0x0 <-> None)
``index_column``, ``index_row``, ``index_matrix``  indices from 1 <-> ``int64`` from 0, stored as double
``index_matrix_single``  the same stored as single
``mask_column``   logical n x 1 <-> 1-D ``bool``
``matrix``        arrays of two or more dimensions as they are (0x0 <-> None)
``text``          char row <-> ``str``

Source: docs/method/conventions.md, section 2, and the pages of steps 3 to 8.
"""

from __future__ import annotations

__all__ = ["KINDS", "MADE_BY_COMMAND", "WRITTEN_BY_STEP", "kind_of"]

#: Kinds by ``file:variable`` (file name without version number), else by variable alone.
KINDS = {
    # ps: pixels, dates, baselines
    "ij": "matrix",
    "lonlat": "matrix",
    "xy": "matrix",
    "bperp": "column",
    "day": "column",
    "master_day": "scalar",
    "master_ix": "index",
    "ifgday": "matrix",
    "ifgday_ix": "index_matrix",
    "n_ifg": "count",
    "n_image": "count",
    "n_ps": "count",
    "sort_ix": "index_column",
    "ll0": "row",
    "mean_incidence": "scalar",
    "mean_range": "scalar",
    "calconst": "column",
    "day_ix": "index_column",
    "psver": "count",
    "stamps_step_no_ps": "column",
    # per-pixel quantities
    "ph": "matrix",
    "bperp_mat": "matrix",
    "la": "column",
    "inc": "column",
    "D_A": "column",
    "hgt": "column",
    "K_ps": "column",
    "C_ps": "column",
    "coh_ps": "column",
    "coh_ps_save": "column",
    "N_opt": "column",
    "ph_patch": "matrix",
    "ph_res": "matrix",
    # pm
    "ph_grid": "matrix",
    "ph_weight": "matrix",
    "pm:grid_ij": "index_matrix_single",
    "grid_size": "scalar",
    "low_pass": "matrix",
    "n_trial_wraps": "scalar",
    "Nr": "row",
    "coh_bins": "row",
    "Nr_max_nz_ix": "index",
    "i_loop": "count",
    "step_number": "count",
    "gamma_change_save": "scalar",
    # select
    "ix": "index_column",
    "keep_ix": "mask_column",
    "ph_patch2": "matrix",
    "ph_res2": "matrix",
    "K_ps2": "column",
    "C_ps2": "column",
    "coh_ps2": "column",
    "coh_thresh": "column",
    "coh_thresh_coeffs": "row",
    "max_percent_rand": "scalar",
    "ifg_index": "index_row",
    "clap_alpha": "scalar",
    "clap_beta": "scalar",
    "n_win": "count",
    "gamma_stdev_reject": "scalar",
    "small_baseline_flag": "text",
    # weed
    "ix_weed": "mask_column",
    "ix_weed2": "mask_column",
    "ps_std": "column",
    "ps_max": "column",
    # merged
    "ph_rc": "matrix",
    "ph_reref": "matrix",
    "ifg_std": "column",
    # unwrapping
    "ph_uw": "matrix",
    "msd": "column",
    "unwrap_ifg_index_sm": "index_row",
    "sb_cov": "matrix",
    "sm_cov": "matrix",
    "uw_grid:grid_ij": "index_matrix_single",
    "uw_grid:ij": "index_matrix",
    "uw_grid:grid_x_min": "scalar",
    "uw_grid:grid_y_min": "scalar",
    "uw_grid:n_i": "scalar",
    "uw_grid:n_j": "scalar",
    "uw_grid:pix_size": "scalar",
    "uw_grid:nzix": "matrix",
    "uw_grid:ph_in": "matrix",
    "uw_grid:ph_lowpass": "matrix",
    "uw_grid:ph_uw_predef": "matrix",
    "uw_grid:ph_in_predef": "matrix",
    "uw_interp:edgs": "index_matrix",
    "uw_interp:n_edge": "count",
    "uw_interp:Z": "index_matrix",
    "uw_interp:rowix": "matrix",
    "uw_interp:colix": "matrix",
    "uw_space_time:G": "matrix",
    "uw_space_time:dph_noise": "matrix",
    "uw_space_time:dph_space_uw": "matrix",
    "uw_space_time:spread": "matrix",
    "uw_space_time:ifreq_ij": "matrix",
    "uw_space_time:jfreq_ij": "matrix",
    "uw_space_time:shaky_ix": "matrix",
    "uw_space_time:predef_ix": "matrix",
    "good_pixels": "matrix",
    "intfg_loops": "matrix",
    "n_misclosure_before": "column",
    "n_misclosure_after": "column",
    # look-angle error and noise
    "ph_scla": "matrix",
    "K_ps_uw": "column",
    "C_ps_uw": "column",
    "ph_ramp": "matrix",
    "ifg_vcm": "matrix",
    "ph_scn_slave": "matrix",
    "ph_hpt": "matrix",
    "ph_noise_res": "matrix",
    "std_ph_noise": "column",
    "modeled_defo_edges:a": "column",
    "modeled_defo_edges:c1": "column",
    "modeled_defo_edges:c2": "column",
    "modeled_defo_edges:mean_std": "scalar",
    "temp_vario:ind_in": "index_column",
    "years": "column",
    # velocities
    "mean_v": "column",
    "mean_v_std": "column",
    "n_boot": "count",
    "subtract_switches": "text",
    "amp_mean": "matrix",
    # plots
    "ifg_list": "index_row",
    "unwrap_ifg_index": "index_row",
    "ref_ps": "index_column",
    # single-master and small-baseline pixels combined
    "psu_ix": "index_column",
    "psnu_ix": "index_column",
    "sbnu_ix": "index_column",
    "psu_coh": "column",
    "psnu_coh": "column",
    "sbnu_coh": "column",
    "merge:G": "matrix",
}

#: The step that writes a file (name without version), for messages about missing files.
WRITTEN_BY_STEP = {
    "ps1": 1, "ph1": 1, "bp1": 1, "la1": 1, "inc1": 1, "da1": 1, "hgt1": 1, "psver": 1,
    "pm1": 2, "select1": 3, "weed1": 4, "ps2": 4, "ph2": 4, "bp2": 4, "la2": 4, "inc2": 4, "hgt2": 4, "pm2": 4,
    "rc2": 5, "ifgstd2": 5,
    "uw_grid": 6, "uw_interp": 6, "uw_space_time": 6, "uw_phaseuw": 6, "phuw2": 6, "phuw_sb2": 6, "phuw_sb_res2": 6,
    "phuw_loops2": 6, "phuw_good2": 6,
    "scla2": 7, "scla_smooth2": 7, "scla_sb2": 7, "scla_smooth_sb2": 7, "scn2": 8,
}  # fmt: skip

#: The command that makes a file which no step writes, for the same messages.
MADE_BY_COMMAND = {
    "tca2": "stamps tropo METHOD",
    "tca_sb2": "stamps tropo METHOD",
    "tca_bands2": "stamps tropo powerlaw",
    "tca_bands_sb2": "stamps tropo powerlaw",
    "closure2": "sb_fix_closure",
}


def kind_of(file: str, variable: str) -> str | None:
    """Kind of a variable in a file, or None for one that the table does not know.

    Parameters
    ----------
    file : str
        File name without ``.mat``, with or without version number (``'ps2'``, ``'ps'``).
    variable : str
        Name of the variable.
    """
    stem = file.rstrip("0123456789")
    return KINDS.get(f"{stem}:{variable}") or KINDS.get(variable)
