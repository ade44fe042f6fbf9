"""Make the background picture of mean amplitudes.

Reads ``mean_amp.flt`` of the directory or its parent; without one it is put together from those of the patches
(``patch.list``, ``patch.in``, ``width.txt``, ``len.txt``) and written. Writes ``amp_mean.mat`` (``amp_mean``, uint8,
lines by samples) beside it.

Source: docs/method/merging.md, section 4.
"""

from os import PathLike
from pathlib import Path

from stamps.products.mean_amplitude import AMPLITUDE, amplitude_home, grey_of, stored_amplitude, together
from stamps.workspace import Workspace
from stamps.workspace.log import Log

__all__ = ["ps_load_mean_amp"]


def ps_load_mean_amp(workdir: PathLike | str | Workspace = ".") -> Path:
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
    home = amplitude_home(ws)
    with (home or ws).publish():
        if home is None:
            home = ws
            _put_together(ws)
        home.save_raw("amp_mean", {"amp_mean": grey_of(stored_amplitude(home))})
    Log(ws, "PS_LOAD_MEAN_AMP")(f"Mean amplitude written to {home.path / 'amp_mean.mat'}", level=2)
    return home.path / "amp_mean.mat"


def _put_together(ws: Workspace) -> None:
    """Write the amplitudes of the whole image from those of the patches."""
    amplitude = together(ws)
    with ws.open_output(AMPLITUDE) as path:
        amplitude.tofile(path)
