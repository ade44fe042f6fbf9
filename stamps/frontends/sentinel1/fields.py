"""Fields of XML files that may come from anywhere: no document types, no entities, and a sentence where a field is wrong.

Source: docs/method/sentinel1.md, section 1.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from typing import NoReturn
from xml.etree import ElementTree

from stamps.errors import InputError

__all__ = ["Fields", "read_instant"]

_DEEPEST = 64  # levels; products have about ten
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?", re.ASCII)


class _PlainTree(ElementTree.TreeBuilder):
    """Builds a tree of names without namespaces; refuses document types (which declare entities) and nesting without end."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where, self._depth = where, 0

    def doctype(self, *_: object) -> NoReturn:
        """Called at a document type, before anything that it declares is read."""
        raise InputError(f"{self._where} declares a document type, which no Sentinel-1 product does: it is not read.")

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        """Called at the start of an element."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise InputError(
                f"{self._where} nests elements more than {_DEEPEST} deep, which no Sentinel-1 product does."
            )
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        """Called at the end of an element."""
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])


def read_instant(text: str) -> dt.datetime:
    """A time as products and orbit files write it, UTC without a zone.

    Raises
    ------
    ValueError
        It is none.
    """
    found = _INSTANT.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no time")
    whole = dt.datetime.fromisoformat(found[1])
    return whole.replace(microsecond=int((found[2] or "0").ljust(6, "0")[:6]))


class Fields:
    """An element of an XML file; fields below it are found by their names without namespaces.

    Parameters
    ----------
    element : Element
    where : str
        The file, for messages.
    """

    def __init__(self, element: ElementTree.Element, where: str) -> None:
        self._element, self.where = element, where

    @classmethod
    def of(cls, content: bytes, where: str) -> Fields:
        """The root of an XML file.

        Raises
        ------
        InputError
            It is no XML, or declares a document type.
        """
        parser = ElementTree.XMLParser(target=_PlainTree(where))
        try:
            parser.feed(content)
            root = parser.close()
        except (ElementTree.ParseError, ValueError, LookupError) as error:
            raise InputError(f"{where} is no XML ({error}): download the product again.") from None
        return cls(root, where)

    @property
    def tag(self) -> str:
        """Name of the element without its namespace."""
        return self._element.tag

    def wrong(self, name: str, text: str, expected: str) -> InputError:
        """The error of a field that does not hold what it should."""
        shown = " ".join(text.split())[:60]
        return InputError(f"{self.where}: {name} is {shown!r} instead of {expected}. Download the product again.")

    def missing(self, name: str) -> InputError:
        """The error of a field that is not there."""
        return InputError(f"{self.where}: there is no {name}. Download the product again, or leave it out.")

    def all(self, name: str) -> Iterator[Fields]:
        """All elements of a name below this one."""
        for element in self._element.iter(name):
            yield Fields(element, self.where)

    def first(self, name: str) -> Fields:
        """The first element of a name below this one."""
        for found in self.all(name):
            return found
        raise self.missing(name)

    def attribute(self, name: str, default: str | None = None) -> str:
        """An attribute of this element."""
        value = self._element.get(name, default)
        if value is None:
            raise self.missing(f"{self.tag} with the attribute {name}")
        return value

    def attribute_instant(self, name: str) -> dt.datetime:
        """An attribute of this element that is a time."""
        return self._as_instant(f"{self.tag}/{name}", self.attribute(name))

    def text(self, name: str) -> str:
        """Text of the first element of a name below this one; it is never empty."""
        text = self.first(name).own_text
        if not text:
            raise self.wrong(name, text, "a value")
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """Texts of all elements of a name below this one."""
        return tuple(found.own_text for found in self.all(name) if found.own_text)

    @property
    def own_text(self) -> str:
        """Text of this element."""
        return (self._element.text or "").strip()

    def has(self, name: str) -> bool:
        """Whether there is an element of a name below this one that holds text."""
        return any(found.own_text for found in self.all(name))

    def integer(self, name: str) -> int:
        """A whole number."""
        text = self.text(name)
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise self.wrong(name, text, "a whole number")
        return int(text)

    def number(self, name: str) -> float:
        """A finite number."""
        text = self.text(name)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.wrong(name, text, "a number")
        return value

    def instant(self, name: str) -> dt.datetime:
        """A time, UTC."""
        return self._as_instant(name, self.text(name))

    def _as_instant(self, name: str, text: str) -> dt.datetime:
        try:
            return read_instant(text.removeprefix("UTC="))
        except ValueError:
            raise self.wrong(name, text, "a time such as 2020-01-03T05:12:07.101234") from None
