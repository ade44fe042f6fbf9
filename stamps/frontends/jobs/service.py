"""The engine of front ends whose tasks run at a service far away: states tell what that said at last.

Who orders, asks and fetches is the front end's own processor; this module only understands the states that it has written.

Source: docs/method/jobs.md, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stamps.errors import ParameterError
from stamps.frontends.jobs import living
from stamps.frontends.jobs.knowledge import Knowledge, touched_lately
from stamps.frontends.jobs.model import Status, TaskState
from stamps.frontends.jobs.order import Order
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.jobs.submissions import Submission

__all__ = ["cancel", "check", "knowledge", "submit"]


def check(order: Order, folder: JobFolder) -> None:
    """Refuse: tasks are ordered by the verb of the service, not handed over."""
    raise ParameterError(
        f"The job {folder.name} cannot be given to {order.engine}: that is a service, with a verb of its own (stamps "
        f"{order.engine}); give local, dask or slurm."
    )


def submit(folder: JobFolder, order: Order) -> None:
    """As :func:`check`."""
    check(order, folder)


def knowledge(
    folder: JobFolder, submissions: Sequence[Submission], states: Mapping[tuple[str, str], TaskState], found: Knowledge
) -> None:
    """Add what the service has said at last (``engine_id`` is its number of the task), and who is fetching here."""
    for key, state in states.items():
        if state.status is Status.SUCCEEDED:
            made = state.facts.get("made", "")
            if made and not (folder.workdir / made).exists():
                found.gone[key] = (made,)
        elif state.status is Status.RUNNING and (state.engine_id or _lives(folder, key, state)):
            found.running.add(key)
            found.at_work = True
        elif state.status is Status.PENDING and state.engine_id:
            found.waiting[key] = state.message
        elif state.status is Status.PENDING and state.message:
            found.idle[key] = state.message


def _lives(folder: JobFolder, key: tuple[str, str], state: TaskState) -> bool:
    """Whether the process that fetches a result is alive."""
    if state.host == living.here():
        return living.alive(state.pid, state.born, "")
    return touched_lately(folder.task_lock(*key))


def cancel(folder: JobFolder, submissions: Sequence[Submission]) -> list[str]:
    """Nothing can be ended from here."""
    return []
