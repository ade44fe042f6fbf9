"""Text headers as Gamma and SNAP write them: ``name: value [value …] [unit …]``.

Source: docs/method/preparation.md, section 1 (sizes); docs/method/loading.md, section 1 (other values).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = [
    "ground_spacing",
    "header_numbers",
    "image_precision",
    "plain_number",
    "raster_size",
    "read_header",
    "scene_centre",
]

_PRECISIONS = {"FCOMPLEX": "f", "SCOMPLEX": "s"}
_USUAL_INCIDENCE = 37.0  # degrees, where the header does not tell it
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")


def read_header(path: StrPath) -> str:
    """Text of a header file.

    Raises
    ------
    InputError
        The file is missing or cannot be read.
    """
    try:
        return read_input(path)
    except OSError as error:
        raise InputError(f"The header {path} cannot be read ({error.strerror}): export it again.") from error


def plain_number(token: str) -> float | None:
    """Number that a token spells, or None; only plain decimal numbers count (no ``nan``, no expressions)."""
    if not _NUMBER.match(token):
        return None
    value = float(token)
    return value if math.isfinite(value) else None


def header_numbers(path: StrPath, name: str, count: int = 1, text: str | None = None) -> list[float]:
    """Numbers that follow the first token that starts with ``name``.

    Parameters
    ----------
    path : path-like
        The header file, named in messages.
    name : str
        Start of the field's name (``'prf'``, ``'initial_baseline(TCN):'``).
    count : int
        How many numbers to read.
    text : str, optional
        Content of the file where it has been read already.

    Returns
    -------
    list of float

    Raises
    ------
    InputError
        The field is absent, too short or not numeric; the message names file and field.
    """
    tokens = (read_header(path) if text is None else text).split()
    field = name.rstrip(":")
    start = next((k for k, token in enumerate(tokens) if token.startswith(name)), None)
    if start is None:
        raise InputError(f"The header {path} has no field '{field}': export it again.")
    values = tokens[start + 1 : start + 1 + count]
    numbers = [value for value in map(plain_number, values) if value is not None]
    if len(numbers) < count:
        wanted = "a number was" if count == 1 else f"{count} numbers were"
        raise InputError(f"The header {path} has '{' '.join(values)}' in field '{field}', but {wanted} expected.")
    return numbers


def ground_spacing(header: StrPath) -> tuple[float, float] | None:
    """Distance of neighbouring pixels on the ground in range and azimuth, metres; None where the header is silent."""
    along_range, along_azimuth = (_optional(header, f"{axis}_pixel_spacing") for axis in ("range", "azimuth"))
    if along_range is None or along_azimuth is None:
        return None
    incidence = _optional(header, "incidence_angle")
    if incidence is None or not 0 < incidence < 90:
        incidence = _USUAL_INCIDENCE
    return along_range / math.sin(math.radians(incidence)), along_azimuth


def scene_centre(header: StrPath) -> tuple[float, float] | None:
    """Longitude and latitude of the middle of the scene in degrees; None where the header is silent."""
    longitude, latitude = (_optional(header, f"center_{axis}") for axis in ("longitude", "latitude"))
    return None if longitude is None or latitude is None else (longitude, latitude)


def _optional(header: StrPath, name: str) -> float | None:
    """Number of a field, or None."""
    try:
        return header_numbers(header, name)[0]
    except InputError:
        return None


def raster_size(path: StrPath, text: str | None = None) -> tuple[int, int]:
    """Size of the image that a header describes.

    Returns
    -------
    width, length : int
        Range samples and azimuth lines: the second field of the lines that contain ``range_samples``
        and ``azimuth_lines``.

    Raises
    ------
    InputError
        A field is absent or not a whole positive number.
    """
    text = read_header(path) if text is None else text
    return _whole_field(path, text, "range_samples"), _whole_field(path, text, "azimuth_lines")


def image_precision(path: StrPath) -> str:
    """Precision of the SLCs that a Gamma header describes: ``'f'`` for FCOMPLEX, ``'s'`` for SCOMPLEX.

    Raises
    ------
    InputError
        The field ``image_format`` is absent or names another format; ``exit_status`` is 4.
    """
    lines = [line.split() for line in read_header(path).splitlines() if "image_format" in line]
    name = lines[0][1] if lines and len(lines[0]) > 1 else ""
    if name not in _PRECISIONS:
        error = InputError(
            f"The header {path} has the image format '{name}', but only FCOMPLEX and SCOMPLEX can be read: convert the "
            "SLCs."
        )
        error.exit_status = 4
        raise error
    return _PRECISIONS[name]


def _whole_field(path: StrPath, text: str, name: str) -> int:
    lines = [line.split() for line in text.splitlines() if name in line]
    if not lines:
        raise InputError(f"The header {path} has no field '{name}': export it again.")
    token = lines[0][1] if len(lines[0]) > 1 else ""
    if not re.fullmatch(r"\d+", token) or int(token) == 0:
        raise InputError(f"The header {path} has '{token}' in field '{name}', but a whole number above 0 was expected.")
    return int(token)
