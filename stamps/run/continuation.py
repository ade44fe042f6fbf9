"""Whether a run goes on where an earlier one was interrupted, and how a sentence says so.

A run that was killed, or ended by an error, left its record (:mod:`stamps.run.run_record`). The same command goes on after the
last published step, so that its result is that of a run that was not interrupted; also where the interrupted run was the second
pass over a finished project. It begins anew

- when it is told to (``--restart``),
- when a parameter that the published steps used, or one of their files, has changed since: the rest would not belong to them,
- when a patch was processed by another run.

What the given-up attempt would hand to the new one as if it were an earlier pass is taken away first. Another command gives the
interrupted run up. A run that has ended is run again as by the original: a second pass.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from stamps.errors import InputError, StampsError
from stamps.run import plan, run_record
from stamps.run.plan import Run
from stamps.run.request import Request
from stamps.run.run_record import Progress, RunRecord
from stamps.workspace import Workspace, unwrapped_store

__all__ = ["Decision", "decide", "next_step", "request_of", "unfinished"]


@dataclass(frozen=True)
class Decision:
    """How a run begins.

    Attributes
    ----------
    run : stamps.run.plan.Run
        With the patches that the interrupted run had found, where it goes on.
    record : RunRecord
        Of the interrupted run where it goes on, else a new one.
    continues : bool
    sentence : str
        What is to be said; empty where no run was interrupted.
    given_up : tuple of RunRecord
        Interrupted runs that are forgotten.
    leftovers : tuple of str
        Files of the project that are taken away, because the new run would take them for those of an earlier pass.
    """

    run: Run
    record: RunRecord
    continues: bool = False
    sentence: str = ""
    given_up: tuple[RunRecord, ...] = ()
    leftovers: tuple[str, ...] = ()

    def progress(self, ws: Workspace) -> Progress:
        """What is published already in a directory of steps 1 to 5a."""
        return self.record.progress(ws) if self.continues else Progress()

    @contextlib.contextmanager
    def recorded(self, ws: Workspace) -> Iterator[None]:
        """Context of the run: its record is there until it ends, and stays if it fails with something published."""
        with ws.publish():
            ws.delete(*self.leftovers, *(record.request.file for record in self.given_up))
            self.record.write(ws)
        try:
            with self.record.at_work():
                yield
        except BaseException:
            if not self.record.begun(ws):
                with contextlib.suppress(StampsError):  # the failure of the run is what is to be told
                    self.record.end(ws)
            raise
        self.record.end(ws)
        unwrapped_store.discard(ws.path)


def request_of(run: Run, patches_flag: str | None, list_file: str | None, restart_gamma: int | None) -> Request:
    """:class:`Request` of the arguments of the driver."""
    return Request(
        run.start,
        run.end,
        run.in_patches,
        run.in_project,
        plan.wants_patches(run.start, patches_flag),
        str(list_file or "patch.list"),
        int(restart_gamma or 0),
    )


def decide(ws: Workspace, run: Run, request: Request, restart: bool = False) -> Decision:
    """How a run begins; changes nothing.

    Parameters
    ----------
    ws : Workspace
        The project directory, recovered (or :meth:`Workspace.as_recovered`).
    run : stamps.run.plan.Run
    request : Request
    restart : bool
        Begin anew in any case.

    Returns
    -------
    Decision
    """
    patches = None if run.patches is None else list(run.patches)
    found = [record for record in run_record.records(ws) if request.in_project or record.request.file == request.file]
    same = next((record for record in found if request.repeats(record.request)), None)
    others = tuple(record for record in found if record is not same)
    if same is None or not same.begun(ws):
        interrupted = next((record for record in others if record.begun(ws)), None)
        sentence = _damaged(ws) if interrupted is None else _given_up(ws, interrupted)
        return Decision(run, RunRecord.new(ws, request, patches), False, sentence, tuple(found))
    reasons = ["--restart asks for it"] if restart else _reasons(ws, same, patches)
    if not reasons:
        names = None if same.patches is None else tuple(same.patches)
        return Decision(replace(run, start=same.request.start, patches=names), same, True, _going_on(ws, same), others)
    leftovers = _leftovers(ws, same)
    record = RunRecord.new(ws, request, patches)
    record.absent = sorted({*record.absent, *leftovers})
    return Decision(run, record, False, _anew(ws, same, reasons, leftovers), tuple(found), leftovers)


def unfinished(ws: Workspace) -> list[tuple[str, str]]:
    """What there is to say of the runs that were interrupted in a project.

    Returns
    -------
    list of tuple
        Sentence, command that is to be given; the command is empty for a run that is still at work.
    """
    said = []
    for record in run_record.records(ws):
        request, step = record.request, next_step(ws, record)
        if record.alive:
            said.append((f"a run of {request.steps} is at work", ""))
        elif record.begun(ws):
            where = f"continues at step {step}" if step else "ends it: all steps are published"
            reasons = _reasons(ws, record, _patches_now(ws, request))
            if reasons:
                where = f"begins anew, because {_some(reasons)}"
            said.append((f"interrupted run of {request.steps}: {request.command} {where}", request.command))
    return said


def next_step(ws: Workspace, record: RunRecord) -> int:
    """The first step that a run has not published everywhere, 0 if it has published all."""
    request = record.request
    for_patches = [
        step
        for folder in record.folders(ws)
        for step in plan.plan_patch(folder, request.start, request.end, record.progress(folder)).steps[:1]
    ]
    if for_patches or not request.in_project:
        return min(for_patches, default=0)
    return next(iter(plan.project_steps(record.project_start or request.start, request.end, record)), 0)


# ---------------------------------------------------------------------- why not


def _reasons(ws: Workspace, record: RunRecord, patches: list[str] | None) -> list[str]:
    """Why an interrupted run cannot be continued."""
    names = record.patches or []
    lists = [names, record.kept if record.request.list_file == "patch.list" else None]
    if record.request.divided and (patches or []) not in lists:
        return [f"{record.request.list_file} names other patches than when it began"]
    if record.last or record.kept is not None:
        request = record.request
        behind = [
            folder.name
            for folder in record.folders(ws)
            if not record.progress(folder).last and plan.plan_patch(folder, request.start, request.end).steps
        ]
        if behind:
            return [f"{behind[0]} was processed by another run"]
    return record.changes(ws)


def _patches_now(ws: Workspace, request: Request) -> list[str] | None:
    """The patches that the command would find now; None where that fails."""
    try:
        return list(plan.find_patches(ws, request.list_file)) if request.divided else []
    except InputError:
        return None


def _leftovers(ws: Workspace, record: RunRecord) -> tuple[str, ...]:
    """Results of a given-up attempt that its successor would take for those of an earlier pass."""
    names = [name for name in run_record.OF_EARLIER_PASS if name in record.absent and ws.has_file(name)]
    return tuple(names if record.request.in_project and record.request.start <= 6 else ())


# ---------------------------------------------------------------------- sentences


def _interrupted(ws: Workspace, record: RunRecord) -> str:
    step = next_step(ws, record)
    return f"The run of {record.request.steps} that was interrupted " + (
        f"in step {step}" if step else "after its last step"
    )


def _going_on(ws: Workspace, record: RunRecord) -> str:
    then = "goes on there" if next_step(ws, record) else "is complete"
    return f"{_interrupted(ws, record)} {then} ({record.request.command} --restart begins anew)"


def _given_up(ws: Workspace, record: RunRecord) -> str:
    return f"{_interrupted(ws, record)} is given up for this one; {record.request.command} will begin anew"


def _damaged(ws: Workspace) -> str:
    names = run_record.damaged(ws)
    if not names:
        return ""
    return f"{ws.path / names[0]} is damaged, so that an interrupted run cannot be continued: this one begins anew"


def _anew(ws: Workspace, record: RunRecord, reasons: list[str], leftovers: Sequence[str]) -> str:
    sentence = f"{_interrupted(ws, record)} begins anew, because {_some(reasons)}"
    if leftovers:
        return f"{sentence}; {', '.join(leftovers)} of its first attempt {'go' if len(leftovers) > 1 else 'goes'} first"
    if record.last >= 7 and record.request.start <= 6:
        return (
            f"{sentence}; step 6 subtracts the look-angle error that its step 7 has stored (scla_reset takes it away)"
        )
    return sentence


def _some(reasons: Sequence[str]) -> str:
    more = len(reasons) - 1
    return reasons[0] + (f" (and {more} more {'changes' if more > 1 else 'change'})" if more else "")
