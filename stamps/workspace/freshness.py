"""Whether results belong to what they were made from: placeholders, and files that are out of date.

Between step 5 and the end of step 6 ``phuw2.mat`` holds zeros, which the original puts there: nobody may take them for phases.
A file is out of date when an input that its record names (:mod:`.lineage`) has another content now, or is itself out of
date. What a pass hands to the next one (the look-angle error that step 6 subtracts) is no input in this sense: a file of a step
depends only on files of the same and of earlier steps. A file without a valid record (of the original, or changed by hand) is
never out of date.

Who shows or exports numbers refuses such files (:func:`refuse`); the steps go on with a warning, unless the file is of other
pixels (:func:`judged_for_step`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import WorkspaceError
from stamps.workspace import matfile
from stamps.workspace.lineage import FILE, Book, step_of
from stamps.workspace.staleness import PRODUCT, Stale, counts, is_judged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.workspace.directory import Workspace
    from stamps.workspace.log import Log


__all__ = [
    "Judge",
    "check",
    "is_placeholder",
    "is_unwrapped",
    "judged_for_step",
    "placeholder_sentence",
    "refuse",
    "refuse_placeholder",
    "warn",
]


class Judge:
    """Tells which files of a directory are out of date, as they are when it is asked first.

    Parameters
    ----------
    ws : Workspace
    is_patch : bool
        Whether the directory is one of the patches of another one: then it has none itself.
    """

    def __init__(self, ws: Workspace, is_patch: bool = False) -> None:
        self.ws, self.book, self._is_patch = ws, Book.of(ws), is_patch
        self._verdicts: dict[str, Stale | None] = {}
        self._digests: dict[str, str | None] = {}
        self._patches: dict[str, Judge] = {}

    def verdict(self, name: str) -> Stale | None:
        """Why a file is out of date.

        Parameters
        ----------
        name : str
            Full name; ``PATCH_1/ps2.mat`` for one of a directory below.

        Returns
        -------
        Stale or None
        """
        if name not in self._verdicts:
            self._verdicts[name] = None  # a forged record may go round in circles
            self._verdicts[name] = self._judged(name)
        return self._verdicts[name]

    def all_stale(self) -> list[Stale]:
        """Everything that is out of date here but saved plots.

        Returns
        -------
        list of Stale
            In the order of the steps.
        """
        found = [self.verdict(name) for name in sorted(self.book.files) if not name.startswith("ps_plot_")]
        return sorted((stale for stale in found if stale is not None), key=lambda stale: (stale.last, stale.path.name))

    def digest(self, name: str) -> str | None:
        """Digest of a file now, None if it is not there."""
        if name not in self._digests:
            folder, _, file = name.rpartition("/")
            self._digests[name] = self._below(folder).digest(file) if folder else self.book.digest(self.ws, name)
        return self._digests[name]

    def has_record(self, name: str) -> bool:
        """Whether the record of a file is there and is the record of its present content."""
        entry = self.book.files.get(name)
        return entry is not None and entry.run is not None and entry.digest == self.digest(name)

    def step(self, name: str) -> int:
        """The step that made a file of the directory, by its inputs where there are patches; 9 for a product."""
        step = step_of(name)
        if step in (4, 6) and any("/" in source for source, _ in self.book.made_from(name)):
            return 5
        return PRODUCT if step is None else step

    def is_of_other_pixels(self, name: str) -> bool:
        """Whether a file was made for another pixel table than the one that is there now."""
        return self.has_record(name) and any(
            source in ("ps1.mat", "ps2.mat") and source != name and digest != self.digest(source)
            for source, digest in self.book.made_from(name)
        )

    def _below(self, folder: str) -> Judge:
        if folder not in self._patches:
            self._patches[folder] = Judge(self.ws / folder, is_patch=True)
        return self._patches[folder]

    def _judged(self, name: str) -> Stale | None:
        folder, _, file = name.rpartition("/")
        if folder:
            stale = self._below(folder).verdict(file)
            return None if stale is None else replace(stale, root=f"{folder}/{stale.root}")
        if not is_judged(name) or not self.has_record(name):
            return None
        sources = [item for item in self.book.made_from(name) if counts(name, item[0])]
        reasons = [self._through(name, *item) for item in sources if not (self._is_patch and "/" in item[0])]
        return min((stale for stale in reasons if stale is not None), key=lambda stale: stale.first, default=None)

    def _through(self, name: str, source: str, digest: str) -> Stale | None:
        """Whether a file is out of date because of one of its inputs."""
        deeper, last = self.verdict(source), self.step(name)
        if deeper is not None:
            return replace(deeper, path=self.ws.path / name, direct=False, last=max(last, deeper.last))
        now = self.digest(source)
        gone = now is None and self._is_missed(source)
        if now == digest or not digest or (now is None and not gone):
            return None
        first = 1 if gone else 6 if last > 6 and self._is_placeholder(source) else last
        return Stale(self.ws.path / name, source, True, gone, first, last)

    def _is_missed(self, source: str) -> bool:
        """Whether an input that is gone should be there: a patch was prepared anew. Others may have been cleared away."""
        patch = self.ws / source.rpartition("/")[0]
        return "/" in source and patch.has_file("pscands.1.ij") and not patch.has_file(FILE)

    def _is_placeholder(self, source: str) -> bool:
        return is_unwrapped(source.removesuffix(".mat")) and is_placeholder(self.ws, source.removesuffix(".mat"))


# ---------------------------------------------------------------------- who is told


def check(ws: Workspace, name: str, judge: Judge | None = None) -> None:
    """Refuse a file that is out of date.

    Parameters
    ----------
    ws : Workspace
    name : str
        Without ``.mat``.
    judge : Judge, optional
        Of the directory.

    Raises
    ------
    WorkspaceError
        The file is out of date; the sentence says what it was made from and what to run.
    """
    judge = judge or Judge(ws)
    stale = judge.verdict(f"{name}.mat")
    if stale is not None:
        last = stale.last
        if last <= 5:  # nothing can be shown before the steps that the project had reached
            last = max(other.last for other in judge.all_stale() if other.last <= 8)
        raise WorkspaceError(str(replace(stale, last=last)))


def refuse(ws: Workspace) -> None:
    """Let a workspace refuse to read what is out of date: for those who show or export numbers.

    Parameters
    ----------
    ws : Workspace
        From now on :meth:`~stamps.workspace.Workspace.load` raises a WorkspaceError for such a file.
    """
    ws.on_load = partial(check, ws, judge=Judge(ws))


def warn(ws: Workspace, log: Log | None = None) -> None:
    """Let a workspace warn of what is out of date when it is read, once for each cause.

    Parameters
    ----------
    ws : Workspace
    log : callable, optional
        Is given the sentence. Default: the log of the directory.
    """
    from stamps.workspace.log import Log  # which needs workspaces

    ws.on_load = _warning(ws, log or Log(ws, "STAMPS"))


def _warning(ws: Workspace, log: Log) -> Callable[[str], None]:
    """What says of each file that is read whether it is out of date, once for each cause."""
    judge = Judge(ws)
    said: set[str] = set()

    def look(name: str) -> None:
        stale = judge.verdict(f"{name}.mat")
        if stale is not None and stale.root not in said:
            said.add(stale.root)
            log(f"Warning: {stale}")

    return look


@contextlib.contextmanager
def judged_for_step(ws: Workspace, step: int, log: Log) -> Iterator[None]:
    """Context of a step: it warns of inputs that are out of date and refuses those of other pixels.

    Parameters
    ----------
    ws : Workspace
    step : int
        Files of later steps, which an earlier pass left, are not judged.
    log : callable
        Is given the warnings.

    Raises
    ------
    WorkspaceError
        From inside: step 7 or 8 reads a file that was made for other pixels.
    """
    before, judge, warning = ws.on_load, Judge(ws), _warning(ws, log)

    def look(name: str) -> None:
        own = step_of(name.rpartition("/")[2])
        if own is not None and own > step:
            return
        if step >= 7 and judge.is_of_other_pixels(f"{name}.mat"):
            raise WorkspaceError(str(judge.verdict(f"{name}.mat") or f"{ws.path / name}.mat is of other pixels."))
        warning(name)

    ws.on_load = look
    try:
        yield
    finally:
        ws.on_load = before


# ---------------------------------------------------------------------- placeholders


def is_unwrapped(name: str) -> bool:
    """Whether a file (without ``.mat``) holds unwrapped phases."""
    return name.rstrip("0123456789") in ("phuw", "phuw_sb")


def refuse_placeholder(ws: Workspace, name: str, content: Mapping[str, NDArray[Any]]) -> None:
    """Refuse unwrapped phases that are the zeros of step 5.

    Parameters
    ----------
    ws : Workspace
    name : str
        File without ``.mat``.
    content : dict
        What was read of it.

    Raises
    ------
    WorkspaceError
        All phases are zero, and no record says that step 6 made them.
    """
    if is_unwrapped(name) and "ph_uw" in content and _is_nothing(ws, name, content["ph_uw"]):
        raise WorkspaceError(placeholder_sentence(ws, name))


def placeholder_sentence(ws: Workspace, name: str) -> str:
    """What to say of unwrapped phases that are a placeholder."""
    return (
        f"{ws.path / name}.mat holds only zeros, which step 5 leaves there until the phases are unwrapped: run step 6 first "
        "(stamps 6 6)."
    )


def is_placeholder(ws: Workspace, name: str) -> bool:
    """Whether the unwrapped phases of a file are the zeros of step 5.

    Parameters
    ----------
    ws : Workspace
    name : str
        File without ``.mat``.

    Returns
    -------
    bool
        False, too, if there is no such file.
    """
    path = ws.place_of(f"{name}.mat")
    return path.is_file() and _is_nothing(ws, name, matfile.read(path, ["ph_uw"]).get("ph_uw"))


def _is_nothing(ws: Workspace, name: str, phase: NDArray[np.float32] | None) -> bool:
    """Whether phases are all zero and were not found to be so by step 6 (of a scene that does not change at all)."""
    if phase is None or np.size(phase) == 0 or np.any(phase):
        return False
    judge, made_by_step_6 = Judge(ws), {"uw_phaseuw.mat", "phuw_sb2.mat"} - {f"{name}.mat"}
    sources = {source for source, _ in judge.book.made_from(f"{name}.mat")}
    return not (judge.has_record(f"{name}.mat") and sources & made_by_step_6)
