"""A watch that is killed at each of its steps and started again: nothing is lost, nothing is done twice.

What a pass does to the disk are these: it writes ``service.json``, it writes what a job is, it hands a job over, it notes that,
it switches the link. A pass is killed before and after each of them, in each of the passes from the first look to the result.
"""

import os
import signal

import pytest

from helpers.toy_service import ToyService
from stamps.frontends.jobs import detached
from stamps.frontends.jobs.store import JobFolder
from stamps.service import series, stack_job, watch

DATES = ("20200101", "20200113", "20200125")
_PASSES = 5


class Killer:
    """Counts what a pass does to the disk, and kills the process at one of them."""

    def __init__(self, monkeypatch):
        self.count, self.fatal, self.names = 0, 0, []
        for place, name in (
            (watch, "write_state"),
            (series, "switch_link"),
            (detached, "submit"),
            (JobFolder, "write_job"),
            (JobFolder, "add_submission"),
        ):
            monkeypatch.setattr(place, name, self._watched(name, getattr(place, name)))

    def _watched(self, name, function):
        def watched(*arguments):
            self._point(f"before {name}")
            answer = function(*arguments)
            self._point(f"after {name}")
            return answer

        return watched

    def _point(self, name):
        self.count += 1
        self.names.append(name)
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def points_of(self, action):
        """Names of the points that an action comes to."""
        self.count, self.fatal, self.names = 0, 0, []
        action()
        return self.names

    def killed(self, action, number):
        """Do something in another process, and kill that at a point."""
        child = os.fork()
        if not child:
            try:
                self.count, self.fatal = 0, number
                action()
            finally:
                os._exit(0)
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def points(tmp_path, monkeypatch):
    """Passes and the points of each, of a watch that is not killed; its end."""
    service = ToyService(tmp_path / "whole", monkeypatch)
    killer = Killer(monkeypatch)
    service.arrive(*DATES)
    found = [killer.points_of(service.look) for _ in range(_PASSES)]
    return killer, found, (service.runs(), service.latest(), service.tries(), service.results())


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(stack_job, "LEAST_DATES", 2)
    (tmp_path / "whole").mkdir()
    return tmp_path


def test_killed_in_every_state(place):
    with pytest.MonkeyPatch.context() as monkeypatch:
        _, passes, whole = points(place, monkeypatch)
    assert whole[0] == [(DATES[-1], 3, "done")] and set(whole[2].values()) == {1}
    names = {name for names in passes for name in names}
    assert {
        f"{when} {name}" for when in ("before", "after") for name in ("write_state", "switch_link", "submit")
    } <= names
    cases = [(k, number) for k, names in enumerate(passes) for number in range(1, len(names) + 1)]
    assert len(cases) > 20
    for k, number in cases:
        with pytest.MonkeyPatch.context() as monkeypatch:
            folder = place / f"{k}-{number}"
            folder.mkdir()
            service = ToyService(folder, monkeypatch)
            killer = Killer(monkeypatch)
            service.arrive(*DATES)
            for _ in range(k):
                service.look()
            assert killer.killed(service.look, number), (k, number, passes[k][number - 1])
            report = service.settle(8)
            end = service.runs(), service.latest(), service.tries(), service.results()
            assert report.trouble == "" and end == whole, (k, number, passes[k][number - 1])
