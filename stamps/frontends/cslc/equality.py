"""What must be equal in the whole stack, and what may differ.

Source: docs/method/cslc.md, section 2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from stamps.frontends.checks import Problem
from stamps.frontends.cslc.passes import Images
from stamps.frontends.cslc.products import Product

__all__ = ["check_stack", "differences", "mixed_corrections"]

_ANTENNA = "elevation_antenna_pattern_correction_applied"
_CORRECTED = ("OPERA", "ESA")
_WAVELENGTH = 1e-6  # relative


def check_stack(images: Images) -> list[Problem]:
    """Everything that makes images unfit for one stack: geometry, flattening, grids.

    Parameters
    ----------
    images : dict
        Burst to day to product.
    """
    products = [product for of_burst in images.values() for product in of_burst.values()]
    problems = [
        *_unequal(products, "the pass direction", lambda product: product.direction),
        *_unequal(products, "track", lambda product: product.track),
        *_unequal(products, "look side", lambda product: product.side),
        *_unequal(products, "the layout", lambda product: product.layout),
        *_unequal(products, "the wavelength", lambda product: _rounded(product.wavelength)),
    ]
    problems += [
        Problem(f"{product.path} looks left: only right-looking images are supported.")
        for product in products
        if product.side == "Left"
    ]
    problems += [problem for product in products for problem in _flattening(product)]
    return problems + _grids(images)


def mixed_corrections(images: Images) -> list[str]:
    """Images made with other corrections than most."""
    products = [product for of_burst in images.values() for product in of_burst.values()]
    sentences = []
    for name in sorted({name for product in products for name in product.flags}):
        values = [_flag(product, name) for product in products]
        usual = Counter(values).most_common(1)[0][0]
        others = [product for product, value in zip(products, values, strict=True) if value != usual]
        for value in dict.fromkeys(_flag(product, name) for product in others):
            same = [product for product in others if _flag(product, name) == value]
            sentences.append(
                f"{_named(same)} made with {name} {value}, the others with {usual}: images of different corrections cannot be "
                "combined; use one processing, or --allow-mixed."
            )
    return sentences


def differences(images: Images) -> list[str]:
    """What may differ in a stack, each said once."""
    products = [product for of_burst in images.values() for product in of_burst.values()]
    found = {"product version": Counter(product.version for product in products)}
    for name in sorted({name for product in products for name in product.software}):
        found[name] = Counter(product.software.get(name, "unknown")[:60] for product in products)
    notes = [
        f"The images have different values of {name}: "
        + ", ".join(f"{value or 'none'} ({count})" for value, count in sorted(counts.items()))
        + "."
        for name, counts in found.items()
        if len(counts) > 1
    ]
    restituted = [product for product in products if product.orbit_type.startswith("RES")]
    if restituted:
        notes.append(f"{len(restituted)} of {len(products)} images have restituted orbits.")
    return notes


def _flag(product: Product, name: str) -> str:
    value = product.flags.get(name)
    if name == _ANTENNA and str(value).upper() in _CORRECTED:
        return "OPERA or ESA"
    return str(value)


def _named(products: Sequence[Product]) -> str:
    """One file or several, with the verb."""
    more = len(products) - 1
    return f"{products[0].path} was" if not more else f"{products[0].path} and {more} more were"


def _rounded(wavelength: float) -> str:
    return f"{wavelength:.9g} m"


def _unequal(products: Sequence[Product], what: str, value: Callable[[Product], Hashable]) -> list[Problem]:
    """Products that differ from most in one property."""
    usual: Any = Counter(value(product) for product in products).most_common(1)[0][0]
    others = [product for product in products if value(product) != usual]
    if what == "the wavelength":
        wavelength = float(usual.split()[0])
        others = [product for product in others if not abs(product.wavelength - wavelength) <= _WAVELENGTH * wavelength]
    if not others:
        return []
    more = f" and {len(others) - 1} more have" if len(others) > 1 else " has"
    return [
        Problem(
            f"{others[0].path}{more} {what.removeprefix('the ')} {value(others[0])}, but the others {usual}: leave out what does "
            "not belong to the stack."
        )
    ]


def _flattening(product: Product) -> list[Problem]:
    if product.flattened:
        return []
    if product.flattened is None:
        text = "does not say whether it is flattened (topographic_flattening_applied is missing)"
    else:
        text = "is not flattened (topographic_flattening_applied is False)"
    return [Problem(f"{product.path} {text}: make it with flatten: True.")]


def _grids(images: Images) -> list[Problem]:
    """One grid for each burst, one projection and one lattice for all."""
    problems = []
    for burst, of_burst in images.items():
        first, *others = (of_burst[day] for day in sorted(of_burst))
        for product in others:
            partial = product.layout == "gslc"  # frames may have another extent
            same = product.grid.offset(first.grid) is not None if partial else product.grid.same_as(first.grid)
            if not same and product.grid.epsg == first.grid.epsg:
                problems.append(
                    Problem(
                        f"{product.path} has {product.grid.posting}, but the first image of burst {burst} "
                        f"{first.grid.posting} ({first.grid.width}×{first.grid.length}): they belong to different processings."
                    )
                )
    return problems + _projections(images) + _lattices(images)


def _projections(images: Images) -> list[Problem]:
    """Bursts of another projection than most images."""
    counts = Counter(product.grid.epsg for of_burst in images.values() for product in of_burst.values())
    if len(counts) < 2:
        return []
    usual = counts.most_common(1)[0][0]
    problems = []
    for burst, of_burst in images.items():
        others = sorted({product.grid.epsg for product in of_burst.values()} - {usual})
        if others and any(product.grid.epsg == usual for product in of_burst.values()):
            problems += [
                Problem(
                    f"{product.path} is in EPSG:{product.grid.epsg}, but other images of burst {burst} in EPSG:{usual}: they "
                    "belong to different processings."
                )
                for product in of_burst.values()
                if product.grid.epsg != usual
            ]
            continue
        problems += [
            Problem(
                f"Burst {burst} is in EPSG:{epsg}, the others in EPSG:{usual}: its images cannot be moved to another grid; "
                "leave it out (--bursts) or make a project of its own."
            )
            for epsg in others
        ]
    return problems


def _lattices(images: Images) -> list[Problem]:
    """Bursts whose pixels lie between those of the first burst."""
    firsts = [of_burst[min(of_burst)] for of_burst in images.values()]
    usual = Counter(product.grid.epsg for product in firsts).most_common(1)[0][0]
    firsts = [product for product in firsts if product.grid.epsg == usual]
    return [
        Problem(
            f"{product.path} has {product.grid.posting}, which do not lie on those of {firsts[0].path} "
            f"({firsts[0].grid.posting}): they belong to different processings."
        )
        for product in firsts[1:]
        if product.grid.offset(firsts[0].grid) is None
    ]
