"""Links of docstrings: to sections of the method, cited as "docs/method/unwrapping.md, section 5.6", and to public names.

Functions of the original are shown under their public names; docstrings that name the module are led there.
"""

import importlib.util
import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole

__all__ = ["linked", "setup"]

_NUMBER = r"\d+(?:\.\d+)*"
_CITATION = re.compile(
    rf"(docs/method/(\w+)\.md)(?:(,?) (sections?) ({_NUMBER}(?:(?:, and | and | to |, ){_NUMBER})*))?"
)


def linked(text: str) -> str:
    """A docstring in which what it cites of the method is a link.

    Parameters
    ----------
    text : str
        reStructuredText; a citation may go on in the next line.
    """
    gaps = re.sub(r"(docs/method/\w+\.md,?)\s+(sections?)\s+(?=\d)", r"\1 \2 ", text)
    return _CITATION.sub(_roles, gaps)


def _roles(match: re.Match[str]) -> str:
    page, numbers = match[2], match[5]
    if not numbers:
        return f":method:`{match[1]} <{page}>`"
    found = re.sub(_NUMBER, lambda number: f":method:`{number[0]} <{page} {number[0]}>`", numbers)
    return f":method:`{match[1]} <{page}>`{match[3]} {match[4]} {found}"


def _docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = linked("\n".join(lines)).split("\n")


def _resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: nodes.Element) -> nodes.Node | None:
    if node.get("refdomain") == "py":
        return _public(app, env, node, contents)
    if node["reftype"] != "method":
        return None
    page, _, number = node["reftarget"].partition(" ")
    target = app.builder.get_relative_uri(node["refdoc"], f"method/{page}")
    if number:
        anchor = _anchor(env.metadata[f"method/{page}"], number)
        if anchor is None:
            return None
        target += f"#{anchor}"
    return nodes.reference("", contents.astext(), refuri=target, internal=True)


def _public(app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: nodes.Element) -> nodes.Node | None:
    """``stamps.legacy.ps_plot.ps_plot`` as ``stamps.ps_plot``; a module that has no page as its name."""
    target = node["reftarget"]
    if match := re.fullmatch(r"stamps\.legacy\.(\w+)\.(\1)", target):
        name, domain = f"stamps.{match[1]}", env.domains["py"]
        return domain.resolve_xref(env, node["refdoc"], app.builder, "func", name, node, contents)
    if node["reftype"] == "mod" and target.startswith("stamps.") and importlib.util.find_spec(target):
        return contents
    return None


def _anchor(metadata: dict[str, Any], number: str) -> str | None:
    """The anchor of the section with a number."""
    for _, anchor, title in metadata.get("myst_slugs", {}).values():
        if title.startswith(f"{number} "):
            return anchor
    return None


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx link citations."""
    app.add_role("method", XRefRole())
    app.connect("autodoc-process-docstring", _docstring)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
