"""The jobs of a service as web clients see them: identifiers, statuses, progress, results. All from the folders of the jobs.

Source: docs/method/service.md, section 4.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stamps.errors import StampsError
from stamps.frontends.jobs.model import Job, Status
from stamps.frontends.jobs.standing import NOT_HANDED_OVER, JobState, standing
from stamps.frontends.jobs.store import JobFolder, job_folders
from stamps.service.psi import PRODUCTS
from stamps.service.requests import OUTPUTS
from stamps.service.series import PSI
from stamps.service.service_file import NAMES
from stamps.service.stack_job import cause
from stamps.service.stack_kinds import STACK_KINDS, finished_stack
from stamps.workspace.console import one_line

__all__ = [
    "described",
    "job_folder",
    "jobs_of",
    "kind_of",
    "outputs_of",
    "result_file",
    "stack_folder",
    "without_places",
]

#: Output of the process psi → file in its project, type, title.
_FILES = {
    "velocity": ("ps_mean_v.xy", "text/plain", "Longitude, latitude, velocity (mm/yr)"),
    "data": ("ps_data.xy", "text/plain", "Longitude, latitude, velocity (mm/yr), height (m), error of the height (m)"),
    "series": (f"{PRODUCTS}/ps_u-dm.zip", "application/zip", "Displacement (mm) of each image"),
    "csv": (f"{PRODUCTS}/csv.csv", "text/csv", "Velocities and time series"),
    "geojson": (f"{PRODUCTS}/geojson.geojson", "application/geo+json", "Velocities and time series"),
    "report": ("report/index.html", "text/html", "Report about the quality"),
}
_PROJECT = re.compile(rf"{PSI}/[A-Za-z0-9_-]{{1,100}}")


def stack_folder(root: Path, tag: str) -> Path | None:
    """Folder of a stack; None if there is none."""
    folder = root / tag
    return folder if NAMES.fullmatch(tag) and folder.is_dir() and not folder.is_symlink() else None


def kind_of(folder: Path) -> str:
    """Kind of the stack that is made in a folder; empty if there is none."""
    for name, kind in STACK_KINDS.items():
        job = JobFolder.of(folder, kind.frontend)
        if job.exists() and job.job().config.get("class") == kind.config:
            return name
    return ""


def jobs_of(root: Path) -> list[JobFolder]:
    """All jobs of a service, those that were changed at last first."""
    tags = sorted(os.listdir(root)) if root.is_dir() else []
    folders = [folder for tag in tags if (folder := stack_folder(root, tag))]
    found = [job for folder in folders for job in job_folders(folder) if not job.path.is_symlink()]
    return sorted(found, key=lambda job: _modified(job.path / "job.json"), reverse=True)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def job_folder(root: Path, identifier: str) -> JobFolder | None:
    """Folder of the job with an identifier, ``<stack>.<job>``; None if there is none."""
    tag, _, name = identifier.partition(".")
    folder = stack_folder(root, tag)
    if folder is None:
        return None
    try:
        job = JobFolder.of(folder, name)
    except ValueError:
        return None
    return job if job.exists() and not job.path.is_symlink() else None


def without_places(text: str, *places: Path | None) -> str:
    """A text for clients in one line, names of files in it from some folders on."""
    for place in places:
        for folder in dict.fromkeys((os.fspath(place), os.path.realpath(place))) if place else ():
            text = text.replace(f"{folder.rstrip(os.sep)}{os.sep}", "").replace(folder, os.path.basename(folder))
    return one_line(text)


# ---------------------------------------------------------------------- one job


def described(folder: JobFolder) -> dict[str, Any]:
    """A job as the server's library wants it."""
    identifier = f"{folder.workdir.name}.{folder.name}"
    facts: dict[str, Any] = {"type": "process", "identifier": identifier, "mimetype": "application/json"}
    try:
        job, state = folder.job(), standing(folder)
    except StampsError as error:
        nothing = {"created": None, "started": "", "finished": None, "updated": None, "parameters": None}
        process = "psi" if folder.name.startswith("psi_") else "stack"
        return {
            **facts,
            **nothing,
            "process_id": process,
            "status": "failed",
            "message": without_places(str(error), folder.workdir.parent),
            "progress": 0,
        }
    status = _status(state)
    tasks = [task for step in state.steps.values() for task in step.tasks]
    started = min((task.started for task in tasks if task.started), default="")
    ended = max((task.ended for task in tasks if task.ended), default="")
    done, total = sum(step.done for step in state.steps.values()), sum(step.total for step in state.steps.values())
    over = status in ("successful", "failed", "dismissed")
    return {
        **facts,
        "process_id": "psi" if job.frontend == "psi" else "stack",
        "status": status,
        "message": without_places(_message(state, status, done, total), folder.workdir.parent),
        "progress": int(100 * done / total) if total else 100 * (status == "successful"),
        "parameters": _parameters(job),
        "created": job.created,
        "started": started or job.created,
        "finished": (ended or None) if over else None,
        "updated": ended or started or job.created,
    }


def _status(state: JobState) -> str:
    """Status of the protocol."""
    failures = [task for step in state.steps.values() for task in step.failures]
    if state.at_work:
        begun = any(task.started for step in state.steps.values() for task in step.tasks)
        return "running" if begun else "accepted"
    if state.exit_status == 0:
        return "successful"
    if failures and all(task.lost and task.message == NOT_HANDED_OVER for task in failures):
        return "accepted"  # it is being handed over, or will be when the server starts again
    if any(task.status is Status.CANCELLED for task in failures):
        return "dismissed"
    return "failed" if failures or state.exit_status == 1 else "accepted"


def _message(state: JobState, status: str, done: int, total: int) -> str:
    if status == "failed":
        return f"{cause(state)}."
    words = {
        "accepted": "is waiting",
        "running": "is at work",
        "successful": "has succeeded",
        "dismissed": "was cancelled",
    }
    return f"The job {words[status]}: {done} of {total} tasks."


def _parameters(job: Job) -> dict[str, Any]:
    """What was asked for, without places on this machine."""
    if job.frontend == "psi":
        settings = job.config.get("settings")
        names = ("parameters", "steps", "resolution", "reference", "tropo", "products")
        return {name: settings.get(name) for name in names} if isinstance(settings, dict) else {}
    names = ("swaths", "polarisation", "polarization", "master", "reference_date", "bbox")
    found = {name: job.config[name] for name in names if job.config.get(name) is not None}
    area = job.config.get("aoi")
    return {**found, **({"aoi": area} if isinstance(area, list) else {})}


# ---------------------------------------------------------------------- results


def outputs_of(folder: JobFolder, address: str) -> dict[str, Any]:
    """The results of a job that has succeeded.

    Parameters
    ----------
    folder : JobFolder
    address : str
        Of the results; the names of outputs are added to it.
    """
    job = folder.job()
    if job.frontend != "psi":
        kind = kind_of(folder.workdir)
        stack = finished_stack(kind, folder.workdir)
        report = {"frontend": kind, "master": stack.master, "images": list(stack.images), "left_out": _left_out(job)}
        return {"stack": folder.workdir.name, "report": report}
    found = {}
    for name, (_, kind, title) in _FILES.items():
        if result_file(folder, name) is not None:
            found[name] = {"href": f"{address}/{name}", "rel": "related", "type": kind, "title": title}
    return found


def _left_out(job: Job) -> Sequence[str]:
    """Dates without which a stack was made, because they have failed."""
    dates = job.config.get("given_up")
    return [str(date) for date in dates] if isinstance(dates, list) else []


def result_file(folder: JobFolder, name: str) -> tuple[Path, str] | None:
    """File of an output of a time series, and its type; None if there is none."""
    job = folder.job()
    project, settings = job.config.get("project"), job.config.get("settings")
    if job.frontend != "psi" or name not in _FILES or not isinstance(project, str) or not _PROJECT.fullmatch(project):
        return None
    if not isinstance(settings, dict) or OUTPUTS[name] not in _made(settings.get("products")):
        return None
    wanted = job.config.get("outputs")
    if isinstance(wanted, list) and wanted and name not in wanted:
        return None
    file, kind, _ = _FILES[name]
    path = folder.workdir / project / file
    inside = os.path.realpath(folder.workdir / project)
    return (path, kind) if path.is_file() and os.path.realpath(path).startswith(inside + os.sep) else None


def _made(products: object) -> set[str]:
    made = {str(kind) for kind in products} if isinstance(products, list) else set()
    return made | ({"ps_output"} if "series" in made else set())
