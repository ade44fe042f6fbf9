"""The weather models: names, names of files, steps of time.

Source: docs/method/weather.md, sections 1 and 3; names of the corrections: docs/method/products.md, section 2.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MODELS", "WeatherModel"]


@dataclass(frozen=True)
class WeatherModel:
    """A weather model.

    Attributes
    ----------
    name : str
        As in ``stamps tropo NAME`` and ``tropo_method a_NAME``.
    title : str
        As people write it.
    stem : str
        Of the variables ``ph_tropo_STEM``, ``…_hydro``, ``…_wet``.
    hours : int
        Longest time between two fields that are interpolated between.
    files : str
        Names of files, for people.
    """

    name: str
    title: str
    stem: str
    hours: int
    files: str

    @property
    def variable(self) -> str:
        """Variable of the total delay."""
        return f"ph_tropo_{self.stem}"

    def is_foreign(self, file: str) -> bool:
        """Whether the name of a file says that it is of another model."""
        named = {name for name, pattern in _NAMES.items() if re.match(pattern, file, re.IGNORECASE)}
        return bool(named) and self.name not in named


MODELS = {
    model.name: model
    for model in (
        WeatherModel("era5", "ERA5", "era5", 6, "ERA5_yyyymmdd_HH.grb or yyyymmdd/ggapyyyymmddHHMM.nc"),
        WeatherModel("erai", "ERA-Interim", "era", 6, "ERAI_yyyymmdd_HH.grb or yyyymmdd/ggapyyyymmddHHMM.nc"),
        WeatherModel("merra", "MERRA", "merra", 6, "MERRA_yyyymmdd_HH.nc4"),
        WeatherModel("merra2", "MERRA-2", "merra2", 6, "MERRA2_yyyymmdd_HH.nc4"),
        WeatherModel("narr", "NARR", "narr", 3, "air.yyyymm.nc, shum.yyyymm.nc and hgt.yyyymm.nc"),
    )
}
#: How names of files begin that say of which model they are. pyaps3 names its files of MERRA-2 merra-yyyymmdd-HH.
_NAMES = {
    "era5": r"era[-_]?5|ggap",
    "erai": r"era[-_]?i|ggap",
    "merra": r"merra(?!-?2\D)",
    "merra2": r"merra",
    "narr": r"narr|(air|shum|hgt)\.\d{6}",
    "other": r"hres|gacos|wrf",
}
