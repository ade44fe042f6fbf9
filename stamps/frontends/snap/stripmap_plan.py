"""The plan of a stripmap job: subset, coregister, interferogram, export, join, prepare.

Source: docs/method/snap.md, section 8.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stamps.errors import InputError, StampsError
from stamps.frontends.jobs.model import Plan, Step, Task
from stamps.frontends.snap.config import Snap_Stripmap_Config
from stamps.frontends.snap.dem import Dem
from stamps.frontends.snap.graphs import (
    GraphSettings,
    export_graph,
    in_workdir,
    stripmap_coregister_graph,
    stripmap_interferogram_graph,
    subset_graph,
)
from stamps.frontends.snap.outputs import check_product
from stamps.frontends.snap.pair_steps import GraphFiles, PairSettings, export_task, joining_steps, product_outputs
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
from stamps.frontends.snap.stripmap_images import Image, chosen_master, find_images
from stamps.frontends.snap.taken_over import found_export
from stamps.frontends.snap.tools import Findings, Tools, find_dem, find_tools

__all__ = ["plan_stripmap"]


@dataclass(frozen=True)
class _Stack:
    """The images that are used, by date, and their master."""

    images: Mapping[str, Image]
    master: str

    @property
    def secondaries(self) -> tuple[str, ...]:
        return tuple(date for date in self.images if date != self.master)


def plan_stripmap(config: Snap_Stripmap_Config) -> Plan:
    """What would be done with stripmap images."""
    findings = Findings(list(config.troubles), list(config.notes))
    check_settings(config, findings)
    area = area_of(config, findings) if config.subset else None
    check_antimeridian(area, findings)
    tools = find_tools(config, findings)
    dem = find_dem(config, area.envelope if area else None, findings)
    stack = _stack_of(config, findings)
    versions = {"SNAP": tools.version} if tools.version else {}
    if stack is None or (config.subset and area is None):
        return Plan((), versions, tuple(findings.problems), tuple(findings.warnings))
    workdir = Path(config.workdir).absolute()
    subset = area.wkt if area else ""
    settings = _product_settings(config, stack, subset, dem)
    check_before(config, workdir, settings, findings)
    graphs = GraphSettings(config.polarisation, dem, resampling=config.resampling, subset=subset)
    job = _StripmapJob(workdir, stack, graphs, pair_settings(config, tools), tools)
    steps = job.steps()
    master = stack.images[stack.master]
    facts = {"frontend": "snap", "snap_version": tools.version, "master": stack.master, "dates": list(stack.images)}
    return Plan(
        steps=steps,
        versions=versions,
        problems=tuple(findings.problems),
        warnings=tuple(findings.warnings),
        facts=_facts(stack, job.exported, tools),
        files={**job.files.texts, NAME: snap_toml({**facts, "utc": master.utc or None}, settings)},
    )


def _stack_of(config: Snap_Stripmap_Config, findings: Findings) -> _Stack | None:
    """The images that are used; a job that is there keeps its master."""
    try:
        before = str(previous_job(config, findings).get("master") or "")
        images = _with_master(config, find_images(config.products), before)
        master = chosen_master(images, config.master, config.exclude)
    except StampsError as error:
        findings.problems.append(str(error))
        return None
    if before in images and before != master and not config.master.isdigit():
        findings.warnings.append(
            f"The master stays {before}, that of the job in this folder; {config.master} would be {master}."
        )
        master = before
    if master in config.exclude:
        findings.problems.append(f"The master {master} cannot be left out: choose another one with --master.")
    excluded = {*config.exclude, *config.given_up} - {master}
    kept = {date: image for date, image in images.items() if date not in excluded}
    if len(kept) < config.min_dates:
        findings.problems.append(
            f"There are {len(kept)} dates, but at least {config.min_dates} are needed (--min-dates)."
        )
    return _Stack(kept, master)


def _with_master(config: Snap_Stripmap_Config, images: dict[str, Image], master: str) -> dict[str, Image]:
    """The images with the cut image of the job's master where its own is gone, unless another master is named."""
    if not master or master in images or (config.master.isdigit() and config.master != master):
        return images
    workdir = Path(config.workdir).absolute()
    place = workdir / "subset" / f"{master}_sub.dim"
    if trouble := check_product(str(place)):
        raise InputError(
            f"The master {master} of the job in {workdir} is not among the images any more, and with another one everything "
            f"would be made anew: put it back, or take another --workdir. ({trouble})"
        )
    utc = str(previous_job(config, Findings()).get("utc") or "")
    return dict(sorted({**images, master: Image(master, place, utc, True)}.items()))


def _product_settings(config: Snap_Stripmap_Config, stack: _Stack, subset: str, dem: Dem) -> dict[str, Any]:
    return {
        "master": stack.master,
        "subset": subset,
        "dem": dem.file or dem.name,
        "dem_nodata": dem.nodata,
        "resampling": config.resampling,
    }


def _facts(stack: _Stack, exported: tuple[str, ...], tools: Tools) -> tuple[str, ...]:
    lines = [
        f"Workflow: single master, stripmap through {tools.name}.",
        f"Master {stack.master}; {len(stack.secondaries)} secondaries: {', '.join(stack.secondaries)}.",
    ]
    if exported:
        lines.append(f"Exported already, not made again: {', '.join(exported)}.")
    end = f"In the end INSAR_{stack.master} holds the export of the stack and the prepared project."
    return (*lines, threads_line(tools), end)


class _StripmapJob:
    """A job of stripmap images, from which steps are made."""

    def __init__(self, workdir: Path, stack: _Stack, graphs: GraphSettings, pairs: PairSettings, tools: Tools) -> None:
        self.workdir, self.stack, self.graphs, self.pairs, self.tools = workdir, stack, graphs, pairs, tools
        self.files = GraphFiles(tools, pairs)

    @functools.cached_property
    def exported(self) -> tuple[str, ...]:
        """Secondaries whose export is there already."""
        if not self.pairs.skip_existing:
            return ()
        place, lacking = (self.workdir, self.stack.master), self.pairs.lacking
        return tuple(date for date in self.stack.secondaries if found_export(*place, date, lacking))

    def steps(self) -> tuple[Step, ...]:
        """All steps."""
        exported = self.exported
        waiting = [date for date in self.stack.secondaries if date not in exported]
        dates = sorted({self.stack.master, *waiting}) if waiting else []
        subset = tuple(self._subset_task(date) for date in dates if not self.stack.images[date].cut)
        alone = self.tools.resources(first_alone=self.graphs.dem.file is None)  # it downloads what all need
        usual = self.tools.resources()
        exports = tuple(map(self._export_task, self.stack.secondaries))
        return (
            Step("subset", subset, (), usual),
            Step("coregister", tuple(map(self._coregister_task, waiting)), ("subset",), alone),
            Step("interferogram", tuple(map(self._interferogram_task, waiting)), ("coregister",), usual),
            Step("export", exports, ("interferogram",), self.tools.export_resources()),
            *joining_steps(self.pairs, self.stack.master, self.stack.secondaries),
        )

    def _cut(self, date: str) -> str:
        """The image of a date, cut to the area: absolute where the user has cut it."""
        image = self.stack.images[date]
        return str(image.path) if image.cut else f"subset/{date}_sub.dim"

    def _subset_task(self, date: str) -> Task:
        path, name = str(self.stack.images[date].path), f"{date}_sub"
        graph = subset_graph(path, self.graphs, f"subset/{name}.dim")
        return Task(
            id=date,
            argv=self.files.command("subset", date, graph, needs=[path], folders=("subset",)),
            inputs=(path,),
            outputs=product_outputs(f"subset/{name}"),
            about=date,
            date=date,
        )

    def _coregister_task(self, date: str) -> Task:
        inputs = self._cut(self.stack.master), self._cut(date)
        name = f"{self.stack.master}_{date}"
        places = [in_workdir(place) for place in inputs]
        graph = stripmap_coregister_graph(places[0], places[1], self.graphs, f"coreg/{name}.dim")
        return Task(
            id=name,
            argv=self.files.command("coregister", name, graph, needs=inputs, folders=("coreg",)),
            inputs=inputs,
            outputs=product_outputs(f"coreg/{name}"),
            about=date,
            date=date,
        )

    def _interferogram_task(self, date: str) -> Task:
        name = f"{self.stack.master}_{date}"
        coreg = f"coreg/{name}.dim"
        graph = stripmap_interferogram_graph(in_workdir(coreg), self.graphs, f"ifg/{name}.dim")
        return Task(
            id=name,
            argv=self.files.command("interferogram", name, graph, needs=[coreg], folders=("ifg",)),
            inputs=(coreg,),
            outputs=product_outputs(f"ifg/{name}"),
            about=date,
            date=date,
        )

    def _export_task(self, date: str) -> Task:
        pair = self.stack.master, date
        needs = [f"{folder}/{pair[0]}_{date}.dim" for folder in ("coreg", "ifg")]
        graph = export_graph(in_workdir(needs[0]), in_workdir(needs[1]), "_".join(pair))
        own = [] if self.stack.images[date].cut else [self._cut(date)]
        return export_task(self.files, pair, graph, needs, [*needs, *own])
