"""What lies in a working directory already: exports, and splits in folders as snap2stamps and people lay them out.

Source: docs/method/snap.md, section 6.
"""

from __future__ import annotations

from pathlib import Path

from stamps.frontends.snap.outputs import check_product, look_at_export
from stamps.frontends.snap.split_facts import Wanted, read_split_facts, split_trouble

__all__ = ["found_export", "found_split", "other_split", "place_of_split"]

#: Where the split of a date and subswath may lie, besides ``split/<date>_<swath>.dim``.
_PLACES = (
    "split/{date}/{date}*{swath}.dim",
    "secondaries/{date}/*{date}*{swath}.dim",
    "slaves/{date}/*{date}*{swath}.dim",
    "MasterSplit/*{date}*{swath}.dim",
    "MasterSplit/{date}/*{date}*{swath}.dim",
    "master/*{date}*{swath}.dim",
    "master/{date}/*{date}*{swath}.dim",
)


def found_split(workdir: Path, date: str, wanted: Wanted) -> tuple[str, list[str]]:
    """Where a complete split lies that is what a job wants.

    Parameters
    ----------
    workdir : Path
    date : str
    wanted : Wanted

    Returns
    -------
    place : str
        Relative to the working directory; empty if there is none besides that of the job itself.
    others : list of str
        A sentence for each complete split that is passed over because it says that it is something else.
    """
    others: list[str] = []
    if not check_product(str(workdir / f"split/{date}_{wanted.swath}.dim")):
        return "", others
    for pattern in _PLACES:
        for place in sorted(workdir.glob(pattern.format(date=date, swath=wanted.swath))):
            name = place.relative_to(workdir).as_posix()
            if check_product(str(place)):
                continue
            trouble = split_trouble(read_split_facts(place, end_of_cycle=wanted.end_of_cycle), wanted)
            if not trouble:
                return name, others
            others.append(f"The split {name} is not taken over, it is made anew: {trouble}.")
    return "", others


def other_split(workdir: Path, date: str, wanted: Wanted) -> str:
    """That the split in the place of the job's own is another one, as a sentence; empty where it is not."""
    place = workdir / f"split/{date}_{wanted.swath}.dim"
    if check_product(str(place)):
        return ""
    trouble = split_trouble(read_split_facts(place, end_of_cycle=wanted.end_of_cycle), wanted)
    return (
        f"The split {place} is of something else: {trouble}. Move it away, or make all anew (--no-skip-existing)."
        if trouble
        else ""
    )


def place_of_split(workdir: Path, date: str, wanted: Wanted) -> str:
    """Where the split of a date and subswath lies, or is to lie, relative to the working directory."""
    return found_split(workdir, date, wanted)[0] or f"split/{date}_{wanted.swath}.dim"


def found_export(workdir: Path, master: str, date: str, lacking: bool = False) -> bool:
    """Whether the export of a pair is there, as far as headers, sizes and a few lines tell."""
    return not look_at_export(workdir / "export" / f"{master}_{date}", lacking=lacking)
