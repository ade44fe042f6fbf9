"""What operators demand of their sources and make of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import Refused
from .graph import Node
from .products import Product, short_date
from .sources import read_product
from .table import corners_of

__all__ = ["Context", "apply"]

_LINES_PER_BURST, _OVERLAP = 12, 2


@dataclass(frozen=True)
class Context:
    """What operators see of the run.

    Attributes
    ----------
    userdir : Path
        SNAP's user directory (``-Dsnap.userdir``).
    faults : frozenset of str
        What goes wrong, see :mod:`.faults`.
    """

    userdir: Path
    faults: frozenset[str] = frozenset()


def apply(node: Node, sources: list[Product], context: Context) -> list[Product]:
    """Products that a node makes of its sources.

    Raises
    ------
    Refused
        With the node's identifier and what SNAP says.
    """
    make = _OPERATORS.get(node.operator)
    if make is None:
        raise Refused(f"[NodeId: {node.id}] Operator '{node.operator}' is none that the stand-in can run.")
    try:
        made = make(node, sources, context)
    except Refused as error:
        raise Refused(f"[NodeId: {node.id}] {error}") from None
    entry = {
        "operator": node.operator,
        "parameters": dict(node.parameters),
        "sources": [product.name for product in sources],
    }
    return [replace(product, history=(*product.history, entry)) for product in made]


def _demand(condition: object, text: str) -> None:
    if not condition:
        raise Refused(text)


def _one(sources: list[Product]) -> Product:
    _demand(len(sources) == 1, f"One source product is expected, {len(sources)} are given.")
    return sources[0]


# ---------------------------------------------------------------------- files


def _read(node: Node, sources: list[Product], context: Context) -> list[Product]:
    _demand(node.get("file"), "The parameter 'file' is not specified.")
    return [read_product(Path(node.get("file")))]


def _read_set(node: Node, sources: list[Product], context: Context) -> list[Product]:
    files = [text.strip() for text in node.get("fileList").split(",") if text.strip()]
    _demand(files, "No product found in fileList")
    return [read_product(Path(file)) for file in files]


# ---------------------------------------------------------------------- one image


def _assemble(node: Node, sources: list[Product], context: Context) -> list[Product]:
    _demand(len(sources) >= 2, "Slice assembly requires at least two consecutive slice products")
    _demand(all(p.bursts and not p.history[1:] for p in sources), "Source products should be Level-1 SLC slices")
    ordered = sorted(sources, key=lambda product: product.start)
    first = ordered[0]
    same = {(p.mission, p.orbit, p.mode, tuple(p.bursts)) for p in ordered}
    _demand(len(same) == 1, "Slice products are not from the same orbit, mode or sub-swaths")
    numbers = [product.slices[0] for product in ordered]
    consecutive = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    _demand(consecutive, f"Slice products are not consecutive: {numbers}")
    kept = _polarisations(node, first)
    for product in ordered:
        _demand(set(kept) <= set(product.polarisations), f"Polarisation {kept} is not in {product.name}")
    return [
        replace(
            first,
            bursts={swath: sum(p.bursts[swath] for p in ordered) for swath in first.bursts},
            slices=tuple(numbers),
            polarisations=kept,
            bands=tuple(band for band in first.bands if band.rpartition("_")[2] in kept),
            footprint=_union([product.footprint for product in ordered]),
        )
    ]


def _apply_orbit(node: Node, sources: list[Product], context: Context) -> list[Product]:
    product = _one(sources)
    sentinel = node.get("orbitType", "Sentinel Precise (Auto Download)").startswith("Sentinel")
    _demand(sentinel == product.mission.startswith("S1"), f"Orbit type is not for the mission {product.mission}")
    _demand(not product.has("Apply-Orbit-File"), "Orbit file has already been applied.")
    folder = "RESORB" if "Restituted" in node.get("orbitType") else "POEORB"
    date = product.dates[0]
    place = context.userdir / "auxdata/Orbits/Sentinel-1" / folder / product.mission / date[:4] / date[4:6]
    lacking = os.environ.get("GPT_ORBITS") == "local" and not _orbit_files(place, product.start)
    if (lacking or "orbit" in context.faults) and node.get("continueOnFail") != "true":
        start = f"{date[6:]}-{short_date(date)[2:5].upper()}-{date[:4]} {product.start[11:]}"
        raise Refused(
            f"No valid orbit file found for {start}\nOrbit files may be downloaded from https://step.esa.int/auxdata/orbits/\n"
            f"and placed in {place}"
        )
    return [product]


def _orbit_files(place: Path, start: str) -> list[Path]:
    """Orbit files that cover a time (ISO 8601)."""
    moment = re.sub(r"[-:]", "", start)[:15]
    found = []
    for path in place.glob("*.EOF*"):
        match = re.search(r"_V(\d{8}T\d{6})_(\d{8}T\d{6})", path.name)
        if match and match.group(1) <= moment <= match.group(2):
            found.append(path)
    return found


def _split(node: Node, sources: list[Product], context: Context) -> list[Product]:
    product = _one(sources)
    _demand(product.bursts and not product.has("TOPSAR-Split"), "Source product should be an SLC burst product")
    swath = node.get("subswath")
    _demand(swath in product.bursts, f"Subswath '{swath}' is not in the product: {', '.join(product.bursts)}")
    kept = _polarisations(node, product)
    available = product.bursts[swath]
    first, last = int(node.get("firstBurstIndex", "1")), min(int(node.get("lastBurstIndex", "9999")), available)
    _demand(first <= last, f"Burst index {first} to {last} is out of range: the product has {available} bursts.")
    bands = tuple(f"{part}_{swath}_{polarisation}" for polarisation in kept for part in "iq")
    _demand(set(bands) <= set(product.bands), f"The product has no bands {', '.join(bands)}")
    number = last - first + 1
    return [
        replace(
            product,
            polarisations=kept,
            bursts={swath: number},
            bands=bands,
            lines=_LINES_PER_BURST * number,
        )
    ]


def _polarisations(node: Node, product: Product) -> tuple[str, ...]:
    asked = [text.strip() for text in node.get("selectedPolarisations").split(",") if text.strip()]
    absent = [text for text in asked if text not in product.polarisations]
    _demand(
        not absent, f"Polarisation {', '.join(absent)} is not in {product.name}: {', '.join(product.polarisations)}"
    )
    return tuple(asked) or product.polarisations


def _subset(node: Node, sources: list[Product], context: Context) -> list[Product]:
    product = _one(sources)
    burst_mode = product.bursts and not product.has("TOPSAR-Deburst")
    _demand(not burst_mode, "Subset cannot be made of an SLC burst product: deburst it first")
    if node.get("geoRegion"):
        corners = corners_of(node.get("geoRegion"))
        longitudes, latitudes = zip(*corners, strict=True)
        region = (min(longitudes), min(latitudes), max(longitudes), max(latitudes))
        _demand(_touch(region, product.footprint), "No intersection with source product boundary " + product.name)
        return [replace(product, lines=product.lines * 3 // 4, samples=product.samples * 3 // 4)]
    return [product]


# ---------------------------------------------------------------------- pairs


def _coregister(sources: list[Product]) -> Product:
    """The stack of several images on the grid of the first."""
    master, others = sources[0], sources[1:]
    dates = tuple(product.dates[0] for product in sources)
    _demand(len(set(dates)) == len(dates), f"An image is given twice: {', '.join(dates)}")
    _demand(all(p.polarisations == master.polarisations for p in others), "Polarisations of the sources differ")
    roles = ["mst", *(f"slv{k}" for k in range(1, len(sources)))]
    bands = [
        f"{band}_{role}_{short_date(date)}" for role, date in zip(roles, dates, strict=True) for band in master.bands
    ]
    history = tuple(entry for product in sources for entry in product.history)
    return replace(master, dates=dates, bands=tuple(bands), history=history)


def _back_geocode(node: Node, sources: list[Product], context: Context) -> list[Product]:
    _demand(len(sources) >= 2, "Please select two source products")
    _demand(all(product.has("TOPSAR-Split") for product in sources), "Split product is expected.")
    _demand(not any(product.has("Back-Geocoding") or product.has("TOPSAR-Deburst") for product in sources),
            "Split product is expected.")  # fmt: skip
    swaths = {tuple(product.bursts) for product in sources}
    _demand(len(swaths) == 1, f"Same sub-swath is expected: {swaths}")
    _heights(node)
    return [_coregister(sources)]


def _assisted(node: Node, sources: list[Product], context: Context) -> list[Product]:
    _demand(len(sources) >= 2, "Please select two source products")
    _demand(not any(product.bursts for product in sources), "Source product should not be an SLC burst product")
    _heights(node)
    return [_coregister(sources)]


def _heights(node: Node) -> None:
    if node.get("demName") == "External DEM":
        file = node.get("externalDEMFile")
        _demand(file and Path(file).is_file(), f"External DEM file is not found: {file}")


def _diversity(node: Node, sources: list[Product], context: Context) -> list[Product]:
    product = _one(sources)
    _demand(
        product.has("Back-Geocoding") and not product.has("TOPSAR-Deburst"), "Coregistered burst product is expected"
    )
    _demand(min(product.bursts.values()) >= 2, "At least two bursts are expected: there is no overlap area.")
    return [product]


def _interfere(node: Node, sources: list[Product], context: Context) -> list[Product]:
    product = _one(sources)
    coregistered = len(product.dates) > 1 and not product.is_interferogram
    _demand(coregistered, "Source product should be a coregistered stack of SLC images")
    if node.get("subtractTopographicPhase") == "true":
        _heights(node)
    dates = "_".join(map(short_date, product.dates))
    grounds = [band.split("_mst_")[0] for band in product.bands if "_mst_" in band]
    bands = [f"{ground[:2]}ifg_{ground[2:]}_{dates}" for ground in grounds]
    if node.get("includeCoherence", "true") == "true":
        bands += [f"coh_{ground[2:]}_{dates}" for ground in grounds if ground.startswith("i_")]
    return [replace(product, bands=tuple(bands))]


def _deburst(node: Node, sources: list[Product], context: Context) -> list[Product]:
    product = _one(sources)
    _demand(product.bursts and not product.has("TOPSAR-Deburst"), "Source product should be an SLC burst product")
    _demand(product.has("TOPSAR-Split"), "Source product should be an SLC burst product of one sub-swath")
    number = max(product.bursts.values())
    return [replace(product, lines=(_LINES_PER_BURST - _OVERLAP) * number + _OVERLAP)]


def _merge(node: Node, sources: list[Product], context: Context) -> list[Product]:
    _demand(len(sources) >= 2, "Please select two or three sub-swath products")
    _demand(all(product.has("TOPSAR-Deburst") for product in sources), "Source product should first be deburst")
    _demand(all(len(product.bursts) == 1 for product in sources), "Source product should be of one sub-swath")
    ordered = sorted(sources, key=lambda product: tuple(product.bursts))
    numbers = [int(next(iter(product.bursts))[2]) for product in ordered]
    neighbours = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    _demand(neighbours, "Isolate sub-swath detected")
    _demand(len({len(product.bands) for product in ordered}) == 1, "Sub-swath products have different numbers of bands")
    _demand(len({product.dates for product in ordered}) == 1, "Sub-swath products are of different dates")
    history = tuple(entry for product in ordered for entry in product.history)
    return [
        replace(
            ordered[0],
            bursts={swath: n for product in ordered for swath, n in product.bursts.items()},
            bands=tuple(re.sub(r"_IW\d", "", band) for band in ordered[0].bands),
            lines=max(product.lines for product in ordered),
            samples=sum(product.samples for product in ordered) - _OVERLAP * (len(ordered) - 1),
            history=history,
        )
    ]


def _remove_topography(node: Node, sources: list[Product], context: Context) -> list[Product]:
    product = _one(sources)
    _demand(product.is_interferogram, "Source product should be an interferogram")
    _demand(not product.bursts or product.has("TOPSAR-Deburst"), "Source product should first be deburst")
    _demand(not product.has("TopoPhaseRemoval"), "Topographic phase has already been removed")
    _heights(node)
    bands = list(product.bands)
    bands += ["topo_phase"] if node.get("outputTopoPhaseBand") == "true" else []
    bands += ["elevation"] if node.get("outputElevationBand") == "true" else []
    bands += ["orthorectifiedLat", "orthorectifiedLon"] if node.get("outputLatLonBands") == "true" else []
    return [replace(product, bands=tuple(bands))]


def _export(node: Node, sources: list[Product], context: Context) -> list[Product]:
    _demand(
        len(sources) == 2, "StaMPS export requires coregistered and interferogram products: exactly two are expected."
    )
    stack, interferogram = sources
    coregistered = len(stack.dates) == 2 and not stack.is_interferogram
    _demand(
        coregistered and interferogram.is_interferogram,
        "StaMPS export requires coregistered and interferogram products",
    )
    _demand(stack.dates == interferogram.dates, "Coregistered and interferogram products are of different dates")
    debursted = all(not product.bursts or product.has("TOPSAR-Deburst") for product in sources)
    _demand(debursted, "Source product should first be deburst")
    swaths = [len(p.bursts) for p in sources if not p.has("TOPSAR-Merge") and p.bursts]
    _demand(all(number == 1 for number in swaths), "Source product should first be merged")
    _demand(node.get("targetFolder"), "Please add a target folder")
    _demand(node.get("psiFormat", "true") == "true", "SBAS format is not yet supported")
    return [replace(interferogram, history=(*stack.history, *interferogram.history))]


# ---------------------------------------------------------------------- places


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two envelopes (west, south, east, north) have something in common; an unknown one has."""
    if not other:
        return True
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _union(envelopes: list[tuple[float, ...]]) -> tuple[float, ...]:
    known = [envelope for envelope in envelopes if envelope]
    if not known:
        return ()
    west, south, east, north = zip(*known, strict=True)
    return min(west), min(south), max(east), max(north)


_OPERATORS: dict[str, Callable[[Node, list[Product], Context], list[Product]]] = {
    "Read": _read,
    "ProductSet-Reader": _read_set,
    "Write": lambda node, sources, context: [_one(sources)],
    "SliceAssembly": _assemble,
    "Apply-Orbit-File": _apply_orbit,
    "TOPSAR-Split": _split,
    "Subset": _subset,
    "Back-Geocoding": _back_geocode,
    "DEM-Assisted-Coregistration": _assisted,
    "Enhanced-Spectral-Diversity": _diversity,
    "Interferogram": _interfere,
    "TOPSAR-Deburst": _deburst,
    "TOPSAR-Merge": _merge,
    "TopoPhaseRemoval": _remove_topography,
    "StampsExport": _export,
}
