"""The web server of a service: one process that answers, and nothing else; it listens on this machine only unless told.

Source: docs/method/service.md, section 4.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from dataclasses import replace
from importlib import util
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError, ParameterError
from stamps.service.service_file import Service, read_service

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["serve"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_QUIET_SECONDS = 60.0


def serve(path: StrPath, host: str | None = None, port: int | None = None) -> int:
    """Serve until a signal ends it; jobs that are at work go on.

    Parameters
    ----------
    path : path-like
        The file of the service.
    host, port : str, int, optional
        In place of those of the file; port 0 takes a free one.

    Returns
    -------
    int
        0.

    Raises
    ------
    ParameterError
        The file cannot be used, or pygeoapi is not installed.
    InputError
        Nothing can listen there.
    """
    service = read_service(path)
    if util.find_spec("pygeoapi") is None:
        raise ParameterError(
            "stamps service serve needs pygeoapi, which is not installed: pip install 'stamps-insar[service]'."
        )
    told = service.serve
    told = replace(told, host=told.host if host is None else host, port=told.port if port is None else port)
    service = replace(service, serve=told)
    from stamps.service.orders import resume

    with contextlib.suppress(KeyboardInterrupt):  # the server's own library takes it in the middle of its work
        with _listening(service) as listener:
            url = service.serve.url.rstrip("/") or _address(service.serve.host, listener.getsockname()[1])
            server = _server(service, url, listener)
            for job in resume(service):
                print(f"The job {job} goes on.", flush=True)
            if service.serve.host not in _LOOPBACK:
                print("Everybody who reaches this address can order and cancel jobs: there is no login.", flush=True)
            print(f"Listening at {url}; jobs are in {service.root}.", flush=True)
            server.serve_forever()
    print("The service has ended; jobs that are at work go on.", flush=True)
    return 0


def _listening(service: Service) -> socket.socket:
    host, port = service.serve.host, service.serve.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise InputError(
            f"Nothing can listen at {host}, port {port} ({error.strerror}): give another --port."
        ) from None


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(service: Service, url: str, listener: socket.socket) -> Any:
    """The server with its application."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    from stamps.service.web import make_app

    class Handler(WSGIRequestHandler):
        """Answers one client; one that says nothing is left."""

        timeout = _QUIET_SECONDS

        def log(self, type: str, message: str, *arguments: Any) -> None:
            """Nothing is said of single requests."""

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = make_app(service, url)
    if service.serve.host in _LOOPBACK and not service.serve.url:  # no page of the web can be a client by a false name
        app.config["TRUSTED_HOSTS"] = [*_LOOPBACK, "[::1]"]
    return make_server(
        service.serve.host,
        listener.getsockname()[1],
        app,
        threaded=True,
        request_handler=Handler,
        fd=listener.fileno(),
    )
