"""The commands of the tasks of a time series: ``prepare``, ``tropo``, ``product``.

``prepare PROJECT COMMAND MASTER STACK DA RG AZ RG_OVERLAP AZ_OVERLAP PARAMETERS``, ``tropo PROJECT METHOD LAST CORES``,
``product PROJECT KIND CORRECTION``. Each can be run again after it was killed.

Source: docs/method/service.md, section 2.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from stamps.errors import StampsError
from stamps.processes.child import command, environment
from stamps.service.psi_config import parameter_value
from stamps.workspace.console import one_line

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the first word says; the exit status."""
    action, *words = sys.argv[1:] if arguments is None else arguments
    actions: dict[str, Callable[..., int]] = {"prepare": _prepare, "tropo": _tropo, "product": _product}
    try:
        return actions[action](*words)
    except (StampsError, OSError) as error:
        print(one_line(f"psi: {error}"), file=sys.stderr)
        return 1


def _called(*words: str) -> int:
    """Exit status of a command of this package."""
    done = subprocess.run(
        command("stamps", *words),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env=environment(),
        cwd=os.sep,
        check=False,
    )
    return done.returncode


def _prepare(project: str, program: str, master: str, stack: str, *rest: str) -> int:
    """Prepare a new project and set its parameters."""
    from stamps.frontends.snap.join import MASK
    from stamps.legacy.setparm import setparm

    *numbers, parameters = rest
    Path(project).mkdir(parents=True, exist_ok=True)
    mask = [MASK] if program == "mt_prep_snap" and (Path(stack) / MASK).is_file() else []
    if status := _called(program, master, stack, *numbers, *mask, "--workdir", project):
        return status
    for name, value in json.loads(parameters).items():
        setparm(name, parameter_value(value), workdir=project)
    return 0


def _tropo(project: str, method: str, last: str, cores: str) -> int:
    """Estimate a correction, let it be subtracted, and unwrap again; one that was estimated before is not anew."""
    from stamps.legacy.setparm import setparm
    from stamps.workspace.parameters import Parameters

    if Parameters(project).get("subtr_tropo") != "y":
        if status := _called("tropo", method, "--workdir", project):
            return status
        setparm("tropo_method", f"a_{method}", workdir=project)
        setparm("subtr_tropo", "y", workdir=project)
    return _called("6", last, "--workdir", project, "--cores", cores)


def _product(project: str, kind: str, correction: str) -> int:
    """Make one product."""
    from stamps.service.psi import PRODUCTS, product_files

    if kind in ("ps_output", "series"):
        status = _ps_output(Path(project), correction)
        if status == 0 and kind == "series":
            _archive(Path(project), PRODUCTS)
        return status
    if kind == "report":
        return _called("report", "--workdir", project)
    (name,) = product_files(kind, 0)
    (Path(project) / PRODUCTS).mkdir(exist_ok=True)
    values = ["--values", "v-da", "--aps", correction] if correction else []
    return _called("export", kind, "--workdir", project, "--out", name, *values)


def _ps_output(project: Path, correction: str) -> int:
    """The velocity, and the files that GEP delivers."""
    from stamps.legacy.ps_output import ps_output
    from stamps.legacy.ps_plot import ps_plot

    if correction:
        ps_plot("v-da", -1, correction, workdir=project)
    else:
        ps_plot("v-d", -1, workdir=project)
    ps_output(corrected=True, workdir=project)
    return 0


def _archive(project: Path, folder: str) -> None:
    """The series of all images in one archive, put in its place whole."""
    names = sorted(project.glob("ps_u-dm.*.xy"), key=lambda path: int(path.name.split(".")[1]))
    target = project / folder / "ps_u-dm.zip"
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(".ps_u-dm.zip.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in [*names, project / "date.txt"]:
            archive.write(path, path.name)
    os.replace(part, target)


if __name__ == "__main__":
    sys.exit(main())
