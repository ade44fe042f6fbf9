"""Corrections of the phase that other programs or commands stored: tables of the tropospheric and ionospheric ones.

Works on the contents of ``tca2``, ``tca_sb2``, ``ica2`` and ``ica_sb2``; reads and writes no file.

Source: docs/method/products.md, section 2.6; TRAIN: Bekaert et al. (2015), Remote Sens. Environ. 170, 40-47.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import ParameterError, WorkspaceError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = [
    "IONO_VARIABLE",
    "TropoMethod",
    "invertible_method",
    "iono_method",
    "ionospheric_correction",
    "tropo_method",
    "tropo_methods",
    "tropospheric_correction",
]

#: The variable of the only ionospheric correction there is: from shifts in azimuth.
IONO_VARIABLE = "ph_iono_azshift"
_IONO_NAMES = ("i_as", "i_az")

#: Numbers of the tropospheric corrections that stand in one variable of phases, so that they can be inverted.
_INVERTIBLE = (*range(1, 10), 12, 13, 18, 19, 20, *range(29, 42))


@dataclass(frozen=True)
class TropoMethod:
    """One correction: number, names, the variables that are added up, the one whose empty columns blank the sum."""

    number: int
    names: tuple
    variables: tuple
    blanked_by: str = ""


def _weather(first: int, name: str, short: str, stem: str, step: int = 1) -> list[TropoMethod]:
    """The total, hydrostatic and wet delay of a weather model."""
    parts = (("", ""), ("-h", "_hydro"), ("-w", "_wet"))
    return [
        TropoMethod(
            first + step * i, (name + end, *([short + end.strip("-")] if short else [])), (f"ph_tropo_{stem}{suffix}",)
        )
        for i, (end, suffix) in enumerate(parts)
    ]


def _sum(number: int, names: tuple[str, str], spectrometer: str, model: str, blanked_by: str = "") -> TropoMethod:
    return TropoMethod(
        number, names, (f"ph_tropo_{spectrometer}", f"ph_tropo_{model}"), f"ph_tropo_{blanked_by}" if blanked_by else ""
    )


_TROPO_METHODS = (
    TropoMethod(1, ("a_linear", "a_l"), ("ph_tropo_linear",)),
    TropoMethod(2, ("a_powerlaw", "a_p"), ("ph_tropo_powerlaw",)),
    TropoMethod(3, ("a_meris", "a_m"), ("ph_tropo_meris",)),
    *_weather(4, "a_erai", "a_e", "era"),
    *_weather(7, "a_wrf", "a_w", "wrf"),
    TropoMethod(10, ("a_meris-ni", "a_mi"), ("ph_tropo_meris_no_interp",)),
    TropoMethod(11, ("a_powerlaw-k", "a_pk"), ("K_tropo_powerlaw",)),
    TropoMethod(12, ("a_modis", "a_M"), ("ph_tropo_modis",)),
    TropoMethod(13, ("a_modis-ni", "a_MI"), ("ph_tropo_modis_no_interp",)),
    _sum(14, ("a_meris+a_erai-h", "a_m+a_eh"), "meris", "era_hydro", "meris"),
    _sum(15, ("a_meris-ni+a_erai-h", "a_mi+a_eh"), "meris_no_interp", "era_hydro"),
    _sum(16, ("a_modis+a_erai-h", "a_M+a_eh"), "modis", "era_hydro", "modis"),
    _sum(17, ("a_modis-ni+a_erai-h", "a_MI+a_eh"), "modis_no_interp", "era_hydro"),
    TropoMethod(18, ("a_linear-man", "a_lman"), ("strat_corr",)),
    TropoMethod(19, ("a_recalmodis", "a_RM"), ("ph_tropo_modis_recal",)),
    TropoMethod(20, ("a_recalmodis-ni", "a_RMI"), ("ph_tropo_modis_no_interp_recal",)),
    # 21 and 27 are blanked by the modis that is not recalibrated: so it always was
    _sum(21, ("a_recalmodis+a_erai-h", "a_RM+a_eh"), "modis_recal", "era_hydro", "modis"),
    _sum(22, ("a_recalmodis-ni+a_erai-h", "a_RMI+a_eh"), "modis_no_interp_recal", "era_hydro"),
    _sum(23, ("a_meris+a_wrf-h", "a_m+a_wh"), "meris", "wrf_hydro", "meris"),
    _sum(24, ("a_meris-ni+a_wrf-h", "a_mi+a_wh"), "meris_no_interp", "wrf_hydro"),
    _sum(25, ("a_modis+a_wrf-h", "a_M+a_wh"), "modis", "wrf_hydro", "modis"),
    _sum(26, ("a_modis-ni+a_wrf-h", "a_MI+a_wh"), "modis_no_interp", "wrf_hydro"),
    _sum(27, ("a_recalmodis+a_wrf-h", "a_RM+a_wh"), "modis_recal", "wrf_hydro", "modis"),
    _sum(28, ("a_recalmodis-ni+a_wrf-h", "a_RMI+a_wh"), "modis_no_interp_recal", "wrf_hydro"),
    *_weather(29, "a_merra", "", "merra", step=2),
    *_weather(30, "a_merra2", "", "merra2", step=2),
    TropoMethod(35, ("a_gacos",), ("ph_tropo_gacos",)),
    *_weather(36, "a_narr", "", "narr"),
    *_weather(39, "a_era5", "a_e5", "era5"),
)
#: What makes the variables that need no other software.
_COMMANDS = {
    "ph_tropo_linear": "stamps tropo linear",
    "ph_tropo_powerlaw": "stamps tropo powerlaw",
    "K_tropo_powerlaw": "stamps tropo powerlaw",
    "ph_tropo_gacos": "stamps tropo gacos FOLDER",
    "strat_corr": "ps_calc_tca",
    **{
        f"ph_tropo_{stem}{part}": f"stamps tropo {name} FOLDER"
        for name, stem in (("erai", "era"), *((n, n) for n in ("era5", "merra", "merra2", "narr")))
        for part in ("", "_hydro", "_wet")
    },
}
_BY_NUMBER: dict[float, TropoMethod] = {method.number: method for method in _TROPO_METHODS}
_BY_NAME = {name: method for method in _TROPO_METHODS for name in method.names}


def tropo_method(method: ArrayLike) -> TropoMethod:
    """The correction with a number or a name.

    Parameters
    ----------
    method : int or str
        1 … 41, or a long or short name such as ``'a_linear'`` or ``'a_l'``.

    Returns
    -------
    TropoMethod

    Raises
    ------
    ParameterError
        There is no such correction.
    """
    known = _BY_NAME.get(method.strip()) if isinstance(method, str) else None
    if known is None and not isinstance(method, str) and np.size(method) == 1:
        known = _BY_NUMBER.get(float(np.ravel(method)[0]))
    if known is None:
        near = difflib.get_close_matches(str(method), _BY_NAME, n=3) or ["a_linear", "a_erai", "a_gacos"]
        raise ParameterError(
            f"tropo_method {method!r} is not a valid option: choose a number from 1 to 41 or a name such as "
            f"{', '.join(repr(name) for name in near)} (setparm tropo_method)."
        )
    return known


def tropo_methods() -> list[TropoMethod]:
    """All corrections, by number.

    Returns
    -------
    list of TropoMethod
    """
    return sorted(_TROPO_METHODS, key=lambda method: method.number)


def invertible_method(method: float | str) -> TropoMethod:
    """The correction with a number or a name, if it can be inverted from interferograms to a time series.

    Raises
    ------
    ParameterError
        There is no such correction, or it is a sum of several or no phase.
    """
    known = tropo_method(method)
    if known.number not in _INVERTIBLE:
        raise ParameterError(
            f"The tropospheric correction '{known.names[0]}' cannot be inverted to a time series: choose another one."
        )
    return known


def tropospheric_correction(aps: Mapping[str, Any], aps_flag: float | str = 0) -> tuple[NDArray[Any], str, int]:
    """Choose a tropospheric correction.

    Arguments, results and errors are those of :func:`stamps.ps_plot_tca`.
    """
    method = tropo_method(aps_flag)
    parts = [_tropo_variable(aps, name, method) for name in method.variables]
    correction = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    if method.blanked_by:
        correction = correction.copy()
        correction[:, _tropo_variable(aps, method.blanked_by, method).sum(axis=0) == 0] = 0
    return correction, f" ({method.names[0].removeprefix('a_')})", method.number


def _tropo_variable(aps: Any, name: str, method: TropoMethod) -> NDArray[np.floating[Any]]:
    if name not in aps:
        source = getattr(aps, "source", "the tropospheric file")
        raise WorkspaceError(
            f"{source} has no variable '{name}', which tropo_method '{method.names[0]}' needs: {_made_by(name)}, "
            "choose another tropo_method, or set subtr_tropo to 'n'."
        )
    return aps[name]


def _made_by(name: str) -> str:
    return f"make it with '{_COMMANDS[name]}'" if name in _COMMANDS else "compute it with TRAIN"


def iono_method(method: float | str) -> int:
    """Number of the ionospheric correction with a number or a name.

    Parameters
    ----------
    method : int or str
        1, ``'i_as'`` or ``'i_az'``.

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        There is no such correction.
    """
    known = (
        method.strip() in _IONO_NAMES if isinstance(method, str) else np.size(method) == 1 and np.ravel(method)[0] == 1
    )
    if not known:
        raise ParameterError(f"Ionospheric correction {method!r} is not a valid option: choose 1, 'i_as' or 'i_az'.")
    return 1


def ionospheric_correction(ica: Mapping[str, Any], ica_flag: float | str = 1) -> tuple[NDArray[Any], str, int]:
    """Choose an ionospheric correction.

    Arguments, results and errors are those of :func:`stamps.ps_plot_ica`.
    """
    number = iono_method(ica_flag)
    if IONO_VARIABLE not in ica:
        source = getattr(ica, "source", "the ionospheric file")
        raise WorkspaceError(f"{source} has no variable '{IONO_VARIABLE}': estimate it from azimuth shifts first.")
    return ica[IONO_VARIABLE], " (azimuth shift)", number
