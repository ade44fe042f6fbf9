"""Jobs at HyP3 from Python: what :class:`stamps.frontends.Processor` does, and credits, downloads and the project.

Source: docs/method/jobs.md, section 7.
"""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from stamps.errors import InputError, ParameterError
from stamps.frontends.hyp3_jobs import download as downloads
from stamps.frontends.hyp3_jobs import ordering, refreshing, states
from stamps.frontends.hyp3_jobs.accounts import Accounts
from stamps.frontends.hyp3_jobs.config import Hyp3Config, is_trusted
from stamps.frontends.hyp3_jobs.credentials import find_logins
from stamps.frontends.hyp3_jobs.credits import Credits, ask_credits
from stamps.frontends.hyp3_jobs.dry_runs import dry_run_of
from stamps.frontends.hyp3_jobs.merging import merged_job
from stamps.frontends.hyp3_jobs.orders import DOWNLOAD, PROCESS, order_of
from stamps.frontends.hyp3_jobs.selecting import chosen_pairs, open_pairs
from stamps.frontends.jobs.dry_run import DryRun
from stamps.frontends.jobs.model import FrontEnd, Job, JobConfig, Status, TaskState
from stamps.frontends.jobs.standing import JobState
from stamps.frontends.jobs.store import JobFolder, now
from stamps.frontends.jobs.submission import Submitted, job_of_plan, refuse_problems
from stamps.frontends.jobs.submissions import Array, Submission
from stamps.frontends.processor import Processor

__all__ = ["Hyp3Processor"]

_MOST_TRIES = 3  # of a download, while somebody watches


class Hyp3Processor(Processor):
    """A job whose tasks run at HyP3: ordered, looked after, fetched; nothing stays behind on this machine.

    The parameters are those of :class:`stamps.frontends.Processor`.
    """

    wait_interval = 60.0

    def __init__(
        self,
        front_end: FrontEnd | None,
        config: JobConfig | None = None,
        *,
        name: str | None = None,
        folder: JobFolder | None = None,
    ) -> None:
        super().__init__(front_end, config, name=name, folder=folder)
        self._from_disk = folder is not None

    @property
    def _config(self) -> Hyp3Config:
        if not isinstance(self.config, Hyp3Config):
            raise ParameterError(f"The job {self.folder.name} is none of HyP3.")
        return self.config

    @property
    def products(self) -> Path:
        """Folder of the products: ``hyp3``, for jobs of other names ``hyp3_<name>``."""
        name = self.folder.name
        return self.folder.workdir / ("hyp3" if name == "hyp3" else f"hyp3_{name}")

    def accounts(self) -> Accounts:
        """The accounts that may be used.

        Raises
        ------
        InputError
            There are no credentials, or the job names a service to which they should not go.
        """
        named = self._config.credentials_url
        url = named or self._config.api_url
        if named is None and self._from_disk and not is_trusted(url):
            raise InputError(
                f"The job names the service {url}, which is not one of ASF: name it yourself to go on (--api {url})."
            )
        return Accounts(find_logins(self._config.earthdata_credentials_pool), url)

    # ------------------------------------------------------------------ ordering

    def dry_run(self, *, commands: bool = False) -> DryRun:
        """What a submission would order, what that costs and what the accounts have; writes and orders nothing."""
        return dry_run_of(self.folder, self._known_front_end(), self._config, self.accounts, all_commands=commands)

    def submit(
        self, *, wait: bool = False, scheduler: str | None = None, cluster: str | None = None
    ) -> Submitted | DryRun:
        """Order what is new; what HyP3 has of it already is taken over.

        Parameters
        ----------
        wait : bool
            Return only when everything has been fetched that comes.
        scheduler, cluster : str, optional
            There are none at HyP3.

        Returns
        -------
        Submitted
            ``left`` counts the pairs that could not be ordered. Or, where ``dry_run`` is set, what would be done.
        """
        if self.config.dry_run:
            return self.dry_run()
        _refuse_engine(None, scheduler, cluster)
        front_end, config = self._known_front_end(), self._config
        plan = front_end.plan(config)
        refuse_problems(plan)
        accounts = self.accounts()
        with self.folder.lock():
            job = merged_job(self.folder, job_of_plan(self.folder.name, front_end, config, plan), config)
            self.folder.write_job(job)
            names = open_pairs(self.folder, job)
            done = self._ordered(job, accounts, names, "submit", {}, plan.warnings)
        if wait:
            self.watch(self.wait_interval)
        return done

    def _ordered(
        self,
        job: Job,
        accounts: Accounts,
        names: Sequence[str],
        action: str,
        again: Mapping[str, Mapping[str, Any]],
        notes: Sequence[str] = (),
    ) -> Submitted:
        """Order pairs, under the lock."""
        pairs = states.tasks(job)
        ended = sum(self.folder.state(DOWNLOAD, name).status is Status.SUCCEEDED for name in pairs)
        made = sum(self.folder.state(PROCESS, name).status is Status.SUCCEEDED for name in pairs)
        if names:
            number = max((one.number for one in self.folder.submissions()), default=0) + 1
            arrays = tuple(Array(step, tuple(names)) for step in (PROCESS, DOWNLOAD))
            options = {"api": self._config.api_url}
            self.folder.add_submission(Submission(number, now(), action, "hyp3", arrays=arrays, options=options))
        chunk = self._config.chunk
        outcome = (
            ordering.Ordering(self.folder, job, accounts, chunk).run(names, again) if names else ordering.Ordered()
        )
        work = {PROCESS: tuple(outcome.ordered)} if outcome.ordered else {}
        said = [*notes]
        if outcome.adopted:
            said.append(f"{len(outcome.adopted)} pairs were there already at HyP3 and are not paid for again.")
        if outcome.failed:
            said.append(
                f"{len(outcome.failed)} pairs are refused: {self.folder.state(PROCESS, outcome.failed[0]).message}"
            )
        said += outcome.notes
        if action == "submit" and (failed := self._failed(pairs, names)):
            said.append(f"{len(failed)} pairs failed before and are left as they are ({failed[0]} …): retry them.")
        left = len(outcome.left) + len(outcome.failed)
        return Submitted(job.name, str(self.folder.path), "hyp3", work, made + ended, 2 * len(pairs), tuple(said), left)

    def _failed(self, pairs: Iterable[str], names: Sequence[str]) -> list[str]:
        return [
            name for name in pairs if name not in names and self.folder.state(PROCESS, name).status is Status.FAILED
        ]

    def retry(
        self,
        *,
        steps: Iterable[str] = (),
        tasks: Iterable[str] = (),
        all: bool = False,
        engine: str | None = None,
        changes: Mapping[str, int] | None = None,
        wait: bool = False,
        scheduler: str | None = None,
        cluster: str | None = None,
    ) -> Submitted:
        """Order again what HyP3 has failed to make or has thrown away, and what was not ordered; let downloads be tried again.

        Parameters
        ----------
        steps, tasks : iterable of str
            Only these.
        all, engine, changes, scheduler, cluster
            There is no such thing with HyP3.
        wait : bool
            Return only when everything has been fetched that comes.
        """
        _refuse_engine(engine, scheduler, cluster)
        if all:
            raise ParameterError("Pairs that have succeeded would be paid for again: they are not ordered twice.")
        if changes:
            raise ParameterError("HyP3 has its own machines: there are no resources to be changed.")
        accounts = self.accounts()
        with self.folder.lock():
            job = self.folder.job()
            order, fetch = chosen_pairs(self.folder, job, tuple(steps), tuple(tasks))
            again = {name: one for name in order if (one := self._once_more(job, accounts, name))}
            done = self._ordered(job, accounts, order, "retry", again)
            for name in fetch:
                state = TaskState(message=states.TO_BE_FETCHED, attempt=self.folder.state(DOWNLOAD, name).attempt)
                self.folder.write_state(DOWNLOAD, name, state)
            if fetch:
                note = f"{len(fetch)} products are to be fetched again: stamps hyp3 download."
                done = dataclasses.replace(done, notes=(*done.notes, note))
        if wait:
            self.watch(self.wait_interval)
        return done

    def _once_more(self, job: Job, accounts: Accounts, name: str) -> dict[str, Any] | None:
        """The order of a job that HyP3 had, as ``hyp3_sdk`` makes it; None where there was none, or it was another."""
        state = self.folder.state(PROCESS, name)
        if not state.engine_id:
            return None
        try:
            there = accounts.ask(state.facts.get("user", ""), lambda client: client.get_job_by_id(state.engine_id))
        except InputError:
            return None
        same = ordering.same_job(order_of(states.tasks(job)[name][0]), [there])
        return cast("dict[str, Any]", there.to_dict(for_resubmit=True)) if same is not None else None

    def cancel(self) -> list[str]:
        """There is nothing to end: InputError if HyP3 is at work, which says so."""
        job = self.folder.job()
        count = len(refreshing.unfinished(self.folder, job))
        if count:
            raise InputError(
                f"HyP3 cannot cancel: {count} pairs go on there and stay paid for; nothing else is ordered or fetched from here."
            )
        return []

    # ------------------------------------------------------------------ looking

    def state(self, stall_minutes: float = 60) -> JobState:
        """How the job stands, after HyP3 was asked; where it cannot be, how it stood, which is said."""
        job = self.folder.job()
        notes = refreshing.refresh(self.folder, job, self.accounts, self._config.workers)
        found = super().state(stall_minutes)
        return dataclasses.replace(found, notes=(*found.notes, *notes))

    def watch(
        self,
        refresh_interval: float = 300.0,
        show: Callable[[JobState], object] | None = None,
        stall_minutes: float = 60.0,
    ) -> JobState:
        """Look again and again, and fetch what is ready, until HyP3 has come to its end and all is fetched that comes.

        The parameters are those of :meth:`stamps.frontends.Processor.watch`.
        """
        tries: Counter[str] = Counter()
        while True:
            state = self._look(show, stall_minutes)
            if names := self._worth_fetching(tries):
                tries.update(names)
                came = self.download(only=names).fetched
                state = self._look(show, stall_minutes)
                if came:
                    continue
            if not state.at_work and not self._worth_fetching(tries):
                return state
            time.sleep(refresh_interval)

    def _worth_fetching(self, tries: Mapping[str, int]) -> list[str]:
        """Pairs whose products are ready and not here, but those that have failed again and again."""
        ready = downloads.to_fetch(self.folder, self.folder.job())
        return [name for name in ready if tries.get(name, 0) < _MOST_TRIES]

    def _look(self, show: Callable[[JobState], object] | None, stall_minutes: float) -> JobState:
        state = self.state(stall_minutes)
        if show is not None:
            show(state)
        return state

    def credits(self) -> Credits:
        """What the accounts have, what a pair of each kind costs, what is still to be ordered."""
        open_ones = open_pairs(self.folder, self.folder.job()) if self.folder.exists() else []
        return ask_credits(self.accounts(), self._config, len(open_ones))

    # ------------------------------------------------------------------ fetching

    def download(
        self,
        *,
        keep_zip: bool | None = None,
        only: Iterable[str] | None = None,
        say: Callable[[str], object] | None = None,
    ) -> downloads.Downloaded:
        """Fetch the products that are ready and not here.

        Parameters
        ----------
        keep_zip : bool, optional
            Keep the zip files, too (default: as the settings say).
        only : iterable of str, optional
            Of these pairs.
        say : callable, optional
            Told each product that has come.

        Returns
        -------
        Downloaded

        Raises
        ------
        InputError
            There are no credentials, or no room.
        """
        job = self.folder.job()
        refreshing.refresh(self.folder, job, self.accounts, self._config.workers)
        wanted = None if only is None else {*only}
        names = [name for name in downloads.to_fetch(self.folder, job) if wanted is None or name in wanted]
        there = [
            name for name in states.tasks(job) if downloads.is_fetched(self.folder, self.folder.state(DOWNLOAD, name))
        ]
        done = downloads.Downloaded(there=there)
        if names:
            keep = self._config.keep_zip if keep_zip is None else keep_zip
            found = downloads.fetch(
                self.folder,
                job,
                self.accounts(),
                self.products,
                names,
                workers=self._config.workers,
                keep_zip=keep,
                say=say,
            )
            done = dataclasses.replace(found, there=there)
        return done

    def prepare(self, *, wait: bool = True, **keywords: Any) -> Any:
        """Make a project of the products that are here (:func:`stamps.frontends.hyp3.prepare.prepare_hyp3`).

        Parameters
        ----------
        wait : bool
            It is made before this returns, in any case.
        **keywords
            Those of ``prepare_hyp3``; ``workdir`` is the folder of the project (default: that of the job).
        """
        from stamps.frontends.hyp3_jobs.preparing import prepare

        return prepare(self.products, {"workdir": str(self.folder.workdir), **keywords})


def _refuse_engine(engine: str | None, scheduler: str | None, cluster: str | None) -> None:
    if engine not in (None, "hyp3") or scheduler or cluster:
        raise ParameterError(
            "HyP3 computes on its own machines: there is no engine, scheduler or cluster to be chosen."
        )
