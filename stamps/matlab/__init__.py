"""MATLAB's numerics as pure functions on NumPy arrays.

Where a discrete decision of the processing (a rounded index, a histogram bin, the first of several equal rows)
depends on a convention of MATLAB, that convention lives here and nowhere else. The functions know no files and no
parameters. Indices are 0-based; *which* index is returned (first occurrence, sorted order) is MATLAB's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

#: Module -> the functions of it that can be imported from here; loaded when they are used.
_FUNCTIONS = {
    "arithmetic": ("colon", "mod", "round_half_away", "to_int16", "wrap"),
    "dates": ("datenum", "datestr", "now_string", "to_yyyymmdd", "today_string"),
    "filters": ("filter2", "fir_filter", "gausswin"),
    "interpolation": ("griddata_linear", "interp", "nearest_node"),
    "linalg": ("lscov", "polyfit", "polyfit_scaled", "polyval"),
    "sets": ("intersect_rows", "ismember", "setdiff", "setxor", "sortrows", "unique_rows"),
    "statistics": ("cov", "hist", "mean_single", "median", "nanmean", "std", "sum_single", "var"),
}

__all__ = sorted(name for names in _FUNCTIONS.values() for name in names)


def __getattr__(name: str) -> Callable[..., Any]:
    for module, names in _FUNCTIONS.items():
        if name in names:
            return getattr(import_module(f"stamps.matlab.{module}"), name)
    raise AttributeError(f"module 'stamps.matlab' has no attribute '{name}'")
