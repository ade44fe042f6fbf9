"""A web service in a process of its own, on a free port; and finished stacks for it that nothing was computed for."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from stamps.frontends.jobs.model import Job, Step, Task
from stamps.frontends.jobs.store import JobFolder, now
from stamps.processes.child import command

__all__ = ["Client", "finished_stack", "served", "shell_job"]


class Client:
    """A client of a service.

    Parameters
    ----------
    url : str
    process : subprocess.Popen
    """

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url, self.process = url, process

    def get(self, place: str, status: int = 200, **options: Any) -> Any:
        """What is at a place, as JSON."""
        response = requests.get(self.url + place, timeout=60, headers={"Accept": "application/json"}, **options)
        assert response.status_code == status, response.text
        return response.json()

    def execute(self, process: str, inputs: Any, status: int = 201, **more: Any) -> requests.Response:
        """Order a job."""
        body = {"inputs": inputs, **more}
        address = f"{self.url}/processes/{process}/execution"
        response = requests.post(address, json=body, timeout=120, headers={"Prefer": "respond-async"})
        assert response.status_code == status, response.text
        return response

    def delete(self, place: str, status: int = 200) -> Any:
        """Delete what is at a place."""
        response = requests.delete(self.url + place, timeout=60)
        assert response.status_code == status, response.text
        return response.json()

    def until(self, job: str, *statuses: str, seconds: float = 60) -> dict[str, Any]:
        """The job as soon as it has one of these statuses."""
        end = time.monotonic() + seconds
        while (found := self.get(f"/jobs/{job}"))["status"] not in statuses:
            assert time.monotonic() < end, found
            time.sleep(0.3)
        return found


@contextlib.contextmanager
def served(file: Path, *words: str) -> Iterator[Client]:
    """Context with a service that was started, and is ended by TERM; a test may have killed it."""
    process = subprocess.Popen(
        command("stamps", "service", "serve", str(file), "--port", "0", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("Listening at "):
                break
        assert said and said[-1].startswith("Listening at "), said
        yield Client(said[-1].split()[2].rstrip(";"), process)
    finally:
        was_killed = process.poll() == -signal.SIGKILL
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
    if not was_killed:
        assert process.returncode == 0 and rest == "The service has ended; jobs that are at work go on.\n", rest


def finished_stack(root: Path, tag: str, dates: tuple[str, ...] = ("20200101", "20200113")) -> Path:
    """A stack of SNAP whose job has succeeded, as far as its records say."""
    folder, master = root / tag, dates[0]
    (folder / f"INSAR_{master}").mkdir(parents=True)
    (folder / "snap.toml").write_text(f'frontend = "snap"\nmaster = "{master}"\n')
    record = {"master": master, "dates": list(dates[1:])}
    (folder / f"INSAR_{master}/joined.json").write_text(json.dumps(record))
    config = {"class": "Snap_S1_Config", "products": ["/secret/place"], "swaths": ["IW2"], "aoi": [1.0, 2.0, 3.0, 4.0]}
    JobFolder.of(folder, "snap").write_job(Job("snap", "snap", now(), config, ()))
    return folder


def shell_job(root: Path, tag: str, line: str, name: str = "work") -> JobFolder:
    """A job of one line of a shell, which was written and not handed over."""
    folder = JobFolder.of(root / tag, name)
    task = Task("line", shell=line)
    folder.write_job(Job(name, "isce", now(), {}, (Step("only", (task,)),)))
    os.makedirs(root / tag, exist_ok=True)
    return folder
