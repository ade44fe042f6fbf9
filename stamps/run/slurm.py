"""Dask workers as jobs of SLURM: submitted, replaced when they are lost, and gone from the queue when the run ends.

Jobs are described in dask-jobqueue's own file (``jobqueue.yaml``). SLURM is asked about them only while workers are missing
and a result is waited for.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING, Any

from stamps.errors import ExternalProgramError, ParameterError, StampsError
from stamps.processes import child
from stamps.run import slurm_queue
from stamps.run.slurm_queue import Job

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Jobs", "started"]

#: Seconds between two looks at the queue while a result is waited for: the first, and the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0

#: Seconds for which a run waits in the queue while it has no worker at all.
_LONGEST_WAIT = 24 * 3600.0

#: How often each job is replaced while one result is waited for.
_REPLACEMENTS = 10


class _History:
    """What happened to the jobs so far.

    Attributes
    ----------
    submissions : int
        Calls of sbatch.
    failure : Exception or None
        That of the last call that failed.
    answered : bool
        Whether a worker has ever been there.
    """

    def __init__(self) -> None:
        self.submissions, self.answered = 0, False
        self.failure: Exception | None = None


class Jobs:
    """The jobs of one run.

    Parameters
    ----------
    cluster : dask_jobqueue.SLURMCluster
    client : distributed.Client
        Of this cluster.
    n_workers : int
        Workers that are wanted.
    history : _History
        Of this cluster.
    """

    def __init__(self, cluster: Any, client: Client, n_workers: int, history: _History) -> None:
        self._cluster, self._client, self._n_workers, self._history = cluster, client, n_workers, history
        self._said = ""

    def submit(self) -> None:
        """Submit as many jobs as are missing, and wait until SLURM has taken or refused them.

        Raises
        ------
        ParameterError
            SLURM takes none.
        ExternalProgramError
            There is no sbatch here.
        """
        self._history.failure = None
        self._cluster.scale(self._n_workers)
        self._cluster.sync(_settled, self._cluster)
        failure, taken = self._history.failure, len(self._numbers())
        if isinstance(failure, FileNotFoundError):
            raise ExternalProgramError(
                "SLURM's command sbatch is not found: start the run on a machine from which jobs are submitted, or without "
                "--cluster slurm."
            ) from failure
        if failure is not None and taken == 0:
            raise ParameterError(slurm_queue.refusal(failure)) from failure
        if failure is not None:
            self._say(f"going on with {taken} of the jobs. {slurm_queue.refusal(failure)}")

    def wait(self, done: Event) -> None:
        """Wait for a result; meanwhile replace jobs that have ended.

        Parameters
        ----------
        done : threading.Event
            Set when the result is there.

        Raises
        ------
        StampsError
            No worker is there and none will come.
        """
        pause, before, since = _FIRST_PAUSE, self._history.submissions, time.monotonic()
        while not done.wait(pause):
            n_there = len(self._client.nthreads())
            if n_there:
                since = time.monotonic()
            if n_there < self._n_workers:
                spent = self._history.submissions - before > _REPLACEMENTS * self._n_workers
                self._look_after(n_there, spent, time.monotonic() - since)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def cancel(self) -> None:
        """Let SLURM cancel all jobs, by one command that goes on if this process has to end in the meantime."""
        numbers = self._numbers()
        if numbers:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.Popen(
                    ["scancel", *numbers],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                ).wait(10)

    def _numbers(self) -> list[str]:
        """Of the jobs that SLURM has taken, but those that were replaced."""
        return [job.job_id for job in list(self._cluster.workers.values()) if job.job_id]

    def _look_after(self, n_there: int, spent: bool, seconds: float) -> None:
        """Replace what has ended, unless that is hopeless; ``seconds``: for how long no worker has been there."""
        jobs = slurm_queue.look(self._numbers())
        if jobs is None:
            return
        if n_there == 0:
            self._give_up_if_hopeless(jobs, spent, seconds)
        if not spent:
            self._replace({job.number for job in jobs if job.ended})

    def _give_up_if_hopeless(self, jobs: list[Job], spent: bool, seconds: float) -> None:
        """Raise if no worker will come; else say what is waited for."""
        left = [job for job in jobs if not job.ended]
        if not left and (spent or not self._history.answered):
            raise StampsError(slurm_queue.ended_early(jobs, _setting("log-directory")))
        if left and all(job.hopeless for job in left):
            raise ParameterError(slurm_queue.never_starts(left))
        if seconds > _LONGEST_WAIT:
            raise StampsError(slurm_queue.too_long(left, seconds))
        self._say(slurm_queue.waiting(left))

    def _replace(self, numbers: set[str]) -> None:
        """Submit jobs in the place of these, of those that were refused, and of those that Dask knows to be lost."""
        workers = list(self._cluster.workers.items())
        names = [name for name, job in workers if job.job_id is None or job.job_id in numbers]
        if names:
            self._cluster.sync(self._cluster.scale_down, names)
        self.submit()

    def _say(self, text: str) -> None:
        """Say something new on the console."""
        if text and text != self._said:
            logging.getLogger("stamps.slurm").info("%s", text)
            self._said = text


async def _settled(cluster: Any) -> None:
    """Wait until all jobs that a cluster wants have been submitted."""
    await cluster


# ---------------------------------------------------------------------- the cluster


@contextlib.contextmanager
def started(n_workers: int) -> Iterator[tuple[Client, Jobs]]:
    """Context in which jobs are queued or run; however it ends, they are gone from the queue afterwards.

    Parameters
    ----------
    n_workers : int

    Yields
    ------
    distributed.Client
    Jobs

    Raises
    ------
    ParameterError
        dask-jobqueue is missing, its file describes no job, or SLURM refuses the jobs.
    ExternalProgramError
        There is no sbatch here.
    """
    from distributed import Client

    history = _History()
    with contextlib.closing(_cluster(history)) as cluster, Client(cluster) as client:
        jobs = Jobs(cluster, client, n_workers, history)
        try:
            jobs.submit()
            yield client, jobs
        finally:
            jobs.cancel()


def _cluster(history: _History) -> Any:
    """A Dask scheduler in this process, whose workers will be jobs."""
    with _ctrl_c_kept():
        try:
            from dask_jobqueue import SLURMCluster
        except ImportError as error:
            raise ParameterError(
                "--cluster slurm needs dask-jobqueue: install it with pip install 'stamps-insar[cluster]'."
            ) from error
    prologue = [*(_setting("job-script-prologue") or []), *child.shell_lines()]
    resources: dict[str, Any] = {} if _setting("cores") else {"cores": 1, "memory": "4GB"}
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Port .* is already in use")  # of the dashboard: it takes another
            cluster = SLURMCluster(job_cls=_job_class(history), job_script_prologue=prologue, **resources)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise ParameterError(
            f"Dask's settings describe no jobs of SLURM ({' '.join(str(error).split())}): see the section jobqueue.slurm of "
            "~/.config/dask/jobqueue.yaml."
        ) from error
    _note_workers(cluster, history)
    return cluster


@contextlib.contextmanager
def _ctrl_c_kept() -> Iterator[None]:
    """Context after which Ctrl-C does what it did: dask-jobqueue 0.9 takes it when it is imported, to end with status 0."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if before is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)


def _job_class(history: _History) -> Any:
    """Jobs of SLURM that note it when they are refused, instead of being lost in the log of Dask."""
    from dask_jobqueue.slurm import SLURMJob
    from distributed.deploy.spec import ProcessInterface

    class NotedJob(SLURMJob):
        async def start(self) -> None:
            history.submissions += 1
            try:
                await super().start()
            except (OSError, RuntimeError, ValueError) as error:
                history.failure = error
                await ProcessInterface.start(self)

        async def close(self) -> None:
            await super().close()
            await ProcessInterface.close(self)

    return NotedJob


def _note_workers(cluster: Any, history: _History) -> None:
    """Note it when a worker comes."""
    from distributed import SchedulerPlugin

    class Arrivals(SchedulerPlugin):
        def add_worker(self, *_: Any, **__: Any) -> None:
            history.answered = True

    cluster.scheduler.add_plugin(Arrivals())


def _setting(name: str) -> Any:
    """What the user's Dask configuration says of SLURM jobs; None if nothing."""
    import dask

    return dask.config.get(f"jobqueue.slurm.{name}", None)
