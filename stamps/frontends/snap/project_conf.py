"""``project.conf`` of snap2stamps 1.x (lines KEY=VALUE) and 2.x (sections), read as it is.

A key is what stands before the first ``=``, compared whole and without regard to case. `` #…`` behind a value is a comment.

Source: docs/method/sentinel1.md, section 8.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stamps.frontends.snap.conf_text import ConfText, read_conf_text
from stamps.frontends.snap.conf_values import (
    Notes,
    area_of,
    choice,
    count,
    download_of,
    master_of,
    size,
    swaths_of,
)

__all__ = ["ProjectConf", "read_project_conf"]

#: Keys with which snap2stamps does something that is done otherwise here.
_WITHOUT_EFFECT = {
    "GRAPHSFOLDER": "the graphs are written anew for each job",
    "PLOTTING": "stamps plots what is asked for afterwards (ps_baseline_plot)",
}
_SENSORS = ("S1", "TSX", "TDX")
_POLARISATIONS = ("VV", "HH", "VH", "HV")


@dataclass(frozen=True)
class ProjectConf:
    """What a ``project.conf`` comes to.

    Attributes
    ----------
    path : Path
        The file.
    version : int
        1 or 2, of snap2stamps.
    sensor : str
        ``S1``, ``TSX`` or ``TDX``.
    folder : Path
        ``PROJECTFOLDER``: where the job works.
    products : tuple of Path
        Where the products are: ``slaves`` or ``secondaries`` below it, and ``MASTER`` where that is a folder or product.
    swaths : tuple of str, optional
        ``('IW2',)``; None: those that the area touches.
    polarisation : str
    master : str
        ``middle`` (their AUTO), ``first``, ``last``, a date (yyyymmdd) or a position from 1.
    master_split : Path, optional
        ``MASTER`` where that is a ``.dim``, split by hand.
    dem : Path, optional
        ``EXTDEM``.
    aoi : tuple of float, or str, optional
        Four numbers (longitude, latitude, longitude, latitude), WKT, or the path of a vector file.
    cpu : int, optional
    memory : str, optional
        ``CACHE``: ``16G``.
    gpt, snap_folder, snap_home : Path, optional
        SNAP's program, its installation, and its folder of the user.
    skip_existing : bool
        ``OVERWRITE = N``.
    keep : {'export', 'all'}
        ``SMARTHDD = Y`` keeps the export only.
    track : int, optional
    download : mapping, optional
        What ``autoDownload = Y`` looks for: track, mode, start, end, platform, at_once; never a password.
    problems, warnings : tuple of str
        Whole sentences; one problem is enough to refuse a job.
    """

    path: Path
    version: int
    sensor: str
    folder: Path
    products: tuple[Path, ...]
    swaths: tuple[str, ...] | None
    polarisation: str
    master: str
    master_split: Path | None
    dem: Path | None
    aoi: tuple[float, float, float, float] | str | None
    cpu: int | None
    memory: str | None
    gpt: Path | None
    snap_folder: Path | None
    snap_home: Path | None
    skip_existing: bool
    keep: str
    track: int | None
    download: Mapping[str, str] | None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def processor(self) -> str:
        """Name of the processor that it is for: ``Snap_S1`` or ``Snap_Stripmap``."""
        return "Snap_S1" if self.sensor == "S1" else "Snap_Stripmap"

    def keywords(self) -> dict[str, Any]:
        """Settings for the configuration of the processor; only those that the file decides.

        snap2stamps' own values of resampling and of the coherence of spectral diversity come with them.
        """
        wanted: dict[str, Any] = {
            "workdir": str(self.folder),
            "products": [str(path) for path in self.products],
            "polarisation": self.polarisation,
            "master": self.master,
            "aoi": list(self.aoi) if isinstance(self.aoi, tuple) else self.aoi,
            "dem": _text(self.dem),
            "cpu": self.cpu,
            "memory": self.memory,
            "gpt": _text(self.gpt),
            "snap_folder": _text(self.snap_folder),
            "snap_home": _text(self.snap_home),
            "skip_existing": self.skip_existing,
            "keep": self.keep,
            "resampling": "BILINEAR_INTERPOLATION",
            "notes": list(self.warnings),
        }
        if self.sensor == "S1":
            wanted |= {
                "swaths": list(self.swaths) if self.swaths else None,
                "track": self.track,
                "esd_coherence": 0.15,
            }
        return {name: value for name, value in wanted.items() if value is not None}


def read_project_conf(path: str | os.PathLike[str]) -> ProjectConf:
    """Read a ``project.conf``.

    Parameters
    ----------
    path : path-like
        UTF-8 (with or without a mark), UTF-16 with one, or Latin-1; any ends of lines. Relative paths count from its folder.

    Raises
    ------
    InputError
        It cannot be read, or is no such file.
    """
    conf = read_conf_text(path)
    notes = Notes(conf)
    _say_without_effect(conf, notes)
    sensor = choice(conf, notes, "SENSOR", _SENSORS, "S1")
    folder = _path(conf, "PROJECTFOLDER")
    if folder is None:
        notes.problem("PROJECTFOLDER is missing: the folder of the project is needed")
        folder = conf.path.parent
    master = master_of(conf, notes)
    swaths = swaths_of(conf, notes, master)
    download = download_of(conf, notes)
    gpt, installation = _path(conf, "GPTBIN_PATH"), _path(conf, "SNAP_INSTALLATION_FOLDER")
    if conf.get("ASF_PASS"):
        notes.warn(
            "ASF_PASS is not read: remove it from the file, and keep passwords in ~/.netrc, readable by you alone, or set "
            "EARTHDATA_TOKEN"
        )
    return ProjectConf(
        path=conf.path,
        version=conf.version,
        sensor=sensor,
        folder=folder,
        products=_products(folder, master.path if master.product else None),
        swaths=swaths if sensor == "S1" else None,
        polarisation=choice(conf, notes, "POLARISATION", _POLARISATIONS, "VV"),
        master=master.wanted,
        master_split=master.path if master.split else None,
        dem=_path(conf, "EXTDEM"),
        aoi=area_of(conf, notes),
        cpu=count(conf, notes, "CPU"),
        memory=size(conf, notes, "CACHE"),
        gpt=gpt or (installation / "bin" / "gpt" if installation else None),
        snap_folder=installation,
        snap_home=_path(conf, "SNAP_HOME_DIR"),
        skip_existing=choice(conf, notes, "OVERWRITE", ("Y", "N"), "N") == "N",
        keep="export" if choice(conf, notes, "SMARTHDD", ("Y", "N"), "N") == "Y" else "all",
        track=count(conf, notes, "TRACK", most=175),
        download=download,
        problems=tuple(notes.problems),
        warnings=(*conf.warnings, *notes.warnings),
    )


def _say_without_effect(conf: ConfText, notes: Notes) -> None:
    for key, reason in _WITHOUT_EFFECT.items():
        if conf.get(key):
            notes.warn(f"{key} has no effect: {reason}")


def _path(conf: ConfText, key: str) -> Path | None:
    """A path; relative ones count from the folder of the file."""
    text = conf.get(key)
    return conf.place(text) if text else None


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _products(folder: Path, master: Path | None) -> tuple[Path, ...]:
    """Where products are looked for: both names that snap2stamps gave the folder, and the master's own place."""
    names = [name for name in ("slaves", "secondaries") if (folder / name).is_dir()] or ["slaves"]
    places = [folder / name for name in names]
    if master is not None and master not in places:
        places.append(master)
    return tuple(places)
