"""Patch layout: how an image is cut into overlapping patches.

Source: docs/method/preparation.md, section 1, patch layout.
"""

from __future__ import annotations

from stamps.workspace.patch_limits import Patch, read_patch

__all__ = ["Patch", "patch_layout", "read_patch"]


def patch_layout(
    width: int, length: int, rg_patches: int = 1, az_patches: int = 1, rg_overlap: int = 50, az_overlap: int = 50
) -> list[tuple[Patch, Patch]]:
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
