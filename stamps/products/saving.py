"""Files that a plot leaves behind: its values, the fit of a velocity, the time series for ``ts_plot``.

They are written to the project directory, or to the user's home directory if that cannot be written; pictures and pages
go where the user wants them. Source: docs/method/products.md, sections 2.5 and 2.7.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import WorkspaceError
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.plain_files import check_plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.products.quantities import Project
    from stamps.products.values import Shown, TimeSeries


__all__ = ["SERIES_NAME", "check_place", "complete_file", "save_values"]

#: Text file that names the latest time series.
SERIES_NAME = "ps_plot_ts_matname.txt"


@contextlib.contextmanager
def complete_file(path: StrPath, what: str) -> Iterator[Path]:
    """Context that gives a temporary path; the file takes its place when the context ends without error.

    Parameters
    ----------
    path : Path
        Anywhere: the folder need not be a project.
    what : str
        What it is, for the message: ``'picture'``.

    Raises
    ------
    WorkspaceError
        The file cannot be written, or there is something else than a plain file; what was there is as it was.
    """
    place = Path(path)
    check_place(place, what)
    part = place.with_name(f".stamps-{uuid.uuid4().hex}.part")  # nobody can have put a link there
    try:
        yield part
        os.replace(part, place)
    except OSError as error:
        reason = error.strerror or error
        raise WorkspaceError(f"The {what} {path} cannot be written ({reason}): choose another place.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def check_place(path: Path, what: str) -> None:
    """WorkspaceError unless a file can be put at ``path``: there is nothing, or a plain file, in a folder that exists."""
    check_plain(path)
    if not os.path.isdir(path.parent):
        raise WorkspaceError(
            f"The {what} {path} cannot be written: {path.parent} is no folder; make it or choose another place."
        )


def save_values(shown: Shown) -> None:
    """Save what the request asks for, all files together.

    Parameters
    ----------
    shown : Shown
    """
    files: dict[str, dict[str, Any]] = {}
    texts: dict[str, str] = {}
    if shown.values.fit is not None:
        files["mean_v"] = {"m": shown.values.fit}
    if shown.values.series is not None:
        name = f"ps_plot_ts_{shown.name}"
        files[name] = _series(shown.project, shown.values.series, shown.reference)
        texts[SERIES_NAME] = f"{name}.mat\n"
    if shown.request.saves:
        files[f"ps_plot_{shown.name}"] = {"ph_disp": shown.phases, "ifg_list": shown.columns}
    if files:
        _publish(shown.project.ws, files, texts, needed=shown.request.saves)


def _series(project: Project, series: TimeSeries, reference: NDArray[np.int64] | None) -> dict[str, Any]:
    """Content of a time-series file; every column of the velocity fit with its date."""
    ps = project.ps
    return {
        "ph_mm": series.displacement,
        "lonlat": ps["lonlat"],
        "unwrap_ifg_index": series.columns,
        "ref_ps": np.zeros(0, np.int64) if reference is None else reference,
        "day": ps["day"][series.columns],
        "n_ps": ps["n_ps"],
        "lambda": project.parameters.get("lambda"),
        "ifg_list": None,
        "master_day": ps["master_day"],
        "bperp": ps["bperp"],
    }


def _publish(ws: Workspace, files: Mapping[str, Any], texts: Mapping[str, Any], needed: bool) -> None:
    """Write MAT and text files to the project, else to the home directory; ``needed``: they were asked for, not a plot."""
    log, place = Log(ws, "PS_PLOT"), ws
    try:
        _write(ws, files, texts)
    except WorkspaceError as error:
        home = _home()
        if home is None or home.path == ws.path:
            if needed:
                raise
            log(f"Not saved for ts_plot: {error}", level=2)
            return
        place = home
        _write(place, files, texts)
        log(f"{ws.path} cannot be written: saved in {place.path}", level=2)
    log(f"Saved in {place.path}: {', '.join(f'{name}.mat' for name in files)}", level=2)


def _home() -> Workspace | None:
    """The user's home directory, None if it cannot be written."""
    try:
        home = Path.home()
    except RuntimeError:  # neither HOME nor an entry of the user database
        return None
    return Workspace(home) if home.is_dir() and os.access(home, os.W_OK) else None


def _write(ws: Workspace, files: Mapping[str, Any], texts: Mapping[str, Any]) -> None:
    with ws.publish():
        for name, content in files.items():
            ws.save(name, content)
        for name, text in texts.items():
            ws.write_text(name, text)
