"""A front end whose tasks are lines of a shell: an installed package ``toy`` in a folder on the search path."""

import contextlib
import dataclasses
import os
import sys
import time
from pathlib import Path

from stamps.errors import StampsError
from stamps.frontends.jobs import detached, runner, submission, supervisor
from stamps.frontends.jobs.front_ends import front_end
from stamps.frontends.jobs.store import job_folders, now
from stamps.frontends.jobs.submissions import Array, Submission
from stamps.frontends.processor import Processor

__all__ = ["NOTE", "Toy", "message", "noting", "runs", "statuses", "until"]

#: What a task begins with that notes itself (see :func:`runs`), with its name filled in.
NOTE = "echo {} >> {{workdir}}/runs; "

_MODULE = '''
"""Steps and tasks as the settings have them: {"steps": [{"name", "after", "resources", "tasks": [{...}]}]}."""

import dataclasses
from pathlib import Path

from stamps.frontends.jobs import documents
from stamps.frontends.jobs.model import JobConfig, Plan

NAME = "toy"
ERRORS = ("^Error:", "SEVERE")


def _begins_well(path):
    return "" if path.read_bytes()[:2] == b"ok" else f"{path.name} does not begin with ok"


CHECKS = {"ok": _begins_well}


@dataclasses.dataclass
class ToyConfig(JobConfig):
    steps: list = dataclasses.field(default_factory=list)
    files: dict = dataclasses.field(default_factory=dict)
    problems: list = dataclasses.field(default_factory=list)


def plan(config):
    steps = tuple(map(documents.step_of, config.steps))
    return Plan(steps, {"toy": "1.0"}, tuple(config.problems), (), ("made of shell lines",), config.files)


def arrange(config, plan):
    (Path(config.workdir) / "arranged").touch()
    return plan
'''


class Toy:
    """The front end, installed below a folder, for this process and those that it starts.

    Parameters
    ----------
    folder : Path
    monkeypatch : pytest.MonkeyPatch
    """

    def __init__(self, folder, monkeypatch):
        packages = folder / "packages"
        (packages / "toy-1.0.dist-info").mkdir(parents=True)
        (packages / "toy-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        (packages / "toy-1.0.dist-info" / "entry_points.txt").write_text("[stamps.frontends]\ntoy = toy_front_end\n")
        (packages / "toy_front_end.py").write_text(_MODULE)
        monkeypatch.syspath_prepend(str(packages))
        monkeypatch.delitem(sys.modules, "toy_front_end", raising=False)
        root = str(Path(__file__).parents[2])
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(packages), root]))
        self.module, self.workdir = front_end("toy"), folder / "work"
        self.workdir.mkdir()

    def processor(self, *steps, name=None, **settings):
        """A job with these steps (see :meth:`step`)."""
        fields = {"workdir": str(self.workdir), "steps": list(steps), **settings}
        return Processor(self.module, self.module.ToyConfig(**fields), name=name)

    def run_in_this_process(self, monkeypatch):
        """Let the engine ``local`` run tasks one after the other before a submission returns: much quicker."""
        monkeypatch.setattr(detached, "submit", _run_here)

    def end(self):
        """Cancel what is still at work."""
        for folder in job_folders(self.workdir):
            with contextlib.suppress(StampsError):
                submission.cancel(folder)

    def written(self, processor):
        """The folder of a job that was written and not handed over."""
        plan = self.module.plan(processor.config)
        processor.folder.write_job(submission.job_of_plan(processor.folder.name, self.module, processor.config, plan))
        return processor.folder

    @staticmethod
    def step(name, tasks, after=(), **resources):
        """A step; its tasks are shell lines by name, or whole descriptions."""
        described = [
            {"id": key, **({"shell": value} if isinstance(value, str) else value)} for key, value in tasks.items()
        ]
        return {"name": name, "after": list(after), "resources": {"memory_mb": 1, **resources}, "tasks": described}

    def changed(self, processor, **settings):
        """The same job with other settings."""
        return Processor(self.module, dataclasses.replace(processor.config, **settings))


def _run_here(folder, order):
    """As the supervisor does, without a process for it and for each runner."""
    arrays = tuple(Array(step, tuple(tasks)) for step, tasks in order.work.items())
    folder.add_submission(Submission(order.number, now(), order.action, "local", arrays=arrays, again=order.again))
    for step in folder.job().steps:
        if all(supervisor.succeeded(folder, name) for name in step.after):
            for task in order.work.get(step.name, ()):
                runner.run_task(folder, step.name, task, order.again)


def until(condition, seconds=20, what="it"):
    """What a condition gives as soon as that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} seconds for {what}")


def statuses(processor):
    """Status of each step, tasks done."""
    return {step.name: (step.status.value, step.done) for step in processor.refresh().values()}


def message(processor, step, task):
    """What a task says of itself."""
    (found,) = [one for one in processor.refresh()[step].tasks if one.id == task]
    return found.message


def noting(**lines):
    """Tasks that note themselves when they run (see :func:`runs`)."""
    return {name: NOTE.format(name) + line for name, line in lines.items()}


def runs(toy):
    """Tasks that have noted themselves, in their order."""
    path = toy.workdir / "runs"
    return path.read_text().split() if path.exists() else []
