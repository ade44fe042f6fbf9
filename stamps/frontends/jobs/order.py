"""What an engine is asked to do: which tasks of which steps, and with what.

Source: docs/method/jobs.md, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Order"]


@dataclass(frozen=True)
class Order:
    """Tasks that are handed over.

    Attributes
    ----------
    number : int
        Of the submission.
    action : str
    engine : str
    work : mapping
        Step -> names of tasks, in the order of the job.
    again : bool
        Tasks run although they had succeeded.
    max_workers : int, optional
        Most tasks at once.
    scheduler, cluster : str, optional
        Of the engine ``dask``.
    """

    number: int
    action: str
    engine: str
    work: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    again: bool = False
    max_workers: int | None = None
    scheduler: str | None = None
    cluster: str | None = None

    @property
    def options(self) -> dict[str, str | int]:
        """What was asked of the engine, for the record."""
        given = {"max_workers": self.max_workers, "scheduler": self.scheduler, "cluster": self.cluster}
        return {name: value for name, value in given.items() if value is not None}
