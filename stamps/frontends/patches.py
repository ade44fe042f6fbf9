"""Patch layout: how an image is cut into overlapping patches.

Source: docs/method/preparation.md, section 1, patch layout.
"""

from dataclasses import dataclass

from stamps.errors import InputError
from stamps.workspace.plain_files import read_input

__all__ = ["Patch", "patch_layout", "read_patch"]


@dataclass(frozen=True)
class Patch:
    """A rectangle of the image, counted from 1 with both ends included, as ``patch.in`` stores it."""

    range_start: int
    range_end: int
    azimuth_start: int
    azimuth_end: int

    @property
    def samples(self):
        """Slice of the range samples, from 0."""
        return slice(self.range_start - 1, self.range_end)

    @property
    def lines(self):
        """Slice of the azimuth lines, from 0."""
        return slice(self.azimuth_start - 1, self.azimuth_end)

    @property
    def text(self):
        """Content of ``patch.in``: four lines."""
        return f"{self.range_start}\n{self.range_end}\n{self.azimuth_start}\n{self.azimuth_end}\n"


def patch_layout(width, length, rg_patches=1, az_patches=1, rg_overlap=50, az_overlap=50):
    """Cut an image into patches.

    Parameters
    ----------
    width, length : int
        Range samples and azimuth lines of the image.
    rg_patches, az_patches : int
        Number of patches along range and azimuth.
    rg_overlap, az_overlap : int
        Pixels by which a patch reaches beyond its core on each side.

    Returns
    -------
    list of (Patch, Patch)
        Core and core with overlap of PATCH_1, PATCH_2, …: azimuth runs fastest.

    Notes
    -----
    Cores have ``width // rg_patches`` by ``length // az_patches`` pixels; what remains at the far border belongs to
    no core and is processed only as far as the overlap reaches (a quirk of the original).
    """
    core_width, core_length = width // rg_patches, length // az_patches
    layout = []
    for r in range(rg_patches):
        for a in range(az_patches):
            core = Patch(core_width * r + 1, core_width * (r + 1), core_length * a + 1, core_length * (a + 1))
            full = Patch(
                max(1, core.range_start - rg_overlap),
                min(width, core.range_end + rg_overlap),
                max(1, core.azimuth_start - az_overlap),
                min(length, core.azimuth_end + az_overlap),
            )
            layout.append((core, full))
    return layout


def read_patch(path):
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
