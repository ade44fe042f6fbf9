"""What was found strange about the input and did not stop the work: kept beside the files, said again when a run ends.

A finding is one whole sentence that names a file, what is strange about it and what to do. Each source (a command, a step in a
directory) replaces what it found before, so that a repaired input is no longer complained of. The file is hidden, unknown to
the original, and published together with the results of its source.
"""

import json

from stamps.workspace import Workspace

__all__ = ["FILE", "collect", "record", "repeat"]

#: Where the findings of a directory are kept: JSON, source -> list of sentences.
FILE = ".stamps-findings.json"


def record(ws, source, sentences, log=None):
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


def collect(ws):
    """What was found in a project and in its patches.

    Parameters
    ----------
    ws : Workspace

    Returns
    -------
    list of str
        Sentences, each once, those of the project first.
    """
    folders = [ws, *(Workspace(path) for path in sorted(ws.path.glob("PATCH_*")) if path.is_dir())]
    return list(dict.fromkeys(s for folder in folders for found in _read(folder).values() for s in found))


def repeat(ws, log):
    """Say all findings of a project again, as the last lines of a run."""
    for sentence in collect(ws):
        log(f"Warning: {sentence}")


def _read(ws):
    """Findings of one directory; a file that cannot be understood counts as none."""
    try:
        kept = json.loads(ws.read_text(FILE)) if ws.has_file(FILE) else {}
        return {str(source): [str(s) for s in found] for source, found in kept.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
