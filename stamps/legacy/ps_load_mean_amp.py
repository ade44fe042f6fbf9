"""Make the background picture of mean amplitudes.

Reads ``mean_amp.flt`` of the directory or its parent; without one it is put together from those of the patches
(``patch.list``, ``patch.in``, ``width.txt``, ``len.txt``) and written. Writes ``amp_mean.mat`` (``amp_mean``, uint8,
lines by samples) beside it.

Source: docs/method/merging.md, section 4.
"""

import numpy as np

from stamps.errors import InputError
from stamps.frontends.patches import read_patch
from stamps.products.amplitude import amplitude_range, mosaic, to_bytes
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.plain_files import read_input

__all__ = ["ps_load_mean_amp"]

_AMPLITUDE = "mean_amp.flt"


def ps_load_mean_amp(workdir="."):
    """Make ``amp_mean.mat``.

    Parameters
    ----------
    workdir : path-like or Workspace
        Project or patch directory.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        There are no amplitudes, or they do not fit the width of the image.
    """
    ws = Workspace.at(workdir)
    home = next((place for place in (ws, Workspace(ws.path.parent)) if place.has_file(_AMPLITUDE)), None)
    with (home or ws).publish():
        if home is None:
            home = ws
            _put_together(ws)
        amplitude = _read(home.file(_AMPLITUDE), _width(home), home.path / _AMPLITUDE)
        home.save_raw("amp_mean", {"amp_mean": to_bytes(amplitude, *amplitude_range(amplitude))})
    Log(ws, "PS_LOAD_MEAN_AMP")(f"Mean amplitude written to {home.path / 'amp_mean.mat'}", level=2)
    return home.path / "amp_mean.mat"


def _width(ws):
    """Samples of a line of the directory's own file."""
    if ws.has_file("patch.in"):
        patch = read_patch(ws.file("patch.in"))
        return patch.range_end - patch.range_start + 1
    return _number(ws, "width.txt")


def _number(ws, name):
    path = ws.find(name, levels=2)
    text = read_input(path).split() if path else []
    if not text or not text[0].isdigit():
        raise InputError(f"{ws.path / name} is missing or holds no whole number: run the preparation again.")
    return int(text[0])


def _read(path, width, name):
    amplitude = np.fromfile(path, np.float32)
    if amplitude.size == 0 or amplitude.size % width:
        raise InputError(f"{name} holds {amplitude.size} values, which are not whole lines of {width}: delete it.")
    return amplitude.reshape(-1, width)


def _put_together(ws):
    """Write the amplitudes of the whole image from those of the patches."""
    parts = []
    for name in ws.patch_list():
        patch_ws = ws / name
        if patch_ws.has_file(_AMPLITUDE) and patch_ws.has_file("patch.in"):
            patch = read_patch(patch_ws.file("patch.in"))
            width = patch.range_end - patch.range_start + 1
            parts.append((patch, _read(patch_ws.file(_AMPLITUDE), width, patch_ws.path / _AMPLITUDE)))
    if not parts:
        raise InputError(
            f"{ws.path} has no {_AMPLITUDE}, and neither have its patches: there is no amplitude to draw; choose "
            "another background (plot_flag 1)."
        )
    shape = _number(ws, "len.txt"), _number(ws, "width.txt")
    with ws.open_output(_AMPLITUDE) as path:
        mosaic(shape, parts).tofile(path)
