"""From products to a project through stand-ins for ISCE2: the same as from the simulated tree; failures, retries, updates."""

import itertools
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from helpers import isce_orders, page_snippets, slurm
from helpers.toy_jobs import until
from stamps.cli.program import run
from stamps.errors import InputError
from stamps.frontends.jobs.model import Status
from stamps.frontends.processor import Processor
from stamps.legacy.mt_prep_isce import mt_prep_isce
from stamps.legacy.setparm import setparm
from stamps.legacy.stamps import stamps

pytest.importorskip("rasterio")

MERGE = "07_merge_reference_secondary_slc"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return isce_orders.materials(tmp_path_factory.mktemp("isce"), 3)


@pytest.fixture(scope="module")
def stack(made, tmp_path_factory):
    """A job that has come to its end; tests leave it so."""
    with pytest.MonkeyPatch.context() as patch:
        at_hand(made, patch)
        processor = order(made, tmp_path_factory.mktemp("stack"))
        processor.submit(wait=True)
        assert processor.state().exit_status == 0, processor.state()
        yield processor


@pytest.fixture(autouse=True)
def programs_at_hand(made, monkeypatch):
    at_hand(made, monkeypatch)


def at_hand(made, patch):
    for name, value in isce_orders.environment(made).items():
        patch.setenv(name, value)


def master_of(made):
    return str(json.loads((made.tree / "truth.json").read_text())["master"])


def secondaries(made):
    return [date for date in made.dates if date != master_of(made)]


def order(made, folder, **settings):
    """The shortest order: geometry, from the master of the simulation."""
    fixed = {"reference_date": master_of(made), "coregistration": "geometry", "memory_mb": 500}
    return Processor.create("ISCE_S1", workdir=str(folder), **{**made.settings, **fixed, **settings})


def files_of(project, stack):
    """Name -> bytes, with names in the place of the folders that lists hold."""
    found = {}
    for path in sorted(project.rglob("*")):
        if path.is_file() and path.name not in ("STAMPS.log", "isce_order.json"):
            text = path.read_bytes()
            if path.suffix in (".in", ".out", ".list"):
                text = text.replace(os.fsencode(project), b"PROJECT").replace(os.fsencode(stack), b"STACK")
            found[str(path.relative_to(project))] = text
    return found


def direct(made, folder, pairs=(), threshold=0.4, master=None):
    """The project that the simulated tree itself gives."""
    folder.mkdir()
    if pairs:
        (folder / "small_baselines.list").write_text("".join(f"{a} {b}\n" for a, b in pairs))
    mt_prep_isce(master or master_of(made), made.tree, threshold, workdir=folder)
    return files_of(folder, made.tree)


def project_of(processor, name):
    return files_of(processor.folder.workdir / name, processor.folder.workdir)


def attempts(processor):
    """(step, task) -> number of its last try."""
    return {(one.step, one.id): one.attempt for step in processor.refresh().values() for one in step.tasks}


# ---------------------------------------------------------------------- to the project


def test_the_project_is_that_of_the_simulated_tree_bit_for_bit(made, stack, tmp_path):
    expected = direct(made, tmp_path / "direct")
    assert len(expected) > 25 and project_of(stack, f"INSAR_{master_of(made)}") == expected
    order_file = json.loads((stack.folder.workdir / f"INSAR_{master_of(made)}" / "isce_order.json").read_text())
    assert order_file["utc"].startswith(f"{master_of(made)[:4]}-")


def test_status_names_the_date_of_each_line(made, stack, capsys):
    assert run("stamps", ["isce", "status", "--tasks", "04", "--workdir", str(stack.folder.workdir)]) == 0
    lines = capsys.readouterr().out.splitlines()
    dates = secondaries(made)
    assert [line.split()[0] for line in lines] == [f"04_fullBurst_geo2rdr/{date}" for date in dates]
    assert run("stamps", ["isce", "status", "--log", f"04/{dates[0]}", "--workdir", str(stack.folder.workdir)]) == 0
    assert "Running: geo2rdr" in capsys.readouterr().out


def test_the_same_order_again_does_nothing(made, stack):
    before = attempts(stack)
    done = order(made, stack.folder.workdir).submit(wait=True)
    assert done.work == {} and attempts(stack) == before
    assert not (stack.folder.workdir / "run_files_1").exists()


def test_a_dry_run_beside_a_finished_stack_changes_no_byte(made, stack):
    def content():
        return {path: (path.lstat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in root.rglob("*")}

    root = stack.folder.workdir
    before = content()
    same = order(made, root).dry_run()
    assert same.problems == () and {step.to_run for step in same.steps} == {0}
    other = order(made, root, esd_coherence_threshold=0.5).dry_run()
    assert "ordered with other settings" in other.problems[0]
    assert content() == before


@pytest.mark.exhaustive
def test_small_baselines_from_the_same_stack(made, stack, tmp_path):
    pairs = [(made.dates[0], made.dates[1]), (made.dates[1], made.dates[2])]
    (tmp_path / "pairs").write_text("".join(f"{a} {b}\n" for a, b in pairs))
    words = ["--pairs", str(tmp_path / "pairs"), "--da", "0.6", "--workdir", str(stack.folder.workdir)]
    assert run("stamps", ["isce", "prepare", *words]) == 0
    expected = direct(made, tmp_path / "direct", pairs, 0.6)
    name = f"INSAR_{master_of(made)}/SMALL_BASELINES"
    assert project_of(stack, name) == expected
    shutil.rmtree(stack.folder.workdir / name)
    stack.prepare()


@pytest.mark.exhaustive
def test_prepare_with_other_patches(made, stack):
    assert run("stamps", ["isce", "prepare", "--patches", "2", "1", "--workdir", str(stack.folder.workdir)]) == 0
    project = stack.folder.workdir / f"INSAR_{master_of(made)}"
    assert (project / "patch.list").read_text().split() == ["PATCH_1", "PATCH_2"]
    stack.prepare()
    assert (project / "patch.list").read_text().split() == ["PATCH_1"]


@pytest.mark.exhaustive
def test_the_whole_workflow_and_then_all_steps(tmp_path, monkeypatch):
    many = isce_orders.materials(tmp_path / "made", 7, options=["--lines", "100", "--samples", "130"])
    monkeypatch.setenv("ISCE2_TREE", str(many.tree))
    processor = order(many, tmp_path / "work", coregistration="NESD")
    processor.submit(wait=True)
    assert processor.state().exit_status == 0, processor.state()
    expected = direct(many, tmp_path / "direct")
    name = f"INSAR_{master_of(many)}"
    assert project_of(processor, name) == expected
    project = processor.folder.workdir / name
    for folder in (project, tmp_path / "direct"):
        for name, value in {"filter_grid_size": 25, "unwrap_grid_size": 50, "unwrap_gold_n_win": 16}.items():
            setparm(name, value, workdir=folder)
        stamps(1, 8, workdir=folder)
    compared = sorted((tmp_path / "direct").rglob("*.mat"))
    assert len(compared) > 20
    for path in compared:  # behind the header, which has the time
        assert path.read_bytes()[128:] == (project / path.relative_to(tmp_path / "direct")).read_bytes()[128:], (
            path.name
        )


# ---------------------------------------------------------------------- failures


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("traceback0", "isceobj.Location.OffsetError: No valid offsets for config_merge_DATE (and yet exit status 0)"),
        ("traceback", "ValueError: not enough values to unpack for config_merge_DATE"),
        ("exit1", "ERROR: Could not find a suitable orbit for config_merge_DATE"),
        ("kill", "SIGKILL (out of memory?)"),
        ("nothing", "merged/SLC/DATE is missing"),
        ("half", "but 16000 were expected after its header"),
    ],
)
def test_a_failure_is_named_by_step_date_and_cause_and_only_it_runs_again(made, stack, monkeypatch, kind, cause):
    date = secondaries(made)[1]
    before = attempts(stack)
    shutil.rmtree(stack.folder.workdir / "merged" / "SLC" / date)
    monkeypatch.setenv("ISCE2_FAULT", f"{kind}@config_merge_{date}")
    stack.retry(steps=[MERGE], tasks=[date], all=True, wait=True)
    state = stack.state()
    assert state.exit_status == 1
    assert [(one.step, one.id, one.status) for step in state.steps.values() for one in step.failures] == [
        (MERGE, date, Status.FAILED)
    ]
    assert cause.replace("DATE", date) in state.steps[MERGE].failures[0].message
    assert (state.steps["prepare"].status, state.steps["prepare"].message) == (Status.PENDING, f"waits for {MERGE}")
    monkeypatch.delenv("ISCE2_FAULT")
    stack.retry(wait=True)
    assert stack.state().exit_status == 0
    again = {key for key, number in attempts(stack).items() if number != before[key]}
    assert (
        again == {(MERGE, date), ("prepare", "prepare")} and attempts(stack)[(MERGE, date)] == before[(MERGE, date)] + 2
    )


@pytest.mark.exhaustive
def test_the_first_cause_is_told_and_nothing_after_it_starts(made, tmp_path, monkeypatch, capsys):
    date = secondaries(made)[0]
    monkeypatch.setenv("ISCE2_FAULT", f"traceback0@config_secondary_{date},exit1@config_merge_*")
    words = ["isce", "submit", *made.words, "--coregistration", "geometry", "--master", master_of(made), "--wait"]
    assert run("stamps", [*words, "--workdir", str(tmp_path / "work")]) == 1
    capsys.readouterr()
    assert run("stamps", ["isce", "status", "--workdir", str(tmp_path / "work")]) == 1
    said = capsys.readouterr().out
    assert f"02_unpack_secondary_slc/{date}: isceobj.Location.OffsetError: No valid offsets" in said
    assert "waits for 02_unpack_secondary_slc" in said and "suitable orbit" not in said
    assert not (tmp_path / "work" / "baselines").exists() and not (tmp_path / "work" / "merged").exists()


@pytest.mark.exhaustive
def test_a_command_that_hangs_is_cancelled(made, tmp_path, monkeypatch):
    monkeypatch.setenv("ISCE2_FAULT", "hang@config_reference")
    processor = order(made, tmp_path / "work")
    processor.submit()
    until(lambda: processor.refresh()["01_unpack_topo_reference"].status is Status.RUNNING)
    assert processor.cancel()
    until(lambda: not processor.state().at_work)
    assert processor.refresh()["01_unpack_topo_reference"].status is Status.CANCELLED
    monkeypatch.delenv("ISCE2_FAULT")
    processor.retry(wait=True)
    assert processor.state().exit_status == 0


# ---------------------------------------------------------------------- killed and resumed


@pytest.mark.exhaustive
@pytest.mark.parametrize("seconds", [0.5, 2.5, 6.0])
def test_killed_and_resumed(made, stack, tmp_path, monkeypatch, seconds):
    monkeypatch.setenv("ISCE2_SECONDS", "0.3")
    processor = order(made, tmp_path / "work")
    processor.submit()
    time.sleep(seconds)
    for entry in list(Path("/proc").glob("[0-9]*")):
        if entry.name != str(os.getpid()) and str(tmp_path).encode() in read(entry / "cmdline"):
            os.kill(int(entry.name), signal.SIGKILL)
    until(lambda: not processor.state().at_work)
    processor.submit(wait=True)
    processor.retry(wait=True)
    assert processor.state().exit_status == 0, processor.state()
    name = f"INSAR_{master_of(made)}"
    assert project_of(processor, name) == project_of(stack, name)


def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


# ---------------------------------------------------------------------- SLURM


@pytest.mark.exhaustive
def test_slurm_gives_the_same_project_and_runs_again_exactly_what_failed(made, stack, tmp_path, monkeypatch):
    date, name = secondaries(made)[0], f"INSAR_{master_of(made)}"
    with slurm.running() as cluster:
        monkeypatch.setenv("SLURM_CONF", cluster.environment["SLURM_CONF"])
        monkeypatch.setenv("ISCE2_FAULT", f"traceback0@config_fullBurst_geo2rdr_{date}")
        processor = order(made, tmp_path / "work", hpc_mode=True, max_concurrent_hpc=2)
        processor.submit()
        state = processor.watch(0.5)
        (failure,) = [one for step in state.steps.values() for one in step.failures]
        assert (failure.step, failure.id, state.exit_status) == ("04_fullBurst_geo2rdr", date, 1)
        assert failure.message.startswith("isceobj.Location.OffsetError") and failure.engine_id
        before = attempts(processor)
        monkeypatch.delenv("ISCE2_FAULT")
        processor.retry(wait=True)
        assert processor.state().exit_status == 0, processor.state()
        again = {key for key, number in attempts(processor).items() if number != before[key] and before[key]}
        assert again == {("04_fullBurst_geo2rdr", date)}
    assert project_of(processor, name) == project_of(stack, name)


# ---------------------------------------------------------------------- new images


@pytest.mark.exhaustive
def test_images_that_come_later(made, tmp_path, capsys):
    later = tmp_path / "later"
    slc = tmp_path / "slc"
    shutil.copytree(made.slc, slc)
    last = next(path for path in slc.iterdir() if f"_{made.dates[2]}T" in path.name)
    shutil.move(last, later)
    master = made.dates[0]
    settings = {"slc_dir": str(slc), "reference_date": master, "num_overlap_connections": 1}
    processor = order(made, tmp_path / "work", **settings)
    processor.submit(wait=True)
    assert processor.state().exit_status == 0, processor.state()
    shutil.move(later, last)
    processor = order(made, tmp_path / "work", **settings)
    assert "an update: 7 steps" in str(processor.dry_run())
    done = processor.submit(wait=True)
    assert processor.state().exit_status == 0, processor.state()
    assert list(done.work)[0] == "01_unpack_secondary_slc" and done.work["01_unpack_secondary_slc"] == (made.dates[2],)
    assert (tmp_path / "work" / "run_files_1" / "run_01_unpack_topo_reference").exists()
    whole = order(made, tmp_path / "whole", reference_date=master)
    whole.submit(wait=True)
    assert project_of(processor, f"INSAR_{master}") == project_of(whole, f"INSAR_{master}")


@pytest.mark.exhaustive
@pytest.mark.parametrize("what", ["new products", "no products", "no order"])
def test_the_preparation_is_of_the_stack_whatever_lies_in_the_folder_of_the_products(made, stack, what, tmp_path):
    """Neither new images nor their absence changes run files or order."""
    work, kept = stack.folder.workdir, made.slc.with_name("kept")
    before = attempts(stack)
    record = work / "run_files" / "stamps_order.json"
    facts = record.stat().st_mtime_ns, sorted(path.name for path in work.iterdir())
    made.slc.rename(kept)
    try:
        if what == "new products":
            shutil.copytree(kept, made.slc)
            of_first = next(path for path in made.slc.iterdir() if f"_{secondaries(made)[0]}T" in path.name)
            of_first.unlink()
        if what == "no order":
            (work / "isce_order.json").rename(tmp_path / "order")
            with pytest.raises(InputError, match="isce_order.json is missing or damaged"):
                stack.prepare(patches=(2, 1))
            (tmp_path / "order").rename(work / "isce_order.json")
        else:
            stack.prepare(patches=(2, 1))
            patches = work / f"INSAR_{master_of(made)}" / "patch.list"
            assert patches.read_text().split() == ["PATCH_1", "PATCH_2"] and stack.state().exit_status == 0
            stack.prepare(patches=(1, 1))
    finally:
        shutil.rmtree(made.slc, ignore_errors=True)
        kept.rename(made.slc)
    assert (record.stat().st_mtime_ns, sorted(path.name for path in work.iterdir())) == facts
    assert {key for key, number in attempts(stack).items() if number != before[key]} <= {("prepare", "prepare")}


# ---------------------------------------------------------------------- the page


@pytest.mark.exhaustive
def test_the_commands_of_the_page_as_they_stand(tmp_path, monkeypatch, capsys):
    shown = isce_orders.materials(tmp_path, 5, options=["--start-date", "20180414"])
    for name, value in isce_orders.environment(shown).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pairs.txt").write_text("".join(f"{a} {b}\n" for a, b in itertools.pairwise(shown.dates)))
    tried = set()
    for _, words in page_snippets.shell_lines("docs/howto/isce.md"):
        if words[:2] == ["stamps", "isce"] and not {"--engine", "--container", "cancel", "--set"} & {*words}:
            assert run("stamps", words[1:]) == 0, words
            tried.add(words[2])
    assert tried == {"dry-run", "submit", "watch", "status", "retry", "prepare"}
    assert (tmp_path / "INSAR_20180601" / "SMALL_BASELINES" / "patch.list").exists()
    assert "09_fullBurst_geo2rdr/20180414" in capsys.readouterr().out
