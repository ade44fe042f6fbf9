"""A process that has not found out anything yet about the versions of the kernels."""

import contextlib

from stamps.native import backends


@contextlib.contextmanager
def forgotten(monkeypatch):
    """Context in which nothing is known, said or given up of the versions of the kernels."""
    monkeypatch.delenv("STAMPS_BACKEND", raising=False)
    monkeypatch.setattr(backends, "_said", set())
    monkeypatch.setattr(backends, "_given_up", {})
    backends.cuda_problem.cache_clear()
    yield
    backends.cuda_problem.cache_clear()
