"""The mean amplitude of a project: ``mean_amp.flt`` of a directory, or those of its patches in one image.

Reads ``mean_amp.flt`` of the directory or its parent, else those of the patches (``patch.list``, ``patch.in``,
``width.txt``, ``len.txt``).

Source: docs/method/merging.md, section 4.
"""

from pathlib import Path

import numpy as np

from stamps.errors import InputError
from stamps.products.amplitude import amplitude_range, mosaic, to_bytes
from stamps.workspace import Workspace
from stamps.workspace.patch_limits import read_patch
from stamps.workspace.plain_files import read_input

__all__ = ["AMPLITUDE", "amplitude_home", "grey_of", "mean_amplitude", "stored_amplitude", "together"]

AMPLITUDE = "mean_amp.flt"


def mean_amplitude(ws: Workspace) -> np.ndarray:
    """Mean amplitude of the image.

    Parameters
    ----------
    ws : Workspace
        Project or patch directory.

    Returns
    -------
    ndarray of float32, shape (n_line, n_sample)

    Raises
    ------
    InputError
        There are no amplitudes, or they do not fit the width of the image.
    """
    home = amplitude_home(ws)
    return together(ws) if home is None else stored_amplitude(home)


def grey_of(amplitude: np.ndarray) -> np.ndarray:
    """Amplitudes as grey values, ndarray of uint8 of the same shape."""
    return to_bytes(amplitude, *amplitude_range(amplitude))


def amplitude_home(ws: Workspace) -> Workspace | None:
    """The directory that holds the amplitudes of an image: this one or its parent; None if neither does."""
    return next((place for place in (ws, Workspace(ws.path.parent)) if place.has_file(AMPLITUDE)), None)


def stored_amplitude(home: Workspace) -> np.ndarray:
    """The amplitudes that a directory holds, float32, shape (n_line, n_sample); InputError if they are no whole lines."""
    return _read(home.file(AMPLITUDE), _width(home), home.path / AMPLITUDE)


def _width(ws: Workspace) -> int:
    """Samples of a line of the directory's own file."""
    if ws.has_file("patch.in"):
        patch = read_patch(ws.file("patch.in"))
        return patch.range_end - patch.range_start + 1
    return _number(ws, "width.txt")


def _number(ws: Workspace, name: str) -> int:
    path = ws.find(name, levels=2)
    text = read_input(path).split() if path else []
    if not text or not text[0].isdigit():
        raise InputError(f"{ws.path / name} is missing or holds no whole number: run the preparation again.")
    return int(text[0])


def _read(path: Path, width: int, name: Path) -> np.ndarray:
    amplitude = np.fromfile(path, np.float32)
    if amplitude.size == 0 or amplitude.size % width:
        raise InputError(f"{name} holds {amplitude.size} values, which are not whole lines of {width}: delete it.")
    return amplitude.reshape(-1, width)


def together(ws: Workspace) -> np.ndarray:
    """The amplitudes of the whole image from those of the patches, float32, shape (n_line, n_sample)."""
    parts = []
    for name in ws.patch_list():
        patch_ws = ws / name
        if patch_ws.has_file(AMPLITUDE) and patch_ws.has_file("patch.in"):
            patch = read_patch(patch_ws.file("patch.in"))
            width = patch.range_end - patch.range_start + 1
            parts.append((patch, _read(patch_ws.file(AMPLITUDE), width, patch_ws.path / AMPLITUDE)))
    if not parts:
        raise InputError(
            f"{ws.path} has no {AMPLITUDE}, and neither have its patches: there is no amplitude to draw; choose "
            "another background (plot_flag 1)."
        )
    shape = _number(ws, "len.txt"), _number(ws, "width.txt")
    return mosaic(shape, parts)
