"""From products to a project: hand over to the preparation of HyP3's products."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stamps.errors import InputError, StampsError
from stamps.frontends.hyp3_jobs import states
from stamps.frontends.hyp3_jobs.download import NEEDED, is_fetched
from stamps.frontends.hyp3_jobs.orders import DOWNLOAD
from stamps.frontends.jobs.store import JobFolder, job_folders

__all__ = ["prepare"]


def prepare(folder: Path, settings: Mapping[str, Any]) -> Any:
    """Make a project of the products of a folder.

    Parameters
    ----------
    folder : Path
    settings : mapping
        Keywords of :func:`stamps.frontends.hyp3.prepare.prepare_hyp3`.

    Raises
    ------
    InputError
        There is no such folder, or what is in it makes no project.
    """
    from stamps.frontends.hyp3.prepare import prepare_hyp3

    if not folder.is_dir():
        raise InputError(
            f"There is no folder {folder}: fetch the products first (stamps hyp3 download), or name theirs."
        )
    made = prepare_hyp3(folder, **settings)
    return dataclasses.replace(made, lines=(*made.lines, *_not_here(folder)))


def _not_here(folder: Path) -> list[str]:
    """What to say of pairs of the job that the products are of, which are not among them."""
    name = folder.resolve().name
    if name != "hyp3" and not name.startswith("hyp3_"):
        return []
    for job_folder in job_folders(folder.resolve().parent):
        if job_folder.name == ("hyp3" if name == "hyp3" else name.removeprefix("hyp3_")):
            return _lacking(job_folder)
    return []


def _lacking(job_folder: JobFolder) -> list[str]:
    try:
        job = job_folder.job()
        pairs = states.tasks(job) if job.frontend == "hyp3" else {}
        lacking = [name for name in pairs if not is_fetched(job_folder, job_folder.state(DOWNLOAD, name), NEEDED)]
    except (StampsError, OSError):  # the project is made, whatever has become of the job
        return []
    if not lacking:
        return []
    return [
        f"Warning: {len(lacking)} of {len(pairs)} pairs of the job {job_folder.name} were not downloaded ({lacking[0]}"
        f"{' …' * (len(lacking) > 1)}): stamps hyp3 status tells why."
    ]
