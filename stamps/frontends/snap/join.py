"""Exports of pairs joined to the export of a stack: ``INSAR_<master>/`` with ``rslc``, ``diff0``, ``geo`` and ``dem``.

Pairs are exported into folders of their own, so that nothing is written twice at once. What they share (geometry, the image of
the master) must be the same in all of them; it is compared byte by byte, titles of headers left out. Files are linked, or copied
where the file system has no links.

``python -m stamps.frontends.snap.join [--sweep SETTINGS] WORKDIR MASTER DATE…``

Source: docs/method/snap.md, section 6.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from stamps.errors import InputError, StampsError, WorkspaceError
from stamps.frontends.jobs.store import replace_text
from stamps.frontends.snap.outputs import check_export_files, unusable_pixels
from stamps.frontends.snap.run_settings import RunSettings, sweep
from stamps.workspace.plain_files import read_json

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["MASK", "RECORD", "join", "main", "set_aside"]

#: Names in the joined folder: what was joined, and the mask of pixels without position.
RECORD, MASK = "joined.json", "no_position.mask"

_HEADERS = (".par", ".diff_par")


def join(workdir: StrPath, master: str, dates: Sequence[str]) -> Path:
    """Join the exports of pairs.

    Parameters
    ----------
    workdir : path-like
        Folder with ``export/<master>_<date>/``.
    master : str
        Its date, yyyymmdd.
    dates : sequence of str
        The secondaries. Those that were joined before and are not among them are taken away.

    Returns
    -------
    Path
        ``INSAR_<master>``. Beside the export it holds ``joined.json``, and ``no_position.mask`` where pixels have no position.

    Raises
    ------
    InputError
        The export of a pair is missing or incomplete, or differs from the others in what they share; the message names it.
        One that differs from most is set aside under another name, so that a retry makes it again.
    WorkspaceError
        A file cannot be written.
    """
    if not dates:
        raise InputError("There is no pair to join: no date but the master is left.")
    root = Path(workdir)
    pairs = {date: root / "export" / f"{master}_{date}" for date in sorted(dates)}
    troubles = [trouble for pair in pairs.values() if (trouble := check_export_files(pair))]
    if troubles:
        raise InputError(" ".join(troubles))
    shared = _shared_files(pairs, master)
    target = root / f"INSAR_{master}"
    try:
        _take_away(target, master, set(pairs))
        names = _put(target, master, pairs, shared)
        missing = _write_mask(target)
        record = {"master": master, "dates": sorted(pairs), "pixels_without_position": missing, "files": names}
        replace_text(target / RECORD, json.dumps(record, indent=1) + "\n")
    except OSError as error:
        raise WorkspaceError(f"{error.filename} cannot be written ({error.strerror}).") from error
    return target


# ---------------------------------------------------------------------- what the pairs share


def _shared_files(pairs: dict[str, Path], master: str) -> list[Path]:
    """Files that all pairs must have alike; a pair that differs from most is set aside."""
    prints = {date: _prints(pair, master) for date, pair in pairs.items()}
    names = sorted({name for found in prints.values() for name in found})
    odd: dict[str, str] = {}
    clear = True
    for name in names:
        counts = Counter(found.get(name, "") for found in prints.values())
        usual, many = counts.most_common(1)[0]
        clear &= 2 * many > len(prints)
        odd.update({date: name for date, found in prints.items() if found.get(name, "") != usual and date not in odd})
    if odd:
        _refuse(pairs, odd, clear)
    first = next(iter(pairs.values()))
    return [first / name for name in names]


def _refuse(pairs: dict[str, Path], odd: dict[str, str], clear: bool) -> NoReturn:
    """Say which pairs differ; where most agree, set the others aside: what is not there is made again by a retry."""
    shown = ", ".join(f"{date} (its {name})" for date, name in sorted(odd.items()))
    told = f"The export of {shown} differs from those of the other pairs in what all must have alike"
    if not clear:
        raise InputError(
            f"{told}, and most do not agree: remove the folders in export/ of those that are wrong, then stamps snap retry."
        )
    names = ", ".join(set_aside(pairs[date]).name for date in sorted(odd))
    raise InputError(f"{told}: it was set aside ({names}), stamps snap retry exports it again.")


def set_aside(export: Path) -> Path:
    """Give an export another name, ``<pair>.odd``; one that has it already goes.

    Raises
    ------
    WorkspaceError
        That cannot be done.
    """
    aside = export.with_name(f"{export.name}.odd")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        os.rename(export, aside)
    except OSError as error:
        raise WorkspaceError(f"{export} cannot be set aside ({error.strerror}).") from error
    return aside


def _prints(pair: Path, master: str) -> dict[str, str]:
    """Fingerprints of the files of a pair that do not hang on its secondary, by their names."""
    files = [*_files_of(pair / "geo"), *_files_of(pair / "dem")]
    files += [pair / "rslc" / f"{master}.rslc", pair / "rslc" / f"{master}.rslc.par"]
    return {file.relative_to(pair).as_posix(): _print_of(file) for file in files}


def _files_of(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []


def _print_of(file: Path) -> str:
    """Fingerprint of a file; the title of a header does not count."""
    made = blake2b(digest_size=16)
    if file.name.endswith(_HEADERS):
        lines = file.read_bytes().splitlines()
        made.update(b"\n".join(line for line in lines if not line.lower().startswith(b"title")))
    else:
        with file.open("rb") as content:
            while block := content.read(2**22):
                made.update(block)
    return made.hexdigest()


# ---------------------------------------------------------------------- the folder


def _put(target: Path, master: str, pairs: dict[str, Path], shared: Sequence[Path]) -> list[str]:
    """Link all files to their places; names of those that are of one pair only."""
    first = next(iter(pairs.values()))
    for file in shared:
        _link(file, target / file.relative_to(first))
    names = []
    for date, pair in pairs.items():
        for file in _own_files(pair, master, date):
            names.append(file.relative_to(pair).as_posix())
            _link(file, target / names[-1])
    return names


def _own_files(pair: Path, master: str, date: str) -> list[Path]:
    """Files that a pair adds to the stack: its secondary, its interferogram."""
    files = [*_files_of(pair / "rslc"), *_files_of(pair / "diff0")]
    return [file for file in files if file.name.startswith((f"{date}.", f"{master}_{date}."))]


def _link(source: Path, target: Path) -> None:
    """A file under a second name, whole at once."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and os.path.samefile(source, target):
        return
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        os.link(source, part)
    except OSError:
        shutil.copy2(source, part)
    os.replace(part, target)


def _take_away(target: Path, master: str, dates: set[str]) -> None:
    """Remove what was joined before and is not wanted any more; nothing that others have put there."""
    try:
        before = read_json(target / RECORD)
        names = [str(name) for name in before["files"]]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return
    for name in names:
        folder, _, file = name.partition("/")
        date = file.partition(".")[0].removeprefix(f"{master}_")
        if folder in ("rslc", "diff0") and "/" not in file and date != master and date not in dates:
            (target / folder / file).unlink(missing_ok=True)


def _write_mask(target: Path) -> int:
    """The mask of pixels without position (1), where there are any; returns their number."""
    place = target / MASK
    part = place.with_name(f".{MASK}.part")
    missing = 0
    with part.open("wb") as mask:
        for block in unusable_pixels(target):
            mask.write(block.astype(np.uint8).tobytes())
            missing += int(block.sum())
    if missing:
        os.replace(part, place)
    else:
        part.unlink()
        place.unlink(missing_ok=True)
    return missing


def main(arguments: Sequence[str] | None = None) -> int:
    """Join; the exit status. A sentence about what is wrong begins with ``Error:``."""
    options = _parser().parse_args(arguments)
    try:
        target = join(options.workdir, options.master, options.dates)
        if options.sweep:
            sweep(options.workdir, RunSettings.read(options.sweep))
    except StampsError as error:
        print(f"Error: {error}")
        return 1
    with contextlib.suppress(OSError):
        shutil.copyfile(Path(options.workdir) / "snap.toml", target / "snap.toml")
    missing = read_json(target / RECORD)["pixels_without_position"]
    print(f"Joined {len(options.dates)} pairs in {target}; {missing} pixels have no position.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="join", description="Join the exports of pairs.")
    parser.add_argument("--sweep", metavar="SETTINGS", help="remove products of pairs that are exported")
    parser.add_argument("workdir")
    parser.add_argument("master")
    parser.add_argument("dates", nargs="+")
    return parser


if __name__ == "__main__":
    sys.exit(main())
