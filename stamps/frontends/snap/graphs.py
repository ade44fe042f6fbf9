"""Graphs for SNAP's ``gpt``: split, coregistration, export of a pair; of one subswath, of several, of stripmap images.

Graphs are written with :mod:`xml.etree` from portable parameters only (:mod:`stamps.frontends.snap.operators`). Where a product
is written its path begins with ``${run}``, where products of the job are read with ``${workdir}``; the command line replaces
these (``-Prun=… -Pworkdir=…``).

Source: docs/method/snap.md, section 2.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from stamps.frontends.snap.dem import Dem
from stamps.frontends.snap.operators import check_parameter, spelt

__all__ = [
    "BILINEAR",
    "BISINC",
    "Graph",
    "GraphSettings",
    "coregister_graph",
    "export_graph",
    "in_workdir",
    "merged_export_graph",
    "split_graph",
    "stripmap_coregister_graph",
    "stripmap_interferogram_graph",
    "subset_graph",
]

BILINEAR = "BILINEAR_INTERPOLATION"
BISINC = "BISINC_5_POINT_INTERPOLATION"

_XPP = "com.bc.ceres.binding.dom.XppDomElement"


@dataclass(frozen=True)
class GraphSettings:
    """What the graphs of a job have in common.

    Attributes
    ----------
    polarisation : str
        ``'VV'``.
    dem : Dem
    orbit_type : str
        SNAP's name of the orbits; empty to leave those of the products.
    esd : bool
        Refine the coregistration by spectral diversity where bursts overlap.
    esd_coherence : float
        Least coherence of what the spectral diversity uses.
    resampling : str
        SNAP's name of the interpolation of the secondary.
    subset : str
        Area to cut out, a polygon in WKT; empty for none.
    """

    polarisation: str
    dem: Dem
    orbit_type: str = ""
    esd: bool = True
    esd_coherence: float = 0.3
    resampling: str = BISINC
    subset: str = ""


def in_workdir(path: str) -> str:
    """A path of a product as graphs write it: what is not absolute lies in the working directory of the job."""
    return path if path.startswith("/") else f"${{workdir}}/{path}"


class Graph:
    """A graph under construction."""

    def __init__(self) -> None:
        self._root = ET.Element("graph", id="Graph")
        ET.SubElement(self._root, "version").text = "1.0"
        self._counts: dict[str, int] = {}

    def add(self, operator: str, sources: Sequence[str] = (), **parameters: object) -> str:
        """Add a node and return its name.

        Parameters
        ----------
        operator : str
        sources : sequence of str
            Names of nodes.
        **parameters
            In the order in which they are to stand.

        Raises
        ------
        ParameterError
            A parameter is not portable or has a value that SNAP refuses.
        """
        count = self._counts[operator] = self._counts.get(operator, 0) + 1
        name = operator if count == 1 else f"{operator}({count})"
        node = ET.SubElement(self._root, "node", id=name)
        ET.SubElement(node, "operator").text = operator
        listed = ET.SubElement(node, "sources")
        for number, source in enumerate(sources):
            ET.SubElement(listed, f"sourceProduct.{number}" if number else "sourceProduct", refid=source)
        values = ET.SubElement(node, "parameters", {"class": _XPP})
        for key, value in parameters.items():
            check_parameter(operator, key, spelt(value))
            ET.SubElement(values, key).text = spelt(value) or None
        return name

    def read(self, path: str) -> str:
        """Add a node that reads a product."""
        return self.add("Read", file=path)

    def read_several(self, paths: Sequence[str]) -> str:
        """Add a node that stands for several products."""
        return self.add("ProductSet-Reader", fileList=tuple(paths))

    def write(self, source: str, path: str) -> str:
        """Add a node that writes a product, ``path`` relative to where the command runs."""
        return self.add("Write", (source,), file=f"${{run}}/{path}", formatName="BEAM-DIMAP")

    def text(self) -> str:
        """The graph as a file holds it."""
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="unicode", xml_declaration=False) + "\n"


def split_graph(
    products: Sequence[str], settings: GraphSettings, swath: str, bursts: tuple[int, int], target: str
) -> Graph:
    """Assemble the slices of a date, apply orbits, cut out the bursts of a subswath.

    Parameters
    ----------
    products : sequence of str
        Archives, or ``manifest.safe`` of folders, in order of time.
    settings : GraphSettings
    swath : str
        ``'IW2'``.
    bursts : (int, int)
        First and last burst of the assembled product, from 1.
    target : str
        Product to write.
    """
    graph = Graph()
    nodes = [graph.read(path) for path in products]
    node = nodes[0]
    if len(nodes) > 1:
        node = graph.add("SliceAssembly", nodes, selectedPolarisations=settings.polarisation)
    if settings.orbit_type:
        node = graph.add("Apply-Orbit-File", (node,), orbitType=settings.orbit_type, polyDegree=3, continueOnFail=False)
    node = graph.add(
        "TOPSAR-Split",
        (node,),
        subswath=swath,
        selectedPolarisations=settings.polarisation,
        firstBurstIndex=bursts[0],
        lastBurstIndex=bursts[1],
    )
    graph.write(node, target)
    return graph


def coregister_graph(
    master: str, secondary: str, settings: GraphSettings, n_bursts: int, alone: bool, coreg: str, ifg: str
) -> Graph:
    """Coregister a subswath of one secondary with the master and form the interferogram.

    Parameters
    ----------
    master, secondary : str
        Split products.
    settings : GraphSettings
    n_bursts : int
        Bursts of the split; with one there is no overlap that spectral diversity could use.
    alone : bool
        The only subswath: topographic phase and subset are done here, else after the merge.
    coreg, ifg : str
        Products to write.
    """
    graph = Graph()
    stack = _back_geocoding(graph, (graph.read(master), graph.read(secondary)), settings)
    if settings.esd and n_bursts > 1:
        stack = _spectral_diversity(graph, stack, settings)
    pair = _interferogram(graph, stack, settings, 2)
    pair, stack = (graph.add("TOPSAR-Deburst", (node,), selectedPolarisations=None) for node in (pair, stack))
    if alone:
        pair = _topographic_phase(graph, pair, settings)
        pair, stack = _subset(graph, pair, settings), _subset(graph, stack, settings)
    graph.write(pair, ifg)
    graph.write(stack, coreg)
    return graph


def export_graph(coreg: str, ifg: str, folder: str) -> Graph:
    """Export a coregistered pair and its interferogram for StaMPS.

    Parameters
    ----------
    coreg, ifg : str
        Products.
    folder : str
        To write into, relative to where the command runs.
    """
    graph = Graph()
    return _export(graph, graph.read(coreg), graph.read(ifg), folder)


def merged_export_graph(coregs: Sequence[str], ifgs: Sequence[str], settings: GraphSettings, folder: str) -> Graph:
    """Merge neighbouring subswaths of a pair, subtract the topographic phase, export.

    Parameters
    ----------
    coregs, ifgs : sequence of str
        Products of the subswaths, in their order.
    settings : GraphSettings
    folder : str
        To write into, relative to where the command runs.
    """
    graph = Graph()
    stack, pair = (
        graph.add("TOPSAR-Merge", (graph.read_several(paths),), selectedPolarisations=None) for paths in (coregs, ifgs)
    )
    pair = _topographic_phase(graph, pair, settings)
    stack, pair = _subset(graph, stack, settings), _subset(graph, pair, settings)
    return _export(graph, stack, pair, folder)


# ---------------------------------------------------------------------- stripmap


def subset_graph(product: str, settings: GraphSettings, target: str) -> Graph:
    """Cut the area out of a stripmap image."""
    graph = Graph()
    graph.write(_subset(graph, graph.read(product), settings), target)
    return graph


def stripmap_coregister_graph(master: str, secondary: str, settings: GraphSettings, target: str) -> Graph:
    """Coregister a stripmap image with the master by orbits and elevation model."""
    graph = Graph()
    dem = settings.dem
    stack = graph.add(
        "DEM-Assisted-Coregistration",
        (graph.read_several((master, secondary)),),
        demName=dem.name,
        demResamplingMethod=BILINEAR,
        externalDEMFile=dem.file,
        externalDEMNoDataValue=dem.nodata,
        resamplingType=settings.resampling,
        tileExtensionPercent=100,
        maskOutAreaWithoutElevation=True,
        outputRangeAzimuthOffset=False,
    )
    graph.write(stack, target)
    return graph


def stripmap_interferogram_graph(coreg: str, settings: GraphSettings, target: str) -> Graph:
    """Form the interferogram of a coregistered stripmap pair and subtract the topographic phase."""
    graph = Graph()
    pair = _interferogram(graph, graph.read(coreg), settings, 8)
    graph.write(_topographic_phase(graph, pair, settings), target)
    return graph


# ---------------------------------------------------------------------- nodes


def _back_geocoding(graph: Graph, sources: Sequence[str], settings: GraphSettings) -> str:
    """Deramps, resamples and reramps the secondary itself; nothing is masked, which would punch holes at coasts."""
    return graph.add(
        "Back-Geocoding",
        sources,
        demName=settings.dem.name,
        demResamplingMethod=BILINEAR,
        externalDEMFile=settings.dem.file,
        externalDEMNoDataValue=settings.dem.nodata,
        resamplingType=settings.resampling,
        maskOutAreaWithoutElevation=False,
        outputRangeAzimuthOffset=False,
        outputDerampDemodPhase=False,
        disableReramp=False,
    )


def _spectral_diversity(graph: Graph, stack: str, settings: GraphSettings) -> str:
    return graph.add(
        "Enhanced-Spectral-Diversity",
        (stack,),
        fineWinWidthStr=512,
        fineWinHeightStr=512,
        fineWinAccAzimuth=16,
        fineWinAccRange=16,
        fineWinOversampling=128,
        xCorrThreshold=0.1,
        cohThreshold=settings.esd_coherence,
        numBlocksPerOverlap=10,
        useSuppliedRangeShift=False,
        overallRangeShift=0.0,
        useSuppliedAzimuthShift=False,
        overallAzimuthShift=0.0,
    )


def _interferogram(graph: Graph, stack: str, settings: GraphSettings, azimuth_window: int) -> str:
    return graph.add(
        "Interferogram",
        (stack,),
        subtractFlatEarthPhase=True,
        srpPolynomialDegree=5,
        srpNumberPoints=501,
        orbitDegree=3,
        includeCoherence=False,
        cohWinAz=azimuth_window,
        cohWinRg=10,
        squarePixel=True,
        subtractTopographicPhase=False,
        demName=settings.dem.name,
        externalDEMFile=settings.dem.file,
        externalDEMNoDataValue=settings.dem.nodata,
        externalDEMApplyEGM=True,
        tileExtensionPercent=100,
        outputElevation=False,
        outputLatLon=False,
    )


def _topographic_phase(graph: Graph, pair: str, settings: GraphSettings) -> str:
    """Subtract the topographic phase; adds the bands of heights, latitudes and longitudes that the export needs."""
    return graph.add(
        "TopoPhaseRemoval",
        (pair,),
        orbitDegree=3,
        demName=settings.dem.name,
        externalDEMFile=settings.dem.file,
        externalDEMNoDataValue=settings.dem.nodata,
        tileExtensionPercent=100,
        outputTopoPhaseBand=False,
        outputElevationBand=True,
        outputLatLonBands=True,
    )


def _subset(graph: Graph, node: str, settings: GraphSettings) -> str:
    """The area cut out of a product; the product itself where nothing is to be cut."""
    if not settings.subset:
        return node
    return graph.add(
        "Subset",
        (node,),
        sourceBands=None,
        geoRegion=settings.subset,
        subSamplingX=1,
        subSamplingY=1,
        fullSwath=False,
        tiePointGridNames=None,
        copyMetadata=True,
    )


def _export(graph: Graph, stack: str, pair: str, folder: str) -> Graph:
    graph.add("StampsExport", (stack, pair), targetFolder=f"${{run}}/{folder}", psiFormat=True)
    return graph
