"""Offer a page to the browsers of this machine."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from stamps.errors import InputError

__all__ = ["page_server"]

_HOST = "127.0.0.1"  # nobody else can connect


def page_server(path, port=0):
    """A server of one page, and of nothing else, that only this machine can reach.

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
    path = Path(path)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer(body=True)

        def do_HEAD(self):
            self._answer(body=False)

        def _answer(self, body):
            if self.path.partition("?")[0] not in ("/", f"/{path.name}"):
                self.send_error(404)
                return
            try:
                page = path.read_bytes()
            except OSError:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if body:
                self.wfile.write(page)

        def log_message(self, *_):
            """Requests are not worth a line."""

    try:
        return ThreadingHTTPServer((_HOST, port), Handler)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"Port {port} cannot be used ({error}): name another one from 1024 to 65535, or none to take a free one."
        ) from error
