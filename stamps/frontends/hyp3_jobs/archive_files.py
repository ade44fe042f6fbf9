"""Unpack the zip file of a product: all of it or nothing, inside its folder, and no more than fits.

Source: docs/method/jobs.md, section 7.7.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from stamps.errors import InputError

__all__ = ["Unpacked", "check_archive", "unpack"]

_MOST_MEMBERS = 10_000
_MOST_RATIO = 200  # of the size unpacked to that of the file: rasters reach 20
_SMALL = 1 << 28  # bytes unpacked that are no danger whatever the ratio
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Unpacked:
    """What an archive holds: its files, their bytes, and those of each by its path in the product's folder."""

    files: int
    bytes: int
    sizes: Mapping[str, int] = field(default_factory=dict)


def check_archive(path: Path, name: str) -> Unpacked:
    """Stop at an archive that is damaged, leads out of its folder, or would fill the disk.

    Parameters
    ----------
    path : Path
    name : str
        That it will have, ``<product>.zip``.

    Raises
    ------
    InputError
        Whose sentence says what is wrong.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            found = _checked(members, name, path)
            damaged = archive.testzip()
    except _BROKEN as error:
        raise InputError(
            f"{name} is no whole zip file ({' '.join(str(error).split())[:100]}): download it again."
        ) from None
    if damaged:
        raise InputError(f"{name} is damaged, in {damaged[:100]}: download it again.")
    return found


def _checked(members: list[zipfile.ZipInfo], name: str, path: Path) -> Unpacked:
    """What the list of an archive says; read before anything is unpacked."""
    if len(members) > _MOST_MEMBERS:
        raise InputError(f"{name} holds {len(members)} files, which no product does: it is not unpacked.")
    stem, seen = name.removesuffix(".zip"), set[str]()
    for member in members:
        inside = _place(member, stem, name)
        if not member.is_dir() and inside.lower() in seen:
            raise InputError(f"{name} holds {inside[:100]} twice: it is not unpacked.")
        seen.add(inside.lower())
        if member.flag_bits & 1:
            raise InputError(f"{name} is encrypted: it is not unpacked.")
    total, size = sum(member.file_size for member in members), path.stat().st_size
    if total > _SMALL and total > _MOST_RATIO * size:
        raise InputError(
            f"{name} would be {total >> 20} MiB unpacked, {total // max(size, 1)} times its size: it is not unpacked."
        )
    free = shutil.disk_usage(path.parent).free
    if total > free:
        raise InputError(
            f"{name} needs {total >> 20} MiB unpacked, but there is room for {free >> 20} MiB only in {path.parent}."
        )
    sizes = {_place(member, stem, name): member.file_size for member in members if not member.is_dir()}
    if not sizes:
        raise InputError(f"{name} holds no file: download it again.")
    return Unpacked(len(sizes), total, sizes)


def _place(member: zipfile.ZipInfo, stem: str, name: str) -> str:
    """Path of a member below the product's folder; the folder itself may stand before it."""
    text = member.filename
    pure = PurePosixPath(text)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if (
        pure.is_absolute()
        or ".." in pure.parts
        or "\\" in text
        or "\0" in text
        or _DRIVE.match(text)
        or not pure.parts
        or kind not in (0, stat.S_IFREG, stat.S_IFDIR)
    ):
        raise InputError(f"{name} holds {text[:100]!r}, which does not stay in its folder: it is not unpacked.")
    parts = pure.parts[1:] if pure.parts[0] == stem else pure.parts
    return "/".join(parts) or "."


def unpack(path: Path, folder: Path) -> None:
    """Unpack an archive that was checked into a folder, which takes its place when it is whole.

    Parameters
    ----------
    path : Path
    folder : Path
        What lies there is replaced.

    Raises
    ------
    InputError
        The archive is damaged.
    OSError
        It cannot be written.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                target = part / _place(member, folder.name, path.name)
                if member.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(target, "xb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
        _take_place(part, folder)
    except _BROKEN as error:
        raise InputError(
            f"{path.name} cannot be unpacked ({' '.join(str(error).split())[:100]}): download it again."
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _take_place(part: Path, folder: Path) -> None:
    aside = folder.with_name(f".{folder.name}.before")
    shutil.rmtree(aside, ignore_errors=True)
    if os.path.lexists(folder):
        os.rename(folder, aside)
    os.rename(part, folder)
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        aside.unlink(missing_ok=True)
