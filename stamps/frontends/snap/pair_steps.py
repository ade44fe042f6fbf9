"""What jobs of Sentinel-1 and of stripmap images have in common: graphs as files, the export of a pair, joining, the preparation.

Source: docs/method/snap.md, section 1.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from stamps.frontends.jobs.model import Output, Resources, Step, Task
from stamps.frontends.jobs.own_commands import own_command
from stamps.frontends.snap.graphs import Graph
from stamps.frontends.snap.join import RECORD
from stamps.frontends.snap.run_settings import NAME as RUN_SETTINGS
from stamps.frontends.snap.run_settings import RunSettings, digest_of
from stamps.frontends.snap.tools import Tools

__all__ = ["GraphFiles", "PREPARE", "PairSettings", "export_task", "joining_steps", "preparation", "product_outputs"]

#: Name of the step that prepares the project.
PREPARE = "prepare"


@dataclass(frozen=True)
class PairSettings:
    """What is decided about exports and what follows.

    Attributes
    ----------
    skip_existing : bool
        Take what is there.
    keep : {'export', 'all'}
        What remains of a pair after a checked export.
    lacking : bool
        Secondaries need not cover what the master does.
    da_thresh : float
        Amplitude dispersion below which a pixel is a candidate.
    patches, overlap : (int, int)
        In range and azimuth.
    cores, memory_mb : int
        Of the preparation.
    """

    skip_existing: bool
    keep: str
    lacking: bool
    da_thresh: float
    patches: tuple[int, int]
    overlap: tuple[int, int]
    cores: int
    memory_mb: int


@dataclass
class GraphFiles:
    """Graphs of a job as small files of its plan, the commands that run them, and what goes after an export."""

    tools: Tools
    settings: PairSettings
    graphs: dict[str, str] = field(default_factory=dict)
    products: dict[str, list[str]] = field(default_factory=dict)

    def command(
        self,
        step: str,
        name: str,
        graph: Graph,
        *,
        needs: Sequence[str],
        folders: Sequence[str] = (),
        sweep: bool = False,
    ) -> tuple[str, ...]:
        """Words that run a graph, which becomes a file of the plan.

        Parameters
        ----------
        step, name : str
            Name of the file: ``graphs/<step>/<name>.xml``.
        graph : Graph
        needs : sequence of str
            Products that must be there and complete, relative to the working directory or absolute.
        folders : sequence of str
            To make in the scratch folder.
        sweep : bool
            Products of pairs that are exported may go.
        """
        place = f"graphs/{step}/{name}.xml"
        self.graphs[place] = text = graph.text()
        words = [
            "--settings",
            f"{{workdir}}/{RUN_SETTINGS}",
            "--graph",
            f"{{workdir}}/{place}",
            "--digest",
            digest_of(text),
        ]
        words += ["--workdir", "{workdir}", "--cores", "{cores}", "--memory", "{memory_mb}"]
        words += [word for path in needs for word in ("--needs", os.path.join("{workdir}", path))]
        words += [word for folder in folders for word in ("--folder", folder)]
        words += ["--sweep"] if sweep and self.settings.keep == "export" else []
        return own_command("stamps.frontends.snap.run_graph", *words)

    @property
    def texts(self) -> dict[str, str]:
        """All small files."""
        products = self.products if self.settings.keep == "export" else {}
        settings = RunSettings(self.tools.gpt, self.tools.user, self.tools.version, products)
        return {**self.graphs, RUN_SETTINGS: settings.text()}


def product_outputs(name: str, check: str = "dimap") -> tuple[Output, ...]:
    """A DIMAP product that takes its place whole: first its data, then the description, without which it is none."""
    places = f"{name}.data", f"{name}.dim"
    return Output(places[0], made=places[0]), Output(places[1], check=check, made=places[1])


def export_task(
    files: GraphFiles, pair: tuple[str, str], graph: Graph, needs: Sequence[str], done_with: Sequence[str]
) -> Task:
    """The task that exports a pair.

    Parameters
    ----------
    files : GraphFiles
    pair : (str, str)
        Dates of master and secondary.
    graph : Graph
    needs : sequence of str
        Products that it reads, relative to the working directory.
    done_with : sequence of str
        Products that are not needed after it.
    """
    name = "_".join(pair)
    files.products[name] = list(done_with)
    check = "export_partial" if files.settings.lacking else "export_pair"
    return Task(
        id=name,
        argv=files.command("export", name, graph, needs=needs, sweep=True),
        inputs=tuple(needs),
        outputs=(Output(f"export/{name}", check=check, made=name),),
        about=pair[1],
        date=pair[1],
    )


def _joined_rasters(folder: str, master: str, dates: Sequence[str]) -> tuple[Output, ...]:
    """What the prepared project reads in place; other names of files of the exports."""
    names = [f"rslc/{date}.rslc" for date in (master, *dates)]
    names += [f"diff0/{master}_{date}.diff" for date in dates]
    return tuple(Output(f"{folder}/{name}", kept=True, linked=True) for name in (*names, "geo"))


def joining_steps(settings: PairSettings, master: str, dates: Sequence[str]) -> tuple[Step, Step]:
    """The steps that join the pairs and prepare the project."""
    folder = f"INSAR_{master}"
    sweeping = ["--sweep", f"{{workdir}}/{RUN_SETTINGS}"] if settings.keep == "export" else []
    join = Task(
        id=folder,
        argv=own_command("stamps.frontends.snap.join", *sweeping, "{workdir}", master, *dates),
        inputs=tuple(f"export/{master}_{date}" for date in dates),
        outputs=(
            *_joined_rasters(folder, master, dates),
            Output(f"{folder}/{RECORD}"),
        ),  # the last is written each time
        about=f"{len(dates)} pairs",
    )
    prepare = preparation(folder, settings.da_thresh, settings.patches, settings.overlap)
    return (
        Step("join", (join,), ("export",), Resources(1, 1000)),
        Step(PREPARE, (prepare,), ("join",), Resources(settings.cores, settings.memory_mb)),
    )


def preparation(folder: str, da_thresh: float, patches: Sequence[int], overlap: Sequence[int]) -> Task:
    """The task that prepares the project in a joined export.

    Parameters
    ----------
    folder : str
        ``INSAR_<master>``, relative to the working directory.
    da_thresh : float
        Amplitude dispersion below which a pixel is a candidate.
    patches, overlap : sequence of int
        In range and azimuth.
    """
    master = folder.rpartition("_")[2]
    numbers = map(str, (da_thresh, *patches, *overlap))
    return Task(
        id=folder,
        argv=own_command("stamps.frontends.snap.prepare", f"{{workdir}}/{folder}", master, *numbers),
        inputs=(f"{folder}/{RECORD}",),
        outputs=(Output(f"{folder}/patch.list"),),
        about=folder,
    )
