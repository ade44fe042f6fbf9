"""Skeletons of the Sentinel-1 products from which a simulated stack could have been made: metadata, no measurements.

Dates are those of the simulator's acquisitions; the orbits are circles whose perpendicular baselines at the centre of the scene
are those of its truth (``truth.json``, ``bperp``). On the command line, with the options of ``python -m stamps.simulate`` and a
few more::

    python -m stamps.simulation.safe_files FOLDER --preset tiny --swaths 3 --slices 2 --zipped
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import shutil
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from stamps.errors import StampsError
from stamps.simulation.circular_orbits import PERIOD, passage_of
from stamps.simulation.command import parse_args
from stamps.simulation.plan import StackPlan, plan_stack
from stamps.simulation.safe_layout import BURST_CYCLE, ProductLayout, Take, plan_takes
from stamps.simulation.safe_texts import annotation_text, manifest_text, orbit_file_text
from stamps.simulation.settings import Settings

__all__ = ["ProductLayout", "main", "write_orbit_files", "write_products"]

_PROCESSED_AFTER = {False: dt.timedelta(hours=3), True: dt.timedelta(days=400)}
_OTHER_TRACK = 15  # tracks further
_VECTORS_BEYOND = 600.0  # s before and after the passage


def write_products(
    folder: str | os.PathLike[str], settings: Settings, layout: ProductLayout | None = None
) -> dict[str, tuple[Path, ...]]:
    """Write the products of a simulated stack: ``.SAFE`` folders or zips with manifests and annotations.

    Parameters
    ----------
    folder : path-like
        Where they go; it is made.
    settings : Settings
        Of the simulation: dates, baselines, heading, incidence and place come from them. Nothing is simulated.
    layout : ProductLayout, optional
        Subswaths, slices, bursts, platforms, and what is wrong with them (default: one slice of four bursts of IW2).

    Returns
    -------
    dict
        Date to the paths of its products, slices in order; duplicates and those of another track stand behind them.
    """
    layout, plan = layout or ProductLayout(), plan_stack(settings)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for take in plan_takes(plan, layout, passage_of(plan)):
        paths = _write_take(folder, plan, take, layout, again=False)
        if take.date in layout.duplicates:
            paths += _write_take(folder, plan, take, layout, again=True)
        if take.date in layout.other_track:
            paths += _write_take(folder, plan, _other_take(take), layout, again=False)
        if take.date in layout.truncated:
            _truncate(paths[0])
        written[take.date] = tuple(paths)
    return written


def _other_take(take: Take) -> Take:
    """The same place from another track, a day later."""
    track = (take.track + _OTHER_TRACK - 1) % 175 + 1
    return replace(
        take,
        track=track,
        absolute_orbit=take.absolute_orbit + _OTHER_TRACK,
        data_take=take.data_take + 5,
        number=take.number + round((track - take.track) * PERIOD / BURST_CYCLE),
        passage=take.passage + dt.timedelta(days=1),
    )


def _write_take(folder: Path, plan: StackPlan, take: Take, layout: ProductLayout, *, again: bool) -> list[Path]:
    """Products of all slices of a take; ``again``: those of a later processing."""
    skipped = layout.missing_slices.get(take.date, ())
    return [
        _write_product(folder, plan, take, layout, piece, again=again)
        for piece in range(layout.slices)
        if piece not in skipped
    ]


def _write_product(
    folder: Path, plan: StackPlan, take: Take, layout: ProductLayout, piece: int, *, again: bool
) -> Path:
    polarisations = layout.polarisations
    if take.date in layout.missing_polarisation:
        polarisations = polarisations[1:] or ("HH",)
    files, corners, number = {}, [], 0
    for swath in layout.swaths:
        for polarisation in polarisations:
            number += 1
            text, corner = annotation_text(plan, take, layout, piece, swath=swath, polarisation=polarisation)
            files[_annotation_name(take, layout, piece, swath, polarisation, number)] = text
            corners.append(corner)
    outline = np.stack([corners[0][0], corners[-1][1], corners[-1][2], corners[0][3]])
    processed = take.passage + _PROCESSED_AFTER[again]
    files["manifest.safe"] = manifest_text(
        take, layout, piece, polarisations=polarisations, processed=processed, footprint=outline
    )
    name = _product_name(take, layout, piece, polarisations, files["manifest.safe"])
    return _put(folder, name, files, zipped=layout.zipped)


def _ends(take: Take, layout: ProductLayout, piece: int) -> tuple[str, str]:
    """Start and end of a slice as names hold them."""
    first, last = (take.passage + dt.timedelta(seconds=seconds) for seconds in layout.ends(piece))
    return first.strftime("%Y%m%dT%H%M%S"), last.strftime("%Y%m%dT%H%M%S")


def _annotation_name(take: Take, layout: ProductLayout, piece: int, swath: str, polarisation: str, number: int) -> str:
    first, last = _ends(take, layout, piece)
    orbit, _ = take.orbits(layout, layout.ends(piece)[0])
    name = (
        f"{take.platform}-{swath}-slc-{polarisation}-{first}-{last}-{orbit:06d}-{take.data_take:06x}-{number:03d}.xml"
    )
    return f"annotation/{name.lower()}"


def _product_name(take: Take, layout: ProductLayout, piece: int, polarisations: Sequence[str], manifest: str) -> str:
    first, last = _ends(take, layout, piece)
    kind = ("D" if len(polarisations) > 1 else "S") + polarisations[0][0]
    mode = layout.swaths[0] if layout.stripmap else "IW"
    digest = hashlib.sha256(manifest.encode()).hexdigest()[:4].upper()
    orbit, _ = take.orbits(layout, layout.ends(piece)[0])
    return f"{take.platform}_{mode}_SLC__1S{kind}_{first}_{last}_{orbit:06d}_{take.data_take:06X}_{digest}"


def _put(folder: Path, name: str, files: dict[str, str], *, zipped: bool) -> Path:
    """Write the files of a product into a folder or a zip file of its name."""
    if zipped:
        path = folder / f"{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inside, text in files.items():
                archive.writestr(f"{name}.SAFE/{inside}", text)
        return path
    path = folder / f"{name}.SAFE"
    for inside, text in files.items():
        target = path / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return path


def _truncate(path: Path) -> None:
    """Leave half of a zip file, or a folder without annotations."""
    if path.is_dir():
        shutil.rmtree(path / "annotation")
    else:
        os.truncate(path, path.stat().st_size // 2)


def write_orbit_files(
    folder: str | os.PathLike[str],
    settings: Settings,
    layout: ProductLayout | None = None,
    *,
    kind: str = "POEORB",
    dates: Sequence[str] | None = None,
) -> dict[str, Path]:
    """Write the EOF files of the orbits of a simulated stack.

    Parameters
    ----------
    folder : path-like
        Where they go; it is made.
    settings : Settings
    layout : ProductLayout, optional
        As for :func:`write_products`.
    kind : {'POEORB', 'RESORB'}
        A day about the passage, or three hours.
    dates : sequence of str, optional
        Those that have one (default: all).

    Returns
    -------
    dict
        Date to its file.
    """
    layout, plan = layout or ProductLayout(), plan_stack(settings)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    half = dt.timedelta(hours=13 if kind == "POEORB" else 1.5)
    written = {}
    for take in plan_takes(plan, layout, passage_of(plan)):
        if dates is not None and take.date not in dates:
            continue
        first, last = take.passage - half, take.passage + half
        made = take.passage + dt.timedelta(days=20)
        stamps = "_".join(f"{mark}{time.strftime('%Y%m%dT%H%M%S')}" for mark, time in (("V", first), ("", last)))
        name = f"{take.platform}_OPER_AUX_{kind}_OPOD_{made.strftime('%Y%m%dT%H%M%S')}_{stamps}.EOF"
        written[take.date] = folder / name
        text = orbit_file_text(take, kind=kind, first=first, last=last, beyond=_VECTORS_BEYOND)
        written[take.date].write_text(text, encoding="utf-8")
    return written


def _parse(argv: Sequence[str] | None) -> tuple[Settings, ProductLayout, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m stamps.simulation.safe_files",
        description="Write skeletons of Sentinel-1 products; all options of python -m stamps.simulate are understood.",
    )
    parser.add_argument("--swaths", type=int, default=1, choices=(1, 2, 3), help="subswaths [1: IW2]")
    parser.add_argument("--slices", type=int, default=1, help="products of a date [1]")
    parser.add_argument("--bursts", type=int, default=4, help="bursts of a product in each subswath [4]")
    parser.add_argument("--zipped", action="store_true", help="zip files in place of folders")
    parser.add_argument("--orbit-files", action="store_true", help="also FOLDER/orbits with EOF files")
    own, rest = parser.parse_known_args(argv)
    swaths = {1: ("IW2",), 2: ("IW2", "IW3"), 3: ("IW1", "IW2", "IW3")}[own.swaths]
    layout = ProductLayout(swaths=swaths, slices=own.slices, bursts=own.bursts, zipped=own.zipped)
    return parse_args(rest), layout, own.orbit_files


def main(argv: Sequence[str] | None = None) -> int:
    """Write the products that the arguments ask for.

    Returns
    -------
    int
        Exit status.
    """
    try:
        settings, layout, orbits = _parse(argv)
        written = write_products(settings.datadir, settings, layout)
        if orbits:
            write_orbit_files(Path(settings.datadir) / "orbits", settings, layout)
    except StampsError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    if not settings.quiet:
        print(f"{sum(map(len, written.values()))} products of {len(written)} dates, written to {settings.datadir}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
