"""``stackSentinel.py``: its command line, and a run of it that leaves ``configs/`` and ``run_files/``.

It stops where there are run files, so older ones are kept as ``run_files_<n>``, their settings as ``configs_<n>``. A dry run
lets it work in a scratch folder that has the dates of an existing stack as empty folders, and names the working directory in
its results.

Source: docs/method/isce.md, section 2.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stamps.errors import ExternalProgramError, StampsError
from stamps.frontends.isce_jobs.config import ISCE_S1_Config
from stamps.frontends.isce_jobs.programs import Programs, contained
from stamps.frontends.isce_jobs.run_files import FOLDER, RunFile, read_run_files
from stamps.frontends.jobs.store import replace_text
from stamps.processes.scratch import scratch_folder
from stamps.workspace.plain_files import read_json
from stamps.workspace.system_errors import reason_of, signal_name

__all__ = [
    "COREGISTERED",
    "StackOrder",
    "command_line",
    "generate",
    "generate_in_scratch",
    "record_of",
    "recorded",
    "recorded_before",
]

#: Folders of the coregistered secondaries (the second one of versions before 2.4): where one is, there is a stack.
COREGISTERED = ("coreg_secondarys", "coreg_slaves")

#: What was asked for, in the folder of the run files; written last.
_RECORD = "stamps_order.json"
_MIRRORED = (*COREGISTERED, "secondarys", "slaves", "reference", "master")  # folders by which a stack is known
_LINKS = "slc_used"  # folder of links to the products, where theirs holds others, too
_WRITTEN = (FOLDER, "configs")
_ASIDE = re.compile(rf"{FOLDER}_(\d{{1,9}})\Z")


@dataclass(frozen=True)
class StackOrder:
    """What the run files depend on, beside the settings.

    Attributes
    ----------
    master : str
        yyyymmdd.
    dates : tuple of str
        All dates that are used, ascending.
    excluded : tuple of str
        Other dates in the folder of the products.
    swaths : tuple of int
    box : tuple of float
        South, north, west, east, degrees.
    products : tuple of Path
        Those of the dates, absolute.
    linked : bool
        The program gets a folder of links to them: theirs holds others that it would take, too.
    """

    master: str
    dates: tuple[str, ...]
    excluded: tuple[str, ...]
    swaths: tuple[int, ...]
    box: tuple[float, float, float, float]
    products: tuple[Path, ...]
    linked: bool = False

    def slc_dir(self, folder: Path) -> Path:
        """Folder of the products for a working directory."""
        return folder / _LINKS if self.linked else self.products[0].parent


def command_line(config: ISCE_S1_Config, order: StackOrder, folder: Path) -> list[str]:
    """Arguments of ``stackSentinel.py``.

    Parameters
    ----------
    config : ISCE_S1_Config
    order : StackOrder
    folder : Path
        Its working directory.

    Returns
    -------
    list of str
    """
    aux = config.aux if config.aux_dir else folder / "aux"
    words = ["-s", str(order.slc_dir(folder)), "-d", os.path.abspath(config.dem_path)]
    words += ["-o", os.path.abspath(config.orbit_dir), "-a", str(aux), "-w", str(folder)]
    words += ["-W", config.workflow, "-C", config.coregistration, "-O", str(config.num_overlap_connections)]
    words += ["-e", f"{config.esd_coherence_threshold:g}", "-p", config.polarization.lower()]
    words += ["-n", " ".join(map(str, order.swaths)), "-b", " ".join(f"{value:.12g}" for value in order.box)]
    words += ["-m", order.master, "--num_proc", "1"]
    words += ["-c", str(config.num_connections)] if config.workflow != "slc" else []
    words += ["-x", ",".join(order.excluded)] if order.excluded else []
    return words + (["-t", config.text_cmd] if config.text_cmd else [])


def record_of(config: ISCE_S1_Config, order: StackOrder) -> dict[str, Any]:
    """What is kept beside run files: by it they are known to be those of an order."""
    return {
        "command": command_line(config, order, config.folder),
        "master": order.master,
        "dates": [*order.dates],
        "products": [str(path) for path in order.products],
        "workflow": config.workflow,
    }


def recorded(folder: Path) -> dict[str, Any]:
    """The record of the run files of a working directory; empty if they are not ours, or none."""
    return _record_in(folder / FOLDER)


def recorded_before(folder: Path) -> dict[str, Any]:
    """The newest record of run files that were put aside in a working directory; empty if there is none."""
    kept = [(int(found[1]), path) for path in folder.iterdir() if (found := _ASIDE.match(path.name))]
    return next((record for _, path in sorted(kept, reverse=True) if (record := _record_in(path))), {})


def _record_in(place: Path) -> dict[str, Any]:
    try:
        found = read_json(place / _RECORD)
    except (OSError, ValueError, StampsError):
        return {}
    return found if isinstance(found, dict) and found.keys() >= {"command", "master", "dates"} else {}


def generate(config: ISCE_S1_Config, programs: Programs, order: StackOrder) -> tuple[RunFile, ...]:
    """Run it in the working directory, unless the run files there are of the same order.

    Parameters
    ----------
    config : ISCE_S1_Config
    programs : Programs
    order : StackOrder

    Returns
    -------
    tuple of RunFile

    Raises
    ------
    ExternalProgramError
        It fails; what was there before is there again.
    InputError
        Its run files cannot be understood.
    """
    folder = config.folder
    record = record_of(config, order)
    if recorded(folder) == record:
        return read_run_files(folder / FOLDER)
    (config.aux if config.aux_dir else folder / "aux").mkdir(parents=True, exist_ok=True)
    _link(order, folder)
    kept = _put_aside(folder)
    try:
        _run(config, programs, command_line(config, order, folder), folder)
        files = read_run_files(folder / FOLDER)
    except BaseException:
        _put_back(folder, kept)
        raise
    replace_text(folder / FOLDER / _RECORD, json.dumps(record, indent=1) + "\n")
    return files


def generate_in_scratch(config: ISCE_S1_Config, programs: Programs, order: StackOrder) -> tuple[RunFile, ...]:
    """The run files as :func:`generate` would leave them, without a change in the working directory.

    Parameters
    ----------
    config : ISCE_S1_Config
    programs : Programs
    order : StackOrder

    Returns
    -------
    tuple of RunFile
        Their commands name the working directory.

    Raises
    ------
    ExternalProgramError, InputError
        As :func:`generate`.
    """
    folder = config.folder
    if recorded(folder) == record_of(config, order):
        return read_run_files(folder / FOLDER)
    with scratch_folder("isce") as place:
        scratch = place.resolve()
        _mirror(folder, scratch)
        _link(order, scratch)
        (scratch / "aux").mkdir()
        _run(config, programs, command_line(config, order, scratch), scratch, str(scratch))
        files = read_run_files(scratch / FOLDER)
        return tuple(_moved(file, str(scratch), str(folder)) for file in files)


def _mirror(folder: Path, scratch: Path) -> None:
    """Make the dates of an existing stack as empty folders, so that the program sees that there is one."""
    for name in _MIRRORED:
        for inside in sorted((folder / name).iterdir()) if (folder / name).is_dir() else []:
            if inside.is_dir():
                (scratch / name / inside.name).mkdir(parents=True, exist_ok=True)


def _link(order: StackOrder, folder: Path) -> None:
    """Make the folder of links, where one is needed; old links go."""
    if not order.linked:
        return
    place = folder / _LINKS
    place.mkdir(exist_ok=True)
    for path in place.iterdir():
        if path.is_symlink():
            path.unlink()
    for product in order.products:
        with contextlib.suppress(FileExistsError):
            (place / product.name).symlink_to(product)


def _moved(file: RunFile, old: str, new: str) -> RunFile:
    lines = tuple(
        replace(line, text=line.text.replace(old, new), config=line.config.replace(old, new)) for line in file.lines
    )
    return replace(file, lines=lines)


def _put_aside(folder: Path) -> Mapping[str, Path]:
    """Rename what older runs have written to the first number that is free; name to its new place."""
    there = [name for name in _WRITTEN if os.path.lexists(folder / name)]
    number = 1
    while any(os.path.lexists(folder / f"{name}_{number}") for name in _WRITTEN):
        number += 1
    kept = {name: folder / f"{name}_{number}" for name in there}
    for name, place in kept.items():
        os.rename(folder / name, place)
    return kept


def _put_back(folder: Path, kept: Mapping[str, Path]) -> None:
    """Remove what a run that failed has written, and let the old have its name again."""
    for name in _WRITTEN:
        shutil.rmtree(folder / name, ignore_errors=True)
        if name in kept:
            os.rename(kept[name], folder / name)


def _run(config: ISCE_S1_Config, programs: Programs, words: Sequence[str], folder: Path, scratch: str = "") -> None:
    """Run it in a folder; an ExternalProgramError with its own words if it fails or writes no run files."""
    command = contained(config, [programs.generator, *words], scratch)
    try:
        answer = subprocess.run(
            command,
            cwd=folder,
            env=programs.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ExternalProgramError(f"stackSentinel.py cannot be started: {reason_of(error)}.") from error
    if answer.returncode or not (folder / FOLDER).is_dir():
        raise ExternalProgramError(f"stackSentinel.py {_end(answer.returncode)}; it says: {_said(answer.stdout)}")


def _end(status: int) -> str:
    if status < 0:
        return f"was ended by {signal_name(-status)}"
    return f"ended with exit status {status}" if status else "ended without having written run files"


def _said(output: str) -> str:
    """The last line of an output that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "nothing."
