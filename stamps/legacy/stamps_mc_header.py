"""Run steps 1 to 5a of the patches in several processes.

Splits the patch list into ``patch_list_split_<k>`` of consecutive patches, one for each of ``n_cores`` processes, whose
output goes to ``log_stamps_split_<k>`` and whose numbers are appended to ``log_stamps_overview``. Unlike the original
it waits for them. As in the original every patch has a copy of ``parms.mat`` afterwards, which from then on counts
there instead of the project's; here the copies are made when the processes have ended, so that what step 1 finds in
the headers reaches the project.

Parameter: ``n_cores``. Source: docs/method/products.md, section 11.
"""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
from typing import TYPE_CHECKING, Literal, TextIO

from stamps.errors import InputError, StampsError
from stamps.processes import child, children
from stamps.run.plan import find_patches
from stamps.workspace import Workspace
from stamps.workspace.console import log_on_console
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters
from stamps.workspace.plain_files import open_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from stamps._typing import StrPath


__all__ = ["stamps_mc_header"]

_OVERVIEW = "log_stamps_overview"
_LAST_PATCH_STEP = 5
_THREADS = ("STAMPS_CORES", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_ALONE = {**dict.fromkeys(_THREADS, "1"), "STAMPS_CLUSTER": "none", "STAMPS_SCHEDULER": ""}


@log_on_console(unless_configured=True)
@functools.partial(reserving, shared=True)
def stamps_mc_header(
    start_step: int = 1,
    end_step: int = 4,
    patches_flag: str = "y",
    est_gamma_parm: int = 0,
    patch_list_file: str = "patch.list",
    workdir: Workspace | StrPath = ".",
) -> str | None:
    """Run steps ``start_step`` to ``end_step``, at most 5a, of all patches in ``n_cores`` processes.

    Parameters
    ----------
    start_step, end_step : int
        Defaults 1 and 4.
    patches_flag : str
        Only ``'y'`` makes sense and nothing else is accepted.
    est_gamma_parm : int
        Restart flag of step 2.
    patch_list_file : str
        File with the patch directories, one a line.
    workdir : path-like or Workspace
        The project directory.

    Returns
    -------
    str or None
        For steps from 5 on the command that does the rest (merging and the steps after it); it is printed too.

    Raises
    ------
    InputError
        There is no patch, or no step to run in patches.
    StampsError
        A process failed; the message has its last line and names its log.
    """
    start, end = _step(start_step, 1), _step(end_step, 4)
    if start > _LAST_PATCH_STEP or not 0 <= start <= end <= 8:
        raise InputError(f"Steps {start} to {end} do not run in patches: start at a step from 0 to 5, or use stamps.")
    if str(patches_flag or "y").lower() != "y":
        raise InputError("stamps_mc_header works in patches only: use stamps for a directory without patches.")
    ws = Workspace.at(workdir)
    list_file = patch_list_file or "patch.list"
    patches = find_patches(ws, list_file)
    if not patches:
        raise InputError(f"{ws.path} has no patches: run the preparation (mt_prep_snap …) first.")
    log = Log(ws, "STAMPS_MC_HEADER")
    parameters = Parameters(ws)
    parameters.fill_defaults()
    chunks = split(patches, int(parameters.get("n_cores") or 1))
    folders = [ws / name for name in patches]
    _write_lists(ws, chunks)
    for folder in folders:
        folder.delete("parms.mat")  # a copy of an earlier run would keep the project from being told what step 1 finds
    log(f"{len(patches)} patches in {len(chunks)} processes, output in log_stamps_split_1 … {len(chunks)}")
    _run(ws, len(chunks), [start, min(end, _LAST_PATCH_STEP), "", int(est_gamma_parm or 0)])
    for folder in folders:
        folder.put_file("parms.mat", ws.path / "parms.mat")
    log("Every patch has its own parms.mat now: delete PATCH_*/parms.mat if the project's is to count there again")
    if end < _LAST_PATCH_STEP:
        return None
    command = f"stamps {start} {end} '' 0 '{'' if list_file == 'patch.list' else list_file}' 2"
    log(f"Patches are ready: finish with   {command}")
    return command


def _step(value: int | str | None, default: int) -> int:
    return default if value is None or value == "" else int(value)


def split(patches: Sequence[str], n_cores: int) -> list[Sequence[str]]:
    """Divide a list into consecutive parts of equal length, the last one perhaps shorter.

    Parameters
    ----------
    patches : list of str
    n_cores : int
        Largest number of parts.

    Returns
    -------
    list of list of str
    """
    size = -(-len(patches) // max(1, min(n_cores, len(patches))))
    return [list(patches[i : i + size]) for i in range(0, len(patches), size)]


def _write_lists(ws: Workspace, chunks: Sequence[Sequence[str]]) -> None:
    """Write the parts of the list; those of an earlier run with more parts go."""
    old = {path.name for path in ws.path.glob("patch_list_split_*")}
    names = [f"patch_list_split_{k}" for k in range(1, len(chunks) + 1)]
    with ws.publish():
        ws.delete(*sorted(old.difference(names)))
        for name, chunk in zip(names, chunks, strict=True):
            ws.write_text(name, "".join(f"{patch}\n" for patch in chunk))


def _run(ws: Workspace, n: int, arguments: Iterable[object]) -> None:
    """Run one process for each part of the list and wait for all of them."""
    with contextlib.ExitStack() as stack:
        processes = []
        for k in range(1, n + 1):
            output = stack.enter_context(_log_file(ws.path / f"log_stamps_split_{k}", "w"))
            words = [*map(str, arguments), f"patch_list_split_{k}", "1", "--workdir", str(ws.path)]
            process = children.running(
                children.bound(child.command("stamps", *words)),
                gently=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=child.environment(**_ALONE),
            )
            processes.append(stack.enter_context(process))
            with _log_file(ws.path / _OVERVIEW, "a") as file:
                file.write(f"{processes[-1].pid} patch_list_split_{k} log_stamps_split_{k}\n")
        failed = [k for k, process in enumerate(processes, 1) if process.wait() != 0]
    if failed:
        raise StampsError(" ".join(_what_failed(ws, k) for k in failed))


def _log_file(path: Path, mode: Literal["w", "a"]) -> TextIO:
    """A log opened for writing (``'w'``, ``'a'``), if it is a plain file or not there."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if mode == "w" else os.O_APPEND)
    return open(open_plain(path, flags), mode, encoding="utf-8")


def _what_failed(ws: Workspace, k: int) -> str:
    lines = (ws.path / f"log_stamps_split_{k}").read_text(errors="replace").strip().splitlines()
    said = lines[-1].strip() if lines else "nothing"
    return f"The process for patch_list_split_{k} failed (all it said is in log_stamps_split_{k}): {said}"
