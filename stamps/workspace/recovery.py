"""What interrupted commands left in a directory: looked at, completed or discarded.

A staging folder whose marker is complete (:mod:`.journal`) is put in its place, one without is thrown away, and what is not as
a command leaves it is set aside.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stamps.errors import WorkspaceError
from stamps.workspace import journal
from stamps.workspace.journal import STAGING, MalformedJournal, discard, flat, replay
from stamps.workspace.owners import in_use, outlasts
from stamps.workspace.system_locks import remove_stale

__all__ = ["Interruption", "interruptions", "pending", "recover"]


class Interruption(NamedTuple):
    """A staging folder: where it is, whether its command may still be at work, and what it was about to publish.

    ``plan`` maps file names to True (to be put in place) or False (to be deleted); None if nothing was complete yet.
    ``flaw`` says why a folder is none that a command leaves (then nothing of it is used), else None.
    """

    folder: Path
    in_use: bool
    plan: dict[str, bool] | None
    flaw: str | None = None


def interruptions(directory: Path) -> list[Interruption]:
    """What interrupted commands left in a directory, without touching it.

    Parameters
    ----------
    directory : Path

    Returns
    -------
    list of Interruption
    """
    found = []
    for folder in _staging_folders(directory):
        at_work, plan, flaw = in_use(folder), None, None
        try:
            plan = journal.plan_of(folder)
        except MalformedJournal as error:
            flaw = str(error)
        except OSError:
            pass  # it has just gone, or cannot be read
        found.append(Interruption(folder, at_work, plan, flaw))
    return found


def pending(directory: Path) -> dict[str, Path | None]:
    """What :func:`recover` would change: name to the file that would be put there, None where one would be deleted."""
    changes: dict[str, Path | None] = {}
    for left in interruptions(directory):
        if left.plan is None or left.in_use:
            continue
        for name, written in left.plan.items():
            staged = left.folder / flat(name)
            if not written:
                changes[name] = None
            elif staged.is_file():
                changes[name] = staged
    return changes


def recover(directory: Path) -> list[str]:
    """Complete or discard what interrupted commands left in a directory.

    Parameters
    ----------
    directory : Path
        Need not exist.

    Returns
    -------
    list of str
        One sentence for each staging folder that was found.

    Raises
    ------
    WorkspaceError
        A folder is none that a command leaves: nothing of it was used, it is out of the way now. Or files cannot be put
        in their places.
    """
    if not directory.is_dir():
        return []
    remove_stale(directory)
    said = [_recovered(folder, directory) for folder in _staging_folders(directory)]
    return [sentence for sentence in said if sentence is not None]


def _staging_folders(directory: Path) -> Iterator[Path]:
    return iter(sorted(directory.glob(f"{STAGING}*")) if directory.is_dir() else [])


def _recovered(folder: Path, directory: Path) -> str | None:
    """Complete or discard one staging folder and say so; None if that is another process's business."""
    if in_use(folder) and not outlasts(folder):
        return None
    try:
        plan = journal.plan_of(folder)
        if plan is not None:
            replay(folder, directory, plan)
    except FileNotFoundError:
        return None  # another process was faster
    except MalformedJournal as error:
        return _refused(folder, error)
    except OSError as error:
        raise WorkspaceError(
            f"An interrupted save in {directory} cannot be completed ({error.strerror}: {error.filename}): "
            f"make room for its files there and try again, or give it up by deleting {folder.name}."
        ) from error
    discard(folder)
    what = "Discarded an interrupted, unpublished save" if plan is None else "Completed an interrupted save"
    return f"{what} in {directory}"


def _refused(folder: Path, flaw: MalformedJournal) -> str:
    """Put aside what is no staging folder and say so as an error; where it cannot be moved, the sentence is returned."""
    what = f"{folder} is not what an interrupted save leaves ({flaw}): nothing of it was used"
    try:
        aside = journal.set_aside(folder)
    except OSError as error:
        return f"{what}; delete it ({error.strerror})"
    raise WorkspaceError(
        f"{what}, and it is called {aside.name} now. Delete that and give the command again; if a step was interrupted "
        "here, run that step again first."
    )
