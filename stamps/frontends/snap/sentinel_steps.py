"""Steps of a Sentinel-1 job: split, coregister, export, join, prepare; a task for each date and subswath, or pair.

Source: docs/method/snap.md, section 1.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path

from stamps.frontends.jobs.model import Step, Task
from stamps.frontends.sentinel1.acquisitions import ends_cycle
from stamps.frontends.sentinel1.selection import Selection
from stamps.frontends.snap.graphs import (
    Graph,
    GraphSettings,
    coregister_graph,
    export_graph,
    in_workdir,
    merged_export_graph,
    split_graph,
)
from stamps.frontends.snap.pair_steps import GraphFiles, PairSettings, export_task, joining_steps, product_outputs
from stamps.frontends.snap.split_facts import Wanted
from stamps.frontends.snap.taken_over import found_export, found_split, other_split
from stamps.frontends.snap.tools import Tools

__all__ = ["SentinelJob"]


@dataclasses.dataclass
class SentinelJob:
    """A job of Sentinel-1 images, from which steps are made.

    Attributes
    ----------
    workdir : Path
        Absolute.
    selection : Selection
    graphs : GraphSettings
    pairs : PairSettings
    tools : Tools
    given : mapping
        Date and subswath to the split that is used for it as it is: made by hand, or of a master whose product is gone.
    passed_over : list of str
        A sentence for each split in folders of other programs that is not what the job wants.
    """

    workdir: Path
    selection: Selection
    graphs: GraphSettings
    pairs: PairSettings
    tools: Tools
    given: Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.files = GraphFiles(self.tools, self.pairs)
        self.passed_over: list[str] = []
        self.splits: Mapping[tuple[str, str], str] = {
            (date, swath): self.given.get((date, swath)) or self._found(date, swath) or f"split/{date}_{swath}.dim"
            for date in self.selection.dates
            for swath in self.selection.swaths
        }

    def _found(self, date: str, swath: str) -> str:
        """A split that lies in a folder of another program; empty if there is none, or it is not wanted."""
        if not self.pairs.skip_existing:
            return ""
        place, others = found_split(self.workdir, date, self._wanted(date, swath))
        self.passed_over += others
        return place

    def _wanted(self, date: str, swath: str) -> Wanted:
        """What a split is to be."""
        first, last = self.selection.burst_range[date][swath]
        slices = [product for one in self.selection.acquisitions for product in one.slices]
        return Wanted(
            self.graphs.polarisation.upper(),
            swath,
            self.selection.acquisition(date),
            tuple(self.selection.burst_ids.get(swath, ())),
            last - first + 1,
            ends_cycle(slices),
        )

    def others(self) -> list[str]:
        """Sentences about splits of something else in the places of the job's own."""
        own = [key for key, place in self.splits.items() if place == f"split/{key[0]}_{key[1]}.dim"]
        found = (other_split(self.workdir, date, self._wanted(date, swath)) for date, swath in own)
        return [sentence for sentence in found if sentence] if self.pairs.skip_existing else []

    @property
    def secondaries(self) -> tuple[str, ...]:
        """All dates but the master's."""
        return tuple(date for date in self.selection.dates if date != self.selection.master)

    @functools.cached_property
    def exported(self) -> tuple[str, ...]:
        """Secondaries whose export is there already."""
        if not self.pairs.skip_existing:
            return ()
        place, lacking = (self.workdir, self.selection.master), self.pairs.lacking
        return tuple(date for date in self.secondaries if found_export(*place, date, lacking))

    @property
    def taken_over(self) -> tuple[str, ...]:
        """Splits that are used as they are, and those that lie in folders of other programs."""
        given = {*self.given.values()}
        return tuple(
            place
            for place in self.splits.values()
            if place in given or not place.startswith("split/") or place.count("/") > 1
        )

    def steps(self) -> tuple[Step, ...]:
        """All steps; dates that are exported already are neither split nor coregistered."""
        waiting = tuple(date for date in self.secondaries if date not in self.exported)
        split = Step("split", self._split_tasks(waiting), (), self.tools.resources())
        alone = self.tools.resources(first_alone=self.graphs.dem.file is None)  # it downloads what all need
        coregister = Step("coregister", self._coregister_tasks(waiting), ("split",), alone)
        export = Step("export", self._export_tasks(), ("coregister",), self.tools.export_resources())
        return (split, coregister, export, *joining_steps(self.pairs, self.selection.master, self.secondaries))

    # ------------------------------------------------------------------ tasks

    def _split_tasks(self, waiting: tuple[str, ...]) -> tuple[Task, ...]:
        dates = sorted({self.selection.master, *waiting}) if waiting else []
        return tuple(
            self._split_task(date, swath)
            for date in dates
            for swath in self.selection.swaths
            if self.splits[date, swath] not in self.taken_over
        )

    def _split_task(self, date: str, swath: str) -> Task:
        products = [str(product.readable) for product in self.selection.acquisition(date).slices]
        name = f"{date}_{swath}"
        graph = split_graph(products, self.graphs, swath, self.selection.burst_range[date][swath], f"split/{name}.dim")
        return Task(
            id=name,
            argv=self.files.command("split", name, graph, needs=products, folders=("split",)),
            inputs=tuple(products),
            outputs=product_outputs(f"split/{name}"),
            about=f"{date} {swath}",
            date=date,
        )

    def _coregister_tasks(self, waiting: tuple[str, ...]) -> tuple[Task, ...]:
        return tuple(self._coregister_task(date, swath) for date in waiting for swath in self.selection.swaths)

    def _coregister_task(self, date: str, swath: str) -> Task:
        master = self.selection.master
        name = f"{master}_{date}_{swath}"
        inputs = self.splits[master, swath], self.splits[date, swath]
        ranges = (self.selection.burst_range[one][swath] for one in (master, date))
        graph = coregister_graph(
            in_workdir(inputs[0]),
            in_workdir(inputs[1]),
            self.graphs,
            n_bursts=min(last - first + 1 for first, last in ranges),
            alone=len(self.selection.swaths) == 1,
            coreg=f"coreg/{name}.dim",
            ifg=f"ifg/{name}.dim",
        )
        return Task(
            id=name,
            argv=self.files.command("coregister", name, graph, needs=inputs, folders=("coreg", "ifg")),
            inputs=inputs,
            outputs=(*product_outputs(f"coreg/{name}"), *product_outputs(f"ifg/{name}", "same_size")),
            about=f"{date} {swath}",
            date=date,
        )

    def _export_tasks(self) -> tuple[Task, ...]:
        return tuple(self._export_task(date) for date in self.secondaries)

    def _export_task(self, date: str) -> Task:
        master, swaths = self.selection.master, self.selection.swaths
        names = [f"{master}_{date}_{swath}.dim" for swath in swaths]
        coregs, ifgs = ([f"{folder}/{name}" for name in names] for folder in ("coreg", "ifg"))
        graph = self._export_graph(coregs, ifgs, f"{master}_{date}")
        splits = [self.splits[date, swath] for swath in swaths]
        done_with = [*coregs, *ifgs, *(place for place in splits if place not in self.taken_over)]
        return export_task(self.files, (master, date), graph, [*coregs, *ifgs], done_with)

    def _export_graph(self, coregs: list[str], ifgs: list[str], folder: str) -> Graph:
        coregs, ifgs = ([in_workdir(place) for place in places] for places in (coregs, ifgs))
        if len(coregs) == 1:
            return export_graph(coregs[0], ifgs[0], folder)
        return merged_export_graph(coregs, ifgs, self.graphs, folder)
