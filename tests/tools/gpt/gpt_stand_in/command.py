"""The command ``gpt``: its options, its help, and how a graph runs."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from .errors import Refused
from .exports import write_export
from .faults import faults_of, happen_before, stage_of
from .graph import Node, check_parameters, read_graph
from .operators import Context, apply
from .products import Product, write_dimap
from .table import Parameter, operators, version

__all__ = ["main"]

_MEMORY = re.compile(r"\d+(\.\d+)?[KMG]?", re.IGNORECASE)


@dataclass
class _Request:
    """What the command line asks for."""

    what: str = ""
    help: bool = False
    diag: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    target: str = "target.dim"


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit status."""
    began = time.time()
    _note({"event": "begin", "arguments": arguments})
    status = 1
    try:
        status = _perform(_parsed(arguments))
    except Refused as error:
        print(f"\nError: {error}", file=sys.stderr)
    finally:
        _note({"event": "end", "arguments": arguments, "status": status, "seconds": round(time.time() - began, 3)})
    return status


def _note(entry: dict[str, object]) -> None:
    """Append a line to the list of calls."""
    if os.environ.get("GPT_CALLS"):
        line = json.dumps({**entry, "pid": os.getpid(), "cwd": os.getcwd()}) + "\n"
        with open(os.environ["GPT_CALLS"], "a", encoding="utf-8") as file:
            file.write(line)


def _parsed(arguments: list[str]) -> _Request:
    request, waiting = _Request(), list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word in ("-h", "--diag", "-x", "-e"):
            request.help |= word == "-h"
            request.diag |= word == "--diag"
        elif word in ("-c", "-q", "-t", "-f", "-p"):
            if not waiting:
                raise Refused(f"Argument for option '{word}' is missing.")
            _valued(request, word, waiting.pop(0))
        elif word[:2] in ("-P", "-S", "-D"):
            name, equals, value = word[2:].partition("=")
            if not name or not equals:
                raise Refused(f"Missing '=' in '{word}'.")
            {"-P": request.variables, "-S": request.sources, "-D": request.properties}[word[:2]][name] = value
        elif word.startswith("-J-X"):
            if not re.fullmatch(r"-J-Xm[xs]\d+[kmg]?", word, re.IGNORECASE):
                raise Refused(f"Invalid maximum heap size: {word[2:]}")
        elif word.startswith("-"):
            raise Refused(f"Unknown option '{word}'")
        elif not request.what:
            request.what = word
        else:
            request.files.append(word)
    return request


def _valued(request: _Request, word: str, value: str) -> None:
    if word == "-c" and not _MEMORY.fullmatch(value):
        raise Refused(f"Value for '-c' is invalid: '{value}'")
    if word == "-q" and not (value.isdigit() and int(value) > 0):
        raise Refused(f"Value for '-q' is invalid: '{value}'")
    if word == "-f" and value not in ("BEAM-DIMAP", "DIMAP"):
        raise Refused(f"The format '{value}' is not known to the stand-in.")
    if word == "-t":
        request.target = value


def _perform(request: _Request) -> int:
    if request.diag:
        print(_diagnosis())
        return 0
    if not request.what:
        print(_usage())
        return 0
    if request.help:
        if request.what not in operators():
            raise Refused(f"Unknown operator '{request.what}'.")
        print(_help(request.what))
        return 0
    graph = request.what if request.what.endswith(".xml") or os.path.exists(request.what) else ""
    nodes = read_graph(graph, {**request.variables, **request.sources}) if graph else _single(request)
    _run(nodes, request)
    return 0


def _single(request: _Request) -> list[Node]:
    """The graph of one operator that is given with its parameters and sources."""
    if request.what not in operators():
        raise Refused(f"Unknown operator '{request.what}'.")
    check_parameters(request.variables, request.what, request.what)
    files = [*request.sources.values(), *request.files]
    reads = [Node(f"Read({k})", "Read", {"file": file}, ()) for k, file in enumerate(files)]
    return [*reads, Node(request.what, request.what, request.variables, tuple(read.id for read in reads))]


def _run(nodes: list[Node], request: _Request) -> None:
    userdir = Path(request.properties.get("snap.userdir") or Path.home() / ".snap")
    made: dict[str, list[Product]] = {}
    readers = [node for node in nodes if node.operator in ("Read", "ProductSet-Reader")]
    for node in readers:
        made[node.id] = apply(node, [], Context(userdir))
    dates = {date for products in made.values() for product in products for date in product.dates}
    faults = faults_of(dates, stage_of(nodes))
    happen_before(faults, nodes)
    for node in nodes:
        if node not in readers:
            sources = [product for source in node.sources for product in made[source]]
            made[node.id] = apply(node, sources, Context(userdir, faults))
    print("Executing processing graph", flush=True)
    _write(nodes, made, request, faults)
    print("....10%....20%....30%....40%....50%....60%....70%....80%....90% done.")


def _write(nodes: list[Node], made: dict[str, list[Product]], request: _Request, faults: frozenset[str]) -> None:
    """Files of the nodes that write, and of one at the end that does not."""
    for node in nodes:
        product = made[node.id][0]
        if node.operator == "Write":
            if node.get("formatName") != "BEAM-DIMAP":
                raise Refused(f"[NodeId: {node.id}] No product writer for format '{node.get('formatName')}'")
            if not node.get("file"):
                raise Refused(f"[NodeId: {node.id}] The parameter 'file' is not specified.")
            write_dimap(product, _dim(node.get("file")), faults)
        elif node.operator == "StampsExport":
            write_export(product, Path(node.get("targetFolder")), faults)
    last = nodes[-1]
    if last.operator != "Write":
        write_dimap(made[last.id][0], _dim(request.target))


def _dim(name: str) -> Path:
    return Path(name if name.endswith(".dim") else f"{name}.dim")


# ---------------------------------------------------------------------- texts


def _diagnosis() -> str:
    return (
        f"SNAP Release version {version()}.0.0\nSNAP home: /opt/snap/bin/..\nSNAP debug: null\nSNAP log level: null\n"
        "Java home: /opt/snap/jre\nJava version: 11.0.19\nProcessors: 2\nMax memory: 10.7 GB\nCache size: 1024.0 MB\n"
        "Tile parallelism: 2\nTile size: 512 x 512 pixels\n\nTo configure your gpt memory usage:\nEdit snap/bin/gpt.vmoptions\n"
    )


def _usage() -> str:
    names = "\n".join(f"  {name:<36}(stand-in)" for name in sorted(operators()))
    return f"Usage:\n  gpt <op>|<graph-file> [options] [<source-file-1> <source-file-2> ...]\n\nOperators:\n{names}"


def _help(operator: str) -> str:
    parameters = operators()[operator].values()
    return (
        f"Usage:\n  gpt {operator} [options] \n\nDescription:\n  {operator}.\n\n\nParameter Options:\n"
        + "".join(map(_parameter_help, parameters))
        + f'\nGraph XML Format:\n  <graph id="someGraphId">\n    <version>1.0</version>\n    <node id="someNodeId">\n'
        f"      <operator>{operator}</operator>\n      <sources>\n        <sourceProduct>${{sourceProduct}}</sourceProduct>\n"
        "      </sources>\n      <parameters>\n"
        + "".join(f"        <{p.name}>{p.java_type.lower()}</{p.name}>\n" for p in parameters)
        + "      </parameters>\n    </node>\n  </graph>"
    )


def _parameter_help(parameter: Parameter) -> str:
    column = " " * 44
    kind = {"string[]": "string,string,string,..."}.get(parameter.java_type.lower(), parameter.java_type.lower())
    lines = [f"  -P{parameter.name}=<{kind}>".ljust(44) + f"Sets parameter '{parameter.name}' to <{kind}>."]
    if parameter.choices:
        lines.append(f"{column}Value must be one of {', '.join(map(repr, parameter.choices))}.")
    elif parameter.allowed:
        lines.append(f"{column}Valid interval is {parameter.allowed}.")
    if parameter.default:
        lines.append(f"{column}Default value is '{parameter.default}'.")
    return "\n".join(lines) + "\n"
