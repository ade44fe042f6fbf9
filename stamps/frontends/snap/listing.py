"""What of the products would be used: the table of ``stamps snap list``.

Source: docs/method/snap.md, section 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stamps.errors import InputError
from stamps.frontends.snap.conf_settings import by_key
from stamps.frontends.snap.config import Snap_S1_Config, Snap_Stripmap_Config, SnapConfig
from stamps.frontends.snap.sentinel_plan import selection_of
from stamps.frontends.snap.stripmap_images import chosen_master, find_images
from stamps.frontends.snap.tools import Findings

__all__ = ["Listing", "listing"]


@dataclass(frozen=True)
class Listing:
    """What would be used.

    Attributes
    ----------
    dates : tuple of dict
        Of each date ``date``, ``master`` (bool), and for Sentinel-1 ``platform``, ``slices``, ``bursts`` (``IW2 3-5``) and
        ``baseline`` (perpendicular, m).
    lines : tuple of str
        Whole lines about all of them.
    left_out : dict of str
        Date to the reason.
    problems, warnings : tuple of str
    """

    dates: tuple[dict[str, Any], ...]
    lines: tuple[str, ...]
    left_out: dict[str, str]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dict(vars(self))

    def __str__(self) -> str:
        """For people."""
        rows = [_row(one) for one in self.dates]
        left = [f"left out {date}: {why}" for date, why in self.left_out.items()]
        said = [f"problem: {one}" for one in self.problems] + [f"warning: {one}" for one in self.warnings]
        return "\n".join([*rows, *left, *self.lines, *said])


def _row(one: dict[str, Any]) -> str:
    baseline = f"{one['baseline']:8.1f} m" if one.get("baseline") is not None else ""
    slices = f"{one['slices']} slice{'s' if one['slices'] > 1 else ' '}" if "slices" in one else ""
    mark = "master" if one["master"] else ""
    return f"{one['date']}  {one.get('platform', '')}  {slices}  {one.get('bursts', '')}  {baseline}  {mark}".rstrip()


def listing(config: SnapConfig) -> Listing:
    """What would be used.

    Raises
    ------
    InputError
        Nothing can be.
    """
    if isinstance(config, Snap_Stripmap_Config):
        images = find_images(config.products)
        master = chosen_master(images, config.master, config.exclude)
        left_out = {date: "left out as you said." for date in images if date in config.exclude and date != master}
        dates = tuple(
            {"date": date, "master": date == master, "file": str(image.path)}
            for date, image in images.items()
            if date not in left_out
        )
        return Listing(dates, (f"Master {master}.",), left_out, (), ())
    findings = Findings(list(config.troubles), list(config.notes))
    selection = selection_of(config, findings) if isinstance(config, Snap_S1_Config) else None
    if selection is None:
        raise InputError(" ".join(by_key(config, findings.problems)))
    dates = tuple(
        {
            "date": one.date,
            "master": one.date == selection.master,
            "platform": one.platform,
            "slices": len(one.slices),
            "bursts": _bursts(selection.burst_range.get(one.date, {})),
            "baseline": selection.baselines.get(one.date),
        }
        for one in selection.acquisitions
    )
    ids = [f"{swath} {numbers[0]} to {numbers[-1]}" for swath, numbers in selection.burst_ids.items() if numbers]
    lines = (
        f"{len(dates)} dates, master {selection.master} (the middle of the list is {selection.middle}), over the area at "
        f"{selection.utc} UTC, incidence {selection.incidence:.1f}°.",
        f"Bursts along the track: {', '.join(ids) or 'none'}.",
    )
    return Listing(dates, lines, dict(selection.left_out), tuple(findings.problems), tuple(findings.warnings))


def _bursts(ranges: Any) -> str:
    return ", ".join(f"{swath} {first}-{last}" for swath, (first, last) in ranges.items())
