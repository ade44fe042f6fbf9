"""Products where they are: zip files, of which nothing is unpacked, and ``.SAFE`` folders, at any depth.

Source: docs/method/sentinel1.md, section 1.
"""

from __future__ import annotations

import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from stamps.errors import InputError
from stamps.workspace.plain_files import check_input

__all__ = ["Container", "find_products", "open_product", "product_name"]

_NAME = re.compile(r"S1[A-Z]_(?:IW|S[1-6])_SLC_.*", re.DOTALL)
_MANIFEST = "manifest.safe"
#: Bytes of a manifest or annotation that can be meant; real ones have up to some megabytes.
_LARGEST = 1 << 26
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError, ValueError)


class Container:
    """What offers the metadata of a product; leaving a ``with`` closes it.

    Attributes
    ----------
    path : Path
        The zip file or folder.
    names : sequence of str
        Members by their place in the ``.SAFE`` folder.
    """

    path: Path
    names: Sequence[str]

    def read(self, name: str) -> bytes:
        """The bytes of a member."""
        raise NotImplementedError

    def close(self) -> None:
        """Let the file go."""

    def __enter__(self) -> Container:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def product_name(path: Path) -> str:
    """Name of a product without the suffixes of its file or folder."""
    name = path.name
    for suffix in (".zip", ".SAFE"):
        if name.lower().endswith(suffix.lower()):
            name = name[: -len(suffix)]
    return name


def open_product(path: Path) -> Container:
    """A product to read from.

    Raises
    ------
    InputError
        It is missing, no zip file, cut short, or without a manifest.
    """
    return _Folder(path) if path.is_dir() else _Zip(path)


class _Folder(Container):
    """A ``.SAFE`` folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / _MANIFEST).is_file():
            raise InputError(f"{path} has no {_MANIFEST}: download the product again, or remove the folder.")
        folder = path / "annotation"
        self.names = [_MANIFEST, *sorted(f"annotation/{one.name}" for one in folder.glob("*.xml") if one.is_file())]

    def read(self, name: str) -> bytes:
        path = self.path / name
        try:
            check_input(path)
            with open(path, "rb") as file:
                return _limited(file.read(_LARGEST + 1), f"{path}")
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}).") from None


class _Zip(Container):
    """A zip file that holds one ``.SAFE`` folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            check_input(path)
            self._archive = zipfile.ZipFile(path)
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}).") from None
        except _BROKEN as error:
            raise InputError(f"{path} is no whole zip file ({error}): download the product again.") from None
        try:
            self._inside = self._folder()
        except InputError:
            self._archive.close()
            raise
        self.names = sorted(self._inside)

    def _folder(self) -> dict[str, zipfile.ZipInfo]:
        """Members of the ``.SAFE`` folder by their place in it."""
        infos = {PurePosixPath(info.filename): info for info in self._archive.infolist() if not info.is_dir()}
        manifests = [path for path in infos if path.name == _MANIFEST and len(path.parts) <= 2]
        roots = [path.parent for path in manifests if ".." not in path.parts and not path.is_absolute()]
        if len(roots) != 1:
            raise InputError(
                f"{self.path} holds {len(roots) or 'no'} {_MANIFEST} of a .SAFE folder instead of one: download the product "
                "again."
            )
        return {path.relative_to(roots[0]).as_posix(): info for path, info in infos.items() if roots[0] in path.parents}

    def close(self) -> None:
        self._archive.close()

    def read(self, name: str) -> bytes:
        where = f"{self.path}, {name},"
        if name not in self._inside:
            raise InputError(f"{where} is missing: download the product again.")
        try:
            with self._archive.open(self._inside[name]) as member:
                return _limited(member.read(_LARGEST + 1), where)
        except OSError as error:
            raise InputError(f"{where} cannot be read ({error.strerror or error}).") from None
        except _BROKEN as error:
            raise InputError(f"{where} is damaged ({error}): download the product again.") from None


def _limited(content: bytes, where: str) -> bytes:
    if len(content) > _LARGEST:
        raise InputError(f"{where} has more than {_LARGEST >> 20} MiB, which no metadata of a product have.")
    return content


def find_products(places: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Products at places, sorted by name.

    Parameters
    ----------
    places : sequence of path-like
        Folders, which are searched at any depth, zip files and ``.SAFE`` folders. Links are followed.

    Raises
    ------
    InputError
        A place does not exist, or there is no product at all.
    """
    found: dict[Path, None] = {}
    for place in map(Path, places):
        if place.name == _MANIFEST:
            place = place.parent
        if not place.exists():
            raise InputError(
                f"{place} does not exist: products are looked for in folders, zip files and .SAFE folders."
            )
        if place.is_dir() and place.suffix.lower() != ".safe" and not (place / _MANIFEST).is_file():
            found.update(dict.fromkeys(_below(place)))
        else:
            found[place] = None
    if not found:
        raise InputError(
            f"There are no Sentinel-1 products below {', '.join(str(place) for place in places)}: looked for zip files and .SAFE "
            "folders S1?_IW_SLC_* and S1?_S[1-6]_SLC_*, at any depth."
        )
    return sorted(found, key=lambda path: (product_name(path), path))


def _below(place: Path) -> Iterator[Path]:
    """Products in a folder and the folders in it; each folder once, whatever links lead to it."""
    seen = set()
    for root, folders, files in os.walk(place, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        for name in list(folders):
            if name.lower().endswith(".safe"):
                folders.remove(name)
                if _NAME.fullmatch(name):
                    yield Path(root, name)
        for name in files:
            if name.lower().endswith(".zip") and _NAME.fullmatch(name):
                yield Path(root, name)
