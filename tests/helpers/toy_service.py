"""A service over a toy front end: stacks of small texts, time series that copy them; everything in this process."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from helpers.toy_jobs import Toy
from stamps.errors import InputError
from stamps.frontends.jobs.model import Status
from stamps.frontends.jobs.store import JobFolder, job_folders
from stamps.service import series
from stamps.service.service_file import read_service
from stamps.service.stack_kinds import STACK_KINDS, Stack, StackKind
from stamps.service.state import StackState, read_state
from stamps.service.watch import StackReport, pass_over

__all__ = ["ToyService"]

_FILE = """\
root = "stacks"
settle = 600
retries = {retries}
"""
_STACK = """
[[stack]]
name = "{name}"
frontend = "toy"
source = "{source}"
trigger = {{ min_images = 3, new_images = {new_images}, min_days = {min_days} }}
psi = {{ products = ["csv"], resolution = {resolution} }}
"""


class _Kind(StackKind):
    """Stacks of the toy front end."""

    toy: Toy

    def processor_of(self, workdir, products, settings):
        names = {Path(path).stem: path for path in products}
        tasks = {
            name: {
                "shell": f"grep -v bad {path} > {name} || (echo Error: {name} is bad; false)",
                "inputs": [path],
                "outputs": [{"path": f"images/{name}", "made": name}],
                "date": name,
            }
            for name, path in names.items()
        }
        images = [f"images/{name}" for name in names]
        join = {
            "shell": f"printf '%s\\n' {' '.join(names)} > all",
            "inputs": images,
            "outputs": [{"path": "all", "made": "all"}],
        }
        steps = [Toy.step("process", tasks), Toy.step("join", {"join": join}, ["process"])]
        return self.toy.processor(*steps, name="toy", workdir=os.fspath(workdir))


def _listed(source: Path) -> dict[Path, str]:
    return {path: path.stem[:8] for path in sorted(source.glob("*.slc"))}


def _stack(workdir: Path) -> Stack:
    try:
        images = (workdir / "all").read_text().split()
    except OSError:
        raise InputError(f"There is no stack in {workdir}.") from None
    return Stack(images[0], tuple(images), "images")


class ToyService:
    """A service with stacks of the toy front end.

    Parameters
    ----------
    folder : Path
    monkeypatch : pytest.MonkeyPatch
    names : tuple of str
        Of the stacks.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...] = ("etna",)) -> None:
        self.toy = Toy(folder, monkeypatch)
        self.toy.run_in_this_process(monkeypatch)
        kind = _Kind("Toy", "toy", "toy_front_end", "ToyConfig", "products", ("steps",), "none", _listed, _stack)
        object.__setattr__(kind, "toy", self.toy)
        monkeypatch.setitem(STACK_KINDS, "toy", kind)
        monkeypatch.setattr(series, "psi_processor", self._psi)
        self.folder, self.names, self.now = folder, names, 1_600_000_000.0
        self.file, self.psi_fails = folder / "service.toml", folder / "psi_fails"
        for name in names:
            (folder / name).mkdir()
        self.change()

    def change(self, retries: int = 0, new_images: int = 1, min_days: float = 0.0, resolution: float = 0.0) -> None:
        """Write the file."""
        stacks = [
            _STACK.format(name=name, source=name, new_images=new_images, min_days=min_days, resolution=resolution)
            for name in self.names
        ]
        self.file.write_text(_FILE.format(retries=retries) + "".join(stacks))

    def _psi(self, workdir, frontend, stack, name, settings):
        place = f"psi/{name}"
        first = {"shell": f"cat {{workdir}}/all > list; test ! -e {self.psi_fails}", "inputs": ["all"],
                 "outputs": [{"path": f"{place}/list", "made": "list", "linked": True}]}  # fmt: skip
        made = f"{{workdir}}/{place}"
        last = {"shell": f"mkdir -p {made}/products; cp {made}/list {made}/products/csv.csv",
                "outputs": [{"path": f"{place}/products/csv.csv", "linked": True}]}  # fmt: skip
        steps = [Toy.step("prepare", {"prepare": first}), Toy.step("run", {"run": last}, ["prepare"])]
        return self.toy.processor(*steps, name=f"psi_{name}", workdir=os.fspath(workdir))

    # ------------------------------------------------------------------ what happens

    def arrive(self, *dates: str, text: str = "image", name: str = "etna") -> None:
        """Let products arrive."""
        for date in dates:
            (self.folder / name / f"{date}.slc").write_text(f"{text} {date}\n")

    def look(self, seconds: float = 900.0) -> StackReport:
        """One pass; what it says of the first stack."""
        return self.look_at_all(seconds)[0]

    def look_at_all(self, seconds: float = 900.0) -> list[StackReport]:
        """One pass over all stacks, some time after the one before."""
        self.now += seconds
        return pass_over(read_service(self.file), self.now)

    def settle(self, passes: int = 6) -> StackReport:
        """So many passes; what the last one says."""
        for _ in range(passes):
            report = self.look()
        return report

    # ------------------------------------------------------------------ what there is

    def workdir(self, name: str = "etna") -> Path:
        """Folder of a stack."""
        return self.folder / "stacks" / name

    def state(self, name: str = "etna") -> StackState:
        """``service.json`` of a stack."""
        return read_state(self.workdir(name), name)

    def runs(self, name: str = "etna") -> list[tuple[str, int, str]]:
        """Time series: name, number of images, status."""
        return [(run.name, len(run.images), run.status) for run in self.state(name).runs]

    def latest(self, name: str = "etna") -> str:
        """Where the link leads."""
        return os.readlink(self.workdir(name) / "latest")

    def tries(self, name: str = "etna") -> dict[str, int]:
        """Job, step and task → how often it was tried."""
        found = {}
        for folder in job_folders(self.workdir(name)):
            for step in folder.job().steps:
                for task in step.tasks:
                    found[f"{folder.name}/{step.name}/{task.id}"] = folder.state(step.name, task.id).attempt
        return found

    def results(self, name: str = "etna") -> dict[str, str]:
        """Files of the time series and their texts."""
        root = self.workdir(name)
        return {str(path.relative_to(root)): path.read_text() for path in sorted(root.glob("psi/*/products/*"))}

    def interrupted(self, job: str, task: tuple[str, str]) -> None:
        """Let a task of a job stand as it does when the machine was switched off."""
        folder = JobFolder(self.workdir() / "jobs" / job)
        state = folder.state(*task)
        folder.write_state(*task, dataclasses.replace(state, status=Status.RUNNING, pid=2**22 + 1, born="1", ended=""))

    def cancelled(self, job: str, task: tuple[str, str]) -> None:
        """Let a task of a job stand as cancelled."""
        folder = JobFolder(self.workdir() / "jobs" / job)
        state = folder.state(*task)
        folder.write_state(*task, dataclasses.replace(state, status=Status.CANCELLED, message="cancelled"))
