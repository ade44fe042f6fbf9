"""Seconds of every step: from the record of a reference run, or from the times in ``STAMPS.log``."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["log_seconds", "passes", "recorded_seconds"]

_LINE = re.compile(r"^(\d{2}-[A-Z][a-z]{2}-\d{4} \d{2}:\d{2}:\d{2}) (\S+)\s+(.*)$")
_BANNER = re.compile(r"#+ Step (\d) #+")
_STEPS = range(1, 9)


def recorded_seconds(folder: Path) -> dict[int, float]:
    """Seconds that a golden set records in its ``run.json``.

    Parameters
    ----------
    folder : path-like
        Folder of the set.

    Returns
    -------
    dict
        Step (1 … 8) to seconds; empty if nothing is recorded.
    """
    try:
        recorded = json.loads((Path(folder) / "run.json").read_text()).get("reference_seconds", {})
    except (OSError, ValueError):
        return {}
    return {step: float(recorded[f"step{step}"]) for step in _STEPS if f"step{step}" in recorded}


def log_seconds(files: Sequence[Path]) -> dict[int, float]:
    """Seconds between the first and the last message of each step, in the logs of a project and its patches.

    The log counts whole seconds, so a quick step may take 0. Of a step that was run more than once the last run counts; patches
    that ran side by side count once.

    Parameters
    ----------
    files : iterable of path-like
        ``STAMPS.log`` of the project and of the patches; missing ones are passed over.

    Returns
    -------
    dict
        Step to seconds.
    """
    spans: dict[int, Any] = {}
    for file in files:
        try:
            text = read_input(file)
        except OSError:
            continue
        for step, (start, end) in _spans(text).items():
            first, last = spans.get(step, (start, end))
            spans[step] = min(first, start), max(last, end)
    return {step: (end - start).total_seconds() for step, (start, end) in sorted(spans.items())}


def _spans(text: str) -> dict[int, tuple[datetime.datetime, datetime.datetime]]:
    """Step -> first and last moment in one log; the merge of step 5 stands in the project's log without a banner."""
    spans, step = {}, None
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        try:
            moment = datetime.datetime.strptime(match[1], "%d-%b-%Y %H:%M:%S")
        except ValueError:
            continue
        routine, message = match[2], match[3]
        banner = _BANNER.search(message)
        if banner:
            step = int(banner[1])
            spans[step] = moment, moment
        elif routine == "PS_MERGE_PATCHES" and message == "Starting":
            step = 5
            spans[step] = moment, moment
        elif routine == "STAMPS" and message.startswith("#"):
            continue  # ornaments
        elif routine in ("SETPARM", "PS_PARMS_DEFAULT"):
            step = None  # the user at the prompt
        elif step is not None:
            spans[step] = spans[step][0], moment
    return spans


def passes(file: StrPath) -> tuple[int, bool]:
    """How often the phases of a project were unwrapped.

    Parameters
    ----------
    file : path-like
        ``STAMPS.log`` of the project.

    Returns
    -------
    count : int
        Completed runs of ``ps_unwrap``; 0 without a log.
    second : bool
        Whether a look-angle error had been estimated before the last of them (and not reset or made anew from step 5).
    """
    try:
        text = read_input(file)
    except OSError:
        return 0, False
    count, estimated, second = 0, False, False
    for line in text.splitlines():
        match = _LINE.match(line)
        routine, message = (match[2], match[3]) if match else ("", "")
        if (routine, message) == ("PS_UNWRAP", "Finished"):
            count, second = count + 1, estimated
        elif (routine, message) in (("PS_SMOOTH_SCLA", "Finished"), ("PS_CALC_SCLA", "Finished")):
            estimated = True
        elif routine == "SCLA_RESET" or (routine, message) == ("PS_MERGE_PATCHES", "Starting"):
            count, estimated, second = 0, False, False
    return count, second
