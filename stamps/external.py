"""Run the programs that the method leaves to others: Triangle and SNAPHU, and Gamma's pt2geo.

Each run has its own scratch directory; a program that is missing or fails is explained in one sentence with the end of its own
log. Nothing here knows about projects or parameters.

Triangle (Shewchuk 1996) is taken from the PATH, else from the Python package ``triangle``, else SciPy's Delaunay triangulation
(Qhull) does the work; ``STAMPS_TRIANGLE=program|library|scipy`` forces one. SNAPHU (Chen and Zebker 2001) is taken from the PATH,
else the executable inside the Python package ``snaphu``. Gamma's ``pt2geo`` must be on the PATH where it is needed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.environment import variable
from stamps.errors import ExternalProgramError, ParameterError
from stamps.processes import children
from stamps.processes.scratch import scratch_folder
from stamps.workspace.plain_files import read_input
from stamps.workspace.system_errors import reason_of, signal_name

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath


__all__ = [
    "find_program",
    "pt2geo",
    "pt2geo_command",
    "snaphu",
    "snaphu_command",
    "snaphu_identity",
    "triangle_backend",
    "triangulate",
    "versions",
]

_TRIANGLE_CHOICES = ("program", "library", "scipy")

_SNAPHU_CONF = """\
INFILE  snaphu.in
OUTFILE snaphu.out
COSTINFILE snaphu.costinfile
STATCOSTMODE  DEFO
INFILEFORMAT  COMPLEX_DATA
OUTFILEFORMAT FLOAT_DATA
"""

#: Files of a SNAPHU run, in the order in which they come to be.
SNAPHU_FILES = ("snaphu.conf", "snaphu.in", "snaphu.costinfile", "snaphu.out", "snaphu.log")


def find_program(name: str) -> str | None:
    """Absolute path of a program on the PATH, or None; entries that depend on the current directory do not count.

    A project could hold a ``snaphu`` of its own; with an empty entry or ``.`` in the PATH it would be run.
    """
    places = [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(entry)]
    return shutil.which(name, path=os.pathsep.join(places)) if places else None


# ---------------------------------------------------------------------- Triangle


def triangle_backend() -> str:
    """Which triangulator will be used: ``'program'``, ``'library'`` or ``'scipy'``.

    Raises
    ------
    ParameterError
        ``STAMPS_TRIANGLE`` has another value.
    ExternalProgramError
        The triangulator that ``STAMPS_TRIANGLE`` forces is not installed.
    """
    forced = variable("STAMPS_TRIANGLE").lower()
    available = {
        "program": find_program("triangle") is not None,
        "library": util.find_spec("triangle") is not None,
        "scipy": True,
    }
    if not forced:
        return next(name for name in _TRIANGLE_CHOICES if available[name])
    if forced not in available:
        raise ParameterError(
            f"STAMPS_TRIANGLE is '{forced}', but only program, library and scipy exist: unset it or choose one of these."
        )
    if not available[forced]:
        wanted = "the executable 'triangle' on the PATH" if forced == "program" else "the Python package 'triangle'"
        raise ExternalProgramError(
            f"STAMPS_TRIANGLE={forced} asks for {wanted}, which is not there: install it or unset STAMPS_TRIANGLE."
        )
    return forced


def triangulate(x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
    """Edges of the Delaunay triangulation of points.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates; rounded to six decimals as in Triangle's node file.

    Returns
    -------
    ndarray of int64, shape (n_edge, 2)
        Node numbers from 0. Triangle's own order and direction; from SciPy (low, high), sorted. Empty when there
        are fewer than three points or all lie on a line.

    Notes
    -----
    Source: docs/method/weeding.md, section 5; docs/method/unwrapping.md, section 4; docs/method/scla.md, section 2.
    """
    points = np.column_stack([_six_decimals(x), _six_decimals(y)])
    if len(points) < 3 or _collinear(points):
        return np.empty((0, 2), dtype=np.int64)
    backend = triangle_backend()
    if backend == "program":
        return _triangle_program(points)
    if backend == "library":
        import triangle

        return np.asarray(triangle.triangulate({"vertices": points}, "e")["edges"], dtype=np.int64).reshape(-1, 2)
    return _delaunay_edges(np.column_stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)]))


def _six_decimals(values: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(values, dtype=np.float64).ravel()
    return np.char.mod("%.6f", values).astype(np.float64) if values.size else values


def _collinear(points: NDArray[np.float64]) -> bool:
    centred = points - points[0]
    far = centred[np.argmax((centred**2).sum(axis=1))]
    return bool(np.all(centred[:, 0] * far[1] - centred[:, 1] * far[0] == 0))


def _delaunay_edges(points: NDArray[np.float64]) -> NDArray[np.int64]:
    from scipy.spatial import Delaunay

    triangles = Delaunay(points).simplices
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2), axis=1)
    return np.unique(edges, axis=0).astype(np.int64)


def _triangle_program(points: NDArray[np.float64]) -> NDArray[np.int64]:
    with _scratch("triangle") as folder:
        node_file = folder / "points.1.node"
        lines = [f"{len(points)} 2 0 0", *(f"{i} {px:.6f} {py:.6f}" for i, (px, py) in enumerate(points, 1))]
        node_file.write_text("\n".join(lines) + "\n")
        _run([find_program("triangle") or "triangle", "-e", node_file.name], folder, "triangle.log", "triangle")
        edge_file = folder / "points.2.edge"
        if not edge_file.is_file():
            raise ExternalProgramError(
                f"The program triangle wrote no edge file{_said(folder / 'triangle.log')}: check the installed program "
                "or set STAMPS_TRIANGLE=scipy."
            )
        table = np.loadtxt(edge_file, skiprows=1, comments="#", usecols=(1, 2), dtype=np.int64, ndmin=2)
    return table - 1


# ---------------------------------------------------------------------- SNAPHU


def snaphu_command() -> str:
    """Path of the SNAPHU executable: on the PATH, else inside the Python package ``snaphu``.

    Raises
    ------
    ExternalProgramError
        Neither is there.
    """
    program = find_program("snaphu")
    if program:
        return program
    spec = util.find_spec("snaphu")
    if spec and spec.origin:
        packaged = Path(spec.origin).parent / "snaphu"
        if packaged.is_file():
            return str(packaged)
    raise ExternalProgramError(
        "The program snaphu was found neither on the PATH nor in the Python package 'snaphu': "
        "install it (pip install snaphu) and run step 6 again."
    )


def snaphu_identity() -> bytes:
    """What a result of SNAPHU depends on besides its inputs: the executable and the settings.

    Returns
    -------
    bytes

    Raises
    ------
    ExternalProgramError
        SNAPHU is missing.
    """
    return hashlib.blake2b(Path(snaphu_command()).read_bytes()).digest() + _SNAPHU_CONF.encode()


def snaphu(
    interferogram: NDArray[np.complex64],
    rowcost: NDArray[np.int16],
    colcost: NDArray[np.int16],
    keep: Callable[..., Any] | None = None,
) -> NDArray[np.float32]:
    """Unwrap one interferogram with given arc costs.

    Parameters
    ----------
    interferogram : ndarray of complex64, shape (n_row, n_col)
    rowcost : ndarray of int16, shape (n_row - 1, 4 * n_col)
        Quadruples (offset, sigsq, dzmax, laycost) of vertical neighbours.
    colcost : ndarray of int16, shape (n_row, 4 * (n_col - 1))
        The same for horizontal neighbours.
    keep : callable, optional
        Called as ``keep(name, path)`` for each file of the run after it has succeeded.

    Returns
    -------
    ndarray of float32, shape (n_row, n_col)
        Unwrapped phase in radians.

    Raises
    ------
    ExternalProgramError
        SNAPHU is missing, fails, or writes a file of the wrong size.

    Notes
    -----
    Source: docs/method/unwrapping.md, section 7.1; Chen and Zebker (2001), J. Opt. Soc. Am. A 18.
    """
    n_row, n_col = interferogram.shape
    program = snaphu_command()
    with _scratch("snaphu") as folder:
        (folder / "snaphu.conf").write_text(_SNAPHU_CONF)
        np.ascontiguousarray(interferogram, dtype=np.complex64).tofile(folder / "snaphu.in")
        with open(folder / "snaphu.costinfile", "wb") as file:
            np.ascontiguousarray(rowcost, dtype=np.int16).tofile(file)
            np.ascontiguousarray(colcost, dtype=np.int16).tofile(file)
        _run([program, "-d", "-f", "snaphu.conf", str(n_col)], folder, "snaphu.log", "snaphu")
        output = folder / "snaphu.out"
        size = output.stat().st_size if output.is_file() else 0
        if size != 4 * n_row * n_col:
            raise ExternalProgramError(
                f"snaphu.out has {size} bytes where {4 * n_row * n_col} were expected ({n_row} x {n_col} float32)"
                f"{_said(folder / 'snaphu.log')}."
            )
        unwrapped = np.fromfile(output, dtype=np.float32).reshape(n_row, n_col)
        if keep is not None:
            for name in SNAPHU_FILES:
                keep(name, folder / name)
    return unwrapped


# ---------------------------------------------------------------------- pt2geo


def pt2geo_command() -> str:
    """Path of Gamma's program ``pt2geo``.

    Raises
    ------
    ExternalProgramError
        It is not on the PATH.
    """
    program = find_program("pt2geo")
    if program is None:
        raise ExternalProgramError(
            "Gamma's program pt2geo, which computes positions where there is no longitude raster, was not found on the "
            "PATH: put it there, or export geo/*.lon and geo/*.lat."
        )
    return program


def pt2geo(
    folder: Path, points: str, header: str, heights: str, dem_header: str, diff_header: str, outputs: tuple[str, ...]
) -> None:
    """Let Gamma compute longitude and latitude of points.

    Parameters
    ----------
    folder : Path
        Where the program runs.
    points : str
        File of sample and line of every point, big-endian int32.
    header, dem_header, diff_header : path-like
        Headers of the image, of the DEM and of the offsets between them.
    heights : str
        File of the height of every point, big-endian float32.
    outputs : tuple of str
        Files that it writes: map coordinates in pixels, in projection, and longitude and latitude.

    Raises
    ------
    ExternalProgramError
        The program is missing, fails, or does not write the last file.
    """
    inputs = [points, "-", header, heights, dem_header, diff_header, "1", "1"]
    command = [pt2geo_command(), *map(str, inputs), *outputs]
    log_name = "pt2geo.log"
    _run(command, folder, log_name, "pt2geo")
    expected = (folder / points).stat().st_size
    size = (folder / outputs[-1]).stat().st_size if (folder / outputs[-1]).is_file() else 0
    if size != expected:
        raise ExternalProgramError(
            f"The program pt2geo wrote {size} bytes to {outputs[-1]} where {expected} were expected (two float32 per "
            f"point){_said(folder / log_name)}."
        )
    (folder / log_name).unlink()


# ---------------------------------------------------------------------- common


def versions() -> dict[str, str]:
    """Versions of the external programs as found: name -> text."""
    backend = triangle_backend()
    triangle = {"program": find_program("triangle"), "library": _package_version("triangle")}.get(
        backend, f"scipy {_package_version('scipy')} (Delaunay)"
    )
    try:
        path = snaphu_command()
        text = subprocess.run([path, "-h"], capture_output=True, text=True, timeout=60, check=False)
        banner = next((line for line in (text.stdout + text.stderr).splitlines() if "snaphu v" in line), "").strip()
        snaphu_version = f"{banner or 'unknown version'} ({path})"
    except ExternalProgramError:
        snaphu_version = "not found"
    return {"triangle": f"{backend}: {triangle}", "snaphu": snaphu_version}


def _package_version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown version"


@contextlib.contextmanager
def _scratch(name: str) -> Iterator[Path]:
    """Context with an empty folder in the temporary directory; what does not fit there is explained."""
    try:
        with scratch_folder(name) as folder:
            yield folder
    except OSError as error:
        raise ExternalProgramError(
            f"The files of the program {name} cannot be written to the temporary directory ({reason_of(error)}): make room "
            "there, or set TMPDIR to a folder with more, and run the step again."
        ) from error


def _run(command: Sequence[str], folder: Path, log_name: str, program: str) -> None:
    with open(folder / log_name, "wb") as log:
        try:
            status = children.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        except OSError as error:
            raise ExternalProgramError(f"The program {program} ({command[0]}) cannot be started: {error}.") from error
    if status == children.NOT_STARTED:
        raise ExternalProgramError(f"The program {program} ({command[0]}) cannot be started{_said(folder / log_name)}.")
    if status != 0:
        how = (
            f"was stopped by signal {-status}, {signal_name(-status)}" if status < 0 else f"ended with status {status}"
        )
        raise ExternalProgramError(f"The program {program} {how}{_said(folder / log_name)}.")


def _said(log_file: StrPath, n_lines: int = 3) -> str:
    """The last lines of a program's log as part of a sentence."""
    try:
        lines = [line.strip() for line in read_input(log_file).splitlines() if line.strip()]
    except OSError:
        lines = []
    return f"; it said: {' / '.join(lines[-n_lines:])}" if lines else " and said nothing"
