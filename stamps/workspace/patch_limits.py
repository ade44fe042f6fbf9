"""The limits of a patch, as its ``patch.in`` says them.

Source: docs/method/preparation.md, section 1, patch layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["Patch", "read_patch"]


@dataclass(frozen=True)
class Patch:
    """A rectangle of the image, counted from 1 with both ends included, as ``patch.in`` stores it."""

    range_start: int
    range_end: int
    azimuth_start: int
    azimuth_end: int

    @property
    def samples(self) -> slice:
        """Slice of the range samples, from 0."""
        return slice(self.range_start - 1, self.range_end)

    @property
    def lines(self) -> slice:
        """Slice of the azimuth lines, from 0."""
        return slice(self.azimuth_start - 1, self.azimuth_end)

    @property
    def text(self) -> str:
        """Content of ``patch.in``: four lines."""
        return f"{self.range_start}\n{self.range_end}\n{self.azimuth_start}\n{self.azimuth_end}\n"


def read_patch(path: StrPath) -> Patch:
    """Read ``patch.in``.

    Raises
    ------
    InputError
        The file is missing, or not four numbers that make a rectangle.
    """
    try:
        tokens = read_input(path).split()
    except OSError as error:
        raise InputError(f"The patch file {path} cannot be read ({error.strerror}): prepare the patches.") from error
    if len(tokens) < 4 or not all(token.isdecimal() for token in tokens[:4]):
        raise InputError(f"The patch file {path} must hold four numbers: range start and end, azimuth start and end.")
    patch = Patch(*(int(token) for token in tokens[:4]))
    if not (1 <= patch.range_start <= patch.range_end and 1 <= patch.azimuth_start <= patch.azimuth_end):
        raise InputError(f"The patch file {path} describes an empty patch: starts count from 1 and come before ends.")
    return patch
