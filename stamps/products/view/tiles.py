"""The address of a base map: pieces of a map in Web Mercator, which the page asks for only where an address was given."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from stamps.errors import InputError

__all__ = ["Tiles", "tiles_of"]

_LONGEST = 2000  # characters
#: What may stand in an address: nothing that ends an attribute or an element, or begins another source or directive.
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~%!$&()*+,=:@/?{}]*")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_PLACES = ("{z}", "{x}", "{y}")


@dataclass(frozen=True)
class Tiles:
    """A base map.

    Attributes
    ----------
    address : str
        With ``{z}``, ``{x}`` and ``{y}``: zoom, column from 180° W, row from the north.
    origin : str
        Scheme, host and port: where the page may ask for pictures.
    attribution : str
        Who made it.
    """

    address: str
    origin: str
    attribution: str


def tiles_of(address: str | None, attribution: str | None = None) -> Tiles | None:
    """Check the address of a base map.

    Parameters
    ----------
    address : str or None
    attribution : str, optional
        Default: the host of the address.

    Returns
    -------
    Tiles or None
        None where no address is given.

    Raises
    ------
    InputError
        It is no address of tiles, or could be read as anything else by a browser; an attribution without address.
    """
    if address is None:
        if attribution is not None:
            raise InputError("An attribution of tiles is given without their address: give it, too (tiles).")
        return None
    said = f"The address of tiles {address[:200]!r}"
    if len(address) > _LONGEST:
        raise InputError(f"{said}… has more than {_LONGEST} characters.")
    if not _CHARACTERS.fullmatch(address):
        raise InputError(
            f"{said} holds characters that an address has not: write spaces, quotes and others as %20, %22 …"
        )
    parts = _parts(address, said)
    path = address.partition("//")[2].partition("/")[2]
    if any(path.count(place) != 1 for place in _PLACES) or set(re.findall(r"\{[^{}]*\}?|\}", path)) != set(_PLACES):
        raise InputError(
            f"{said} must name {{z}}, {{x}} and {{y}} once each behind its host, and nothing else in braces."
        )
    origin = f"{parts.scheme.lower()}://{parts.netloc.lower()}"
    return Tiles(address, origin, attribution or str(parts.hostname))


def _parts(address: str, said: str) -> SplitResult:
    """Scheme and host, checked."""
    expected = "https://HOST/…/{z}/{x}/{y}.png"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise InputError(f"{said} has no host and port that can be read: {expected} was expected.") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise InputError(f"{said} begins with neither http:// nor https://: {expected} was expected.")
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    if not _HOST.fullmatch(host):
        raise InputError(f"{said} names no host as a browser's rule of origins takes it: {expected} was expected.")
    return parts
