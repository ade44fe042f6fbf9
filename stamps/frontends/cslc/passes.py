"""Products to passes: one name of a day for each pass, one product for each burst and pass, bursts in their place.

Source: docs/method/cslc.md, section 3.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from stamps.frontends.checks import Problem
from stamps.frontends.cslc.products import Product

__all__ = ["Images", "days_of", "images_of", "misplaced", "polarisation_of"]

#: Burst -> day (yyyymmdd) -> product.
Images = dict[str, dict[int, Product]]

_FARTHEST = 5.0  # km that the centre of a burst may move
_KM_PER_DEGREE = 111.2
_PREFERRED = ("VV", "HH", "VH", "HV")


def polarisation_of(products: Sequence[Product], wanted: str | None) -> tuple[str, list[Product], list[Problem]]:
    """The polarisation of a stack, and the products that have it.

    Parameters
    ----------
    products : list of Product
    wanted : str or None
        What the user asks for.

    Returns
    -------
    polarisation : str
    products : list of Product
    problems : list of Problem
    """
    if wanted is not None:
        kept = [product for product in products if wanted in product.polarisations]
        if kept or not products:
            return wanted, kept, []
        there = sorted({name for product in products for name in product.polarisations})
        return wanted, [], [Problem(f"No product has polarisation {wanted}: there is {', '.join(there)}.")]
    common = set(_PREFERRED).intersection(*(product.polarisations for product in products))
    if common:
        return next(name for name in _PREFERRED if name in common), list(products), []
    counts = Counter(name for product in products for name in product.polarisations)
    usual = max(_PREFERRED, key=lambda name: (counts[name], -_PREFERRED.index(name)))
    others = [product for product in products if usual not in product.polarisations]
    has = "/".join(others[0].polarisations)
    text = f"{others[0].path} has polarisation {has}, but the others {usual}: choose one with --pol."
    return usual, [product for product in products if usual in product.polarisations], [Problem(text)]


def days_of(products: Iterable[Product]) -> tuple[dict[tuple[str, int, int], int], list[Problem]]:
    """The day by which each pass is called: the UTC day of its earliest burst.

    Returns
    -------
    days : dict
        Sensor, track and orbit number to yyyymmdd.
    problems : list of Problem
        Two passes of one name.
    """
    earliest: dict[tuple[str, int, int], Product] = {}
    for product in products:
        key = pass_of(product)
        if key not in earliest or product.start < earliest[key].start:
            earliest[key] = product
    days = {key: int(str(product.start)[:10].replace("-", "")) for key, product in earliest.items()}
    called = defaultdict(list)
    for key, day in days.items():
        called[day].append(earliest[key])
    problems = [
        Problem(
            f"{same[0].path} and {same[1].path} are of two passes of the same day {day} (orbits {same[0].orbit_number} and "
            f"{same[1].orbit_number}): keep one of them."
        )
        for day, same in sorted(called.items())
        if len(same) > 1
    ]
    return days, problems


def pass_of(product: Product) -> tuple[str, int, int]:
    """What tells passes apart."""
    return product.mission, product.track, product.orbit_number


def images_of(products: Iterable[Product], days: Mapping[tuple[str, int, int], int]) -> tuple[Images, list[str]]:
    """One product of each burst and pass: the newest version, of these the one made last.

    Returns
    -------
    images : dict
        Burst to day to product.
    notes : list of str
        Products that are left aside.
    """
    found: dict[tuple[str, int], list[Product]] = defaultdict(list)
    for product in products:
        found[product.burst, days[pass_of(product)]].append(product)
    images: Images = defaultdict(dict)
    aside = []
    for (burst, day), same in sorted(found.items()):
        same.sort(key=_newness)
        images[burst][day] = same[-1]
        aside += [f"{older.name} (for {same[-1].name})" for older in same[:-1]]
    notes = [f"Of a burst and pass the newest product is used; left aside: {', '.join(aside)}."] if aside else []
    return dict(images), notes


def _newness(product: Product) -> tuple[tuple[int, ...], str, str]:
    return tuple(int(part) for part in re.findall(r"\d+", product.version)), product.generated, str(product.path)


def misplaced(images: Images) -> list[Problem]:
    """Bursts whose footprint moves from date to date: their number is wrong in some files."""
    problems = []
    for burst, of_burst in images.items():
        centres = {day: product.centre for day, product in of_burst.items() if product.centre is not None}
        if len(centres) < 2 or next(iter(of_burst.values())).layout != "cslc":
            continue
        usual = np.median([_unwrapped(centre, next(iter(centres.values()))) for centre in centres.values()], axis=0)
        for day, centre in centres.items():
            off = _distance(centre, (float(usual[0]), float(usual[1])))
            if off > _FARTHEST:
                text = f"Burst {burst} lies {off:.0f} km off its place on {day}: its burst number is wrong in "
                problems.append(Problem(f"{text}{of_burst[day].path}; exclude that date."))
    return problems


def _unwrapped(centre: tuple[float, float], near: tuple[float, float]) -> tuple[float, float]:
    return near[0] + (centre[0] - near[0] + 180) % 360 - 180, centre[1]


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    east = ((one[0] - other[0] + 180) % 360 - 180) * math.cos(math.radians(other[1]))
    return _KM_PER_DEGREE * math.hypot(east, one[1] - other[1])
