"""The public names, for editors, type checkers and the lazy import of ``__init__.py``: one line each."""

from . import verify as verify
from .frontends.relocation import relocate as relocate
from .legacy.calamp import calamp as calamp
from .legacy.clap_filt import clap_filt as clap_filt
from .legacy.clap_filt_patch import clap_filt_patch as clap_filt_patch
from .legacy.cptcmap import cptcmap as cptcmap
from .legacy.env_oscilator_corr import env_oscilator_corr as env_oscilator_corr
from .legacy.gescatter import gescatter as gescatter
from .legacy.getparm import getparm as getparm
from .legacy.getpsver import getpsver as getpsver
from .legacy.gradient_filt import gradient_filt as gradient_filt
from .legacy.K2q import K2q as K2q
from .legacy.llh2local import llh2local as llh2local
from .legacy.local2llh import local2llh as local2llh
from .legacy.logit import logit as logit
from .legacy.mt_add_ds import mt_add_ds as mt_add_ds
from .legacy.mt_extract_cands import mt_extract_cands as mt_extract_cands
from .legacy.mt_extract_info import mt_extract_info as mt_extract_info
from .legacy.mt_link import mt_link as mt_link
from .legacy.mt_ml_select import mt_ml_select as mt_ml_select
from .legacy.mt_ml_select_gamma import mt_ml_select_gamma as mt_ml_select_gamma
from .legacy.mt_prep import mt_prep as mt_prep
from .legacy.mt_prep_cslc import mt_prep_cslc as mt_prep_cslc
from .legacy.mt_prep_gamma import mt_prep_gamma as mt_prep_gamma
from .legacy.mt_prep_isce import mt_prep_isce as mt_prep_isce
from .legacy.mt_prep_snap import mt_prep_snap as mt_prep_snap
from .legacy.patch_search import patch_search as patch_search
from .legacy.plot_all_ifgs import plot_all_ifgs as plot_all_ifgs
from .legacy.plot_edges import plot_edges as plot_edges
from .legacy.plot_sb_baselines import plot_sb_baselines as plot_sb_baselines
from .legacy.plot_uw import plot_uw as plot_uw
from .legacy.profiler import profiler as profiler
from .legacy.ps_baseline_plot import ps_baseline_plot as ps_baseline_plot
from .legacy.ps_baselines import ps_baselines as ps_baselines
from .legacy.ps_calc_ifg_std import ps_calc_ifg_std as ps_calc_ifg_std
from .legacy.ps_calc_scla import ps_calc_scla as ps_calc_scla
from .legacy.ps_calc_tca import ps_calc_tca as ps_calc_tca
from .legacy.ps_correct_phase import ps_correct_phase as ps_correct_phase
from .legacy.ps_deramp import ps_deramp as ps_deramp
from .legacy.ps_est_gamma_quick import ps_est_gamma_quick as ps_est_gamma_quick
from .legacy.ps_export_kmz import ps_export_kmz as ps_export_kmz
from .legacy.ps_fit_vario import ps_fit_vario as ps_fit_vario
from .legacy.ps_gescatter import ps_gescatter as ps_gescatter
from .legacy.ps_info import ps_info as ps_info
from .legacy.ps_kriging import ps_kriging as ps_kriging
from .legacy.ps_load_dem import ps_load_dem as ps_load_dem
from .legacy.ps_load_info import ps_load_info as ps_load_info
from .legacy.ps_load_initial import ps_load_initial as ps_load_initial
from .legacy.ps_load_initial_gamma import ps_load_initial_gamma as ps_load_initial_gamma
from .legacy.ps_load_initial_gsar import ps_load_initial_gsar as ps_load_initial_gsar
from .legacy.ps_load_initial_isce import ps_load_initial_isce as ps_load_initial_isce
from .legacy.ps_load_mean_amp import ps_load_mean_amp as ps_load_mean_amp
from .legacy.ps_mean_v import ps_mean_v as ps_mean_v
from .legacy.ps_merge_patches import ps_merge_patches as ps_merge_patches
from .legacy.ps_output import ps_output as ps_output
from .legacy.ps_parms_default import ps_parms_default as ps_parms_default
from .legacy.ps_parms_initial import ps_parms_initial as ps_parms_initial
from .legacy.ps_plot import ps_plot as ps_plot
from .legacy.ps_plot_ica import ps_plot_ica as ps_plot_ica
from .legacy.ps_plot_ifg import ps_plot_ifg as ps_plot_ifg
from .legacy.ps_plot_tca import ps_plot_tca as ps_plot_tca
from .legacy.ps_sb_merge import ps_sb_merge as ps_sb_merge
from .legacy.ps_scn_filt import ps_scn_filt as ps_scn_filt
from .legacy.ps_scn_filt_krig import ps_scn_filt_krig as ps_scn_filt_krig
from .legacy.ps_select import ps_select as ps_select
from .legacy.ps_setref import ps_setref as ps_setref
from .legacy.ps_shapefile import ps_shapefile as ps_shapefile
from .legacy.ps_smooth_scla import ps_smooth_scla as ps_smooth_scla
from .legacy.ps_topofit import ps_topofit as ps_topofit
from .legacy.ps_unwrap import ps_unwrap as ps_unwrap
from .legacy.ps_variogram import ps_variogram as ps_variogram
from .legacy.ps_weed import ps_weed as ps_weed
from .legacy.pscdem import pscdem as pscdem
from .legacy.psclonlat import psclonlat as psclonlat
from .legacy.pscphase import pscphase as pscphase
from .legacy.readparm import readparm as readparm
from .legacy.sb_baseline_plot import sb_baseline_plot as sb_baseline_plot
from .legacy.sb_bridge import sb_bridge as sb_bridge
from .legacy.sb_find import sb_find as sb_find
from .legacy.sb_find_consec import sb_find_consec as sb_find_consec
from .legacy.sb_find_delaunay import sb_find_delaunay as sb_find_delaunay
from .legacy.sb_fix_closure import sb_fix_closure as sb_fix_closure
from .legacy.sb_fix_unwrap_manual import sb_fix_unwrap_manual as sb_fix_unwrap_manual
from .legacy.sb_fix_unwrap_manual_new import sb_fix_unwrap_manual_new as sb_fix_unwrap_manual_new
from .legacy.sb_identify_good_pixels import sb_identify_good_pixels as sb_identify_good_pixels
from .legacy.sb_info import sb_info as sb_info
from .legacy.sb_invert_aps import sb_invert_aps as sb_invert_aps
from .legacy.sb_invert_iono import sb_invert_iono as sb_invert_iono
from .legacy.sb_invert_uw import sb_invert_uw as sb_invert_uw
from .legacy.sb_load_initial import sb_load_initial as sb_load_initial
from .legacy.sb_load_initial_gamma import sb_load_initial_gamma as sb_load_initial_gamma
from .legacy.sb_load_initial_isce import sb_load_initial_isce as sb_load_initial_isce
from .legacy.sb_make_closure_loops import sb_make_closure_loops as sb_make_closure_loops
from .legacy.sb_parms_initial import sb_parms_initial as sb_parms_initial
from .legacy.scla_reset import scla_reset as scla_reset
from .legacy.selpsc_patch import selpsc_patch as selpsc_patch
from .legacy.selsbc_patch import selsbc_patch as selsbc_patch
from .legacy.setparm import setparm as setparm
from .legacy.setpsver import setpsver as setpsver
from .legacy.stamps import stamps as stamps
from .legacy.stamps_mc_header import stamps_mc_header as stamps_mc_header
from .legacy.stamps_save import stamps_save as stamps_save
from .legacy.ts_plot import ts_plot as ts_plot
from .legacy.ts_plotdiff import ts_plotdiff as ts_plotdiff
from .legacy.uw_3d import uw_3d as uw_3d
from .legacy.uw_grid_wrapped import uw_grid_wrapped as uw_grid_wrapped
from .legacy.uw_interp import uw_interp as uw_interp
from .legacy.uw_sb_smooth_unwrap import uw_sb_smooth_unwrap as uw_sb_smooth_unwrap
from .legacy.uw_sb_unwrap_space_time import uw_sb_unwrap_space_time as uw_sb_unwrap_space_time
from .legacy.uw_stat_costs import uw_stat_costs as uw_stat_costs
from .legacy.uw_unwrap_from_grid import uw_unwrap_from_grid as uw_unwrap_from_grid
from .legacy.wrap_filt import wrap_filt as wrap_filt
from .products.areas import areas as areas
from .products.components import components as components
from .products.dataset import frame as frame
from .products.dataset import open as open
from .products.egms import read_egms as read_egms
from .products.exports import export as export
from .products.ground.decompose import decompose as decompose
from .products.ground.gnss import gnss as gnss
from .products.model import model as model
from .products.profile import profile as profile
from .products.view import view as view
from .queries.estimate import estimate_needs as estimate_needs
from .queries.legacy_scripts import list_legacy as list_legacy
from .queries.status import project_status as project_status
from .queries.status import status as status
from .queries.step_inputs import describe_inputs as describe_inputs
from .tropo.aps_gacos import aps_gacos as aps_gacos
from .tropo.aps_linear import aps_linear as aps_linear
from .tropo.aps_powerlaw import aps_powerlaw as aps_powerlaw
from .tropo.aps_weather import aps_era5 as aps_era5
from .tropo.aps_weather import aps_erai as aps_erai
from .tropo.aps_weather import aps_merra as aps_merra
from .tropo.aps_weather import aps_merra2 as aps_merra2
from .tropo.aps_weather import aps_narr as aps_narr

__all__ = [
    "K2q",
    "aps_era5",
    "aps_erai",
    "aps_gacos",
    "aps_linear",
    "aps_merra",
    "aps_merra2",
    "aps_narr",
    "aps_powerlaw",
    "areas",
    "calamp",
    "clap_filt",
    "clap_filt_patch",
    "components",
    "cptcmap",
    "decompose",
    "describe_inputs",
    "env_oscilator_corr",
    "estimate_needs",
    "export",
    "frame",
    "gescatter",
    "getparm",
    "getpsver",
    "gnss",
    "gradient_filt",
    "list_legacy",
    "llh2local",
    "local2llh",
    "logit",
    "model",
    "mt_add_ds",
    "mt_extract_cands",
    "mt_extract_info",
    "mt_link",
    "mt_ml_select",
    "mt_ml_select_gamma",
    "mt_prep",
    "mt_prep_cslc",
    "mt_prep_gamma",
    "mt_prep_isce",
    "mt_prep_snap",
    "patch_search",
    "plot_all_ifgs",
    "plot_edges",
    "plot_sb_baselines",
    "plot_uw",
    "profile",
    "profiler",
    "project_status",
    "ps_baseline_plot",
    "ps_baselines",
    "ps_calc_ifg_std",
    "ps_calc_scla",
    "ps_calc_tca",
    "ps_correct_phase",
    "ps_deramp",
    "ps_est_gamma_quick",
    "ps_export_kmz",
    "ps_fit_vario",
    "ps_gescatter",
    "ps_info",
    "ps_kriging",
    "ps_load_dem",
    "ps_load_info",
    "ps_load_initial",
    "ps_load_initial_gamma",
    "ps_load_initial_gsar",
    "ps_load_initial_isce",
    "ps_load_mean_amp",
    "ps_mean_v",
    "ps_merge_patches",
    "ps_output",
    "ps_parms_default",
    "ps_parms_initial",
    "ps_plot",
    "ps_plot_ica",
    "ps_plot_ifg",
    "ps_plot_tca",
    "ps_sb_merge",
    "ps_scn_filt",
    "ps_scn_filt_krig",
    "ps_select",
    "ps_setref",
    "ps_shapefile",
    "ps_smooth_scla",
    "ps_topofit",
    "ps_unwrap",
    "ps_variogram",
    "ps_weed",
    "pscdem",
    "psclonlat",
    "pscphase",
    "read_egms",
    "readparm",
    "relocate",
    "sb_baseline_plot",
    "sb_bridge",
    "sb_find",
    "sb_find_consec",
    "sb_find_delaunay",
    "sb_fix_closure",
    "sb_fix_unwrap_manual",
    "sb_fix_unwrap_manual_new",
    "sb_identify_good_pixels",
    "sb_info",
    "sb_invert_aps",
    "sb_invert_iono",
    "sb_invert_uw",
    "sb_load_initial",
    "sb_load_initial_gamma",
    "sb_load_initial_isce",
    "sb_make_closure_loops",
    "sb_parms_initial",
    "scla_reset",
    "selpsc_patch",
    "selsbc_patch",
    "setparm",
    "setpsver",
    "stamps",
    "stamps_mc_header",
    "stamps_save",
    "status",
    "ts_plot",
    "ts_plotdiff",
    "uw_3d",
    "uw_grid_wrapped",
    "uw_interp",
    "uw_sb_smooth_unwrap",
    "uw_sb_unwrap_space_time",
    "uw_stat_costs",
    "uw_unwrap_from_grid",
    "verify",
    "view",
    "wrap_filt",
]

__version__: str
