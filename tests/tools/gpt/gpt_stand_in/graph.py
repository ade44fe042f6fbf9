"""Graphs: nodes in the order in which they run, with their parameters and sources, checked as SNAP checks them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import Refused
from .table import operators

_PARAMETERS_CLASS = "com.bc.ceres.binding.dom.XppDomElement"
_SOURCE = re.compile(r"(?:source|sourceProduct|sourceProducts|masterProduct|slaveProduct)(?:\.(\d+))?")
_SEVERAL = "sourceProduct.{}"
_MANY = 1000

#: Fewest and most sources of an operator.
SOURCES: dict[str, tuple[int, int]] = {
    "Read": (0, 0),
    "ProductSet-Reader": (0, 0),
    "SliceAssembly": (1, _MANY),
    "Back-Geocoding": (1, _MANY),
    "TOPSAR-Merge": (1, _MANY),
    "DEM-Assisted-Coregistration": (1, _MANY),
    "CreateStack": (1, _MANY),
    "StampsExport": (1, _MANY),
}


@dataclass(frozen=True)
class Node:
    """A node of a graph: operator, parameters that are given, identifiers of its sources in order."""

    id: str
    operator: str
    parameters: Mapping[str, str]
    sources: tuple[str, ...]

    def get(self, name: str, default: str = "") -> str:
        """The text of a parameter, or a default where it is not given or empty."""
        return self.parameters.get(name) or default


def read_graph(path: str, variables: Mapping[str, str]) -> list[Node]:
    """Nodes of a graph in an order in which each comes after its sources.

    Parameters
    ----------
    path : str
        An XML file.
    variables : mapping
        What ``${name}`` in it stands for (``-Pname=value``).
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise Refused(f"{path} ({error.strerror})") from None
    text = re.sub(r"\$\{([\w.]+)\}", lambda match: variables.get(match.group(1), match.group(0)), text)
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise Refused(f"Error reading graph file: {error}") from None
    if root.tag != "graph" or not root.get("id"):
        raise Refused("Graph file has no element 'graph' with an id.")
    if (root.findtext("version") or "").strip() != "1.0":
        raise Refused("Graph version 1.0 is expected.")
    nodes = [_node(element) for element in root.findall("node")]
    if not nodes:
        raise Refused("Empty graph.")
    return _ordered(nodes)


def _node(element: ET.Element) -> Node:
    name, operator = element.get("id") or "", (element.findtext("operator") or "").strip()
    unknown = [child.tag for child in element if child.tag not in ("operator", "sources", "parameters")]
    if not name or not operator or unknown:
        raise Refused(f"[NodeId: {name}] The node is not complete or has unknown elements: {', '.join(unknown)}")
    if operator not in operators():
        raise Refused(f"[NodeId: {name}] SPI not found for operator '{operator}'")
    return Node(name, operator, _parameters(element, name, operator), _sources(element, name))


def _parameters(element: ET.Element, name: str, operator: str) -> dict[str, str]:
    holder = element.find("parameters")
    if holder is None:
        return {}
    if holder.get("class") not in (None, _PARAMETERS_CLASS):
        raise Refused(f"[NodeId: {name}] Cannot make parameters of class {holder.get('class')}")
    values: dict[str, str] = {}
    for child in holder:
        if child.tag in values:
            raise Refused(f"[NodeId: {name}] Element '{child.tag}' occurs twice.")
        values[child.tag] = (child.text or "").strip()
    check_parameters(values, name, operator)
    return values


def check_parameters(values: Mapping[str, str], name: str, operator: str) -> None:
    """Refuse parameters that an operator does not have, and values that they do not take."""
    known = operators()[operator]
    for tag, text in values.items():
        if tag not in known:
            raise Refused(f"[NodeId: {name}] Operator '{operator}': Unknown element '{tag}'")
        if text:
            try:
                known[tag].check(text)
            except Refused as error:
                raise Refused(f"[NodeId: {name}] Operator '{operator}': {error}") from None


def _sources(element: ET.Element, name: str) -> tuple[str, ...]:
    holder = element.find("sources")
    children = [] if holder is None else list(holder)
    tags = [child.tag for child in children]
    if any(not _SOURCE.fullmatch(tag) for tag in tags) or len(set(tags)) != len(tags):
        raise Refused(f"[NodeId: {name}] Sources must be sourceProduct, sourceProduct.1, …: {', '.join(tags)}")
    if any(not child.get("refid") for child in children):
        raise Refused(f"[NodeId: {name}] A source has no refid.")
    expected = ["sourceProduct", *(_SEVERAL.format(i) for i in range(1, len(tags)))]
    if len(tags) > 1 and sorted(tags) != sorted(expected):
        raise Refused(f"[NodeId: {name}] Sources must be sourceProduct, sourceProduct.1, …: {', '.join(tags)}")
    order = sorted(children, key=lambda child: int((_SOURCE.fullmatch(child.tag) or [0, 0])[1] or 0))
    return tuple(child.get("refid") or "" for child in order)


def _ordered(nodes: list[Node]) -> list[Node]:
    by_id = {node.id: node for node in nodes}
    if len(by_id) != len(nodes):
        raise Refused("Duplicate node id in the graph.")
    for node in nodes:
        for source in node.sources:
            if source not in by_id:
                raise Refused(f"Missing source. Node Id: {node.id} Source Id: {source}")
        low, high = SOURCES.get(node.operator, (1, 1))
        if not low <= len(node.sources) <= high:
            raise Refused(f"[NodeId: {node.id}] Operator '{node.operator}': {low} source product(s) expected.")
    done: list[Node] = []
    waiting = list(nodes)
    while waiting:
        ready = [node for node in waiting if all(by_id[source] in done for source in node.sources)]
        if not ready:
            raise Refused(f"Graph contains a cycle: {', '.join(node.id for node in waiting)}")
        done += ready
        waiting = [node for node in waiting if node not in ready]
    return done
