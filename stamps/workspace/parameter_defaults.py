"""Defaults of missing parameters, and what becomes of parameters of older versions.

Source: docs/method/parameters.md, sections 2 and 3.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from stamps.errors import StampsError
from stamps.matlab import literals
from stamps.matlab.dates import today_string
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.parameter_forms import stored_form, value_of
from stamps.workspace.parameter_table import Parameter, table
from stamps.workspace.plain_files import read_input
from stamps.workspace.processors import PROCESSORS

__all__ = ["fresh", "with_defaults"]


def fresh(small_baselines: bool = False) -> dict[str, str]:
    return {"Created": today_string(), "small_baseline_flag": "y" if small_baselines else "n"}


def with_defaults(stored: dict[str, Any], ws: Workspace) -> tuple[dict[str, Any], bool]:
    """Parameters with everything missing filled in and old ones converted, and whether saving is a must."""
    parameters = dict(stored)
    parameters.setdefault("small_baseline_flag", "n")
    small_baselines = str(parameters["small_baseline_flag"]).lower() == "y"
    forced = False
    for row in _filling_order():
        if row.name not in parameters:
            told = _from_files(row.name, ws)
            value = row.default(small_baselines) if told is None else told
            if value is not None:
                parameters[row.name] = stored_form(row.name, value)
        forced |= _MIGRATIONS.get(row.name, _nothing)(parameters, ws, small_baselines)
    return parameters, forced


@functools.cache
def _filling_order() -> list[Parameter]:
    """Rows of the table as missing ones are added: the processor is the last but two."""
    rows = {row.name: row for row in table() if row.name not in ("Created", "small_baseline_flag")}
    names = [name for name in rows if name != "insar_processor"]
    names.insert(names.index("subtr_tropo"), "insar_processor")
    return [rows[name] for name in names]


def _from_files(name: str, ws: Workspace) -> float | str | None:
    """Value that text files of the directory give to a parameter, None without one."""
    if name in ("lambda", "heading"):
        return _number_in_file(ws, f"{name}.1.in")
    if name != "insar_processor":
        return None
    processor = _processor(ws)
    if processor is not None and processor not in PROCESSORS:
        Log(ws, "PS_PARMS_DEFAULT")(f"Warning: insar_processor {processor} is not supported", 2)
    return processor


def _number_in_file(ws: Workspace, name: str) -> float | None:
    path = ws.find(name, levels=3)
    words = read_input(path).split() if path else []
    return literals.number(words[0]) if words else None


def _processor(ws: Workspace) -> str | None:
    """Content of ``processor.txt`` here, else in the parent, where the one of the parent's parent has precedence."""
    if ws.has_file("processor.txt"):
        return ws.read_text("processor.txt").strip()
    parent, grandparent = (folder / "processor.txt" for folder in (ws.path.parent, ws.path.parent.parent))
    if not parent.is_file():
        return None
    return read_input(grandparent if grandparent.is_file() else parent).strip()


# ---------------------------------------------------------------------- parameters of older versions


def _nothing(parameters: dict[str, Any], ws: Workspace, small_baselines: bool) -> bool:
    return False


def _remover(name: str) -> Callable[[dict[str, Any], Workspace, bool], bool]:
    def remove(parameters: dict[str, Any], ws: Workspace, small_baselines: bool) -> bool:
        parameters.pop(name, None)
        return False

    return remove


def _take_pixel_size(parameters: dict[str, Any], ws: Workspace, small_baselines: bool) -> bool:
    if "plot_pixel_size" not in parameters:
        return False
    parameters["plot_scatterer_size"] = 25 * np.asarray(parameters.pop("plot_pixel_size"), dtype=np.float64)
    return True


def _take_unwrap_index(parameters: dict[str, Any], ws: Workspace, small_baselines: bool) -> bool:
    if "unwrap_ifg_index" not in parameters:
        return False
    _complement(parameters, "unwrap_ifg_index", "drop_ifg_index", _counts(ws)[0])
    return True


def _take_recalc_index(parameters: dict[str, Any], ws: Workspace, small_baselines: bool) -> bool:
    if "recalc_index" not in parameters:
        return False
    n_ifg, n_image = _counts(ws)
    _complement(parameters, "recalc_index", "scla_drop_index", n_image if small_baselines else n_ifg)
    if "sb_recalc_index" in parameters:
        _complement(parameters, "sb_recalc_index", "sb_scla_drop_index", n_ifg)
    return True


#: What happens to parameters of older versions, by the new parameter at whose turn it happens.
_MIGRATIONS = {
    "weed_standard_dev": _remover("weed_alpha"),
    "plot_dem_posting": _remover("pixel_aspect_ratio"),
    "plot_scatterer_size": _take_pixel_size,
    "drop_ifg_index": _take_unwrap_index,
    "scla_drop_index": _take_recalc_index,
}


def _complement(parameters: dict[str, Any], old: str, new: str, count: int | None) -> None:
    """Turn a list of what is used into one of what is left out; the old list goes in any case."""
    used = parameters.pop(old)
    if count is None or (isinstance(used, str) and used == "all"):
        return
    dropped = np.setdiff1d(np.arange(1.0, count + 1), value_of(used))
    parameters[new] = stored_form(new, dropped)


def _counts(ws: Workspace) -> tuple[int | None, int | None]:
    """Numbers of interferograms and images of the directory, None where they are unknown."""
    for name in ("ps2", "ps1"):
        try:
            ps = ws.load(name, ("n_ifg", "n_image"))
        except StampsError:
            continue
        return ps.get("n_ifg"), ps.get("n_image")
    return None, None
