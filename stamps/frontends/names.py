"""What the names of an export's files say: dates, the baseline file of an interferogram, and where an export has gone.

Names end in ``yyyymmdd_yyyymmdd.diff`` as the original expects them; a suffix behind the dates (``…_IW1.diff``) is
understood too. Dates of folders above do not count: a stack may lie in ``/data/20180601``.

Source: docs/method/preparation.md, section 1; docs/method/loading.md, sections 4 and 5.
"""

import datetime
import os
import re

__all__ = ["MOVED", "baseline_file", "dates_in_path", "image_date", "is_date", "pair_of_name"]

#: What to do where a file of an export is not found.
MOVED = "if the export has moved, run stamps relocate with its new directory"

_PAIR = re.compile(r"(?<![0-9])([0-9]{8})[_-]([0-9]{8})(?![0-9A-Za-z])")
_IMAGE = re.compile(r"([0-9]{8})(?:[_-][^.]*)?\.[^.]*slc(?:\.par)?\Z")


def is_date(text: str) -> bool:
    """Whether a text is a day of the calendar, yyyymmdd."""
    if not re.fullmatch(r"[0-9]{8}", text):
        return False
    try:
        datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def pair_of_name(path: str) -> tuple[str, str] | None:
    """Both dates in the name of an interferogram, yyyymmdd, or None.

    The two dates right before ``.diff`` count, as in the original; else the first two that are joined by ``_`` or ``-``.
    """
    name = os.path.basename(path)
    last = name[-22:-14], name[-13:-5]
    if len(name) >= 22 and all(map(is_date, last)):
        return last
    return next((pair for pair in _PAIR.findall(name) if all(map(is_date, pair))), None)


def image_date(path: str) -> str | None:
    """Date of an SLC or its header: ``yyyymmdd.rslc``, ``yyyymmdd_IW1.rslc.par``; None if the name has none."""
    match = _IMAGE.match(os.path.basename(path))
    return match[1] if match and is_date(match[1]) else None


def dates_in_path(path: str) -> list[int]:
    """All dates in a path, yyyymmdd, those of its last component first."""
    found = [re.findall(r"(?<![0-9])[0-9]{8}(?![0-9])", part) for part in reversed(path.split(os.sep))]
    return [int(text) for texts in found for text in texts if is_date(text)]


def baseline_file(interferogram: str) -> str:
    """Path of the baseline file of an interferogram: ``base`` in the place of ``diff``.

    Where the interferogram has a suffix behind its dates and there is no such file, the file of the two dates alone.
    """
    same = interferogram[:-4] + "base"
    pair = pair_of_name(interferogram)
    if pair is None or os.path.isfile(same):
        return same
    bare = os.path.join(os.path.dirname(interferogram), f"{'_'.join(pair)}.base")
    return bare if os.path.isfile(bare) else same
