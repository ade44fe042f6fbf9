"""The jobs of the web processes: those of the job model, without a database. What the shell does with them shows here.

Source: docs/method/service.md, section 4.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from threading import BoundedSemaphore, Lock
from typing import Any

from pygeoapi.process.base import JobNotFoundError, JobResultNotFoundError, ProcessorExecuteError
from pygeoapi.process.manager.base import BaseManager
from pygeoapi.util import JobStatus

from stamps.errors import StampsError
from stamps.frontends.jobs import submission
from stamps.frontends.jobs.store import JobFolder
from stamps.processes.child import command
from stamps.service.catalogue import described, job_folder, jobs_of, outputs_of
from stamps.service.service_file import Service

__all__ = ["JobsManager"]

_ORDER_SECONDS = 900.0
_ORDERS_AT_ONCE = 4
_CODES = {400: "InvalidParameterValue", 404: "NotFound", 409: "Conflict", 503: "ServerBusy"}


class _RefusedError(ProcessorExecuteError):
    """An order that cannot be done, as the library tells it to clients."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence, user_msg=sentence)
        self.http_status_code = status
        self.ogc_exception_code = _CODES.get(status, "NoApplicableCode")


class JobsManager(BaseManager):
    """Lists, orders and cancels jobs.

    Parameters
    ----------
    manager_def : dict
        As the library gives it, with ``service``, the :class:`Service`.
    """

    def __init__(self, manager_def: dict[str, Any]) -> None:
        super().__init__(manager_def)
        self.is_async = True
        self.service: Service = manager_def["service"]
        self._orders = BoundedSemaphore(_ORDERS_AT_ONCE)
        self._making, self._counting = 0, Lock()

    def folder(self, job_id: str) -> JobFolder:
        """Folder of a job.

        Raises
        ------
        JobNotFoundError
            There is none.
        """
        found = job_folder(self.service.root, job_id)
        if found is None:
            raise JobNotFoundError(job_id)
        return found

    # ------------------------------------------------------------------ what the library asks

    def get_jobs(self, status: Any = None, limit: int | None = None, offset: int | None = None) -> dict[str, Any]:
        """Jobs, those that were changed at last first."""
        folders = jobs_of(self.service.root)
        first = offset or 0
        page = folders[first : first + limit] if limit else folders[first:]
        jobs = [described(folder) for folder in page]
        kept = [job for job in jobs if status is None or job["status"] == status.value]
        return {"jobs": kept, "numberMatched": len(folders)}

    def get_job(self, job_id: str) -> dict[str, Any]:
        """How a job stands."""
        return described(self.folder(job_id))

    def get_job_result(self, job_id: str) -> tuple[str, Any]:
        """Outputs of a job that has succeeded."""
        folder = self.folder(job_id)
        try:
            return "application/json", outputs_of(folder, f"{self.connection}/jobs/{job_id}/results")
        except StampsError as error:
            raise JobResultNotFoundError(str(error)) from None

    def delete_job(self, job_id: str) -> bool:
        """End what a job runs and what waits; whether something was at work."""
        return bool(submission.cancel(self.folder(job_id)))

    def execute_process(
        self,
        process_id: str,
        data_dict: dict[str, Any],
        *,
        requested_outputs: Any = None,
        **_others: Any,
    ) -> tuple[str, str, Any, Any, dict[str, str]]:
        """Order a job, always asynchronously; the order is made by another process.

        Raises
        ------
        ProcessorExecuteError
            It cannot be; the message is the sentence for the client.
        """
        self.get_processor(process_id)
        order = {"process": process_id, "inputs": data_dict, "outputs": requested_outputs}
        with self._orders, self._counted() as others:
            answer = self._answer(json.dumps({**order, "others": others}))
        if "error" in answer:
            raise _RefusedError(answer["error"], answer["status"])
        headers = {"Preference-Applied": "respond-async"}
        return answer["job"], "application/json", None, JobStatus.accepted, headers

    @contextlib.contextmanager
    def _counted(self) -> Iterator[int]:
        """Context of an order that is made; how many others are, whose jobs are not yet there."""
        with self._counting:
            others = self._making
            self._making += 1
        try:
            yield others
        finally:
            with self._counting:
                self._making -= 1

    def _answer(self, order: str) -> dict[str, Any]:
        """What the process says that makes orders."""
        words = command("stamps.service.orders", os.fspath(self.service.path))
        try:
            done = subprocess.run(
                words,
                input=order,
                capture_output=True,
                text=True,
                cwd=os.sep,  # the environment stays as it is: programs of front ends inherit it
                timeout=_ORDER_SECONDS,
                start_new_session=True,
                check=True,
            )
            answer: dict[str, Any] = json.loads(done.stdout)
            return answer
        except subprocess.TimeoutExpired:
            return {"error": "Making a plan took too long: try again with fewer products.", "status": 503}
        except (subprocess.CalledProcessError, ValueError):
            return {"error": "The order could not be made: the service has an error.", "status": 500}
