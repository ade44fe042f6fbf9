"""From run files to the steps and tasks of a job.

Source: docs/method/isce.md, sections 3 and 4.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from stamps.frontends.isce_jobs.config import ISCE_S1_Config
from stamps.frontends.isce_jobs.line import SHELL
from stamps.frontends.isce_jobs.programs import Programs, contained
from stamps.frontends.isce_jobs.run_files import Line, RunFile
from stamps.frontends.isce_jobs.stack_sentinel import StackOrder
from stamps.frontends.jobs import capacity
from stamps.frontends.jobs.model import Output, Resources, Step, Task
from stamps.frontends.jobs.own_commands import own_command

__all__ = ["GRID", "MERGE", "PREPARE", "preparation", "steps_of"]

#: Names of the run files whose results the preparation reads; versions before 2.4 call the first one otherwise.
MERGE = ("merge_reference_secondary_slc", "merge_master_slave_slc", "merge")
GRID = ("grid_baseline",)

#: The step behind them.
PREPARE = "prepare"


def steps_of(files: Sequence[RunFile], config: ISCE_S1_Config, programs: Programs, order: str) -> tuple[Step, ...]:
    """The steps of a job, one after another.

    Parameters
    ----------
    files : sequence of RunFile
    config : ISCE_S1_Config
    programs : Programs
    order : str
        What tells this order from another one of the same folder: with another one its tasks are to be done again.

    Returns
    -------
    tuple of Step
    """
    steps: list[Step] = []
    for file in files:
        tasks = tuple(_task(file, line, config, programs, order) for line in file.lines)
        steps.append(Step(file.step, tasks, (steps[-1].name,) if steps else (), _resources(file, config)))
    return tuple(steps)


def _resources(file: RunFile, config: ISCE_S1_Config) -> Resources:
    """Tasks at once × threads of a task are never more than the cores."""
    cores = config.all_cores
    most = config.max_concurrent_hpc or 0
    if "topo" in file.name and len(file.lines) == 1:  # one task, threads inside
        return Resources(cores, config.memory_mb, config.minutes, most)
    if config.threads:
        threads = min(config.threads, cores)
    elif config.engine == "slurm":
        threads = 1
    else:
        room = max(1, capacity.memory_mb() // config.memory_mb) if capacity.memory_mb() else cores
        threads = max(1, cores // min(len(file.lines), config.max_workers or cores, room))
    return Resources(threads, config.memory_mb, config.minutes, most)


def _task(file: RunFile, line: Line, config: ISCE_S1_Config, programs: Programs, order: str) -> Task:
    return Task(
        id=line.id,
        argv=(*own_command("stamps.frontends.isce_jobs.line", *programs.options, "--"), *_command(line, config)),
        cwd=".",
        env={"STAMPS_ISCE_ORDER": order},
        inputs=_inputs(line, config.folder),
        outputs=_outputs(file, line),
        about=" ".join(line.dates) or line.id.replace("_", " "),
        date=line.dates[0] if len(line.dates) == 1 else "",
    )


def _command(line: Line, config: ISCE_S1_Config) -> tuple[str, ...]:
    """The line for the shell, or words, in the container where there is one."""
    return contained(config, [*SHELL, line.text]) if config.container else (line.text,)


def _inputs(line: Line, folder: Path) -> tuple[str, ...]:
    """The settings of a command: where they are newer than its results, these are to be made anew."""
    if not line.config:
        return ()
    path = os.path.normpath(folder / line.config)
    inside = os.path.commonpath([path, folder]) == str(folder)
    return (os.path.relpath(path, folder) if inside else path,)


def _outputs(file: RunFile, line: Line) -> tuple[Output, ...]:
    """What must be there, for the two steps whose results the preparation reads."""
    if len(line.dates) != 1:
        return ()
    date = line.dates[0]
    if file.name in MERGE:
        return (Output(f"merged/SLC/{date}", check="isce_slc", kept=True),)  # projects read it in place
    if file.name in GRID:
        return (Output(f"merged/baselines/{date}/{date}", 0, "isce_raster"),)  # those of the reference are zeros
    return ()


def preparation(before: Sequence[Step], config: ISCE_S1_Config, order: StackOrder, order_file: str) -> Step:
    """The step that makes a project of the stack.

    Parameters
    ----------
    before : sequence of Step
        Those of the stack.
    config : ISCE_S1_Config
    order : StackOrder
    order_file : str
        What is known of the images, relative to the working directory.

    Returns
    -------
    Step
    """
    project = config.project_folder(order.master)
    threshold = config.da_thresh if config.da_thresh is not None else (0.6 if config.pairs else 0.4)
    numbers = [f"{threshold:g}", *(str(value) for value in (*config.patches, *config.overlap))]
    numbers += [os.path.abspath(config.mask)] if config.mask else []
    pairs = [word for pair in config.pair_list for word in ("--pair", *map(str, pair))]
    words = [
        f"{{workdir}}/{project}",
        order.master,
        "{workdir}",
        *pairs,
        "--order",
        f"{{workdir}}/{order_file}",
        "--numbers",
        *numbers,
    ]
    made = [output.path for step in before for task in step.tasks for output in task.outputs]
    task = Task(
        id=PREPARE,
        argv=own_command("stamps.frontends.isce_jobs.prepare", *words),
        inputs=(*made, *([os.path.abspath(config.mask)] if config.mask else [])),
        outputs=(Output(f"{project}/patch.list"), Output(f"{project}/processor.txt")),
        about=f"project {project}",
    )
    makers = [step.name for step in before if any(task.outputs for task in step.tasks)]
    after = tuple(dict.fromkeys([*makers, before[-1].name]))
    return Step(PREPARE, (task,), after, Resources(1, config.memory_mb, config.minutes))
