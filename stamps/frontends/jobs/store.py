"""A job's folder: what is to be done, how each task stands, logs, scratch folders, submissions, the lock.

Files are replaced by finished ones, so that whoever is killed at whatever moment leaves the old or the new content.

Source: docs/method/jobs.md, section 2.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from stamps.errors import InputError, WorkspaceError
from stamps.frontends.jobs import documents
from stamps.frontends.jobs.job_locks import held
from stamps.frontends.jobs.model import Job, Status, TaskState
from stamps.frontends.jobs.submissions import Submission, line_of, submission_of
from stamps.workspace.plain_files import open_plain, read_json

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["JobFolder", "job_folders", "now", "replace_text"]

_MOST_BYTES = 2**28  # of job.json and submissions.jsonl


def now() -> str:
    """The time, UTC, ISO 8601, to the millisecond."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def replace_text(path: Path, text: str) -> None:
    """Write a file whole: under another name first, which is the same for every writer of this file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    descriptor = open_plain(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    os.replace(part, path)


def _write_over(path: Path, text: str) -> None:
    """Write a small file in its place, in one go: its block is there already."""
    path.with_name(f".{path.name}.part").unlink(missing_ok=True)
    content = text.encode("utf-8", "surrogateescape")
    with open(open_plain(path, os.O_RDWR), "r+b", buffering=0) as file:
        file.write(content.ljust(os.fstat(file.fileno()).st_size))
        file.truncate(len(content))
        os.fsync(file.fileno())


class JobFolder:
    """The folder of one job, ``<workdir>/jobs/<name>``.

    Parameters
    ----------
    path : path-like
    """

    def __init__(self, path: StrPath) -> None:
        self.path = Path(os.path.abspath(path))

    @classmethod
    def of(cls, workdir: StrPath, name: str) -> JobFolder:
        """The folder of the job of that name; ValueError if it can be no name."""
        return cls(Path(workdir) / "jobs" / documents.check_name(name))

    @property
    def name(self) -> str:
        """Name of the job."""
        return self.path.name

    @property
    def workdir(self) -> Path:
        """Folder in which the tasks work."""
        return self.path.parent.parent

    def exists(self) -> bool:
        """Whether there is a job."""
        return (self.path / "job.json").exists()

    # ------------------------------------------------------------------ what is to be done

    def job(self) -> Job:
        """The job.

        Raises
        ------
        InputError
            There is none, or its file is damaged.
        WorkspaceError
            The file is a link or no plain file.
        """
        path = self.path / "job.json"
        try:
            return documents.job_of(read_json(path, _MOST_BYTES), path)
        except FileNotFoundError:
            raise InputError(f"There is no job in {self.path}: submit one first, or name another folder.") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{path} cannot be read ({error}): restore it, or submit the job anew.") from None

    def write_job(self, job: Job) -> None:
        """Put a job in the place of the one that is there."""
        replace_text(self.path / "job.json", json.dumps(documents.job_document(job), indent=1) + "\n")

    # ------------------------------------------------------------------ how tasks stand

    def state_path(self, step: str, task: str) -> Path:
        """File of a task's state."""
        return self.path / "state" / step / f"{task}.json"

    def state(self, step: str, task: str) -> TaskState:
        """How a task stands; one whose file is damaged has failed, and the message says so."""
        path = self.state_path(step, task)
        try:
            return documents.state_of(read_json(path))
        except FileNotFoundError:
            return TaskState()
        except PermissionError as error:
            return TaskState(Status.FAILED, 1, message=f"{path} cannot be read ({error.strerror}): ask its owner.")
        except (OSError, ValueError, WorkspaceError) as error:
            return TaskState(Status.FAILED, 1, message=f"{path} is damaged ({error}): retry the task.")

    def write_state(self, step: str, task: str, state: TaskState) -> None:
        """Replace the state of a task; where the disk is full, in the room that the one before has."""
        path, text = self.state_path(step, task), json.dumps(documents.state_document(state)) + "\n"
        try:
            replace_text(path, text)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not path.exists():
                raise
            _write_over(path, text)

    def log_path(self, step: str, task: str, attempt: int) -> Path:
        """Log of one try."""
        return self.path / "log" / step / f"{task}.{attempt}.log"

    def scratch(self, step: str, task: str) -> Path:
        """Current directory of a task's command."""
        return self.path / "run" / step / task

    def task_lock(self, step: str, task: str) -> Path:
        """Held and touched by the runner of a task."""
        return self.path / "run" / step / f".{task}.lock"

    # ------------------------------------------------------------------ submissions

    def submissions(self) -> list[Submission]:
        """All that was handed over; a last line that was not finished does not count.

        Raises
        ------
        InputError
            A line is damaged.
        """
        path = self.path / "submissions.jsonl"
        try:
            with open(open_plain(path, os.O_RDONLY), "rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8", "replace")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}).") from None
        lines = text.split("\n")
        found = []
        for k, line in enumerate(lines):
            if line.strip():
                try:
                    found.append(submission_of(json.loads(line)))
                except (ValueError, RecursionError) as error:
                    if k + 1 < len(lines) and not _was_cut(line):
                        raise InputError(
                            f"{path}, line {k + 1}, is damaged ({error}): remove the line; the states of the tasks remain."
                        ) from None
        return found

    def add_submission(self, submission: Submission) -> None:
        """Append a line, in one go, after the end of a line that was not finished."""
        path = self.path / "submissions.jsonl"
        descriptor = open_plain(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        with open(descriptor, "r+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
            cut = size and file.read(1) != b"\n"
            file.write(("\n" if cut else "").encode() + line_of(submission).encode())
            os.fsync(descriptor)

    # ------------------------------------------------------------------ the lock, cancelling

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Context of who changes the job: submit, retry, cancel.

        Raises
        ------
        WorkspaceError
            Somebody else does.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(
                f"The folder {self.path} cannot be made ({error.strerror}): remove what is in its place, or name another "
                "--workdir."
            ) from None
        with held(self.path / "lock") as got:
            if not got:
                raise WorkspaceError(
                    f"The job {self.name} in {self.workdir} is being submitted, retried or cancelled by another command: "
                    "wait until that has ended."
                )
            yield

    @property
    def users(self) -> list[int]:
        """Numbers of the users who may have handed something over: this one, and those whose files are there."""
        found = {os.getuid()}
        for name in ("job.json", "submissions.jsonl"):
            with contextlib.suppress(OSError):
                found.add((self.path / name).stat().st_uid)
        return sorted(found)

    def cancel_mark(self, number: int) -> Path:
        """File that asks the supervisor of a submission, wherever it runs, to end."""
        return self.path / "run" / f"cancel.{number}"

    def ended_mark(self, number: int) -> Path:
        """File that says to other machines that the supervisor of a submission has ended."""
        return self.path / "run" / f"ended.{number}"

    def supervisor_log(self, number: int) -> Path:
        """What the supervisor of a submission says."""
        return self.path / "log" / f"supervisor.{number}.log"


def _was_cut(line: str) -> bool:
    """Whether a line was begun and not finished."""
    return line.startswith("{") and not line.rstrip().endswith("}")


def job_folders(workdir: StrPath) -> list[JobFolder]:
    """All jobs of a working directory, the newest first."""
    places = (Path(workdir) / "jobs").glob("*/job.json")
    return [JobFolder(path.parent) for path in sorted(places, key=_modified, reverse=True)]


def _modified(path: Path) -> tuple[float, str]:
    try:
        return path.lstat().st_mtime, path.parent.name
    except OSError:
        return 0.0, path.parent.name
