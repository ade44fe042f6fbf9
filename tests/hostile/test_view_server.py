"""Requests to the server of ``stamps view`` that no user's browser makes on purpose, and too many or too slow ones."""

import socket
import threading
import time

import pytest

from stamps.products.view import serving


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "_REQUEST_SECONDS", 0.6)
    page = tmp_path / "page.html"
    page.write_text("<p>page")
    (tmp_path / "secret.txt").write_text("secret")
    with serving.page_server(page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, text):
    with socket.create_connection(server.server_address, timeout=5) as connection:
        connection.sendall(text.encode().replace(b"\n", b"\r\n"))
        return _rest(connection)


def _rest(connection):
    answer = b""
    while part := connection.recv(65536):
        answer += part
    return answer.decode(errors="replace")


def get(server, host, path="/", method="GET"):
    return ask(server, f"{method} {path} HTTP/1.1\n{host.format(port=server.server_address[1])}\n\n")


@pytest.mark.parametrize("host", ["Host: 127.0.0.1:{port}", "host: LOCALHOST:{port}", "Host:  localhost:{port} "])
def test_its_own_names_are_served(server, host):
    assert "<p>page" in get(server, host)


FOREIGN = [
    "Host: evil.example", "Host: evil.example:{port}", "Host: localhost", "Host: 127.0.0.1:1", "Host: ", "X: y",
    "Host: localhost:{port}.evil.example", "Host: 127.0.0.1.evil.example:{port}", "Host: localhost:{port}@evil.example",
    "Host: 0.0.0.0:{port}", "Host: 2130706433:{port}", "Host: localhost.:{port}", "Host: localhost:{port}\nHost: evil.example",
    "Host: evil.example\nX-Forwarded-Host: localhost:{port}", "Host: localhost:{port}, evil.example",
]  # fmt: skip


@pytest.mark.parametrize("host", FOREIGN)
def test_other_names_are_not(server, host):
    answer = get(server, host)
    assert " 403 " in answer.splitlines()[0] and "<p>page" not in answer


@pytest.mark.parametrize(
    "path", ["/secret.txt", "/../secret.txt", "/%2e%2e/secret.txt", "http://evil.example/", "/page.html/..", "*"]
)
def test_nothing_but_the_page(server, path):
    assert " 404 " in get(server, "Host: localhost:{port}", path).splitlines()[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get"])
def test_nothing_but_reading(server, method):
    assert " 501 " in get(server, "Host: localhost:{port}", method=method).splitlines()[0]


def test_head_sends_no_page(server):
    answer = get(server, "Host: localhost:{port}", method="HEAD")
    assert " 200 " in answer.splitlines()[0] and "<p>page" not in answer


def test_endless_names_and_headers_are_refused(server):
    assert " 414 " in ask(server, f"GET /{'a' * 70_000} HTTP/1.1\n\n").splitlines()[0]
    many = "".join(f"X-{k}: y\n" for k in range(200))
    assert " 431 " in ask(server, f"GET / HTTP/1.1\n{many}\n").splitlines()[0]


def test_connections_that_say_nothing_take_few_threads_for_a_short_time(server):
    before = threading.active_count()
    idle = [socket.create_connection(server.server_address, timeout=5) for _ in range(60)]
    time.sleep(0.3)
    assert threading.active_count() - before <= serving._MOST_THREADS
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert threading.active_count() == before
    assert "<p>page" in get(server, "Host: localhost:{port}")
    for connection in idle:
        connection.close()


def test_a_request_that_drips_is_cut_off(server):
    start = time.monotonic()
    with socket.create_connection(server.server_address, timeout=5) as connection:
        with pytest.raises(OSError):
            for _ in range(100):
                connection.sendall(b"X")
                time.sleep(0.05)
    assert time.monotonic() - start < 4


def test_it_is_reached_from_this_machine_only(server):
    assert server.server_address[0] == "127.0.0.1"
