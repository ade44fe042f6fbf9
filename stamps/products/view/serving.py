"""Offer a page to the browsers of this machine.

Any web site can make a browser send requests to this machine, under a name of its own that it lets point here. So a request
must name this server as its host; and neither many connections nor slow ones take more than a few threads for a few seconds.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["page_server"]

_HOST = "127.0.0.1"  # nobody else can connect
_NAMES = (_HOST, "localhost")
_MOST_THREADS = 16
_REQUEST_SECONDS = 5.0  # to ask
_ANSWER_SECONDS = 60.0  # to take the page


def page_server(path: StrPath, port: int = 0) -> _Server:
    """A server of one page, and of nothing else, that only this machine can reach.

    It answers GET and HEAD requests for the page that name it as ``127.0.0.1`` or ``localhost``, 16 at a time.

    Parameters
    ----------
    path : path-like
        The page; it is read again for each request.
    port : int
        0 takes one that is free.

    Returns
    -------
    http.server.ThreadingHTTPServer
        Call ``serve_forever()``; ``server_address`` says where it listens.

    Raises
    ------
    InputError
        The port cannot be used.
    """
    try:
        return _Server((_HOST, port), Path(path))
    except (OSError, OverflowError) as error:
        raise InputError(
            f"Port {port} cannot be used ({error}): name another one from 1024 to 65535, or none to take a free one."
        ) from error


class _Server(ThreadingHTTPServer):
    """A server of the file ``page`` with a bounded number of threads; connections beyond are closed."""

    request_queue_size = 64

    def __init__(self, address: tuple[str, int], page: Path) -> None:
        self.page = page
        self._free = threading.BoundedSemaphore(_MOST_THREADS)
        self._asking: dict[Any, float] = {}  # connection -> when it is cut off unless it has asked
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: tuple[str, int]) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        self._asking[request] = time.monotonic() + _REQUEST_SECONDS
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: tuple[str, int]) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.has_asked(request)
            self._free.release()

    def has_asked(self, connection: Any) -> None:
        """The request is complete, or the connection gone."""
        self._asking.pop(connection, None)

    def service_actions(self) -> None:
        """Cut off who takes too long to ask; called twice a second."""
        for connection, end in list(self._asking.items()):
            if time.monotonic() > end:
                with contextlib.suppress(OSError):  # it has just gone
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is not worth a line."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _ANSWER_SECONDS

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        self.server.has_asked(self.connection)
        if not self._is_meant():
            self.send_error(403, "Open the address that the program printed")
            return
        if self.path.partition("?")[0] not in ("/", f"/{self.server.page.name}"):
            self.send_error(404)
            return
        try:
            page = self.server.page.read_bytes()
        except OSError:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        if body:
            self.wfile.write(page)

    def _is_meant(self) -> bool:
        """Whether the request names this server, once, as its host."""
        port = self.server.server_port
        hosts = self.headers.get_all("Host", [])
        accepted = {f"{name}:{port}" for name in _NAMES} | (set(_NAMES) if port == 80 else set())
        return len(hosts) == 1 and hosts[0].strip().lower() in accepted

    def log_message(self, *_: Any) -> None:
        """Requests are not worth a line."""
