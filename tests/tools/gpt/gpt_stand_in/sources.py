"""What ``Read`` reads: Sentinel-1 products as folders, zips or manifests, TerraSAR-X products, DIMAP."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Refused
from .products import Product, read_dimap

__all__ = ["read_product"]

_ANNOTATION = re.compile(r".*annotation/s1[a-d]-(iw[123]|s[1-6])-slc-(vv|vh|hh|hv)-[^/]*\.xml")
_LINES_PER_BURST, _SAMPLES, _SMALL = 12, 40, 96


def read_product(path: Path) -> Product:
    """The product that a file holds.

    Raises
    ------
    Refused
        There is nothing, it is of no known format, or it is damaged.
    """
    if not path.exists():
        raise Refused(f"Specified 'file' [{path}] does not exist.")
    if path.suffix == ".dim":
        return read_dimap(path)
    if path.suffix.lower() in (".zip", ".safe") or path.name == "manifest.safe":
        return _sentinel(path)
    stripmap = re.fullmatch(r"(T[DS]X)1_SAR__.*?(\d{8})T(\d{6}).*\.xml", path.name)
    if stripmap:
        return _terrasar(path, stripmap)
    raise Refused(f"No product reader found for {path}")


def _terrasar(path: Path, match: re.Match[str]) -> Product:
    mission, date, hour = match.groups()
    start = f"{date[:4]}-{date[4:6]}-{date[6:]}T{hour[:2]}:{hour[2:4]}:{hour[4:]}.000000"
    bands = ("i_HH", "q_HH")
    return Product(
        path.stem, mission, "SM", (date,), start, polarisations=("HH",), lines=_SMALL, samples=_SAMPLES, bands=bands
    )


def _sentinel(path: Path) -> Product:
    with _files(path) as files:
        name, read = files
        manifest = read.get("manifest.safe")
        if manifest is None:
            raise Refused(f"No product reader found for {path}")
        try:
            root = ET.fromstring(manifest())
            annotations = {
                match.groups(): ET.fromstring(content())
                for member, content in read.items()
                if (match := _ANNOTATION.fullmatch(member))
            }
        except ET.ParseError as error:
            raise Refused(f"Failed to read product {path}: {error}") from None
    texts = _texts(root)
    if texts["productType"] != "SLC" or not annotations:
        raise Refused(f"[{path}] is not an SLC product with annotations.")
    return _of_texts(name, texts, annotations)


def _of_texts(name: str, texts: dict[str, str], annotations: dict[tuple[str, ...], ET.Element]) -> Product:
    polarisations = tuple(sorted({polarisation.upper() for _, polarisation in annotations}, reverse=True))
    topsar = texts["mode"] == "IW"
    bursts = {
        swath.upper(): len(annotation.findall(".//burstList/burst"))
        for (swath, _), annotation in sorted(annotations.items())
        if topsar
    }
    bands = tuple(
        f"{part}_{swath.upper() + '_' if topsar else ''}{polarisation.upper()}"
        for swath, polarisation in sorted(annotations)
        for part in "iq"
    )
    return Product(
        name=name,
        mission=f"S1{texts['number']}",
        mode=texts["mode"],
        dates=(texts["startTime"][:10].replace("-", ""),),
        start=texts["startTime"],
        orbit=int(texts["orbitNumber"]),
        polarisations=polarisations,
        bursts=bursts,
        slices=(int(texts.get("sliceNumber", "0")),),
        footprint=_envelope(texts.get("coordinates", "")),
        lines=_LINES_PER_BURST * max(bursts.values()) if topsar else _SMALL,
        samples=_SAMPLES,
        bands=bands,
    )


def _texts(root: ET.Element) -> dict[str, str]:
    """First text of each element of the manifest, by its name without namespace."""
    texts: dict[str, str] = {}
    for element in root.iter():
        if element.text and element.text.strip():
            texts.setdefault(element.tag.rpartition("}")[2], element.text.strip())
    missing = [key for key in ("number", "mode", "startTime", "orbitNumber", "productType") if key not in texts]
    if missing:
        raise Refused(f"manifest.safe has no {', '.join(missing)}.")
    return texts


def _envelope(coordinates: str) -> tuple[float, ...]:
    pairs = [tuple(map(float, pair.split(","))) for pair in coordinates.split()]
    if not pairs:
        return ()
    latitudes, longitudes = zip(*pairs, strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


@contextmanager
def _files(path: Path) -> Iterator:
    """Name of the product, and its files by their path in it, each as a function that reads it."""
    if path.suffix.lower() == ".zip":
        import zipfile  # not needed for other products, and slow to load

        try:
            archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise Refused(f"Failed to read product {path}: java.util.zip.ZipException: {error}") from None
        with archive:
            members = {member.partition("/")[2]: member for member in archive.namelist() if "/" in member}
            yield path.stem, {inner: (lambda m=member: archive.read(m)) for inner, member in members.items()}
        return
    root = path.parent if path.name == "manifest.safe" else path
    found = [root / "manifest.safe", *(root / "annotation").glob("*.xml")]
    yield root.stem, {str(file.relative_to(root)): file.read_bytes for file in found if file.is_file()}
