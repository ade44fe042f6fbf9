"""Orders of web clients become jobs: ``python -m stamps.service.orders FILE``, a process beside that of the web server.

It reads ``{"process": …, "inputs": …, "outputs": …}`` from its standard input and writes ``{"job": …}`` or
``{"error": …, "status": …}``; plans are made here, and the work is done by the engine that the jobs are given to.

Source: docs/method/service.md, section 4.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from stamps.errors import StampsError
from stamps.frontends.jobs.job_locks import held
from stamps.frontends.jobs.standing import standing
from stamps.frontends.jobs.store import JobFolder, job_folders
from stamps.frontends.processor import Processor
from stamps.service.catalogue import jobs_of, kind_of, stack_folder, without_places
from stamps.service.psi_config import PsiSettings
from stamps.service.requests import RequestError, StackRequest, psi_request, stack_request, unwrapped
from stamps.service.series import preparing, psi_processor
from stamps.service.service_file import Service, read_service
from stamps.service.stack_job import is_tried_again
from stamps.service.stack_kinds import STACK_KINDS, finished_stack
from stamps.service.state import NAME as STATE
from stamps.service.watch import LOCK

__all__ = ["main", "order", "resume"]

_LOCK_SECONDS = 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Order what the standard input says; the exit status is 0 where there is an answer."""
    (path,) = sys.argv[1:] if arguments is None else arguments
    document = json.load(sys.stdin)
    answer: dict[str, Any]
    service = None
    try:
        service = read_service(path)
        words = document["process"], document["inputs"], document["outputs"]
        answer = {"job": order(service, *words, others=document.get("others", 0))}
    except RequestError as error:
        answer = {"error": str(error), "status": error.status}
    except StampsError as error:
        places = (service.root, service.serve.products) if service else ()
        answer = {"error": without_places(str(error), *places), "status": 400}
    except OSError as error:
        answer = {"error": f"The service cannot read or write its files ({error.strerror or error}).", "status": 500}
    sys.stdout.write(json.dumps(answer))
    return 0


def order(service: Service, process: str, inputs: object, outputs: object, others: int = 0) -> str:
    """Order a job.

    Parameters
    ----------
    service : Service
    process : str
        ``'stack'`` or ``'psi'``.
    inputs, outputs : object
        As the request has them.
    others : int
        Orders that are being made at the same time: each counts as a job at work.

    Returns
    -------
    str
        Identifier of the job.

    Raises
    ------
    StampsError
        It cannot be; the sentence says why.
    """
    values = unwrapped(inputs)
    if process == "stack":
        if outputs and not ({*outputs} <= {"stack", "report"} if isinstance(outputs, dict | list) else False):
            raise RequestError("The outputs of the process stack are stack and report.")
        request = stack_request(values, service.serve)
        _refuse_too_many(service, others)
        return _order_stack(service, request)
    stack, settings = psi_request(values, outputs, service.serve)
    folder = stack_folder(service.root, stack)
    if folder is None:
        raise RequestError(f"There is no stack '{stack}': order it by the process stack.", 404)
    _refuse_too_many(service, others)
    with _reserved(folder):
        return _order_psi(folder, stack, settings, [*outputs] if isinstance(outputs, dict | list) else [])


def _refuse_too_many(service: Service, busy: int) -> None:
    """Refuse more jobs at work than the service may have, some being ordered besides."""
    for folder in jobs_of(service.root):
        with contextlib.suppress(StampsError):  # a damaged job is at work for nobody
            busy += standing(folder).at_work
    if busy >= service.serve.most_jobs:
        raise RequestError(f"{busy} jobs are at work or being ordered, and no more are taken: try again later.", 503)


@contextlib.contextmanager
def _reserved(folder: Path) -> Iterator[None]:
    """Context in which nobody else orders jobs of a stack."""
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        with held(folder / LOCK) as got:
            if got:
                yield
                return
        if time.monotonic() > end:
            raise RequestError("Somebody else works on this stack: try again later.", 503)
        time.sleep(0.1)


# ---------------------------------------------------------------------- stack


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Context with a folder; one that is new goes again where nothing came of the order."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        yield
        return
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):  # somebody has put something there
            if os.listdir(folder) in ([], [LOCK]):
                (folder / LOCK).unlink(missing_ok=True)
                folder.rmdir()
        raise


def _order_stack(service: Service, request: StackRequest) -> str:
    watched = {stack.name.lower() for stack in service.stacks}
    folder = service.root / request.tag
    if request.tag.lower() in watched or (folder / STATE).exists():
        raise RequestError(f"The stack {request.tag} is one that the service watches: take another tag.", 409)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise RequestError(f"{request.tag} cannot be the tag of a stack here: take another one.", 409)
    kind = STACK_KINDS[request.frontend]
    with _made(folder), _reserved(folder):
        before = kind_of(folder)
        if before and before != request.frontend:
            raise RequestError(f"The stack {request.tag} is one of {before}: take another tag.", 409)
        if name := preparing(folder):
            raise RequestError(f"The job {request.tag}.{name} reads the stack: try again when it has gone on.", 409)
        kind.processor_of(folder, request.products, request.settings).submit()
    return f"{request.tag}.{kind.frontend}"


# ---------------------------------------------------------------------- psi


def _order_psi(folder: Path, stack: str, settings: PsiSettings, outputs: Sequence[str]) -> str:
    kind = kind_of(folder)
    if not kind:
        raise RequestError(f"There is no stack '{stack}': order it by the process stack.", 404)
    job = JobFolder.of(folder, STACK_KINDS[kind].frontend)
    state = standing(job)
    if state.at_work or state.exit_status != 0:
        word = "is still at work" if state.at_work else "has not succeeded"
        raise RequestError(f"The stack {stack} is not complete: its job {stack}.{job.name} {word}.", 409)
    there = finished_stack(kind, folder)
    newest = max(there.images)
    taken = {one.name for one in job_folders(folder)} | {f"psi_{name}" for name in _names(folder / "psi")}
    name = next(name for k in range(1, len(taken) + 2) if f"psi_{(name := f'{newest}_{k}')}" not in taken)
    processor = psi_processor(folder, kind, there, name, settings, outputs)
    processor.submit()
    return f"{stack}.{processor.folder.name}"


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


# ---------------------------------------------------------------------- after a restart


def resume(service: Service) -> list[str]:
    """Let jobs go on that were never handed over, or whose machine was switched off; returns their identifiers.

    Stacks that are watched are left to the watch.
    """
    found = []
    for folder in jobs_of(service.root):
        if (folder.workdir / STATE).exists():
            continue
        with contextlib.suppress(StampsError):
            state = standing(folder)
            if not state.at_work and state.exit_status != 0 and is_tried_again(folder, state, 0):
                Processor.open(folder.path).retry()
                found.append(f"{folder.workdir.name}.{folder.name}")
    return found


if __name__ == "__main__":
    sys.exit(main())
