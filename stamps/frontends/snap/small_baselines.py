"""Small baselines out of a single-master export: exact interferograms of any two of its images, without SNAP.

With the interferograms D of the master M with images a and b, that of a with b is ``conj(D_a) D_b / |M|²``, where D of the master
is ``|M|²``: flat earth and topography have gone from both. Baselines are differences. There is no common-band filter, which does
not matter at Sentinel-1's baselines.

``python -m stamps.frontends.snap.small_baselines EXPORT --pairs FILE | --max-days 48 [--max-perp 150] | --connections 3``

Source: docs/method/snap.md, section 7.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, StampsError, WorkspaceError
from stamps.frontends.checks import raise_problems
from stamps.frontends.header_checks import check_headers
from stamps.frontends.headers import header_numbers
from stamps.frontends.names import baseline_file, pair_of_name
from stamps.frontends.rasters import line_blocks, read_rows
from stamps.frontends.snap.pair_choice import ExportImages, PairChoice, chosen_pairs
from stamps.frontends.snap_gamma import BASELINE_FIELDS, check_export, find_export
from stamps.processes.scratch import scratch_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath
    from stamps.frontends.stack import CoregisteredStack


__all__ = ["RECORD", "main", "small_baselines"]

#: Says in the folder what was made.
RECORD = "small_baselines.json"

_OWN = {"SMALL_BASELINES", "geo", "dem", RECORD}
_BLOCK = 1 << 19  # pixels at a time: four rasters of complex double precision in 32 MiB
_REST_OF_BASELINE = (
    "precision_baseline(TCN):\t0.0000000        0.0000000        0.0000000   m   m   m\n"
    "precision_baseline_rate:\t0.0000000        0.0000000        0.0000000   m/s m/s m/s\n"
    "unwrap_phase_constant:\t0.00000     radians\n"
)


def small_baselines(folder: StrPath, choice: PairChoice, output: StrPath | None = None) -> Path:
    """Write the small-baseline stack of a single-master export.

    Parameters
    ----------
    folder : path-like
        The export, ``INSAR_<master>``, or the folder that holds it as the only one.
    choice : PairChoice
        Which images are paired.
    output : path-like, optional
        Folder that is written, whole or not at all (default: ``SB_<master>`` beside the export). One that was written before is
        replaced.

    Returns
    -------
    Path
        The folder: ``SMALL_BASELINES/<a>_<b>/`` with both SLCs and their headers (links), ``<a>_<b>.diff`` (complex float32,
        big-endian) and ``<a>_<b>.base``; ``geo/`` and ``dem/``. ``mt_prep_snap`` prepares it.

    Raises
    ------
    InputError
        The export is incomplete or damaged, holds values that are no numbers, or the pairs do not fit it.
    WorkspaceError
        The folder cannot be written, or holds something else.
    """
    export = _checked(_export_folder(Path(folder)))
    numbers = _baselines(export)
    images = ExportImages(tuple(sorted(numbers)), export.master, _perpendicular(export, numbers))
    pairs = chosen_pairs(images, choice)
    root = Path(export.root)
    target = Path(os.path.abspath(output)) if output is not None else root.with_name(f"SB_{export.master}")
    _check_target(target, root)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder("small-baselines", target.parent) as scratch:
            stage = scratch / "new"
            _write(export, numbers, pairs, stage)
            if target.exists():
                os.rename(target, scratch / "old")
            os.rename(stage, target)
    except OSError as error:
        raise WorkspaceError(f"{error.filename or target} cannot be written ({error.strerror}).") from error
    return target


# ---------------------------------------------------------------------- the export


def _export_folder(folder: Path) -> Path:
    """The folder with ``diff0``: the one given, or the only one in it."""
    if (folder / "diff0").is_dir():
        return folder
    inside = sorted(path.parent for path in folder.glob("INSAR_*/diff0"))
    if len(inside) != 1:
        found = f"{len(inside)} exports ({', '.join(path.name for path in inside)})" if inside else "no export"
        raise InputError(f"{folder} holds {found}: give the folder INSAR_<master> with rslc, diff0 and geo.")
    return inside[0]


def _checked(folder: Path) -> CoregisteredStack:
    """The export, after all checks that a preparation makes."""
    if (folder / "SMALL_BASELINES").exists():
        raise InputError(f"{folder} holds small baselines already: give an export with a single master.")
    pairs = [pair for path in sorted(folder.glob("diff0/*.diff")) if (pair := pair_of_name(str(path)))]
    if not pairs:
        raise InputError(f"{folder / 'diff0'} holds no interferogram <master>_<date>.diff: export the stack again.")
    firsts = [pair[0] for pair in pairs]
    master = max(sorted(set(firsts)), key=firsts.count)
    export, problems = check_export(find_export(master, folder))
    raise_problems(problems, f"The export {folder}")
    impossible, _ = check_headers(export)
    if impossible:
        raise InputError(" ".join(impossible))
    return export


def _baselines(export: CoregisteredStack) -> dict[str, NDArray[np.float64]]:
    """Date to baseline and rate against the master, shape (2, 3)."""
    numbers = {export.master: np.zeros((2, 3))}
    for path, pair in zip(export.interferograms, export.pairs, strict=True):
        if pair is not None and pair[1] != export.master:
            file = baseline_file(path)
            numbers[pair[1]] = np.array([header_numbers(file, field, 3) for field in BASELINE_FIELDS])
    return numbers


def _perpendicular(export: CoregisteredStack, numbers: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Perpendicular baselines at the middle of the image, metres, in the order of the dates."""
    header = export.header or ""
    fields = ("near_range_slc", "range_pixel_spacing", "sar_to_earth_center", "earth_radius_below_sensor")
    near, spacing, orbit, earth = (header_numbers(header, field)[0] for field in fields)
    distance = near + export.width // 2 * spacing
    cos_look = (orbit**2 + distance**2 - earth**2) / (2 * orbit * distance)
    sin_look = np.sqrt(1 - cos_look**2)
    return np.array([numbers[date][0, 1] * cos_look - numbers[date][0, 2] * sin_look for date in sorted(numbers)])


# ---------------------------------------------------------------------- what is written


def _check_target(target: Path, root: Path) -> None:
    """Refuse a folder that is not ours to replace."""
    if target == root or root in target.parents:
        raise InputError(f"{target} lies in the export that it is made of: name another folder with --output.")
    if not os.path.lexists(target):
        return
    others = sorted({path.name for path in target.iterdir()} - _OWN) if target.is_dir() else [target.name]
    if target.is_symlink() or others or not (target / RECORD).is_file():
        held = f" ({', '.join(others[:3])})" if others else ""
        raise WorkspaceError(
            f"{target} holds something else than small baselines{held}: remove it, or name another folder with --output."
        )


def _write(
    export: CoregisteredStack, numbers: dict[str, NDArray[np.float64]], pairs: list[tuple[str, str]], stage: Path
) -> None:
    """All files of the new stack."""
    slc_of = dict(zip(export.slc_dates, export.slcs, strict=True))
    place = stage / "SMALL_BASELINES"
    for one, other in pairs:
        folder = place / f"{one}_{other}"
        folder.mkdir(parents=True)
        for date in (one, other):
            _link_image(slc_of[date] or "", date, folder)
        _write_interferogram(export, (one, other), folder / f"{one}_{other}.diff")
        (folder / f"{one}_{other}.base").write_text(_baseline_text(numbers[other] - numbers[one]), encoding="utf-8")
    if not any(export.master in pair for pair in pairs):
        first = place / "_".join(pairs[0])
        shutil.copyfile(export.header or "", first / f"{export.master}.rslc.par")  # preparation looks for it
    for name in ("geo", "dem"):
        for file in sorted(Path(export.root, name).glob("*")):
            (stage / name).mkdir(exist_ok=True)
            _link(file, stage / name / file.name)
    record = {"master": export.master, "export": export.root, "pairs": [f"{one}_{other}" for one, other in pairs]}
    (stage / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _link_image(path: str, date: str, folder: Path) -> None:
    _link(Path(path), folder / f"{date}.rslc")
    _link(Path(f"{path}.par"), folder / f"{date}.rslc.par")


def _link(source: Path, target: Path) -> None:
    """A file under a second name; a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _baseline_text(rows: NDArray[np.float64]) -> str:
    units = ("m   m   m", "m/s   m/s   m/s")
    lines = zip(BASELINE_FIELDS, rows.tolist(), units, strict=True)
    return "".join(f"{field}\t{a!r}\t{b!r}\t{c!r}\t{unit}\n" for field, (a, b, c), unit in lines) + _REST_OF_BASELINE


def _write_interferogram(export: CoregisteredStack, pair: tuple[str, str], path: Path) -> None:
    """The interferogram of a pair, in blocks of lines."""
    with_master = zip(export.interferograms, export.pairs, strict=True)
    of_date = {of[1]: name for name, of in with_master if of is not None and of[1] != export.master}
    master = dict(zip(export.slc_dates, export.slcs, strict=True))[export.master] or ""
    with path.open("wb") as file:
        for lines in line_blocks(slice(0, export.length), slice(0, export.width), _BLOCK):
            power = np.abs(_rows(master, export, lines)) ** 2
            one, other = (_rows(of_date[date], export, lines) if date in of_date else power for date in pair)
            product = np.divide(np.conj(one) * other, power, out=np.zeros(power.shape, complex), where=power > 0)
            file.write(product.astype(">c8").tobytes())


def _rows(path: str, export: CoregisteredStack, lines: slice) -> NDArray[np.complex128]:
    """Lines of a raster.

    Raises
    ------
    InputError
        A value is no number.
    """
    rows = read_rows(path, ">c8", export.width, lines)
    if not np.isfinite(rows).all():
        line = lines.start + int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise InputError(
            f"The raster {path} holds values that are no numbers, first in line {line + 1}: export it again."
        )
    return rows.astype(np.complex128)


# ---------------------------------------------------------------------- command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status. A sentence about what is wrong begins with ``Error:``."""
    import argparse

    parser = argparse.ArgumentParser(prog="stamps snap small-baselines", description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="INSAR_<master> of the export, or the folder that holds it")
    parser.add_argument("--pairs", metavar="FILE", help="two dates a line")
    parser.add_argument("--max-days", type=float, help="longest temporal baseline, days")
    parser.add_argument("--max-perp", type=float, help="longest perpendicular baseline, m")
    parser.add_argument("--connections", type=int, help="each image with that many that follow")
    parser.add_argument(
        "--output", metavar="DIR", help="folder that is written (default: SB_<master> beside the export)"
    )
    given = parser.parse_args(arguments)
    choice = PairChoice(given.pairs, given.max_days, given.max_perp, given.connections)
    try:
        target = small_baselines(given.folder, choice, given.output)
    except StampsError as error:
        print(f"Error: {error}")
        return 1
    record = json.loads((target / RECORD).read_text(encoding="utf-8"))
    print(f"Wrote {len(record['pairs'])} interferograms to {target}.")
    print(f"Prepare them there: stamps mt_prep_snap {record['master']} {target} 0.6")
    return 0


if __name__ == "__main__":
    sys.exit(main())
