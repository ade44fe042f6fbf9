"""Which dates, master, subswaths and products a stack is ordered with; kept in the working directory as ``isce_order.json``.

Source: docs/method/isce.md, section 1; docs/method/sentinel1.md.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stamps.errors import InputError, StampsError
from stamps.frontends.isce_jobs import checks
from stamps.frontends.isce_jobs.config import ISCE_S1_Config
from stamps.frontends.isce_jobs.existing import ExistingStack, existing_stack, update_problems
from stamps.frontends.isce_jobs.stack_sentinel import StackOrder
from stamps.frontends.sentinel1.area import Area, read_area
from stamps.frontends.sentinel1.containers import find_products
from stamps.frontends.sentinel1.selection import Selection, select
from stamps.workspace.given_paths import listed_paths
from stamps.workspace.plain_files import read_json

__all__ = ["ORDER_FILE", "choose", "order_of", "order_text", "read_order"]

#: The order with what the preparation wants to know, in the working directory.
ORDER_FILE = "isce_order.json"

_ALL_SWATHS = (1, 2, 3)


def choose(config: ISCE_S1_Config) -> tuple[Selection | None, StackOrder | None, list[str]]:
    """What is used of the products, the order that follows, and what is wrong.

    Parameters
    ----------
    config : ISCE_S1_Config

    Returns
    -------
    Selection or None
    StackOrder or None
    list of str
        Whole sentences.
    """
    stack = existing_stack(config.folder)
    try:
        selection = _selected(config, _area(config), stack)
    except (StampsError, OSError) as error:
        return None, None, [str(error)]
    problems = [*selection.problems]
    master = selection.master
    if stack is not None:
        master = stack.master or config.reference_date or ""
        problems += _master_problems(config, stack)
    order = _order(config, selection, master)
    problems += filter(None, [checks.mixed_forms(order.products), *map(_over_midnight, selection.acquisitions)])
    if not order.swaths:
        problems.append(
            f"The area lies in {', '.join(selection.swaths)}, but the subswaths {config.swaths} are asked for."
        )
    if stack is not None and not problems:
        problems += update_problems(config, order, stack)
    return selection, order, problems


def _master_problems(config: ISCE_S1_Config, stack: ExistingStack) -> list[str]:
    if not stack.master and not config.reference_date:
        return [
            f"{config.folder} holds a stack whose run files are not from here: say which date is its reference "
            "(reference_date, --master)."
        ]
    if not stack.master and config.reference_date in stack.dates:
        return [
            f"{config.reference_date} is a secondary of the stack in {config.folder}, not its reference: give the date that is "
            "in reference/ (reference_date, --master)."
        ]
    if stack.master and config.reference_date not in (None, stack.master):
        return [f"The stack in {config.folder} has the reference {stack.master}, not {config.reference_date}."]
    return []


def _area(config: ISCE_S1_Config) -> Area:
    """The area that is asked for; one across the antimeridian is refused, because ISCE2 compares longitudes as numbers."""
    area = _area_of(config)
    if area.envelope[2] > 180:
        raise InputError(
            f"The area {area.source} goes across the antimeridian, where ISCE2 loses half of it: give what lies on one side."
        )
    return area


def _area_of(config: ISCE_S1_Config) -> Area:
    if config.area is not None:
        words: Any = config.area
        return read_area(words)
    if config.bbox is None:
        raise InputError(
            "The area is missing: give south, north, west and east (bbox, --bbox), or a file or WKT (--aoi)."
        )
    south, north, west, east = (float(value) for value in config.bbox)
    return read_area([west, south, east, north])


def _selected(config: ISCE_S1_Config, area: Area, stack: ExistingStack | None) -> Selection:
    """The products of the area; those of dates that are not wanted do not take part in the choice of the master.

    That of a stack that is there stays the master; its product need not be there any more.
    """
    wanted = (stack.master if stack is not None else "") or config.reference_date or "auto"
    selection = _select(config, area, wanted)
    if stack is not None and wanted not in ("auto", *selection.dates):
        return _select(config, area, "auto")
    return selection


def _select(config: ISCE_S1_Config, area: Area, master: str) -> Selection:
    swaths = config.swath_numbers
    return select(
        _products(config),
        area,
        swaths=None if swaths == _ALL_SWATHS else tuple(f"IW{number}" for number in swaths),
        polarisation=config.polarization.upper(),
        master=master,
        weights=config.master_weights,
        orbit_dir=config.orbit_dir if config.orbit_dir and os.path.isdir(config.orbit_dir) else None,
        track=config.track,
        allow_incomplete=config.allow_incomplete,
        min_dates=config.min_dates,
    )


def _products(config: ISCE_S1_Config) -> str | Sequence[str | os.PathLike[str]]:
    """Folder or list of the products; a list without those that are not wanted where there are such."""
    given = config.slc_dir
    if not given:
        raise InputError("The folder of the products is missing: give it with slc_dir.")
    if not config.exclude_dates:
        return given
    kept = [
        path for path in find_products(listed_paths(given)) if checks.name_date(path.name) not in config.exclude_dates
    ]
    if not kept:
        raise InputError(f"{given} holds no products of other dates than those that are excluded.")
    return kept


def _order(config: ISCE_S1_Config, selection: Selection, master: str) -> StackOrder:
    products = [product.path for one in selection.acquisitions for product in one.slices]
    paths = tuple(sorted(Path(os.path.abspath(path)) for path in products))
    excluded = sorted({date for date in (*selection.left_out, *config.exclude_dates) if re.match(r"\d{8}\Z", date)})
    linked = checks.needs_links(paths, excluded)
    south, north, west, east = config.bbox if config.bbox is not None and config.area is None else _box(config)
    return StackOrder(
        master=master,
        dates=selection.dates,
        excluded=() if linked else tuple(excluded),
        swaths=tuple(number for number in config.swath_numbers if f"IW{number}" in selection.swaths),
        box=(float(south), float(north), float(west), float(east)),
        products=paths,
        linked=linked,
    )


def _box(config: ISCE_S1_Config) -> tuple[float, float, float, float]:
    west, south, east, north = _area(config).envelope
    return south, north, west, east


def _over_midnight(acquisition: Any) -> str:
    """The sentence for slices of two calendar days, which the program would take for two images; empty for one day."""
    others = [
        product.name for product in acquisition.slices if checks.name_date(product.name + "_") != acquisition.date
    ]
    if not others:
        return ""
    return (
        f"{others[0]} belongs to the image of {acquisition.date}, which goes over midnight: stackSentinel.py would take it for "
        f"an image of its own; leave {acquisition.date} out (--exclude)."
    )


def order_text(order: StackOrder, selection: Selection, folder: Path) -> str:
    """The order as text, with what is known of the images.

    Where the product of the reference is not there any more, its passage is that of the order before in the folder.
    """
    content = {
        "master": order.master,
        "dates": [*order.dates],
        "excluded": [*order.excluded],
        "swaths": [*order.swaths],
        "box": [*order.box],
        "products": [str(path) for path in order.products],
        "linked": order.linked,
        "left_out": dict(selection.left_out),
        **_passage(order, selection, folder),
    }
    return json.dumps(content, indent=1) + "\n"


def _passage(order: StackOrder, selection: Selection, folder: Path) -> dict[str, Any]:
    """Baselines to the reference, when that passed, and its incidence angle."""
    if selection.master == order.master:
        incidence = selection.incidence if math.isfinite(selection.incidence) else None
        known = {date: value for date, value in selection.baselines.items() if math.isfinite(value)}
        return {"baselines": known, "utc": selection.utc, "incidence": incidence}
    try:
        before = read_json(folder / ORDER_FILE)
        same = before["master"] == order.master
    except (OSError, ValueError, KeyError, TypeError, StampsError):
        same = False
    names = ("baselines", "utc", "incidence")
    return {name: before.get(name) for name in names} if same else dict.fromkeys(names)


def read_order(folder: Path) -> StackOrder:
    """The order that is kept in a working directory.

    Raises
    ------
    InputError
        It is not there, or damaged.
    """
    try:
        return order_of(read_json(folder / ORDER_FILE))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder / ORDER_FILE} is missing or damaged ({type(error).__name__}): submit again, which writes it anew."
        ) from None


def order_of(content: Mapping[str, Any]) -> StackOrder:
    """The order that a text holds."""
    south, north, west, east = (float(value) for value in content["box"])
    return StackOrder(
        master=content["master"],
        dates=tuple(content["dates"]),
        excluded=tuple(content["excluded"]),
        swaths=tuple(content["swaths"]),
        box=(south, north, west, east),
        products=tuple(Path(path) for path in content["products"]),
        linked=bool(content["linked"]),
    )
