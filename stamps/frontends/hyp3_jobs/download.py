"""Fetch products: under another name, of the right size, tested, unpacked; only then a pair counts as fetched.

``hyp3_sdk.util.download_file`` draws progress bars whoever listens and has neither a time limit nor one of bytes: the
session of ``requests`` that it uses is used here, with both.

Source: docs/method/jobs.md, section 7.7.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from stamps.errors import InputError
from stamps.frontends.hyp3_jobs import states
from stamps.frontends.hyp3_jobs.accounts import Accounts, retrying_adapter
from stamps.frontends.hyp3_jobs.archive_files import Unpacked, check_archive, unpack
from stamps.frontends.hyp3_jobs.orders import DOWNLOAD, PROCESS, is_same, order_of
from stamps.frontends.jobs import living
from stamps.frontends.jobs.job_locks import held
from stamps.frontends.jobs.model import Job, Status, Task, TaskState
from stamps.frontends.jobs.store import JobFolder, now
from stamps.workspace.console import one_line

__all__ = ["NEEDED", "Downloaded", "fetch", "is_fetched", "to_fetch"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}\.zip")
_PATIENCE = (30, 300)  # s, to connect and between two pieces
_PIECE = 1 << 20
_BEAT = 20.0  # s between two signs of life for other machines
#: Endings of the files without which a product makes no project.
NEEDED = (".txt", "_unw_phase.tif", "_corr.tif", "_dem.tif", "_lv_theta.tif")
_SPARE = 1 << 26  # bytes beyond what a product needs


class _FullError(InputError):
    """What makes all further downloads useless."""


@dataclass
class Downloaded:
    """What has become of downloads.

    Attributes
    ----------
    fetched, there : list of str
        Pairs that have come, and that were there already.
    failed : dict
        Pair -> why it has not come.
    """

    fetched: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{len(self.fetched)} products have come, {len(self.there)} were there."]
        return "\n".join([*lines, *(f"{name}: {why}" for name, why in self.failed.items())])


def is_fetched(folder: JobFolder, state: TaskState, endings: tuple[str, ...] = ("",)) -> bool:
    """Whether a product is there as it came: all its files with their sizes; what others have put beside them does not matter.

    Parameters
    ----------
    folder : JobFolder
    state : TaskState
        Of its download.
    endings : tuple of str
        Only files with these endings count.
    """
    made = state.facts.get("made", "")
    if state.status is not Status.SUCCEEDED or not _stays_inside(made):
        return False
    try:
        sizes = dict(json.loads(state.facts.get("sizes", "{}")))
        return bool(sizes) and all(
            _stays_inside(name) and os.lstat(folder.workdir / made / name).st_size == size
            for name, size in sizes.items()
            if str(name).endswith(endings)
        )
    except (OSError, TypeError, ValueError, RecursionError):
        return False


def _stays_inside(path: object) -> bool:
    if not isinstance(path, str) or not path or "\0" in path:
        return False
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts


def to_fetch(folder: JobFolder, job: Job) -> list[str]:
    """Pairs whose products are ready and not here."""
    found = []
    for name in states.tasks(job):
        process, state = folder.state(PROCESS, name), folder.state(DOWNLOAD, name)
        if process.status is Status.SUCCEEDED and not states.expired(process) and not is_fetched(folder, state):
            found.append(name)
    return found


def fetch(
    folder: JobFolder,
    job: Job,
    accounts: Accounts,
    target: Path,
    names: Sequence[str],
    *,
    workers: int = 4,
    keep_zip: bool = False,
    say: Callable[[str], object] | None = None,
) -> Downloaded:
    """Fetch products.

    Parameters
    ----------
    folder : JobFolder
    job : Job
    accounts : Accounts
    target : Path
        Folder of the products, in the working directory of the job.
    names : sequence of str
        Pairs.
    workers : int
        Most downloads at once.
    keep_zip : bool
    say : callable, optional
        Told each product that has come.

    Returns
    -------
    Downloaded

    Raises
    ------
    InputError
        None can come: no room, no permission; what has come before stays.
    """
    done, stop, pairs = Downloaded(), threading.Event(), states.tasks(job)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {target} cannot be made ({error.strerror}).") from None
    pool = ThreadPoolExecutor(max_workers=max(1, min(workers, len(names))))
    try:
        running = {
            pool.submit(_Fetching(folder, pairs[name], accounts, target, keep_zip, stop).run): name for name in names
        }
        for future in as_completed(running):
            name = running[future]
            try:
                product = future.result()
            except _FullError:
                raise
            except InputError as error:
                done.failed[name] = str(error)
                continue
            done.fetched.append(name)
            if say is not None:
                say(f"{name}: {product}")
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
    return done


class _Fetching:
    """The download of one pair."""

    def __init__(
        self, folder: JobFolder, pair: tuple[Task, Task], accounts: Accounts, target: Path, keep_zip: bool, stop: Any
    ) -> None:
        self._folder, self._task, self._accounts, self._target = folder, pair[1], accounts, target
        self._order = order_of(pair[0])
        self._keep_zip, self._stop, self._beat = keep_zip, stop, 0.0
        self._lock = folder.task_lock(DOWNLOAD, self._task.id)

    def run(self) -> str:
        """Fetch it; returns the name of the product. The state is on disk afterwards."""
        with held(self._lock) as got:
            if not got:
                raise InputError("another command is fetching it.")
            before = self._folder.state(DOWNLOAD, self._task.id)
            self._state = TaskState(
                Status.RUNNING, before.attempt + 1, now(), host=living.here(), pid=os.getpid(), born=living.born(),
                definition=self._task.definition,
            )  # fmt: skip
            self._write(self._state)
            try:
                product, unpacked = self._fetched()
            except BaseException as error:
                sentence = str(error) if isinstance(error, InputError) else self._sentence(error)
                self._write(replace(self._state, status=Status.FAILED, ended=now(), message=one_line(sentence)[:500]))
                if isinstance(error, InputError) or not isinstance(error, OSError):
                    raise
                full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)
                raise (_FullError if full else InputError)(sentence) from None
            made = f"{self._target.relative_to(self._folder.workdir).as_posix()}/{product}"
            facts = {"made": made, "files": str(unpacked.files), "bytes": str(unpacked.bytes)}
            facts["sizes"] = json.dumps(dict(unpacked.sizes), sort_keys=True)
            self._write(replace(self._state, status=Status.SUCCEEDED, ended=now(), message=product, facts=facts))
            return product

    def _write(self, state: TaskState) -> None:
        self._folder.write_state(DOWNLOAD, self._task.id, state)

    def _sentence(self, error: BaseException) -> str:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"There is no room left in {self._target}."
        if isinstance(error, OSError) and error.filename is not None:
            return f"{error.filename} cannot be written ({error.strerror})."
        return f"the download has ended early ({type(error).__name__}): download it again."

    # ------------------------------------------------------------------ the files

    def _fetched(self) -> tuple[str, Unpacked]:
        process = self._folder.state(PROCESS, self._task.id)
        user = process.facts.get("user", "")
        job = self._accounts.ask(user, lambda client: client.get_job_by_id(process.engine_id))
        if job.status_code != "SUCCEEDED" or states.job_expired(job):
            raise InputError("HyP3 has no product of it (any more): retry orders it again.")
        if job.name != self._order.get("name") and not is_same(self._order, job.job_type, job.job_parameters):
            raise InputError(f"The job {process.engine_id} of HyP3 is another order: retry orders it again.")
        url, name, size = _product(job.files)
        archive, product = self._target / name, name.removesuffix(".zip")
        unpacked = self._there(archive, size) or self._downloaded(url, archive, size)
        unpack(archive, self._target / product)
        if not self._keep_zip:
            archive.unlink()
        return product, unpacked

    def _there(self, archive: Path, size: int | None) -> Unpacked | None:
        """What a zip file holds that is there and whole; None if it is to be fetched."""
        if archive.is_symlink() or not archive.is_file() or size not in (None, archive.stat().st_size):
            return None
        try:
            return check_archive(archive, archive.name)
        except InputError:
            return None

    def _downloaded(self, url: str, archive: Path, size: int | None) -> Unpacked:
        """Fetch the zip file; it bears its name when it is tested."""
        part = archive.with_name(f"{archive.name}.part")
        if size is not None and size + _SPARE > (free := shutil.disk_usage(self._target).free):
            raise _FullError(
                f"{archive.name} has {size >> 20} MiB, but {self._target} has room for {free >> 20} MiB only."
            )
        try:
            part.unlink(missing_ok=True)
            self._stream(url, part, size)
            unpacked = check_archive(part, archive.name)
            os.replace(part, archive)
            return unpacked
        finally:
            part.unlink(missing_ok=True)

    def _stream(self, url: str, part: Path, size: int | None) -> None:
        import requests

        with requests.Session() as session:
            session.auth = lambda request: request  # nobody learns of the credentials in ~/.netrc
            for scheme in ("https://", "http://"):
                session.mount(scheme, retrying_adapter())
            try:
                with session.get(url, stream=True, timeout=_PATIENCE) as response, open(part, "xb") as file:
                    if response.status_code != 200:
                        raise InputError(
                            f"{part.stem} cannot be downloaded (HTTP {response.status_code}): try again later."
                        )
                    came = self._copied(response, file, size)
            except requests.RequestException as error:
                raise InputError(
                    f"{part.stem} did not come whole ({type(error).__name__}): download it again."
                ) from None
        if size is not None and came != size:
            raise InputError(f"{part.stem} came with {came} bytes instead of {size}: download it again.")

    def _copied(self, response: Any, file: Any, size: int | None) -> int:
        """Bytes that have come; no more than a piece beyond what was announced."""
        came = 0
        for piece in response.iter_content(_PIECE):
            came += len(piece)
            if size is not None and came > size:
                raise InputError(f"{Path(file.name).stem} is larger than the {size} bytes that HyP3 tells: not kept.")
            file.write(piece)
            if self._stop.is_set():
                raise InputError("the download was stopped: download it again.")
            if time.monotonic() > self._beat:
                self._beat = time.monotonic() + _BEAT
                os.utime(self._lock)
        return came


def _product(files: Any) -> tuple[str, str, int | None]:
    """Address, name and size of the zip file among the files of a job."""
    found = [one for one in files or [] if isinstance(one, dict) and str(one.get("filename", "")).endswith(".zip")]
    if len(found) != 1:
        raise InputError(f"HyP3 names {len(found)} zip files of this product, where one was expected.")
    name, url, size = str(found[0]["filename"]), str(found[0].get("url", "")), found[0].get("size")
    if not _NAME.fullmatch(name):
        raise InputError(f"HyP3 calls the product {name[:80]!r}, which cannot be the name of a file here.")
    if not url.startswith(("https://", "http://")):
        raise InputError(f"HyP3 names no address of {name}.")
    known = isinstance(size, int) and not isinstance(size, bool) and size > 0
    return url, name, size if known else None
