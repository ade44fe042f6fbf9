"""Time series of a stack as jobs: a new project is prepared, run, and what was asked for is made of it.

The front end ``psi`` of the job model; ``stamps jobs`` shows, retries and cancels its jobs like all others.

Source: docs/method/service.md, section 2.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from stamps.errors import ParameterError
from stamps.frontends.jobs.model import Output, Plan, Resources, Step, Task
from stamps.frontends.jobs.own_commands import own_command
from stamps.products.exports import FORMATS
from stamps.service.psi_config import PsiConfig, settings_problems, steps_of
from stamps.service.stack_kinds import STACK_KINDS

__all__ = ["CHECKS", "ERRORS", "NAME", "PRODUCTS", "arrange", "plan", "product_files"]

NAME = "psi"

#: What tells the cause in a log: sentences of our own commands.
ERRORS = (r"^(?:stamps|mt_prep_snap|mt_prep_isce|psi)\b[^:]*: .*",)

#: Folder of exports, in the project.
PRODUCTS = "products"

#: The file that a last step leaves.
_LAST = {5: "ps2.mat", 6: "phuw2.mat", 7: "scla2.mat", 8: "scn2.mat"}


def _is_table(path: Path) -> str:
    """What is wrong with a text file of numbers; its first and last lines are looked at."""
    with open(path, "rb") as file:
        first = file.readline().split()
        file.seek(max(0, path.stat().st_size - 200))
        last = file.read().decode("ascii", "replace")
    try:
        numbers = [*map(float, first), *map(float, last.split()[-len(first) :])]
    except ValueError:
        return f"{path.name} holds something else than numbers"
    return "" if first and last.endswith("\n") and len(numbers) == 2 * len(first) else f"{path.name} was cut short"


#: Checks of outputs by name.
CHECKS = {"table": _is_table}


def plan(config: PsiConfig) -> Plan:
    """What would be done; writes nothing.

    Raises
    ------
    ParameterError
        The configuration is none of a time series.
    """
    if not isinstance(config, PsiConfig):
        raise ParameterError(f"{type(config).__name__} is no configuration of a time series: PsiConfig.")
    problems = [*settings_problems(config.settings)]
    if config.frontend not in STACK_KINDS:
        problems.append(f"There are no stacks of '{config.frontend}': {', '.join(STACK_KINDS)}.")
    if not config.master or not config.project:
        problems.append("A time series needs the master of the stack and a project: name both.")
    if problems:
        return Plan(problems=tuple(problems))
    steps = (_prepare_step(config), *_run_steps(config), *_product_steps(config))
    facts = (
        f"{len(config.images)} images, master {config.master}; project {config.project}.",
        f"Steps {config.settings.steps}; products: {', '.join(config.settings.products) or 'none'}.",
    )
    return Plan(steps, facts=facts)


def arrange(config: PsiConfig, plan: Plan) -> Plan:
    """Nothing is to be arranged."""
    return plan


# ---------------------------------------------------------------------- steps


def _prepare_step(config: PsiConfig) -> Step:
    settings = config.settings
    numbers = map(str, (settings.da_thresh, *settings.patches, *settings.overlap))
    task = Task(
        id="prepare",
        argv=own_command(
            "stamps.service.psi_commands", "prepare", f"{{workdir}}/{config.project}", STACK_KINDS[config.frontend].command,
            config.master, f"{{workdir}}/{config.stack}".rstrip("/"), *numbers, json.dumps(_parameters(config), sort_keys=True),
        ),
        inputs=(config.stack,) if config.stack else (),
        outputs=(Output(f"{config.project}/patch.list", linked=True), Output(f"{config.project}/parms.mat", linked=True)),
        about=f"{len(config.images)} images",
    )  # fmt: skip
    return Step("prepare", (task,), (), Resources(1, settings.memory_mb, settings.minutes))


def _parameters(config: PsiConfig) -> dict[str, object]:
    """All parameters that are set in the new project, as they can stand in JSON."""
    settings = config.settings
    found: dict[str, object] = {**settings.parameters, "merge_resample_size": settings.resolution}
    if settings.reference:
        longitude, latitude, radius = settings.reference
        found |= {"ref_centre_lonlat": [longitude, latitude], "ref_radius": radius}
    return found


def _run_steps(config: PsiConfig) -> tuple[Step, ...]:
    settings, project = config.settings, config.project
    first, last = steps_of(settings.steps)
    resources = Resources(settings.cores, settings.memory_mb, settings.minutes)
    before = min(last, 7) if settings.tropo else last
    run = Task(
        id="stamps",
        argv=own_command(
            "stamps", str(first), str(before), "--workdir", f"{{workdir}}/{project}", "--cores", "{cores}"
        ),
        inputs=(f"{project}/patch.list",),
        outputs=(Output(f"{project}/{_LAST[before]}", linked=True),),
        about=f"steps {first} to {before}",
    )
    steps = [Step("run", (run,), ("prepare",), resources)]
    if settings.tropo:
        words = ("tropo", f"{{workdir}}/{project}", settings.tropo, str(last), "{cores}")
        task = Task(
            id=settings.tropo,
            argv=own_command("stamps.service.psi_commands", *words),
            outputs=(Output(f"{project}/{_LAST[last]}", linked=True),),
            about=f"{settings.tropo}, steps 6 to {last}",
        )
        steps.append(Step("tropo", (task,), ("run",), resources))
    return tuple(steps)


def _product_steps(config: PsiConfig) -> tuple[Step, ...]:
    settings = config.settings
    if not settings.products:
        return ()
    corrected = {"linear": "a_linear", "powerlaw": "a_powerlaw"}.get(settings.tropo, "")
    tasks = tuple(
        Task(
            id=kind,
            argv=own_command(
                "stamps.service.psi_commands", "product", f"{{workdir}}/{config.project}", kind, corrected
            ),
            outputs=tuple(
                Output(f"{config.project}/{name}", check="table" if name.endswith(".xy") else "", linked=True)
                for name in product_files(kind, len(config.images))
            ),
            about=kind,
        )
        for kind in _together(settings.products)
    )
    after = "tropo" if settings.tropo else "run"
    return (Step("products", tasks, (after,), Resources(1, settings.memory_mb, settings.minutes, at_once=1)),)


def _together(products: Sequence[str]) -> list[str]:
    """Products in the order in which they are made, each once; the archive needs the files of ps_output."""
    wanted = list(dict.fromkeys(products))
    if "series" in wanted:
        wanted = [kind for kind in wanted if kind != "ps_output"]
    return wanted


def product_files(kind: str, n_images: int) -> list[str]:
    """Files and folders that a product leaves, from the project on.

    Parameters
    ----------
    kind : str
        One of :data:`stamps.service.psi_config.KINDS`.
    n_images : int
    """
    output = ["ps_mean_v.xy", "ps_data.xy", *(f"ps_u-dm.{k}.xy" for k in range(1, n_images + 1))]
    if kind == "ps_output":
        return output
    if kind == "series":
        return [*output, f"{PRODUCTS}/ps_u-dm.zip"]
    if kind == "report":
        return ["report/index.html"]
    suffixes = FORMATS[kind].suffixes
    return [f"{PRODUCTS}/{kind}{suffixes[0] if suffixes else ''}"]
