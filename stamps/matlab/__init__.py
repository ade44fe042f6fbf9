"""MATLAB's numerics as pure functions on NumPy arrays.

Where a discrete decision of the processing (a rounded index, a histogram bin, the first of several equal rows)
depends on a convention of MATLAB, that convention lives here and nowhere else. The functions know no files and no
parameters. Indices are 0-based; *which* index is returned (first occurrence, sorted order) is MATLAB's choice.
"""

from stamps.matlab.arithmetic import colon, mod, round_half_away, to_int16, wrap
from stamps.matlab.dates import datenum, datestr, now_string, to_yyyymmdd, today_string
from stamps.matlab.filters import filter2, fir_filter, gausswin
from stamps.matlab.interpolation import griddata_linear, interp, nearest_node
from stamps.matlab.linalg import lscov, polyfit, polyfit_scaled, polyval
from stamps.matlab.random import MatlabRand5, rand_state
from stamps.matlab.sets import intersect_rows, ismember, setdiff, setxor, sortrows, unique_rows
from stamps.matlab.statistics import cov, hist, mean_single, median, nanmean, std, sum_single, var

__all__ = [
    "MatlabRand5",
    "colon",
    "cov",
    "datenum",
    "datestr",
    "filter2",
    "fir_filter",
    "gausswin",
    "griddata_linear",
    "hist",
    "interp",
    "intersect_rows",
    "ismember",
    "lscov",
    "mean_single",
    "median",
    "mod",
    "nanmean",
    "nearest_node",
    "now_string",
    "polyfit",
    "polyfit_scaled",
    "polyval",
    "rand_state",
    "round_half_away",
    "setdiff",
    "setxor",
    "sortrows",
    "std",
    "sum_single",
    "to_int16",
    "to_yyyymmdd",
    "today_string",
    "unique_rows",
    "var",
    "wrap",
]
