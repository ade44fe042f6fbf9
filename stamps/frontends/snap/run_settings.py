"""What tasks read when they run rather than have in their commands: where SNAP is, which products are not needed any more.

Commands stay the same when SNAP moves, so what is done is not done again.

Source: docs/method/snap.md, section 3.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.frontends.snap.outputs import check_export_files
from stamps.workspace.plain_files import read_json

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["NAME", "RunSettings", "digest_of", "sweep"]

#: Where they lie, relative to the working directory.
NAME = "graphs/run.json"


@dataclass(frozen=True)
class RunSettings:
    """Settings of a job's tasks.

    Attributes
    ----------
    gpt, user : str
        SNAP's program, and its folder of the user.
    version : str
        SNAP's, when the job was submitted.
    products : mapping
        Pair → products (relative to the working directory) that go once its export is in its place.
    """

    gpt: str
    user: str
    version: str
    products: Mapping[str, list[str]] = field(default_factory=dict)

    def text(self) -> str:
        """As a file holds them."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, path: StrPath) -> RunSettings:
        """The settings of a file.

        Raises
        ------
        InputError
            It cannot be read.
        """
        try:
            found = read_json(path)
            products = {str(pair): [str(name) for name in names] for pair, names in found["products"].items()}
            return cls(str(found["gpt"]), str(found["user"]), str(found["version"]), products)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path} cannot be read ({error}): submit the job again.") from error


def digest_of(text: str) -> str:
    """Twelve digits that differ where a graph differs."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def sweep(workdir: StrPath, settings: RunSettings) -> None:
    """Remove the products of pairs whose export is in its place, and newer than they are."""
    root = Path(workdir)
    for pair, products in settings.products.items():
        export = root / "export" / pair
        if check_export_files(export):
            continue
        made = _newest(export)
        for product in products:
            if ".." not in Path(product).parts and not os.path.isabs(product):
                _remove_older(root / product, made)
    for folder in ("coreg", "ifg"):
        with contextlib.suppress(OSError):  # where products are left
            os.rmdir(root / folder)


def _newest(folder: Path) -> int:
    """When the newest file below a folder was written, ns."""
    return max(path.stat().st_mtime_ns for path in (folder, *folder.rglob("*")))


def _remove_older(product: Path, made: int) -> None:
    """Remove a DIMAP product that is older: first its description, without which it is none."""
    with contextlib.suppress(OSError):
        if product.stat().st_mtime_ns > made:
            return
        product.unlink()
    shutil.rmtree(product.with_suffix(".data"), ignore_errors=True)
