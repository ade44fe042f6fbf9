"""The plan of a Sentinel-1 job: what was selected, all problems at once, facts for a dry run, small files.

Source: docs/method/snap.md, section 1.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

from stamps.errors import InputError, StampsError
from stamps.frontends.jobs.model import Plan
from stamps.frontends.sentinel1.area import Area
from stamps.frontends.sentinel1.orbit_files import missing_orbit_files
from stamps.frontends.sentinel1.selection import Selection, select
from stamps.frontends.snap.config import Snap_S1_Config
from stamps.frontends.snap.dem import Dem
from stamps.frontends.snap.graphs import GraphSettings
from stamps.frontends.snap.hand_split import check_against, read_hand_split, with_splits
from stamps.frontends.snap.orbit_files import ORBIT_KINDS, ORBIT_TYPES
from stamps.frontends.snap.sentinel_steps import SentinelJob
from stamps.frontends.snap.settings import (
    area_of,
    check_antimeridian,
    check_before,
    check_settings,
    pair_settings,
    previous_job,
    threads_line,
)
from stamps.frontends.snap.snap_toml import NAME, snap_toml
from stamps.frontends.snap.split_facts import Wanted
from stamps.frontends.snap.taken_over import place_of_split
from stamps.frontends.snap.tools import Findings, Tools, find_dem, find_tools

__all__ = ["plan_sentinel", "selection_of"]

_GIB = 2.0**30
#: What ``snap.toml`` says of the master, as its products told it.
_OF_MASTER = ("utc", "incidence", "platform", "relative_orbit", "passing")
#: Pixels of a burst, rounded up; bytes of a pixel in split, coregistered pair with interferogram, export.
_BURST = 1500 * 25000
_BYTES = {"split": 4, "pair": 36, "export": 36}


def plan_sentinel(config: Snap_S1_Config) -> Plan:
    """What would be done with Sentinel-1 images."""
    findings = Findings(list(config.troubles), list(config.notes))
    check_settings(config, findings)
    if config.orbits not in ORBIT_TYPES:
        findings.problems.append(f"orbits is '{config.orbits}', but one of {', '.join(ORBIT_TYPES)} was expected.")
    area = area_of(config, findings)
    if config.subset:
        check_antimeridian(area, findings)
    tools = find_tools(config, findings)
    dem = find_dem(config, area.envelope if area else None, findings)
    selection = selection_of(config, findings, area) if area else None
    versions = {"SNAP": tools.version} if tools.version else {}
    if selection is None or area is None or config.orbits not in ORBIT_TYPES:
        return Plan((), versions, tuple(findings.problems), tuple(findings.warnings))
    _check_orbits(config, selection, tools, findings)
    workdir = Path(config.workdir).absolute()
    settings = _product_settings(config, selection, area, dem)
    check_before(config, workdir, settings, findings)
    graphs, given = _graph_settings(config, area, dem), _given_splits(config, selection, workdir)
    job = SentinelJob(workdir, selection, graphs, pair_settings(config, tools), tools, given)
    steps = job.steps()
    findings.warnings += job.passed_over
    if not (workdir / NAME).is_file():  # else its settings say what the splits are of
        findings.problems += job.others()
    _check_disk(job, findings)
    return Plan(
        steps=steps,
        versions=versions,
        problems=tuple(findings.problems),
        warnings=tuple(findings.warnings),
        facts=_facts(job, tools),
        files={**job.files.texts, NAME: snap_toml(_job_facts(config, selection, tools), settings)},
    )


# ---------------------------------------------------------------------- what is used


def selection_of(config: Snap_S1_Config, findings: Findings, area: Area | None = None) -> Selection | None:
    """What is used of the products, without the dates that are left out; a job that is there keeps its master."""
    area = area or area_of(config, findings)
    if area is None:
        return None
    before = str(previous_job(config, findings).get("master") or "")
    config = _keeping_master(config, before, findings)
    try:
        if config.master_split:
            return _without_failed(config, _selected_by_hand(config, area, findings))
        selection = _selected(config, area, before, findings)
    except StampsError as error:
        findings.problems.append(str(error))
        return None
    findings.problems += selection.problems
    findings.warnings += selection.warnings
    return _without_failed(config, selection)


def _keeping_master(config: Snap_S1_Config, before: str, findings: Findings) -> Snap_S1_Config:
    """A configuration that does not leave out the master that it names, or that of the job in the folder."""
    named = config.master.strip().replace("-", "")
    masters = {named if named.isdigit() else before} & set(config.exclude)
    for master in masters:
        findings.problems.append(f"The master {master} cannot be left out: choose another one with --master.")
    return dataclasses.replace(config, exclude=[date for date in config.exclude if date not in masters])


def _selected(config: Snap_S1_Config, area: Area, before: str, findings: Findings) -> Selection:
    """What is used; the master of the job that is there stays, unless another one is named."""
    selection = _select(config, area, config.master)
    another = config.master.isdigit() and config.master != before
    if not before or selection.master == before or another:
        return selection
    if before not in selection.dates:
        findings.warnings.append(f"The products of the master {before} are gone, its split takes their place.")
        return _with_master_gone(config, area, before)
    findings.warnings.append(
        f"The master stays {before}, that of the job in this folder; {config.master} would choose {selection.master} now."
    )
    return _select(config, area, before)


def _with_master_gone(config: Snap_S1_Config, area: Area, master: str) -> Selection:
    """What is used where the products of the job's master are gone: its splits take their place if they are whole."""
    selection = _select(dataclasses.replace(config, min_dates=config.min_dates - 1), area, "middle")
    workdir = Path(config.workdir).absolute()
    try:
        splits = [
            read_hand_split(workdir / place_of_split(workdir, master, _wanted(config, swath)), config.polarisation)
            for swath in selection.swaths
        ]
    except StampsError as error:
        raise InputError(
            f"The master {master} of the job in {workdir} is not among the products any more, and with another one everything "
            f"would be made anew: put its products back, or take another --workdir. ({error})"
        ) from error
    selection = with_splits(selection, splits)
    for split in splits:
        check_against(split, selection, config.polarisation)
    return selection


def _wanted(config: Snap_S1_Config, swath: str) -> Wanted:
    """What a split of the master is to be, as far as it is known before it has been read."""
    return Wanted(config.polarisation.upper(), swath)


def _given_splits(config: Snap_S1_Config, selection: Selection, workdir: Path) -> dict[tuple[str, str], str]:
    """Splits of a master without products, by date and subswath."""
    master = selection.master
    if config.master_split:
        return {(master, swath): os.path.abspath(config.master_split) for swath in selection.swaths}
    if not _only_split(selection):
        return {}
    return {(master, swath): place_of_split(workdir, master, _wanted(config, swath)) for swath in selection.swaths}


def _only_split(selection: Selection) -> bool:
    """Whether the master is there only as a split."""
    return selection.acquisition(selection.master).slices[0].path.suffix == ".dim"


def _selected_by_hand(config: Snap_S1_Config, area: Area, findings: Findings) -> Selection:
    """What goes with the master's split, whose own product need not be there."""
    split = read_hand_split(config.master_split or "", config.polarisation)
    if not split.bursts:
        findings.warnings.append(
            f"{split.path} does not tell which bursts it holds: those over the area are taken, which must be the same."
        )
    own = dataclasses.replace(
        config, swaths=[split.swath], bursts=list(split.bursts) or config.bursts, min_dates=config.min_dates - 1
    )
    selection = _select(own, area, "middle")
    if split.date in selection.dates:
        selection = _select(dataclasses.replace(own, min_dates=config.min_dates), area, split.date)
    else:
        selection = with_splits(selection, [split])
    check_against(split, selection, config.polarisation)
    findings.problems += selection.problems
    findings.warnings += selection.warnings
    return selection


def _select(config: Snap_S1_Config, area: Area, master: str) -> Selection:
    return select(
        config.products,
        area,
        swaths=config.swaths,
        polarisation=config.polarisation,
        master=master,
        weights=(config.master_weights[0], config.master_weights[1]),
        orbit_dir=config.orbit_dir,
        track=config.track,
        bursts=config.bursts,
        allow_incomplete=config.allow_incomplete,
        min_dates=config.min_dates,
        exclude=tuple(config.exclude),
    )


def _without_failed(config: Snap_S1_Config, selection: Selection) -> Selection:
    """The selection without the dates that have failed; what others need stays, which is made already."""
    gone = {*config.given_up} - {selection.master}
    kept = tuple(one for one in selection.acquisitions if one.date not in gone)
    left_out = {one.date: "left out because it has failed." for one in selection.acquisitions if one not in kept}
    return dataclasses.replace(selection, acquisitions=kept, left_out={**selection.left_out, **left_out})


# ---------------------------------------------------------------------- what is checked


def _check_orbits(config: Snap_S1_Config, selection: Selection, tools: Tools, findings: Findings) -> None:
    """Say for which dates SNAP has to download orbits, and where it would find them."""
    if config.orbits not in ORBIT_KINDS:
        return
    try:
        missing = missing_orbit_files(
            [one for one in selection.acquisitions if one.slices[0].path.suffix != ".dim"],
            tools.user,
            orbit_dir=config.orbit_dir,
            kind=ORBIT_KINDS[config.orbits],
        )
    except StampsError as error:
        findings.problems.append(str(error))
        return
    if missing:
        first = next(iter(missing.values()))
        findings.warnings.append(
            f"The {config.orbits} orbits of {', '.join(missing)} are not at hand, SNAP will download them; --orbit-dir takes "
            f"yours. {first}"
        )


# ---------------------------------------------------------------------- settings


def _graph_settings(config: Snap_S1_Config, area: Area, dem: Dem) -> GraphSettings:
    return GraphSettings(
        polarisation=config.polarisation,
        dem=dem,
        orbit_type=ORBIT_TYPES[config.orbits],
        esd=config.esd,
        esd_coherence=config.esd_coherence,
        resampling=config.resampling,
        subset=area.wkt if config.subset else "",
    )


def _product_settings(config: Snap_S1_Config, selection: Selection, area: Area, dem: Dem) -> dict[str, Any]:
    """What products hang on; another value makes them others."""
    return {
        "master": selection.master,
        "polarisation": config.polarisation,
        "swaths": list(selection.swaths),
        "bursts": [f"{swath} {ids[0]}-{ids[-1]}" for swath, ids in selection.burst_ids.items() if ids],
        "subset": area.wkt if config.subset else "",
        "dem": dem.file or dem.name,
        "dem_nodata": dem.nodata,
        "orbits": config.orbits,
        "esd": config.esd,
        "esd_coherence": config.esd_coherence,
        "resampling": config.resampling,
    }


def _job_facts(config: Snap_S1_Config, selection: Selection, tools: Tools) -> dict[str, Any]:
    """What later programs want to know of a job."""
    one = selection.acquisition(selection.master)
    facts = {
        "frontend": "snap",
        "snap_version": tools.version,
        "master": selection.master,
        "dates": list(selection.dates),
        "utc": selection.utc,
        "incidence": selection.incidence,
        "platform": one.platform,
        "relative_orbit": one.relative_orbit,
        "passing": one.passing,
    }
    before = previous_job(config, Findings()) if _only_split(selection) else {}
    known = _OF_MASTER if before.get("master") == selection.master else ()
    return {**facts, **{name: before[name] for name in known if name in before}}


# ---------------------------------------------------------------------- facts


def _facts(job: SentinelJob, tools: Tools) -> tuple[str, ...]:
    """Lines for the dry run."""
    selection = job.selection
    lines = [
        f"Workflow: single master, {' + '.join(selection.swaths)}, Sentinel-1 through {tools.name}.",
        f"Master {selection.master} (the middle of the list is {selection.middle}); {len(job.secondaries)} secondaries: "
        f"{', '.join(job.secondaries)}.",
        *(f"{swath}: {_bursts(selection, swath)}." for swath in selection.swaths),
        *(f"Left out: {date}: {why}" for date, why in sorted(selection.left_out.items())),
    ]
    if job.exported:
        lines.append(f"Exported already, not made again: {', '.join(job.exported)}.")
    if job.taken_over:
        lines.append(f"Splits that are taken over: {', '.join(job.taken_over)}.")
    lines.append(threads_line(tools))
    lines.append(_disk(job))
    lines.append(_end(selection.master))
    return tuple(lines)


def _bursts(selection: Selection, swath: str) -> str:
    first, last = selection.burst_range[selection.master][swath]
    ids = selection.burst_ids.get(swath, ())
    numbers = f", numbers along the track {ids[0]} to {ids[-1]}" if ids else ""
    count = last - first + 1
    return f"{count} burst{'s' if count > 1 else ''}{numbers}"


def _gibibytes(job: SentinelJob) -> tuple[float, float]:
    """The most disk that exports and products before them take, GiB, from the number of bursts."""
    selection = job.selection
    master = selection.burst_range[selection.master]
    pixels = sum(last - first + 1 for first, last in master.values()) * _BURST
    pairs, images = len(job.secondaries), len(selection.dates)
    made = (images * _BYTES["split"] + pairs * _BYTES["pair"]) * pixels / _GIB
    return pairs * _BYTES["export"] * pixels / _GIB, made


def _check_disk(job: SentinelJob, findings: Findings) -> None:
    """Say where the disk may not do for what is not exported yet."""
    export, made = (size * (1 - len(job.exported) / max(1, len(job.secondaries))) for size in _gibibytes(job))
    there = next(path for path in (job.workdir, *job.workdir.parents) if path.exists())
    free = shutil.disk_usage(there).free / _GIB
    if export + made > free:
        findings.warnings.append(
            f"The disk of {job.workdir} has {free:.1f} GiB free, but the job may take {export + made:.0f} GiB (less where the "
            "area is smaller than its bursts)."
        )


def _disk(job: SentinelJob) -> str:
    """The most disk that products take."""
    export, made = _gibibytes(job)
    after = "kept" if job.pairs.keep == "all" else "removed pair by pair"
    return f"Disk: at most {export:.0f} GiB of exports, and {made:.0f} GiB of products before them, {after}."


def _end(master: str) -> str:
    folder = f"INSAR_{master}"
    return f"In the end {folder} holds the export of the stack and the prepared project: stamps 1 8 --workdir {folder}."
