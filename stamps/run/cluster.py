"""Connect to a Dask cluster: one that runs already, or workers started through SLURM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamps.errors import ParameterError
from stamps.processes import child

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["cluster_client"]


def cluster_client(scheduler: str | None = None, cluster: str | None = None, n_workers: int | None = None) -> Client:
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
    return _slurm(n_workers)


def _slurm(n_workers: int | None) -> Client:
    """A client of workers that SLURM starts."""
    from distributed import Client

    try:
        from dask_jobqueue import SLURMCluster
    except ImportError as error:
        raise ParameterError(
            "--cluster slurm needs dask-jobqueue: install it with pip install 'stamps-insar[cluster]'."
        ) from error
    prologue = [*(_setting("job_script_prologue") or []), *child.shell_lines()]
    resources: dict[str, Any] = {} if _setting("cores") else {"cores": 1, "memory": "4GB"}
    jobs = SLURMCluster(**resources, job_script_prologue=prologue)
    jobs.scale(n_workers or 4)
    return Client(jobs)


def _setting(name: str) -> Any:
    """What the user's Dask configuration says of SLURM jobs; None if nothing."""
    import dask

    return dask.config.get(f"jobqueue.slurm.{name}", None)
