"""Jobs whose processes are killed at random moments and that are resumed: the same end state as without."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from helpers.toy_jobs import until
from stamps.errors import StampsError
from stamps.frontends.jobs import living
from stamps.frontends.jobs.runner import main as run_task
from stamps.frontends.jobs.supervisor import WORD

_KILLS = 20
_RUNNER = run_task.__module__


@pytest.fixture
def toy(detached_toy):
    return detached_toy


def steps(toy):
    """Three steps whose tasks take some time to write what they make; one writes in its place, not whole."""
    slowly = "for k in 1 2 3 4; do echo {0} $k >> {0}; sleep 0.05; done; mkdir folder; cp {0} folder/copy"
    one = {
        name: {
            "shell": slowly.format(name),
            "outputs": [{"path": f"one/{name}", "made": name}, {"path": f"one/{name}.d", "made": "folder"}],
        }
        for name in "abcd"
    }
    two = {
        name: {
            "shell": f"rm -f {{workdir}}/two-{name}; cat {{workdir}}/one/{name} {{workdir}}/one/{name}.d/copy | while read line; "
            f"do echo $line >> {{workdir}}/two-{name}; sleep 0.03; done",
            "inputs": [f"one/{name}", f"one/{name}.d"],
            "outputs": [{"path": f"two-{name}"}],
        }
        for name in "abcd"
    }
    inputs = [f"two-{name}" for name in "abcd"]
    last = {
        "shell": "sleep 0.1; cat {workdir}/two-? > all",
        "inputs": inputs,
        "outputs": [{"path": "all", "made": "all"}],
    }
    return [toy.step("one", one), toy.step("two", two, ["one"]), toy.step("three", {"all": last}, ["two"])]


def made(toy):
    """Files that the tasks have made, and their content."""
    return {
        path.relative_to(toy.workdir).as_posix(): path.read_bytes()
        for path in sorted(toy.workdir.rglob("*"))
        if path.is_file() and "jobs" not in path.relative_to(toy.workdir).parts
    }


def processes(folder, what):
    """Numbers of the supervisor, of runners, or of commands of a job that are alive."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                words = Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace").split("\0")
                variables = Path(f"/proc/{entry}/environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            ours = str(folder) in words
            commanded = f"{living.MARK}={folder}/" in variables and not ours
            if (ours and {"supervisor": WORD, "runner": _RUNNER}.get(what) in words) or (
                what == "command" and commanded
            ):
                found.append(int(entry))
    return found


def submitted_and_killed(processor, action, seconds):
    """Submit in a process of its own, which is killed after a while if it is still there."""
    child = os.fork()
    if not child:
        try:
            getattr(processor, action)()
        except StampsError:
            pass
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.exhaustive
def test_killed_at_twenty_random_moments_and_resumed(toy):
    processor = toy.processor(*steps(toy))
    processor.submit(wait=True)
    assert processor.state().exit_status == 0
    expected = made(toy)
    for path in (*toy.workdir.glob("two-*"), toy.workdir / "all", *toy.workdir.glob("one/[a-d]")):
        path.unlink()
    dice, kills, killed = random.Random(20260214), 0, set()
    processor = toy.processor(*steps(toy), name="killed")
    for attempt in range(80):
        state = processor.state() if processor.folder.exists() else None
        if state is not None and state.exit_status == 0:
            for path in (*toy.workdir.glob("two-[ab]"), toy.workdir / "all"):
                path.unlink(missing_ok=True)  # so that there is something to be done, and to be killed
        action = "submit" if state is None or state.exit_status == 0 else dice.choice(["submit", "retry"])
        if attempt % 4 == 0:
            submitted_and_killed(processor, action, dice.uniform(0.02, 0.8))
        else:
            getattr(processor, action)()
        time.sleep(dice.uniform(0.0, 1.0))
        what = dice.choice(["supervisor", "runner", "command"])
        if victims := processes(processor.folder.path, what):
            living.send(dice.choice(victims), signal.SIGKILL)
            kills, killed = kills + 1, killed | {what}
        until(lambda: not processor.folder.exists() or not processor.state().at_work, 60, "the end of what was killed")
        if kills >= _KILLS:
            break
    assert kills >= _KILLS and killed == {"supervisor", "runner", "command"}
    processor.submit(wait=True)
    processor.retry(wait=True)
    assert processor.state().exit_status == 0, processor.state()
    assert made(toy) == expected | {"arranged": b""}
    assert processes(processor.folder.path, "command") == []
