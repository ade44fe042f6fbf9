"""What has arrived in a folder that grows: products that are complete, and whole dates of them.

Source: docs/method/service.md, section 3.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import InputError
from stamps.frontends.jobs.outputs import stamp_of
from stamps.service.stack_kinds import STACK_KINDS
from stamps.service.state import Seen

__all__ = ["Arrivals", "look"]


@dataclass(frozen=True)
class Arrivals:
    """What is in a source.

    Attributes
    ----------
    seen : mapping
        Path → what was seen of it; to be kept for the next look.
    complete : mapping
        Products of dates of which all products are complete, sorted → size and time of each, as a text.
    waiting : tuple of str
        Dates (or names) of which something still changes.
    """

    seen: Mapping[str, Seen]
    complete: Mapping[str, str]
    waiting: tuple[str, ...]

    def dates(self) -> set[str]:
        """Dates of the complete products."""
        return {self.seen[path].date or path for path in self.complete}


def look(frontend: str, source: Path, before: Mapping[str, Seen], settle: float, now: float) -> Arrivals:
    """Look at a source.

    Parameters
    ----------
    frontend : str
    source : Path
    before : mapping
        What was seen at the last look.
    settle : float
        Seconds for which size and times must not have changed; at least one earlier look must have seen the same.
    now : float
        Seconds since 1970.

    Raises
    ------
    InputError
        The source cannot be read.
    """
    if not source.is_dir():
        raise InputError(f"The source {source} is no folder: is it mounted?")
    try:
        listed = STACK_KINDS[frontend].listed(source)
    except OSError as error:
        raise InputError(f"The source {source} cannot be read ({error.strerror}): is it mounted?") from None
    seen, settled = {}, set()
    for path, date in listed.items():
        name, stamp = os.fspath(path), stamp_of(path)
        known = before.get(name)
        same = known is not None and (known.size, known.modified) == stamp and known.since <= now
        since = known.since if known is not None and same else now
        seen[name] = Seen(stamp.size, stamp.modified, since, date)
        if same and now - since >= settle and stamp.size > 0:
            settled.add(name)
    unsettled = {one.date or name for name, one in seen.items() if name not in settled}
    complete = sorted(name for name in settled if (seen[name].date or name) not in unsettled)
    stamps = {name: f"{seen[name].size} {seen[name].modified}" for name in complete}
    return Arrivals(seen, stamps, tuple(sorted(unsettled)))
