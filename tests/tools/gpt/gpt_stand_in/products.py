"""Products between operators, and their DIMAP files: ``.dim`` with history and state, ``.data/*.img`` and ``.hdr``."""

from __future__ import annotations

import json
import os
import random
import time
import xml.etree.ElementTree as ET
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from .errors import Refused

_STATE = "stand_in_state"
_TYPES = {"int16": (12, 2, "h"), "float32": (4, 4, "f")}  # type to ENVI's number, bytes, array's code
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Product:
    """What the stand-in knows of a product.

    Attributes
    ----------
    name : str
    mission, mode : str
        ``S1A``, ``TSX``, …; ``IW`` for bursts, else stripmap.
    dates : tuple of str
        ``yyyymmdd``; the first is the master's.
    start : str
        Start of the first line, ISO 8601.
    orbit : int
        Absolute orbit.
    polarisations : tuple of str
    bursts : dict
        Subswath to its number of bursts, empty for stripmap.
    slices : tuple of int
    footprint : tuple of float
        West, south, east and north, degrees; empty where unknown.
    lines, samples : int
    bands : tuple of str
        Names of the bands that are stored; virtual ones follow from them.
    history : tuple of dict
        Operators in the order in which they were applied: ``operator``, ``parameters``, ``sources``.
    """

    name: str
    mission: str
    mode: str
    dates: tuple[str, ...]
    start: str = ""
    orbit: int = 0
    polarisations: tuple[str, ...] = ()
    bursts: dict[str, int] = field(default_factory=dict)
    slices: tuple[int, ...] = ()
    footprint: tuple[float, ...] = ()
    lines: int = 0
    samples: int = 0
    bands: tuple[str, ...] = ()
    history: tuple[dict[str, Any], ...] = ()

    def has(self, operator: str) -> bool:
        """Whether an operator has been applied."""
        return any(entry["operator"] == operator for entry in self.history)

    def count(self, operator: str) -> int:
        """How many times an operator has been applied."""
        return sum(entry["operator"] == operator for entry in self.history)

    @property
    def is_interferogram(self) -> bool:
        return any("_ifg_" in band for band in self.bands)


def short_date(date: str) -> str:
    """``20200103`` as SNAP names bands: ``03Jan2020``."""
    return f"{date[6:8]}{_MONTHS[int(date[4:6]) - 1]}{date[:4]}"


def data_folder(dim: Path) -> Path:
    """The folder with the bands of a product."""
    return dim.with_suffix(".data")


# ---------------------------------------------------------------------- reading


def read_dimap(path: Path) -> Product:
    """The product of a ``.dim`` that the stand-in wrote; refuses half products."""
    try:
        root = ET.parse(path).getroot()
    except ET.ParseError as error:
        raise Refused(f"Failed to read product: {path}: {error}") from None
    text = root.findtext(f".//MDATTR[@name='{_STATE}']")
    if root.tag != "Dimap_Document" or text is None:
        raise Refused(f"No product reader found for file {path}")
    state = json.loads(text)
    product = Product(**{key: tuple(value) if isinstance(value, list) else value for key, value in state.items()})
    for band in product.bands:
        image = data_folder(path) / f"{band}.img"
        wanted = product.lines * product.samples * _TYPES[_type_of(product, band)][1]
        if not image.is_file() or not image.with_suffix(".hdr").is_file() or image.stat().st_size < wanted:
            raise Refused(f"I/O error while reading {image}: java.io.EOFException")
    return replace(product, name=path.stem)


# ---------------------------------------------------------------------- writing


def write_dimap(product: Product, path: Path, faults: frozenset[str] = frozenset()) -> None:
    """Write a product as SNAP does: the header and images of full size first, then their pixels.

    Parameters
    ----------
    product : Product
    path : Path
        The ``.dim``.
    faults : frozenset of str
        ``half``, ``half_zero``, ``zeros``, ``sizes``, ``killed``, ``no_data``, see :mod:`.faults`.
    """
    if "sizes" in faults and product.is_interferogram:
        product = replace(product, lines=product.lines - 3)
    folder = data_folder(path)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_header(product, path))
    if "no_data" in faults:
        folder.rmdir()
        return
    values = {band: _pixels(product, band) for band in product.bands}
    for band in product.bands:
        (folder / f"{band}.hdr").write_text(_envi(product, band), encoding="utf-8")
        (folder / f"{band}.img").write_bytes(bytes(len(values[band])))
    delay = float(os.environ.get("GPT_DELAY", "0"))
    for k, band in enumerate(product.bands):
        if k == len(product.bands) // 2:
            time.sleep(delay)
            if "killed" in faults:
                os.kill(os.getpid(), 9)
        (folder / f"{band}.img").write_bytes(_spoilt(values[band], faults))


def _spoilt(data: bytes, faults: frozenset[str]) -> bytes:
    half = len(data) // 3
    spoil: dict[str, Callable[[], bytes]] = {
        "half": lambda: data[:half],
        "half_zero": lambda: data[:half] + bytes(len(data) - half),
        "zeros": lambda: bytes(len(data)),
    }
    for fault in sorted(faults & spoil.keys()):
        data = spoil[fault]()
    return data


def _type_of(product: Product, band: str) -> str:
    raw = product.has("Interferogram") or product.has("Back-Geocoding") or product.has("DEM-Assisted-Coregistration")
    return "float32" if raw or not band.startswith(("i_", "q_")) else "int16"


def _pixels(product: Product, band: str) -> bytes:
    """Invented values of a band, never zero, big-endian."""
    kind = _type_of(product, band)
    draw = random.Random(f"{band} {product.dates}")
    count = product.lines * product.samples
    raw = draw.randbytes(count)
    code = _TYPES[kind][2]
    values = array(code, [byte + 1 for byte in raw] if code == "h" else [(byte + 1) / 16 for byte in raw])
    values.byteswap()
    return values.tobytes()


def _envi(product: Product, band: str) -> str:
    return (
        f"ENVI\ndescription = {{{band} - Unit: real}}\nsamples = {product.samples}\nlines = {product.lines}\nbands = 1\n"
        f"header offset = 0\nfile type = ENVI Standard\ndata type = {_TYPES[_type_of(product, band)][0]}\n"
        f"interleave = bsq\nbyte order = 1\nband names = {{ {band} }}\n"
    )


def _header(product: Product, path: Path) -> bytes:
    root = ET.Element("Dimap_Document", name=path.name)
    _tree(root, "Metadata_Id", METADATA_FORMAT="DIMAP", METADATA_PROFILE="BEAM-DATAMODEL-V1")
    _tree(root, "Dataset_Id", DATASET_SERIES="BEAM-PRODUCT", DATASET_NAME=path.stem)
    start = f"{product.dates[0][6:]}-{short_date(product.dates[0])[2:5].upper()}-{product.dates[0][:4]}"
    time_of_day = product.start[11:] or "00:00:00.000000"
    _tree(root, "Production", PRODUCT_TYPE="SLC", PRODUCT_SCENE_RASTER_START_TIME=f"{start} {time_of_day}")
    virtual = [f"Intensity_{band[2:]}" for band in product.bands if band.startswith("i_")]
    number = str(len(product.bands) + len(virtual))
    _tree(root, "Raster_Dimensions", NCOLS=str(product.samples), NROWS=str(product.lines), NBANDS=number)
    access = _tree(root, "Data_Access", DATA_FILE_FORMAT="ENVI", DATA_FILE_ORGANISATION="BAND_SEPARATE")
    interpretation = ET.SubElement(root, "Image_Interpretation")
    for k, band in enumerate([*product.bands, *virtual]):
        if band in product.bands:
            file = _tree(access, "Data_File", BAND_INDEX=str(k))
            file.insert(0, ET.Element("DATA_FILE_PATH", href=f"{data_folder(path).name}/{band}.hdr"))
        info = _tree(interpretation, "Spectral_Band_Info", BAND_INDEX=str(k), BAND_NAME=band)
        kind = _type_of(product, band) if band in product.bands else "float32"
        rows = {"BAND_RASTER_WIDTH": product.samples, "BAND_RASTER_HEIGHT": product.lines, "DATA_TYPE": kind}
        rows |= {"NO_DATA_VALUE_USED": "true", "NO_DATA_VALUE": "0.0"}
        rows |= {"VIRTUAL_BAND": "true", "EXPRESSION": "i * i + q * q"} if band in virtual else {}
        for tag, text in rows.items():
            ET.SubElement(info, tag).text = str(text)
    _metadata(root, product)
    ET.indent(root, "    ")
    return ET.tostring(root, encoding="ISO-8859-1", xml_declaration=True)


def _metadata(root: ET.Element, product: Product) -> None:
    sources = ET.SubElement(root, "Dataset_Sources")
    metadata = ET.SubElement(sources, "MDElem", name="metadata")
    abstracted = ET.SubElement(metadata, "MDElem", name="Abstracted_Metadata")
    attributes = {
        "PRODUCT": product.name,
        "MISSION": {"S1A": "SENTINEL-1A", "S1B": "SENTINEL-1B"}.get(product.mission, product.mission),
        "ACQUISITION_MODE": product.mode,
        "ABS_ORBIT": str(product.orbit),
        "mds1_tx_rx_polar": product.polarisations[0] if product.polarisations else "",
        "coregistered_stack": str(int(len(product.dates) > 1)),
        _STATE: json.dumps(asdict(product)),
    }
    for name, text in attributes.items():
        _attribute(abstracted, name, text)
    graph = ET.SubElement(metadata, "MDElem", name="Processing_Graph")
    for k, entry in enumerate(product.history):
        node = ET.SubElement(graph, "MDElem", name=f"node.{k}")
        _attribute(node, "id", f"{entry['operator']}$1")
        _attribute(node, "operator", entry["operator"])
        from_ = ET.SubElement(node, "MDElem", name="sources")
        for i, source in enumerate(entry["sources"]):
            _attribute(from_, f"sourceProduct{f'.{i}' if i else ''}", source)
        parameters = ET.SubElement(node, "MDElem", name="parameters")
        for name, text in entry["parameters"].items():
            _attribute(parameters, name, text)


def _attribute(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, "MDATTR", name=name, type="ascii", mode="rw").text = text


def _tree(parent: ET.Element, tag: str, **children: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    for name, text in children.items():
        ET.SubElement(element, name).text = text
    return element
