"""Run the tasks of a run, patches and interferograms, on all cores of this machine or on a Dask cluster.

There is one scheduler, :meth:`Workers.map`: one progress display, results in the order of the tasks, errors that name their task.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from stamps import native
from stamps.errors import StampsError
from stamps.processes import children
from stamps.run.settings import settings_of
from stamps.workspace.parameters import Parameters
from stamps.workspace.progress import progress

if TYPE_CHECKING:
    from distributed import Client
    from tqdm import tqdm

__all__ = ["Workers", "n_cores", "shares"]

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

#: How often the cluster tries a task again whose worker was lost.
_RETRIES = 3


@dataclass(frozen=True)
class Workers:
    """Where the tasks of a run go: the results do not depend on it.

    Attributes
    ----------
    cores : int
        Cores of this machine that may be used: as many tasks are worked on at once.
    client : distributed.Client or None
        The cluster that is used instead.
    wait : callable or None
        Waits until an event is set, that is, a result of the cluster is there; raises if none can come any more.
    """

    cores: int
    client: Client | None = None
    wait: Callable[[Event], None] | None = None

    @classmethod
    def of(cls, workers: Workers | None) -> Workers:
        """The argument, or all cores of this machine if it is None."""
        return cls(native.n_threads()) if workers is None else workers

    def map(
        self,
        function: Callable[..., R],
        tasks: Sequence[T] | Iterable[T],
        prepare: Callable[[T], tuple[Any, ...]],
        name_of: Callable[[T], str],
        unit: str,
        light: bool = False,
        size_of: Callable[[T], int] | None = None,
        title: str = "",
    ) -> Iterator[R]:
        """Results of ``function(*prepare(task))`` for each task, in order, each as soon as it and those before it are done.

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
        light : bool
            Whether the arguments are so small that a cluster can be sent all of them at once.
        size_of : callable, optional
            How many of the units a task is (default: one).
        title : str
            Stands before the progress display.

        Yields
        ------
        object

        Raises
        ------
        StampsError
            A task has failed; the message names it. Tasks that have not begun are given up.

        Notes
        -----
        A task whose worker is lost is tried again elsewhere; a patch goes on from what it had published.
        """
        left, waiting = deque(tasks), deque[tuple[T, _Future[R]]]()
        sizes = [1 if size_of is None else size_of(task) for task in left]
        shown: dict[str, Any] = {"unit": unit, "title": title, "scaled": size_of is not None, "leave": True}
        with self._place(unit, light) as place, progress(total=sum(sizes), **shown) as told:
            try:
                while waiting or left:
                    room = place.room()  # asked again, because workers may join during the run
                    while left and len(waiting) < room:
                        task = left.popleft()
                        future = place.submit(function, prepare, task, name_of(task))
                        size = sizes[len(sizes) - len(left) - 1]
                        future.add_done_callback(functools.partial(_count, told, size))
                        waiting.append((task, future))
                    task, future = waiting.popleft()
                    place.wait(future)
                    with _named(name_of(task)):
                        result = place.result(future, name_of(task))
                    yield result
            finally:
                for _, future in waiting:
                    future.cancel()  # one failure is enough

    @contextlib.contextmanager
    def _place(self, unit: str, light: bool) -> Iterator[_Threads | _Cluster]:
        """Context in which tasks can be submitted; it ends when those at work have ended."""
        if self.client is not None:
            yield _Cluster(self.client, self.wait, unit, light)
            return
        with native.thread_pool(self.cores) as pool, children.ending_with_run():
            yield _Threads(pool)


class _Future(Protocol[R_co]):
    """What futures of this machine and of a cluster have in common."""

    def result(self) -> R_co: ...
    def cancel(self) -> object: ...
    def add_done_callback(self, _fn: Callable[[Any], object], /) -> object: ...


class _Threads:
    """The cores of this machine: a thread waits for each task."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool

    def room(self) -> float:
        """Tasks that may have been submitted and not yet been fetched."""
        return math.inf

    def submit(
        self, function: Callable[..., R], prepare: Callable[[T], tuple[Any, ...]], task: T, _name: str
    ) -> _Future[R]:
        return self._pool.submit(lambda: function(*prepare(task)))

    def wait(self, future: _Future[Any]) -> None:
        """Nothing can be done here in the meantime."""

    def result(self, future: _Future[R], _name: str) -> R:
        return future.result()


class _Cluster:
    """Workers of Dask, which see the directory of the project under the same path."""

    def __init__(self, client: Client, wait: Callable[[Event], None] | None, unit: str, light: bool) -> None:
        self._client, self._wait, self._unit, self._light = client, wait, unit, light

    def room(self) -> float:
        """As many as keep the workers busy: the data travel with a task, so that another worker can try it again."""
        return math.inf if self._light else 2 * max(sum(self._client.nthreads().values()), 1)

    def submit(
        self, function: Callable[..., R], prepare: Callable[[T], tuple[Any, ...]], task: T, name: str
    ) -> _Future[R]:
        key = f"{name if self._light else self._unit}-{os.urandom(6).hex()}"
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")
            return self._client.submit(function, *prepare(task), retries=_RETRIES, pure=False, key=key)

    def wait(self, future: _Future[Any]) -> None:
        """Wait for a result, and see to it that there are workers that can give it."""
        if self._wait is not None:
            done = Event()
            future.add_done_callback(lambda _: done.set())
            self._wait(done)

    def result(self, future: _Future[R], name: str) -> R:
        try:
            return future.result()
        except StampsError:
            raise
        except Exception as error:
            raise StampsError(
                f"{name}: the cluster could not finish its task ({type(error).__name__}: {error}); what it had published is "
                "kept, start the same command again."
            ) from error


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Context that puts a name before the message of an error."""
    try:
        yield
    except StampsError as error:
        if not str(error).startswith(name):
            error.args = (f"{name}: {error}", *error.args[1:])
        raise


def _count(told: tqdm[Any], size: int, _future: object) -> None:
    told.update(size)


# ---------------------------------------------------------------------- cores


def n_cores(parameters: Parameters, requested: int | str | None = None) -> int:
    """Cores that a run may use.

    Parameters
    ----------
    parameters : Parameters
        Asked for the legacy parameter ``n_cores``; its default 1 stands for all cores.
    requested : int, optional
        What the caller asked for; comes first, then the settings (:mod:`stamps.run.settings`), then the parameter.

    Raises
    ------
    ParameterError
        Not a positive whole number.
    """
    cores = settings_of(parameters.workspace, cores=requested).cores
    if cores is not None:
        return cores
    stored = parameters.get("n_cores")
    return int(stored) if isinstance(stored, float) and stored > 1 else native.n_threads()


def shares(cores: int, n_tasks: int) -> tuple[int, int]:
    """How many tasks run at once and how many threads each gets, so that together they fill the cores.

    Returns
    -------
    tuple of int
        Workers and threads a worker.
    """
    workers = max(1, min(cores, n_tasks))
    return workers, max(1, cores // workers)
