"""Persistent or distributed: what ``pscands.1.ds`` says of the candidates of the patches, for the pixels of a project.

``mt_add_ds`` writes a line for every candidate, in the order of ``pscands.1.ij``: kind (0 PS, 1 DS), number of alike pixels,
temporal coherence, bound of the phase noise in radians. Steps 1 to 8 do not read it.

Source: docs/method/linking.md, sections 8.1 and 8.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.lists import format_general, read_candidates
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from stamps.workspace import Workspace

__all__ = ["FILE", "KINDS", "KindTable", "Kinds", "format_kinds", "kinds_of", "kinds_of_patch"]

FILE = "pscands.1.ds"
#: Number in the file -> word.
KINDS = ("ps", "ds")
_MOST_SHP = 65535
_MOST_TCOH = 1.00001  # rounded
_SIDE = 1 << 31  # longer than any line of an image
_COLUMNS = ("is_ds", "n_shp", "tcoh", "sigma")


@dataclass(frozen=True)
class Kinds:
    """What is known of pixels.

    Attributes
    ----------
    is_ds : (n,) bool array
    n_shp : (n,) int64 array
        Number of alike pixels, the pixel itself included; 0 where nothing was linked.
    tcoh : (n,) float32 array
        Temporal coherence of the linked phases, 0 to 1.
    sigma : (n,) float32 array
        Bound of their noise, radians; infinite where it is not known.
    """

    is_ds: NDArray[np.bool_]
    n_shp: NDArray[np.int64]
    tcoh: NDArray[np.float32]
    sigma: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.is_ds)

    def at(self, rows: NDArray[Any]) -> Kinds:
        """Some of the pixels."""
        return Kinds(self.is_ds[rows], self.n_shp[rows], self.tcoh[rows], self.sigma[rows])

    @property
    def words(self) -> NDArray[np.str_]:
        """``ps`` or ``ds``, (n,)."""
        return np.where(self.is_ds, KINDS[1], KINDS[0])

    @property
    def counts(self) -> tuple[int, int]:
        """How many PS and DS there are."""
        n_ds = int(np.count_nonzero(self.is_ds))
        return len(self) - n_ds, n_ds


def format_kinds(kinds: Kinds) -> bytes:
    """Text of the file: ``kind n_shp tcoh sigma`` a line, six significant digits."""
    columns = [kinds.is_ds.astype(np.float64), kinds.n_shp, kinds.tcoh, kinds.sigma]
    texts = [format_general(np.asarray(column, np.float64)).splitlines() for column in columns]
    return b"".join(b" ".join(row) + b"\n" for row in zip(*texts, strict=True))


def kinds_of_patch(patch: Workspace) -> Kinds | None:
    """Kinds of the candidates of a patch, in the order of ``pscands.1.ij``.

    Parameters
    ----------
    patch : Workspace

    Returns
    -------
    Kinds or None
        None where there are no DS (``mt_add_ds`` was not run).

    Raises
    ------
    InputError
        A line of the file is none.
    """
    path = patch.file(FILE)
    if not path.is_file():
        return None
    try:
        table = np.array(read_input(path).split(), dtype=np.float64).reshape(-1, 4)
    except ValueError as error:
        raise InputError(_damaged(path)) from error
    kind, n_shp, tcoh, sigma = table.T
    fits = np.isin(kind, (0, 1)) & (n_shp >= 0) & (n_shp <= _MOST_SHP) & (n_shp == np.floor(n_shp))
    fits &= (tcoh >= 0) & (tcoh <= _MOST_TCOH) & (sigma >= 0)
    if not fits.all():
        raise InputError(_damaged(path))
    with np.errstate(over="ignore"):
        return Kinds(kind == 1, n_shp.astype(np.int64), tcoh.astype(np.float32), sigma.astype(np.float32))


@dataclass(frozen=True)
class KindTable:
    """Kinds of all candidates of a project or a patch, to look pixels up.

    Attributes
    ----------
    patches : tuple of Kinds
        Of each patch that has them.
    """

    patches: tuple[Kinds, ...]
    _places: NDArray[np.int64]
    _kinds: Kinds

    @classmethod
    def of(cls, ws: Workspace) -> KindTable | None:
        """The table of a project directory or a patch.

        Parameters
        ----------
        ws : Workspace

        Returns
        -------
        KindTable or None
            None where no patch has DS.

        Raises
        ------
        InputError
            A file is malformed, or does not fit to its candidates.
        """
        names = ws.patch_list() if ws.has_file("patch.list") else []
        folders = [ws] if ws.has_file(FILE) else [ws / name for name in names]
        found = [(folder, kinds) for folder in folders if (kinds := kinds_of_patch(folder)) is not None]
        if not found:
            return None
        places, first = np.unique(
            np.concatenate([_places(folder, len(kinds)) for folder, kinds in found]), return_index=True
        )
        columns = [np.concatenate([getattr(kinds, name) for _, kinds in found]) for name in _COLUMNS]
        return cls(tuple(kinds for _, kinds in found), places, Kinds(*columns).at(first))

    def at(self, ij: NDArray[Any]) -> Kinds:
        """Kinds of pixels.

        Parameters
        ----------
        ij : (n, 3) array
            Number, line and sample of each pixel (``ij`` of ``ps<version>``).

        Returns
        -------
        Kinds
            A pixel that is no candidate any more counts as PS without alike pixels.
        """
        wanted = np.asarray(ij[:, 1], np.int64) * _SIDE + np.asarray(ij[:, 2], np.int64)
        if not self._places.size:
            nothing = np.zeros(wanted.size)
            return Kinds(
                nothing > 0, nothing.astype(int), nothing.astype(np.float32), np.full_like(nothing, np.inf, np.float32)
            )
        row = np.minimum(np.searchsorted(self._places, wanted), self._places.size - 1)
        known, found = self._places[row] == wanted, self._kinds.at(row)
        return Kinds(
            found.is_ds & known,
            np.where(known, found.n_shp, 0),
            np.where(known, found.tcoh, np.float32(0)),
            np.where(known, found.sigma, np.float32(np.inf)),
        )


def kinds_of(ws: Workspace, ij: NDArray[Any]) -> Kinds | None:
    """Kinds of the pixels of a project or a patch: :meth:`KindTable.at`, None where no patch has DS."""
    table = KindTable.of(ws)
    return None if table is None else table.at(ij)


def _places(folder: Workspace, n: int) -> NDArray[np.int64]:
    line, sample = read_candidates(folder.file("pscands.1.ij"))
    if line.size != n:
        raise InputError(
            f"{folder.file(FILE)} has {n} lines, but pscands.1.ij beside it has {line.size}: the candidates were selected again; "
            "run mt_add_ds again."
        )
    return line * _SIDE + sample


def _damaged(path: Path) -> str:
    return f"{path} must hold kind, number of alike pixels, temporal coherence and sigma in every line: run mt_add_ds again."
