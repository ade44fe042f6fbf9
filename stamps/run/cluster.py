"""Where the tasks of a run go: the cores of this machine, a Dask cluster that is there, or workers started through SLURM."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from stamps.errors import ParameterError
from stamps.run.workers import Workers

__all__ = ["workers"]


@contextlib.contextmanager
def workers(
    cores: int, scheduler: str | None = None, cluster: str | None = None, n_workers: int | None = None
) -> Iterator[Workers]:
    """Context in which the tasks of a run can be given away.

    Parameters
    ----------
    cores : int
        Cores of this machine that may be used.
    scheduler : str, optional
        Address of a running Dask scheduler (``tcp://host:8786``), whose workers are used instead.
    cluster : str, optional
        ``'slurm'``: use workers that are started through dask-jobqueue, configured in its own file (``jobqueue.yaml``), and end
        with the context. ``'none'``: as if it were left out.
    n_workers : int, optional
        Workers to ask SLURM for.

    Yields
    ------
    Workers

    Raises
    ------
    ParameterError
        Dask is not installed, the scheduler does not answer, the kind of cluster is unknown, or SLURM refuses the jobs.
    ExternalProgramError
        SLURM's commands are not there.
    """
    if not scheduler and cluster in (None, "none"):
        yield Workers(cores)
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise ParameterError(
            "Running on a cluster needs Dask: install it with pip install 'stamps-insar[cluster]'."
        ) from error
    if scheduler:
        try:
            client = Client(scheduler, timeout="20s")
        except (OSError, TimeoutError, ValueError) as error:
            raise ParameterError(
                f"The Dask scheduler {scheduler} does not answer ({error}): check its address."
            ) from error
        with client:
            yield Workers(cores, client)
    elif cluster == "slurm":
        from stamps.run import slurm

        with slurm.started(n_workers or 4) as (client, jobs):
            yield Workers(cores, client, jobs.wait)
    else:
        raise ParameterError(f"The cluster '{cluster}' is unknown: give slurm, or --scheduler with an address.")
