"""Links of docstrings: to sections of the method, cited as "docs/method/unwrapping.md, section 5.6", and to public names.

Functions of the original are shown under their public names; docstrings that name the module are led there.
"""

import contextlib
import pkgutil
import re
from typing import Any, get_origin

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


def _skip(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Aliases of types (``Pair = tuple[…]``) are no classes with signatures."""
    return True if get_origin(obj) is not None else None


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
    """Names by another way than that of their page: a public name for its module, the face of a package for what it offers.

    What is there and has no page is shown as its name; what is not there stays a warning.
    """
    target = node["reftarget"]
    found = _object(target) or _object(f"{node.get('py:module')}.{target}")
    if found is None:
        return None
    for name in (
        f"stamps.{target.rpartition('.')[2]}",
        f"{found.__module__}.{found.__qualname__}" if _named(found) else target,
    ):
        domain = env.domains["py"]
        if name in domain.data["objects"] and _object(name) is found:
            return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], name, node, contents)
    return contents


def _named(found: object) -> bool:
    return hasattr(found, "__module__") and hasattr(found, "__qualname__")


def _object(name: str) -> Any:
    """The object of this package with a full name; None if there is none."""
    if not name.startswith("stamps."):
        return None
    with contextlib.suppress(ImportError, AttributeError):
        return pkgutil.resolve_name(name)
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
    app.connect("autodoc-skip-member", _skip)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
