"""Names of what HyP3 takes: Sentinel-1 scenes (SLC, interferometric wide swath) and bursts.

Source: docs/method/jobs.md, section 7.2.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

__all__ = ["Granule", "granule_of"]

_SCENE = re.compile(
    r"S1([A-D])_(IW|EW|S[1-6]|WV)_SLC__1S([SD])([HV])_(\d{8})T\d{6}_\d{8}T\d{6}_(\d{6})_[0-9A-F]{6}_[0-9A-F]{4}"
)
_BURST = re.compile(r"S1_(\d{6})_(IW[1-3])_(\d{8})T\d{6}_(VV|HH|VH|HV)_[0-9A-F]{4}-BURST")
_ENDINGS = re.compile(r"(?:\.zip|\.SAFE|-SLC)+\Z")
_FIRST_ORBIT = {
    "A": 73,
    "B": 27,
}  # absolute orbit of the first of a cycle of 175; of the later satellites not relied on
_PER_CYCLE = 175


@dataclass(frozen=True)
class Granule:
    """A scene or a burst.

    Attributes
    ----------
    name : str
        As the archive writes it.
    date : str
        yyyymmdd of its start.
    polarization : str
        That of the interferogram, ``VV`` or ``HH``.
    burst : str
        Number and subswath (``093117_IW2``); empty for a scene.
    track : int, optional
        Relative orbit of a scene, where its name tells it.
    """

    name: str
    date: str
    polarization: str
    burst: str = ""
    track: int | None = None


def granule_of(text: str) -> Granule:
    """The scene or burst that a name means; endings of files do not matter.

    Raises
    ------
    ValueError
        It is none that HyP3 takes; the message says why.
    """
    name = _ENDINGS.sub("", text.strip())
    if scene := _SCENE.fullmatch(name):
        platform, mode, _, polarization, date, orbit = scene.groups()
        if mode != "IW":
            raise ValueError(f"{name} is of the mode {mode}: HyP3 makes interferograms of IW only")
        first = _FIRST_ORBIT.get(platform)
        track = None if first is None else (int(orbit) - first) % _PER_CYCLE + 1
        return Granule(name, _day(date, name), polarization * 2, track=track)
    if burst := _BURST.fullmatch(name):
        number, swath, date, polarization = burst.groups()
        if polarization not in ("VV", "HH"):
            raise ValueError(f"{name} has the polarisation {polarization}: HyP3 takes VV and HH")
        return Granule(name, _day(date, name), polarization, f"{number}_{swath}")
    if re.match(r"S1[A-D]_\w\w_(?:GRD|RAW|OCN)", name):
        raise ValueError(f"{name} is no single-look complex product: name the SLC")
    raise ValueError(f"'{name[:100]}' is the name of no Sentinel-1 scene (S1A_IW_SLC__…) or burst (S1_…-BURST)")


def _day(date: str, name: str) -> str:
    try:
        datetime.datetime.strptime(date, "%Y%m%d")
    except ValueError:
        raise ValueError(f"{name} names the day {date}, which there is not") from None
    return date
