"""What was found strange about the input and did not stop the work: kept beside the files, said again when a run ends.

A finding is one whole sentence that names a file, what is strange about it and what to do. Each source (a command, a step in a
directory) replaces what it found before, so that a repaired input is no longer complained of. The file is hidden, unknown to
the original, and published together with the results of its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from stamps.errors import StampsError
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import read_json

if TYPE_CHECKING:
    from stamps.workspace.log import Log


__all__ = ["FILE", "collect", "leave_out", "record", "repeat", "tell"]

#: Where the findings of a directory are kept: JSON, source -> list of sentences.
FILE = ".stamps-findings.json"


_ADVICE = re.compile(r"setparm drop_ifg_index (?:'\[([\d ]+)\]'|(\d+)(?: or (\d+))?)")


def record(ws: Workspace, source: str, sentences: Sequence[str], log: Log | None = None) -> None:
    """Keep what a source found in a directory, in place of what it found before.

    Parameters
    ----------
    ws : Workspace
        Project or patch directory; joins the publication that is under way.
    source : str
        Who found it (``'mt_prep_snap'``, ``'step 1'``).
    sentences : iterable of str
        Empty: nothing is strange any more.
    log : Log, optional
        Says each sentence now, as a warning.
    """
    kept = _read(ws)
    sentences = list(dict.fromkeys(sentences))
    if log is not None:
        for sentence in sentences:
            log(f"Warning: {sentence}")
    if kept.get(source, []) == sentences:
        return
    kept.pop(source, None)
    if sentences:
        kept[source] = sentences
    with ws.publish():
        if kept:
            ws.write_text(FILE, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        else:
            ws.delete(FILE)


def collect(ws: Workspace, patches: bool = True) -> list[str]:
    """What was found in a project and in its patches.

    Parameters
    ----------
    ws : Workspace
    patches : bool
        False: in the project alone.

    Returns
    -------
    list of str
        Sentences, each once, those of the project first. Those whose advice to leave interferograms out was followed are not
        among them.
    """
    folders = [ws, *(Workspace(path) for path in sorted(ws.path.glob("PATCH_*")) if patches and path.is_dir())]
    sentences = list(dict.fromkeys(s for folder in folders for found in _read(folder).values() for s in found))
    if not any(map(_ADVICE.search, sentences)):
        return sentences
    dropped = _dropped(ws)
    return [sentence for sentence in sentences if not _followed(sentence, dropped)]


def repeat(ws: Workspace, log: Log) -> None:
    """Say all findings of a project again, as the last lines of a run."""
    tell(ws, log)


def tell(ws: Workspace, say: Callable[..., Any] | Log = print) -> None:
    """Say all findings of a project, each as a warning."""
    for sentence in collect(ws):
        say(f"Warning: {sentence}")


def leave_out(numbers: Sequence[int], either: bool = False) -> str:
    """The command that leaves interferograms out, as a finding advises it.

    Parameters
    ----------
    numbers : list of int
        From 1.
    either : bool
        One of two of them is wrong, and the user has to find out which.

    Returns
    -------
    str
    """
    numbers = sorted(set(numbers))
    if either or len(numbers) == 1:
        return f"setparm drop_ifg_index {' or '.join(map(str, numbers))}"
    return f"setparm drop_ifg_index '[{' '.join(map(str, numbers))}]'"


def _followed(sentence: str, dropped: set[int]) -> bool:
    """Whether the interferograms that a sentence advises to leave out are left out."""
    advice = _ADVICE.search(sentence)
    if advice is None:
        return False
    if advice[1]:
        return {int(number) for number in advice[1].split()} <= dropped
    return bool({int(number) for number in advice.groups()[1:] if number} & dropped)


def _dropped(ws: Workspace) -> set[int]:
    """Interferograms that are left out, from 1."""
    try:
        return {int(k) + 1 for k in Parameters(ws, read_only=True).indices("drop_ifg_index")}
    except StampsError:
        return set()


def _read(ws: Workspace) -> dict[str, list[str]]:
    """Findings of one directory; a file that cannot be understood counts as none."""
    try:
        kept = read_json(ws.file(FILE)) if ws.has_file(FILE) else {}
        return {str(source): [str(s) for s in found] for source, found in kept.items()}
    except (OSError, ValueError, AttributeError, TypeError, StampsError):
        return {}
