"""The stand-in ``gpt`` of ``tests/tools/gpt``: first on PATH, called with graphs that tests make, and small products for it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

__all__ = [
    "GPT",
    "Call",
    "call_gpt",
    "calls",
    "coregister_graph",
    "export_graph",
    "graph",
    "run_gpt",
    "split_graph",
    "stand_in",
    "zipped_safe",
]

GPT = Path(__file__).resolve().parents[1] / "tools" / "gpt" / "gpt"

#: A node: identifier, operator, parameters, identifiers of its sources.
Call = tuple[str, str, Mapping[str, str], Sequence[str]]


def stand_in(monkeypatch: pytest.MonkeyPatch, log: Path | None = None, **variables: object) -> None:
    """Put the stand-in first on PATH, and set variables of it (``fault="fail:20200115@split"`` is GPT_FAULT)."""
    monkeypatch.setenv("PATH", f"{GPT.parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("STAMPS_GPT", "SNAP_INSTALLATION_FOLDER", "GPT_FAULT", "GPT_VERSION", "GPT_STACK", "GPT_DELAY"):
        monkeypatch.delenv(name, raising=False)
    if log:
        monkeypatch.setenv("GPT_CALLS", str(log))
    for name, value in variables.items():
        monkeypatch.setenv(f"GPT_{name.upper()}", str(value))


def calls(log: Path, event: str = "begin") -> list[dict[str, object]]:
    """What the stand-in noted of its runs."""
    lines = log.read_text().splitlines() if log.is_file() else []
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


def run_gpt(*arguments: object, cwd: object = ".", **variables: object) -> subprocess.CompletedProcess[str]:
    """Run the stand-in as a program in the folder ``cwd`` with variables ``GPT_…``."""
    words = [str(GPT), *map(str, arguments)]
    environment = {**os.environ, **_variables(variables)}
    return subprocess.run(words, cwd=str(cwd), env=environment, capture_output=True, text=True, timeout=60)


def call_gpt(*arguments: object, cwd: object = ".", **variables: object) -> subprocess.CompletedProcess[str]:
    """The same in this process, which is ten times as fast; not for what kills it."""
    sys.path.insert(0, str(GPT.parent))
    try:
        from gpt_stand_in.command import main
    finally:
        sys.path.remove(str(GPT.parent))
    words, before, here = list(map(str, arguments)), dict(os.environ), os.getcwd()
    with redirect_stdout(io.StringIO()) as said, redirect_stderr(io.StringIO()) as complained:
        try:
            os.environ.update(_variables(variables))
            os.chdir(str(cwd))
            status = main(words)
        except SystemExit as end:
            status = int(end.code or 0)
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)
    return subprocess.CompletedProcess(words, status, said.getvalue(), complained.getvalue())


def _variables(variables: Mapping[str, object]) -> dict[str, str]:
    return {f"GPT_{name.upper()}": str(value) for name, value in variables.items()}


# ---------------------------------------------------------------------- graphs


def graph(path: Path, nodes: Iterable[Call]) -> Path:
    """Write a graph as SNAP wants it."""
    root = ET.Element("graph", id="Graph")
    ET.SubElement(root, "version").text = "1.0"
    for name, operator, parameters, sources in nodes:
        node = ET.SubElement(root, "node", id=name)
        ET.SubElement(node, "operator").text = operator
        holder = ET.SubElement(node, "sources")
        for k, source in enumerate(sources):
            ET.SubElement(holder, f"sourceProduct{f'.{k}' if k else ''}", refid=source)
        values = ET.SubElement(node, "parameters", {"class": "com.bc.ceres.binding.dom.XppDomElement"})
        for key, text in parameters.items():
            ET.SubElement(values, key).text = text
    ET.ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)
    return path


def split_graph(products: Sequence[Path], target: str, swath: str = "IW2", **parameters: str) -> list[Call]:
    """Nodes that split products of one date."""
    reads = [(f"Read{k}", "Read", {"file": str(product)}, []) for k, product in enumerate(products)]
    before = [read[0] for read in reads]
    nodes: list[Call] = [*reads]
    if len(products) > 1:
        nodes.append(("Assembly", "SliceAssembly", {"selectedPolarisations": "VV"}, before))
        before = ["Assembly"]
    split = {"subswath": swath, "selectedPolarisations": "VV", **parameters}
    return [
        *nodes,
        ("Orbit", "Apply-Orbit-File", {"orbitType": "Sentinel Precise (Auto Download)", "polyDegree": "3"}, before),
        ("Split", "TOPSAR-Split", split, ["Orbit"]),
        ("Write", "Write", {"file": target, "formatName": "BEAM-DIMAP"}, ["Split"]),
    ]


def coregister_graph(master: str, slave: str, stack: str, interferogram: str, *, topography: bool = True) -> list[Call]:
    """Nodes that coregister two splits; ``topography`` is for the only subswath."""
    nodes: list[Call] = [
        ("Master", "Read", {"file": master}, []),
        ("Slave", "Read", {"file": slave}, []),
        (
            "Geocode",
            "Back-Geocoding",
            {"demName": "SRTM 3Sec", "maskOutAreaWithoutElevation": "false"},
            ["Master", "Slave"],
        ),
        ("Diversity", "Enhanced-Spectral-Diversity", {"cohThreshold": "0.3"}, ["Geocode"]),
        ("Interferogram", "Interferogram", {"includeCoherence": "false"}, ["Diversity"]),
        ("Deburst", "TOPSAR-Deburst", {"selectedPolarisations": ""}, ["Interferogram"]),
    ]
    last = "Deburst"
    if topography:
        wanted = {"outputElevationBand": "true", "outputLatLonBands": "true"}
        nodes.append(("Topography", "TopoPhaseRemoval", wanted, ["Deburst"]))
        last = "Topography"
    return [
        *nodes,
        ("Write", "Write", {"file": interferogram, "formatName": "BEAM-DIMAP"}, [last]),
        ("Deburst2", "TOPSAR-Deburst", {}, ["Diversity"]),
        ("Write2", "Write", {"file": stack, "formatName": "BEAM-DIMAP"}, ["Deburst2"]),
    ]


def export_graph(stack: str, interferogram: str, target: str, **parameters: str) -> list[Call]:
    """Nodes that export a pair."""
    return [
        ("Stack", "Read", {"file": stack}, []),
        ("Interferogram", "Read", {"file": interferogram}, []),
        (
            "Export",
            "StampsExport",
            {"targetFolder": target, "psiFormat": "true", **parameters},
            ["Stack", "Interferogram"],
        ),
    ]


# ---------------------------------------------------------------------- products

_MANIFEST = """<?xml version="1.0"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0"
 xmlns:s1="http://www.esa.int/safe/sentinel-1.0/sentinel-1/sar/level-1" xmlns:gml="http://www.opengis.net/gml"><metadataSection>
<safe:familyName>SENTINEL-1</safe:familyName><safe:number>A</safe:number><s1:mode>IW</s1:mode>
<safe:orbitNumber type="start">{orbit}</safe:orbitNumber><s1:productType>SLC</s1:productType>
<s1:sliceNumber>{number}</s1:sliceNumber>
<safe:startTime>{day}T05:12:{second:02d}.101234</safe:startTime>
<gml:coordinates>37.0,15.9 37.2,14.5 38.4,14.8 38.2,16.2</gml:coordinates></metadataSection></xfdu:XFDU>
"""


def zipped_safe(
    folder: Path,
    date: str,
    *,
    number: int = 7,
    bursts: int = 3,
    orbit: int = 0,
    swaths: Sequence[str] = ("iw1", "iw2", "iw3"),
) -> Path:
    """A zip with the manifest and the annotations that the stand-in wants of a slice (VV)."""
    second = 7 + 9 * (number - 7)
    name = f"S1A_IW_SLC__1SDV_{date}T0512{second:02d}_{date}T0512{second + 9:02d}_0306{number}3_038293_AB0{number}"
    day = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    annotation = f"<product><swathTiming><burstList>{'<burst/>' * bursts}</burstList></swathTiming></product>"
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        text = _MANIFEST.format(orbit=orbit or int(date), number=number, day=day, second=second)
        archive.writestr(f"{name}.SAFE/manifest.safe", text)
        for swath in swaths:
            archive.writestr(f"{name}.SAFE/annotation/s1a-{swath}-slc-vv-{date}t0512-005.xml", annotation)
    return folder / f"{name}.zip"
