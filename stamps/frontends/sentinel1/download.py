"""Download the products that a ``project.conf`` with ``autoDownload = Y`` asks for.

::

    python -m stamps.frontends.sentinel1.download project.conf --list
    python -m stamps.frontends.sentinel1.download project.conf

Source: docs/method/sentinel1.md, section 9.
"""

from __future__ import annotations

import argparse
import errno
import os
import re
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, ParameterError, StampsError
from stamps.frontends.sentinel1.archive import (
    Granule,
    Wanted,
    asf_library,
    find_granules,
    open_session,
    parse_day,
    parse_platforms,
)
from stamps.frontends.sentinel1.area import read_area
from stamps.frontends.sentinel1.containers import find_products, open_product, product_name

if TYPE_CHECKING:
    from stamps.frontends.snap.project_conf import ProjectConf

__all__ = ["add_options", "download", "fetch", "main", "missing_of", "wanted_of"]

_AT_ONCE = 2
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError)


class _GivesUp(InputError):
    """What makes all further downloads useless."""


# ---------------------------------------------------------------------- what is wanted, what is there


def wanted_of(conf: ProjectConf) -> Wanted:
    """What a ``project.conf`` looks for.

    Raises
    ------
    InputError
        It asks for no downloads, for those of another sensor, or names no area.
    ParameterError
        A day, platform, beam mode or track that is none.
    """
    search = conf.download
    if search is None:
        raise InputError(f"{conf.path} does not ask for downloads: set autoDownload = Y.")
    if conf.sensor != "S1":
        raise InputError(f"{conf.path} is about {conf.sensor}: only products of Sentinel-1 can be downloaded.")
    if conf.aoi is None:
        raise InputError(f"{conf.path} names no area. {' '.join(conf.problems)}".strip())
    mode = search.get("mode", "IW").upper()
    mode = "IW" if mode == "SLC" else mode
    if not re.fullmatch("IW|S[1-6]", mode):
        raise ParameterError(f"beamMode = {mode} is none of IW and S1 to S6.")
    if search.get("track") and conf.track is None:
        raise ParameterError(f"TRACK = {search['track']} is no number from 1 to 175.")
    start, end = (parse_day(search.get(key, ""), key.upper()) for key in ("start", "end"))
    if start and end and start > end:
        raise ParameterError(f"START = {start} is later than END = {end}.")
    area = read_area(conf.aoi if isinstance(conf.aoi, str) else list(conf.aoi))
    return Wanted(area, conf.track, start, end, parse_platforms(search.get("platform", "")), mode)


def missing_of(granules: Iterable[Granule], places: Iterable[Path]) -> list[Granule]:
    """Products that are not there: neither a folder of the name, nor a zip file of the right size.

    Parameters
    ----------
    granules : iterable of Granule
    places : iterable of Path
        Where products may be; those that do not exist do not count.
    """
    try:
        there = find_products([place for place in places if place.exists()])
    except InputError:
        there = []
    named: dict[str, list[Path]] = {}
    for path in there:
        named.setdefault(product_name(path), []).append(path)
    return [
        one
        for one in granules
        if not any(_complete(path, one.size) for path in named.get(product_name(Path(one.name)), ()))
    ]


def _complete(path: Path, size: int | None) -> bool:
    return path.is_dir() or (zipfile.is_zipfile(path) if size is None else path.stat().st_size == size)


# ---------------------------------------------------------------------- downloads


def fetch(
    granules: Sequence[Granule], folder: Path, at_once: int = _AT_ONCE, say: Callable[[str], object] = print
) -> list[str]:
    """Download products into a folder; a product bears its name when it is whole and tested.

    Parameters
    ----------
    granules : sequence of Granule
    folder : Path
        It is made.
    at_once : int
        Most downloads at once.
    say : callable
        Told each product that has come.

    Returns
    -------
    list of str
        A sentence for each product that did not come.

    Raises
    ------
    InputError
        None can come: no room, no connection, no permission; products that have come before stay.
    """
    _make_room(granules, folder)
    failures = []
    with open_session() as session, ThreadPoolExecutor(max_workers=max(1, min(at_once, len(granules)))) as pool:
        running = {pool.submit(_fetch_one, one, folder, session): one for one in granules}
        try:
            for done in as_completed(running):
                try:
                    done.result()
                    say(f"{running[done].name} has come.")
                except _GivesUp:
                    raise
                except InputError as error:
                    failures.append(str(error))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return failures


def _make_room(granules: Sequence[Granule], folder: Path) -> None:
    """Make the folder, and see that all fits."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise InputError(f"{folder} cannot be made or written ({error.strerror}).") from None
    needed = sum(one.size or 0 for one in granules)
    if needed > free:
        raise InputError(f"The products need {_amount(needed)}, but {folder} has room for {_amount(free)} only.")


def _fetch_one(granule: Granule, folder: Path, session: Any) -> None:
    """Download one product as ``.part``, test it, give it its name."""
    asf = asf_library()
    part = folder / f"{granule.name}.part"
    try:
        part.unlink(missing_ok=True)
        asf.download_url(granule.url, str(folder), part.name, session)
        _test(part, granule)
        part.replace(folder / granule.name)
    except asf.exceptions.ASFError as error:
        raise _refusal(granule, str(error)) from None
    except OSError as error:
        raise _failure(granule, folder, error) from None
    finally:
        part.unlink(missing_ok=True)


def _test(part: Path, granule: Granule) -> None:
    """Stop at a file that is no whole product."""
    size = part.stat().st_size
    if granule.size is not None and size != granule.size:
        raise InputError(f"{granule.name} came with {size} bytes instead of {granule.size}: download it again.")
    try:
        with zipfile.ZipFile(part) as archive:
            damaged = archive.testzip()
    except _BROKEN as error:
        raise InputError(f"{granule.name} came as no whole zip file ({error}): download it again.") from None
    if damaged:
        raise InputError(f"{granule.name} came damaged, in {damaged}: download it again.")
    open_product(part).close()


def _refusal(granule: Granule, text: str) -> InputError:
    """The error of what the archive does not give."""
    found = re.match(r"HTTP (\d{3})", text)
    status = found[1] if found else ""
    if status in ("401", "403"):
        return _GivesUp(
            f"The archive refuses the download (HTTP {status}): check the credentials, and accept its terms once in a browser at "
            "https://search.asf.alaska.edu."
        )
    return InputError(f"{granule.name} cannot be downloaded ({f'HTTP {status}' if status else text[:100]}).")


def _failure(granule: Granule, folder: Path, error: OSError) -> InputError:
    """The error of a connection, or of a disk."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _GivesUp(f"There is no room left in {folder} for {granule.name}.")
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return InputError(f"{granule.name} cannot be downloaded (HTTP {status}): try again later.")
    if error.filename is not None:
        return _GivesUp(f"{error.filename} cannot be written ({error.strerror}).")
    return _GivesUp(
        f"The connection was lost or not made while {granule.name} was to come ({type(error).__name__}): check the network, and "
        "start again; what has come stays."
    )


# ---------------------------------------------------------------------- the command


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the command understands to its parser."""
    parser.add_argument("conf", metavar="CONF", help="project.conf with autoDownload = Y")
    parser.add_argument("--list", action="store_true", dest="list_only", help="say what would come, and what is there")
    parser.add_argument("--folder", metavar="DIR", help="where products go (slaves or secondaries of the project)")
    parser.add_argument("--at-once", type=int, metavar="N", help=f"most downloads at once (NPD, or {_AT_ONCE})")


def download(
    path: str | os.PathLike[str], *, list_only: bool = False, folder: str | None = None, at_once: int | None = None
) -> int:
    """Download what a ``project.conf`` asks for, and print what is done.

    Parameters
    ----------
    path : path-like
        The file.
    list_only : bool
        Only say what would come.
    folder : str, optional
        Where products go (default: ``slaves`` or ``secondaries``, whichever is there).
    at_once : int, optional
        Most downloads at once.

    Returns
    -------
    int
        Exit status: 1 where a product has not come.

    Raises
    ------
    StampsError
        Nothing can be looked for, found or downloaded.
    """
    from stamps.frontends.snap.project_conf import read_project_conf

    conf = read_project_conf(path)
    for warning in conf.warnings:
        print(warning, file=sys.stderr)
    granules = find_granules(wanted_of(conf))
    target = Path(folder).expanduser() if folder else conf.products[0]
    missing = missing_of(granules, dict.fromkeys([target, *conf.products]))
    _print_list(granules, missing, target)
    if list_only or not missing:
        return 0
    failures = fetch(missing, target, at_once or _at_once(conf), lambda line: print(line, flush=True))
    for sentence in failures:
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


def _at_once(conf: ProjectConf) -> int:
    text = (conf.download or {}).get("at_once", "")
    return int(text) if re.fullmatch("[1-9]", text) else _AT_ONCE


def _print_list(granules: Sequence[Granule], missing: Sequence[Granule], folder: Path) -> None:
    dates, size = len({one.date for one in granules}), sum(one.size or 0 for one in missing)
    print(f"{_counted(len(granules), 'product')} of {_counted(dates, 'date')}, {len(granules) - len(missing)} there;")
    print(f"{len(missing)} to come into {folder} ({_amount(size)}).")
    for one in granules:
        print(
            f"{one.date}  {one.name}  {_amount(one.size):>9}  {'' if one in missing else 'there'}".rstrip(), flush=True
        )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _amount(size: int | None) -> str:
    """An amount of bytes for people."""
    if size is None:
        return "?"
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def main(argv: Sequence[str] | None = None) -> int:
    """Understand the arguments, download, print; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m stamps.frontends.sentinel1.download",
        description="Download the Sentinel-1 products that a project.conf of snap2stamps asks for (autoDownload = Y).",
    )
    add_options(parser)
    options = parser.parse_args(argv)
    try:
        return download(options.conf, list_only=options.list_only, folder=options.folder, at_once=options.at_once)
    except StampsError as error:
        print(error, file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    raise SystemExit(main())
