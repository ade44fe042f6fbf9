"""The web application: pygeoapi's pages of OGC API – Processes, files of results, and all errors as the protocol's exceptions.

Source: docs/method/service.md, section 4.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import flask
import pygeoapi
from pygeoapi import api as core
from pygeoapi.api import API, APIRequest, processes
from pygeoapi.openapi import get_oas
from pygeoapi.process.base import JobNotFoundError
from werkzeug.exceptions import HTTPException

from stamps.errors import StampsError
from stamps.service.catalogue import described, result_file
from stamps.service.service_file import Service
from stamps.workspace.unexpected import explain

__all__ = ["make_app"]

_TYPES = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
_NO_JOB = "There is no job '{0}'."
_ENDED = ("successful", "failed", "dismissed")


def make_app(service: Service, url: str) -> flask.Flask:
    """The application.

    Parameters
    ----------
    service : Service
    url : str
        Address under which clients see it.
    """
    static = os.path.join(os.path.dirname(pygeoapi.__file__), "static")
    app = flask.Flask(__name__, static_folder=static, static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = service.serve.most_kilobytes * 1024
    config = _configuration(service, url)
    pages = _Pages(API(config, get_oas(config)))
    for rule, function, methods in (
        ("/", pages.landing, ["GET"]),
        ("/openapi", pages.openapi, ["GET"]),
        ("/conformance", pages.conformance, ["GET"]),
        ("/processes", pages.processes, ["GET"]),
        ("/processes/<process_id>", pages.processes, ["GET"]),
        ("/processes/<process_id>/execution", pages.execute, ["POST"]),
        ("/jobs", pages.jobs, ["GET"]),
        ("/jobs/<job_id>", pages.job, ["GET"]),
        ("/jobs/<job_id>", pages.dismiss, ["DELETE"]),
        ("/jobs/<job_id>/results", pages.results, ["GET"]),
        ("/jobs/<job_id>/results/<name>", pages.result, ["GET"]),
    ):
        app.add_url_rule(rule, f"{function.__name__}{rule}", function, methods=methods, strict_slashes=False)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _any_error)
    return app


def _configuration(service: Service, url: str) -> dict[str, Any]:
    """What pygeoapi wants to know."""
    nobody = {"name": service.serve.title, "url": url}
    identification = {
        "title": {"en": service.serve.title},
        "description": {"en": "Stacks of interferograms and time series of persistent scatterers."},
        "keywords": {"en": ["InSAR", "persistent scatterers"]},
        "keywords_type": "theme",
        "terms_of_service": "",
        "url": url,
    }
    names = {"stack": "StackProcess", "psi": "PsiProcess"}
    return {
        "server": {
            "bind": {"host": service.serve.host, "port": service.serve.port},
            "url": url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,
            "languages": ["en-US"],
            "pretty_print": True,
            "limits": {"default_items": 50, "max_items": 500},
            "map": {"url": "", "attribution": ""},
            "manager": {"name": "stamps.service.manager.JobsManager", "connection": url, "service": service},
        },
        "logging": {"level": "CRITICAL"},
        "metadata": {
            "identification": identification,
            "license": {"name": "", "url": ""},
            "provider": nobody,
            "contact": {**nobody, "email": "", "position": "", "address": ""},
        },
        "resources": {
            name: {"type": "process", "processor": {"name": f"stamps.service.processes.{cls}"}}
            for name, cls in names.items()
        },
    }


# ---------------------------------------------------------------------- errors


def _problem(status: int, sentence: str, kind: str = "") -> flask.Response:
    """An exception of the protocol."""
    title = HTTPStatus(status).phrase
    document = {
        "type": f"{_TYPES}/{kind}" if kind else "about:blank",
        "title": title,
        "status": status,
        "detail": sentence,
    }
    document |= {"code": kind or title, "description": sentence}
    return flask.Response(json.dumps(document, indent=1), status, mimetype="application/problem+json")


def _http_error(error: HTTPException) -> flask.Response:
    status = error.code or 500
    sentences = {
        404: f"There is nothing at {flask.request.path[:200]!r}: the processes are at /processes, the jobs at /jobs.",
        413: "The request is too large.",
    }
    response = _problem(status, sentences.get(status, error.description or "The request cannot be answered."))
    allowed = error.get_response().headers.get("Allow")
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _any_error(error: Exception) -> flask.Response:
    if isinstance(error, StampsError):
        return _problem(409, str(error))
    flask.current_app.logger.error("%s", explain(error, "."))
    return _problem(500, "The service has an error; its log says more.")


def _told(headers: dict[str, str], status: int, content: Any) -> flask.Response:
    """An answer of the library; an exception of it gets a ``detail``."""
    if status >= 400:
        try:
            document = json.loads(content)
            return _problem(int(status), str(document["description"]), str(document["code"]))
        except (ValueError, KeyError, TypeError):  # a page in HTML
            pass
    response = flask.make_response(content, int(status))
    response.headers.update(headers or {})
    return response


# ---------------------------------------------------------------------- pages


class _Pages:
    """The functions behind the addresses.

    Parameters
    ----------
    api : API
    """

    def __init__(self, api: API) -> None:
        self.api = api

    def _call(self, function: Callable[..., Any], *arguments: Any) -> flask.Response:
        """Let the library answer."""
        request = APIRequest.from_flask(flask.request, self.api.locales)
        if not request.is_valid():
            return _told(*self.api.get_format_exception(request))
        return _told(*function(self.api, request, *arguments))

    def landing(self) -> flask.Response:
        """What there is."""
        return _changed(self._call(core.landing_page), _without_collections)

    def openapi(self) -> flask.Response:
        """The description of all addresses."""
        return self._call(core.openapi_)

    def conformance(self) -> flask.Response:
        """Parts of the standard that are kept; there are neither callbacks nor collections."""
        return _changed(self._call(core.conformance), _what_is_kept)

    def processes(self, process_id: str | None = None) -> flask.Response:
        """All processes, or one."""
        if process_id is not None and process_id not in self.api.manager.processes:
            return _no_process(process_id)
        return _changed(self._call(processes.describe_processes, process_id), _asynchronous)

    def execute(self, process_id: str) -> flask.Response:
        """Order a job."""
        if process_id not in self.api.manager.processes:
            return _no_process(process_id)
        if flask.request.mimetype != "application/json":
            return _problem(415, "The request must be JSON (Content-Type: application/json).")
        if sentence := _wrong_body(flask.request.get_data()):
            return _problem(400, sentence, "InvalidParameterValue")
        response = self._call(processes.execute_process, process_id)
        if response.status_code == 201:
            identifier = response.headers["Location"].rpartition("/")[2]
            response.set_data(
                json.dumps(_status_info(described(self.api.manager.folder(identifier)), self.api.base_url))
            )
            response.mimetype = "application/json"
        return response

    def jobs(self) -> flask.Response:
        """The list of jobs."""
        return self._call(processes.get_jobs)

    def job(self, job_id: str) -> flask.Response:
        """How a job stands."""
        if not self._is_job(job_id):
            return _no_job(job_id)
        return self._call(processes.get_jobs, job_id)

    def dismiss(self, job_id: str) -> flask.Response:
        """Cancel a job."""
        if not self._is_job(job_id):
            return _no_job(job_id)
        before = described(self.api.manager.folder(job_id))
        if before["status"] in _ENDED:
            return _problem(409, f"The job {job_id} is {before['status']} already; its files stay.")
        if not self.api.manager.delete_job(job_id):
            return _problem(409, f"The job {job_id} was not at work.")
        info = _status_info(described(self.api.manager.folder(job_id)), self.api.base_url)
        return flask.Response(json.dumps({**info, "status": "dismissed", "message": "The job was cancelled."}), 200,
                              mimetype="application/json")  # fmt: skip

    def results(self, job_id: str) -> flask.Response:
        """Outputs of a job."""
        if not self._is_job(job_id):
            return _no_job(job_id)
        job = described(self.api.manager.folder(job_id))
        if job["status"] == "failed":
            return _problem(400, job["message"], "job-results-failed")
        if job["status"] == "dismissed":
            return _problem(404, f"The job {job_id} was cancelled: it has no results.", "no-such-job")
        if job["status"] != "successful":
            return _problem(404, f"The job {job_id} has not ended.", "result-not-ready")
        return self._call(processes.get_job_result, job_id)

    def result(self, job_id: str, name: str) -> flask.Response:
        """A file of the results."""
        if not self._is_job(job_id):
            return _no_job(job_id)
        folder = self.api.manager.folder(job_id)
        found = result_file(folder, name) if described(folder)["status"] == "successful" else None
        if found is None:
            return _problem(404, f"The job {job_id} has no result '{name[:80]}'.")
        path, kind = found
        response = flask.send_file(path, mimetype=kind, as_attachment=kind != "text/html", download_name=path.name)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _is_job(self, job_id: str) -> bool:
        try:
            self.api.manager.folder(job_id)
        except JobNotFoundError:
            return False
        return True


def _no_job(job_id: str) -> flask.Response:
    return _problem(404, _NO_JOB.format(job_id[:200]), "no-such-job")


def _no_process(process_id: str) -> flask.Response:
    return _problem(404, f"There is no process '{process_id[:80]}': there are stack and psi.", "no-such-process")


def _wrong_body(body: bytes) -> str:
    """What is wrong with the text of an order; empty if it can be read."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "The request is no JSON."
    if not isinstance(document, dict) or not isinstance(document.get("inputs"), dict):
        return "The request must be an object with inputs, names and values."
    if document.get("subscriber"):
        return "Callbacks (subscriber) are not offered: ask for the status of the job."
    if document.get("response", "raw") not in ("raw", "document"):
        return "response must be raw or document."
    return ""


def _status_info(job: dict[str, Any], url: str) -> dict[str, Any]:
    """A job as the protocol has it."""
    names = {"processID": "process_id", "jobID": "identifier"}
    info = {"type": "process", **{name: job[key] for name, key in names.items()}}
    info |= {key: job[key] for key in ("status", "message", "progress", "created", "updated") if job[key] is not None}
    address = f"{url}/jobs/{job['identifier']}"
    return {**info, "links": [{"href": address, "rel": "monitor", "type": "application/json"}]}


def _changed(response: flask.Response, change: Callable[[dict[str, Any]], None]) -> flask.Response:
    """An answer in JSON, changed."""
    if response.status_code == 200 and response.mimetype == "application/json":
        document = json.loads(response.get_data())
        change(document)
        response.set_data(json.dumps(document, indent=4))
    return response


def _what_is_kept(document: dict[str, Any]) -> None:
    names = document["conformsTo"]
    document["conformsTo"] = [name for name in names if not name.endswith(("/callback", "/collections"))]


def _without_collections(document: dict[str, Any]) -> None:
    others = ("/collections", "/TileMatrixSets", "/stac")
    document["links"] = [link for link in document["links"] if not link["href"].partition("?")[0].endswith(others)]


def _asynchronous(document: dict[str, Any]) -> None:
    """Say that processes run as jobs only, and that files are given by their addresses."""
    for process in document.get("processes", [document]):
        process["jobControlOptions"] = ["async-execute", "dismiss"]
        process["outputTransmission"] = ["value", "reference"]
