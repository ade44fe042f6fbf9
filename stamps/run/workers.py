"""Run the tasks of a run, patches and interferograms, on all cores of this machine or on a Dask cluster.

There is one progress display, and results come in the order of the tasks.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stamps import native
from stamps.errors import ParameterError, StampsError
from stamps.processes import child, children
from stamps.run.patch_task import run_patch_task
from stamps.workspace.console import terminal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stamps.run.patch_task import PatchResult, PatchTask
    from stamps.workspace.parameters import Parameters


__all__ = ["Workers", "cluster_client", "n_cores", "run_local", "run_on_cluster", "shares"]

#: How often the cluster tries a task again whose worker was lost.
_RETRIES = 3


@dataclass(frozen=True)
class Workers:
    """Where the tasks of a run go: the results do not depend on it.

    Attributes
    ----------
    cores : int
        Cores of this machine that may be used.
    client : distributed.Client or None
        The cluster that is used instead.
    """

    cores: int
    client: object = None

    @classmethod
    def of(cls, workers: Workers | None) -> Workers:
        """The argument, or all cores of this machine if it is None."""
        return cls(native.n_threads()) if workers is None else workers

    def map(
        self,
        function: Callable[..., Any],
        tasks: NDArray[np.int64],
        prepare: Callable[..., Any],
        name_of: Callable[..., Any],
        unit: str,
    ) -> Iterator[tuple[NDArray[np.float32], dict[str, bytes]]]:
        """Results of ``function(*prepare(task))`` for each task, in order.

        Parameters
        ----------
        function : callable
            Waits for a program outside Python, so that threads suffice here; can be sent to other machines.
        tasks : sequence
        prepare : callable
            Arguments of a task, computed on this machine when its turn comes.
        name_of : callable
            Name of a task in messages.
        unit : str
            What the progress display counts.

        Yields
        ------
        object

        Raises
        ------
        StampsError
            A task has failed; the message names it.
        """
        results = self._on_cluster if self.client is not None else self._here
        with _progress(len(tasks), unit) as progress:
            for result in results(function, tasks, prepare, name_of, unit):
                progress.update()
                yield result

    def _here(
        self,
        function: Callable[..., Any],
        tasks: NDArray[np.int64],
        prepare: Callable[..., Any],
        name_of: Callable[..., Any],
        _unit: str,
    ) -> Iterator[tuple[NDArray[np.float32], dict[str, bytes]]]:
        with native.thread_pool(self.cores) as pool, children.ending_with_run():
            futures = [pool.submit(lambda task: function(*prepare(task)), task) for task in tasks]
            try:
                for task, future in zip(tasks, futures, strict=True):
                    with _named(name_of(task)):
                        yield future.result()
            finally:
                pool.shutdown(cancel_futures=True)  # one failure is enough

    def _on_cluster(self, function, tasks, prepare, name_of, unit):
        waiting, left = deque(), deque(tasks)
        try:
            while waiting or left:
                # as many are sent as keep the workers busy; asked again, because workers may join during the run
                at_once = 2 * max(sum(self.client.nthreads().values()), 1)
                while left and len(waiting) < at_once:
                    task = left.popleft()
                    waiting.append((task, self._submit(function, prepare(task), f"{unit}-{os.urandom(6).hex()}")))
                task, future = waiting.popleft()
                with _named(name_of(task)):
                    yield _result_of(future, name_of(task))
        finally:
            self.client.cancel([future for _, future in waiting])

    def _submit(self, function, arguments, key):
        """The data travel with the task: so it can be tried again when the worker that had them is lost."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")
            return self.client.submit(function, *arguments, retries=_RETRIES, pure=False, key=key)


class _named:  # noqa: N801
    """Context that puts a name before the message of an error."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> _named:
        return self

    def __exit__(self, _kind, error, _trace) -> None:
        if isinstance(error, StampsError) and not str(error).startswith(self.name):
            error.args = (f"{self.name}: {error}", *error.args[1:])


def _result_of(future, name):
    """Result of a future of the cluster."""
    try:
        return future.result()
    except StampsError:
        raise
    except Exception as error:
        raise StampsError(
            f"{name}: the cluster could not finish its task ({type(error).__name__}: {error}); what it had published is "
            "kept, start the same command again."
        ) from error


def n_cores(parameters: Parameters, requested: int | str | None = None) -> int:
    """Cores that a run may use.

    Parameters
    ----------
    parameters : Parameters
        Asked for the legacy parameter ``n_cores``; its default 1 stands for all cores.
    requested : int, optional
        What the caller asked for; comes first, then ``STAMPS_CORES``, then the parameter.

    Raises
    ------
    ParameterError
        Not a positive whole number.
    """
    for source, value in (("--cores", requested), ("STAMPS_CORES", os.environ.get("STAMPS_CORES") or None)):
        if value is not None:
            if not (str(value).isascii() and str(value).isdigit()) or int(value) < 1:
                raise ParameterError(f"{source} is '{value}', but a number of cores from 1 on was expected.")
            return int(value)
    stored = parameters.get("n_cores")
    return int(stored) if stored and stored > 1 else native.n_threads()


def shares(cores: int, n_tasks: int) -> tuple[int, int]:
    """How many tasks run at once and how many threads each gets, so that together they fill the cores.

    Returns
    -------
    tuple of int
        Workers and threads a worker.
    """
    workers = max(1, min(cores, n_tasks))
    return workers, max(1, cores // workers)


def run_local(tasks: Sequence[PatchTask], n_workers: int) -> Iterator[PatchResult]:
    """Run tasks in processes of this machine.

    Parameters
    ----------
    tasks : list of PatchTask
    n_workers : int
        Processes at once.

    Yields
    ------
    PatchResult
        In the order of ``tasks``, each as soon as it and those before it are done.
    """
    with ThreadPoolExecutor(n_workers) as pool, children.ending_with_run(), _progress(len(tasks)) as progress:
        futures = [pool.submit(run_patch_task, task) for task in tasks]
        for future in futures:
            future.add_done_callback(lambda _: progress.update())
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def run_on_cluster(tasks, client):
    """Run tasks on a Dask cluster; the project must lie on a file system that all workers see.

    A task whose worker is lost is tried again elsewhere; it goes on from what it had published.

    Parameters
    ----------
    tasks : list of PatchTask
    client : distributed.Client

    Yields
    ------
    PatchResult
        In the order of ``tasks``.
    """
    with _progress(len(tasks)) as progress:
        futures = [
            client.submit(run_patch_task, task, retries=_RETRIES, pure=False, key=f"{task.name}-{os.urandom(4).hex()}")
            for task in tasks
        ]
        for future in futures:
            future.add_done_callback(lambda _: progress.update())
        try:
            for task, future in zip(tasks, futures, strict=True):
                yield _result_of(future, task.name)
        finally:
            client.cancel(futures)


def cluster_client(scheduler: str | None = None, cluster: str | None = None, n_workers=None):
    """Connect to a Dask cluster.

    Parameters
    ----------
    scheduler : str, optional
        Address of a running scheduler (``tcp://host:8786``).
    cluster : str, optional
        ``'slurm'``: start workers through dask-jobqueue, configured in its own file (``jobqueue.yaml``).
    n_workers : int, optional
        Workers to ask SLURM for.

    Returns
    -------
    distributed.Client

    Raises
    ------
    ParameterError
        Dask is not installed, the scheduler does not answer, or the kind of cluster is unknown.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ParameterError(
            "Running on a cluster needs Dask: install it with pip install 'stamps-insar[cluster]'."
        ) from error
    if scheduler:
        try:
            return Client(scheduler, timeout="20s")
        except (OSError, TimeoutError, ValueError) as error:
            raise ParameterError(
                f"The Dask scheduler {scheduler} does not answer ({error}): check its address."
            ) from error
    if cluster != "slurm":
        raise ParameterError(f"The cluster '{cluster}' is unknown: give slurm, or --scheduler with an address.")
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise ParameterError(
            "--cluster slurm needs dask-jobqueue: install it with pip install 'stamps-insar[cluster]'."
        ) from error
    prologue = [*(_setting("job_script_prologue") or []), *child.shell_lines()]
    resources = {} if _setting("cores") else {"cores": 1, "memory": "4GB"}
    jobs = SLURMCluster(**resources, job_script_prologue=prologue)
    jobs.scale(n_workers or 4)
    return Client(jobs)


def _setting(name: str) -> float:
    """What the user's Dask configuration says of SLURM jobs; None if nothing."""
    import dask

    return dask.config.get(f"jobqueue.slurm.{name}", None)


def _progress(total: int, unit: str = "patch") -> Any:
    from tqdm import tqdm

    return tqdm(total=total, unit=unit, disable=not sys.stderr.isatty(), file=terminal())
