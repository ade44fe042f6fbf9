"""Jobs on a real SLURM of one node: arrays, exactly the failed elements again, cancel, dependencies, forgotten jobs, chunks.

Skipped with a reason where SLURM is not installed or the user is not root.
"""

import os
import signal
import subprocess
from dataclasses import replace

import pytest

from helpers import slurm
from helpers.toy_jobs import Toy, until
from stamps.errors import ExternalProgramError, ParameterError
from stamps.frontends.jobs import slurm_calls
from stamps.frontends.jobs.slurm_settings import StepSettings, slurm_settings


@pytest.fixture(scope="module")
def cluster():
    with slurm.running() as found:
        yield found


@pytest.fixture
def toy(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", cluster.environment["SLURM_CONF"])
    made = Toy(tmp_path, monkeypatch)
    yield made
    made.end()


NOTE = "echo {} >> {{workdir}}/runs; "


def noting(**lines):
    """Tasks that note themselves in ``runs`` when they run."""
    return {name: NOTE.format(name) + line for name, line in lines.items()}


def runs(toy):
    path = toy.workdir / "runs"
    return sorted(path.read_text().split()) if path.exists() else []


def watched(processor):
    return processor.watch(0.5, lambda state: None)


def test_exactly_the_failed_elements_run_again(toy, cluster):
    first = noting(a="true", b="[ -e {workdir}/mended ]", c="true")
    steps = [toy.step("one", first), toy.step("two", noting(d="true", e="true"), ["one"])]
    processor = toy.processor(*steps, engine="slurm")
    processor.submit()
    state = watched(processor)
    assert state.exit_status == 1 and runs(toy) == ["a", "b", "c"]
    assert [(step.status.value, step.done, step.message) for step in state.steps.values()] == [
        ("FAILED", 2, ""),
        ("PENDING", 0, "waits for one"),
    ]
    arrays = [array for one in processor.folder.submissions() for array in one.arrays]
    assert [(array.step, array.tasks) for array in arrays] == [("one", ("a", "b", "c")), ("two", ("d", "e"))]
    assert (
        cluster.jobs()[f"{arrays[0].id}_1"] == "FAILED"
        and processor.refresh()["one"].tasks[1].engine_id == f"{arrays[0].id}_1"
    )
    (toy.workdir / "mended").touch()
    done = processor.retry()
    assert done.work == {"one": ("b",), "two": ("d", "e")}
    assert watched(processor).exit_status == 0 and runs(toy) == ["a", "b", "b", "c", "d", "e"]


@pytest.mark.exhaustive
def test_no_more_at_once_than_wanted_and_the_first_alone(toy):
    line = "echo b >> {workdir}/marks; sleep 0.3; echo e >> {workdir}/marks"
    processor = toy.processor(
        toy.step("one", {name: line for name in "abcd"}, at_once=1, first_alone=True), engine="slurm", max_workers=2
    )
    processor.submit()
    assert watched(processor).exit_status == 0
    assert (toy.workdir / "marks").read_text().split() == ["b", "e"] * 4
    scripts = sorted((processor.folder.path / "run" / "slurm").glob("*.sh"))
    assert ["%1\n" in script.read_text() for script in scripts] == [True, True]
    assert "--dependency=afterany:" in scripts[1].read_text() and "--dependency" not in scripts[0].read_text()


@pytest.mark.exhaustive
def test_a_failed_first_task_does_not_keep_the_others_from_running(toy):
    tasks = noting(a="sleep 2; [ -e {workdir}/mended ]", b="true", c="true")
    steps = [toy.step("one", tasks, first_alone=True), toy.step("two", noting(d="true"), ["one"])]
    processor = toy.processor(*steps, engine="slurm")
    processor.submit()
    state = processor.state()
    assert [task.message for task in state.steps["one"].tasks[1:]] == ["waits for a"] * 2
    state = watched(processor)
    assert runs(toy) == ["a", "b", "c"] and [task.id for task in state.steps["one"].failures] == ["a"]
    assert state.steps["two"].message == "waits for one" and not state.steps["two"].failures
    (toy.workdir / "mended").touch()
    assert processor.retry().work == {"one": ("a",), "two": ("d",)} and watched(processor).exit_status == 0


@pytest.mark.exhaustive
def test_in_chunks_tasks_run_alone_until_one_has_succeeded(toy):
    (toy.workdir / "slurm.toml").write_text("max_submitted = 4\n")
    tasks = noting(a="exit 1", b="exit 1", **dict.fromkeys("cdef", "true"))
    processor = toy.processor(toy.step("one", tasks, first_alone=True), engine="slurm")
    processor.submit()
    state = watched(processor)
    assert runs(toy) == [*"abcdef"] and [task.id for task in state.steps["one"].failures] == ["a", "b"]
    arrays = [array.tasks for one in processor.folder.submissions() for array in one.arrays if array.step]
    assert arrays[:3] == [("a",), ("b",), ("c",)] and arrays[3] in [("d", "e"), ("d",)]


@pytest.mark.exhaustive
def test_folders_may_have_blanks_and_signs_in_their_names(toy):
    toy.workdir = toy.workdir.parent / "my TASK (100%) $HOME"
    toy.workdir.mkdir()
    processor = toy.processor(toy.step("one", {"a": "echo said > '{workdir}/a'"}), engine="slurm")
    processor.submit()
    assert watched(processor).exit_status == 0 and (toy.workdir / "a").read_text() == "said\n"
    assert len(list((processor.folder.path / "log" / "slurm").glob("one.*_0.out"))) == 1


@pytest.mark.exhaustive
def test_cancel_ends_what_runs_and_what_waits(toy, cluster):
    line = "touch {workdir}/began; sleep 300"
    processor = toy.processor(
        toy.step("one", {"a": line, "b": line}), toy.step("two", {"c": "true"}, ["one"]), engine="slurm"
    )
    processor.submit()
    until(lambda: (toy.workdir / "began").exists(), 60)
    until(lambda: processor.state().steps["one"].status.value == "RUNNING", 60)
    assert len(processor.cancel()) == 1 and cluster.queued() == []
    steps = processor.refresh()
    assert [step.status.value for step in steps.values()] == ["CANCELLED", "CANCELLED"]
    assert not processor.state().at_work and processor.cancel() == []


@pytest.mark.exhaustive
def test_a_runner_that_is_killed_and_jobs_that_slurm_has_forgotten_are_found_out(toy, cluster):
    processor = toy.processor(
        toy.step("one", {"a": "touch {workdir}/began; sleep 300", "b": "true"}), toy.step("two", {"c": "true"}, ["one"]),
        engine="slurm",
    )  # fmt: skip
    processor.submit()
    until(lambda: (toy.workdir / "began").exists(), 60)
    state = until(lambda: (s := processor.folder.state("one", "a")).pid and s, 30)
    os.kill(state.pid, signal.SIGKILL)
    until(lambda: not processor.state().at_work, 60)
    steps = processor.refresh()
    assert steps["one"].tasks[0].message == "the process ended without a result"
    assert steps["two"].message == "waits for one" and steps["one"].failures[0].id == "a"
    (toy.workdir / "began").unlink()
    processor.retry()
    number = until(lambda: cluster.queued(), 30)
    for job in number:
        cluster.cancel(job)  # behind our back
    until(lambda: not processor.state().at_work, 60)
    steps = processor.refresh()
    assert {task.id: task.status.value for task in steps["one"].tasks}["a"] in ("CANCELLED", "PENDING")
    assert processor.state().exit_status == 1 and steps["one"].failures[0].id == "a"


@pytest.mark.exhaustive
def test_jobs_of_an_interrupted_submission_are_cancelled_too(toy, cluster):
    processor = toy.processor(toy.step("one", {"a": "sleep 300"}), engine="slurm")
    processor.submit()
    (processor.folder.path / "submissions.jsonl").write_text("")
    processor.folder.add_submission(_other(processor))
    state = processor.state()
    assert state.at_work and "jobs of a submission that was interrupted" in state.notes[0]
    processor.cancel()
    assert cluster.queued() == []


def _other(processor):
    from stamps.frontends.jobs.submissions import Array, Submission

    return Submission(1, "2026-01-01T00:00:00.000Z", "submit", "slurm", arrays=(Array("one", ("a",), "999999"),))


@pytest.mark.exhaustive
def test_chunks_where_a_site_takes_only_so_many(toy, cluster):
    (toy.workdir / "slurm.toml").write_text("max_submitted = 4\n[default]\npartition = 'open'\n")
    names = "abcde"
    steps = [toy.step("one", noting(**dict.fromkeys(names, "true"))), toy.step("two", noting(f="true"), ["one"])]
    processor = toy.processor(*steps, engine="slurm")
    processor.submit()
    assert processor.state().at_work and len(cluster.queued()) <= 4
    waiting = [task.message for task in processor.refresh()["one"].tasks]
    assert "not yet submitted: one chunk after the other" in waiting
    assert watched(processor).exit_status == 0 and runs(toy) == [*names, "f"]
    arrays = [array for one in processor.folder.submissions() for array in one.arrays]
    assert [array.tasks for array in arrays if array.step] == [("a", "b"), ("c", "d"), ("e",), ("f",)]


@pytest.mark.exhaustive
def test_a_failed_chunk_keeps_later_steps_from_being_submitted(toy):
    (toy.workdir / "slurm.toml").write_text("max_submitted = 3\n")
    steps = [toy.step("one", noting(a="exit 1", b="true")), toy.step("two", noting(c="true", d="true"), ["one"])]
    processor = toy.processor(*steps, engine="slurm")
    processor.submit()
    state = watched(processor)
    assert runs(toy) == ["a", "b"] and state.steps["two"].message == "waits for one" and state.exit_status == 1


# ---------------------------------------------------------------------- Dask workers that SLURM starts


@pytest.fixture
def dask(toy, cluster, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    return toy


@pytest.mark.exhaustive
def test_workers_of_slurm_run_tasks_are_replaced_and_leave_the_queue(dask, cluster):
    lost = "[ -e {workdir}/began ] || { echo $SLURM_JOB_ID > {workdir}/b; mv {workdir}/b {workdir}/began; sleep 300; }"
    steps = [dask.step("one", {"a": lost, "b": "[ -e {workdir}/mended ]"}), dask.step("two", {"c": "true"}, ["one"])]
    processor = dask.processor(*steps, max_workers=1)
    processor.submit(cluster="slurm")
    until(lambda: (dask.workdir / "began").exists(), 60)
    cluster.cancel((dask.workdir / "began").read_text().strip())
    state = watched(processor)
    assert [task.id for task in state.steps["one"].failures] == ["b"] and state.steps["two"].message == "waits for one"
    (dask.workdir / "mended").touch()
    assert processor.retry(wait=True).work == {"one": ("b",), "two": ("c",)}
    assert processor.state().exit_status == 0 and processor.folder.submissions()[-1].options["cluster"] == "slurm"
    until(lambda: not cluster.queued(), 10)


@pytest.mark.exhaustive
def test_cancelled_before_a_worker_came(dask, cluster, monkeypatch):
    monkeypatch.setenv("DASK_JOBQUEUE__SLURM__MEMORY", "12GB")
    other = cluster.call("sbatch", "--mem=12000", "--output=/dev/null", "--wrap=sleep 100").split()[-1]
    processor = dask.processor(dask.step("one", {"a": "true"}), max_workers=1)
    processor.submit(cluster="slurm")
    until(lambda: len(cluster.queued()) == 2, 60)
    processor.cancel()
    assert not processor.state().at_work and cluster.queued() == [other]
    assert processor.refresh()["one"].tasks[0].message == "cancelled before it began"
    cluster.cancel(other)


@pytest.mark.exhaustive
def test_a_refusal_of_slurm_is_told_in_one_sentence(dask, monkeypatch):
    monkeypatch.setenv("DASK_JOBQUEUE__SLURM__QUEUE", "nowhere")
    processor = dask.processor(dask.step("one", {"a": "true"}), max_workers=1)
    processor.submit(cluster="slurm")
    state = watched(processor)
    assert state.exit_status == 1 and state.steps["one"].tasks[0].lost
    assert state.notes[0].startswith("submission 1 ended with: SLURM refuses the jobs of this run (invalid partition")


# ---------------------------------------------------------------------- sbatch


def refusing(toy, monkeypatch, times, words):
    """Put an sbatch on the path that refuses so often, with these words, before it is the real one."""
    real = subprocess.run(["which", "sbatch"], capture_output=True, text=True, check=True).stdout.strip()
    folder = toy.workdir.parent / "bin"
    folder.mkdir()
    program = folder / "sbatch"
    program.write_text(
        f"#!/bin/bash\nn=$(ls {folder}/no.* 2>/dev/null | wc -l)\n"
        f"if [ $n -lt {times} ]; then touch {folder}/no.$n; echo 'sbatch: error: {words}' >&2; exit 1; fi\n"
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(slurm_calls, "PAUSES", (0.1, 0.1, 0.1))
    return folder


LIMIT = (
    "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
)


def test_a_refusal_for_the_moment_is_tried_again(toy, monkeypatch):
    refusing(toy, monkeypatch, 2, LIMIT.replace("'", ""))
    processor = toy.processor(toy.step("one", {"a": "true"}), engine="slurm")
    processor.submit()
    assert watched(processor).exit_status == 0


@pytest.mark.parametrize(
    "times, words, tries", [(99, "Socket timed out on send/recv operation", 4), (99, "invalid partition", 1)]
)
def test_a_refusal_for_good_is_told_in_slurms_words_and_can_be_retried(toy, monkeypatch, times, words, tries):
    folder = refusing(toy, monkeypatch, times, words)
    processor = toy.processor(toy.step("one", {"a": "true"}), engine="slurm")
    with pytest.raises(ParameterError, match=f"SLURM refuses the jobs of .* \\({words}\\): mend slurm.toml"):
        processor.submit()
    assert len(list(folder.glob("no.*"))) == tries
    state = processor.state()
    assert state.exit_status == 1 and state.steps["one"].tasks[0].lost
    monkeypatch.setenv("PATH", os.environ["PATH"].partition(os.pathsep)[2])
    assert processor.retry().work == {"one": ("a",)}
    assert watched(processor).exit_status == 0


def test_without_slurm_there_is_one_sentence(toy, monkeypatch):
    processor = toy.processor(toy.step("one", {"a": "true"}), engine="slurm")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ExternalProgramError, match="sbatch is not found: submit on a machine from which"):
        processor.submit()
    assert not processor.folder.exists()


# ---------------------------------------------------------------------- slurm.toml


def test_settings_of_steps_win_over_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    assert slurm_settings(tmp_path).of("split") == StepSettings()
    user = tmp_path / "home" / "stamps"
    user.mkdir(parents=True)
    (user / "slurm.toml").write_text("[default]\naccount = 'theirs'\n")
    assert slurm_settings(tmp_path).of("split").account == "theirs"
    (tmp_path / "slurm.toml").write_text(
        "max_submitted = 100\n[default]\npartition='cpu'\nextra=['--constraint=avx2']\nprologue='module load snap'\n"
        "[step.split]\nmem='16G'\ncpus_per_task=8\n"
    )
    found = slurm_settings(tmp_path)
    assert found.max_submitted == 100 and found.of("export").mem is None
    default = StepSettings("cpu", extra=("--constraint=avx2",), prologue="module load snap")
    assert found.of("export") == default and found.of("split") == replace(default, mem="16G", cpus_per_task=8)


@pytest.mark.parametrize(
    "text, words",
    [
        ("[default]\npartion='x'", "\\[default\\] has an unknown key 'partion': did you mean partition"),
        ("[defaults]\n", "the file has an unknown key 'defaults': did you mean default"),
        ("[step.a]\ntime=3", "time of \\[step.a\\] is '3', which it cannot be"),
        ('[default]\nextra=["a\\nb"]', "extra of \\[default\\] is"),
        ('[default]\npartition="a\\nrm x"', "partition of \\[default\\] is"),
        ("max_submitted = 2", "max_submitted is 2, but a whole number from 3 on"),
        ("step = 3", "tables \\[step.NAME\\] were expected"),
        ("a = [", "cannot be read as TOML"),
    ],
)
def test_what_the_settings_cannot_be_is_named(tmp_path, text, words):
    (tmp_path / "slurm.toml").write_text(text)
    with pytest.raises(ParameterError, match=words):
        slurm_settings(tmp_path)
