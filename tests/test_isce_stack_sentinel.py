"""``stackSentinel.py``: command line, run files, what is kept of older ones, dry runs, updates; with the stand-in."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest

from helpers import isce_orders
from stamps.errors import ExternalProgramError
from stamps.frontends.isce_jobs import checks, ordering
from stamps.frontends.isce_jobs.config import ISCE_S1_Config
from stamps.frontends.isce_jobs.existing import existing_stack, update_problems
from stamps.frontends.isce_jobs.line import SHELL
from stamps.frontends.isce_jobs.programs import find_programs, isce_version
from stamps.frontends.isce_jobs.run_files import Line, RunFile
from stamps.frontends.isce_jobs.stack_sentinel import StackOrder, command_line, generate, generate_in_scratch, recorded
from stamps.frontends.isce_jobs.steps import preparation, steps_of

SLC_NESD = [
    "01_unpack_topo_reference", "02_unpack_secondary_slc", "03_average_baseline", "04_extract_burst_overlaps",
    "05_overlap_geo2rdr", "06_overlap_resample", "07_pairs_misreg", "08_timeseries_misreg", "09_fullBurst_geo2rdr",
    "10_fullBurst_resample", "11_extract_stack_valid_region", "12_merge_reference_secondary_slc", "13_grid_baseline",
]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return isce_orders.materials(tmp_path_factory.mktemp("isce"), 4)


@pytest.fixture(autouse=True)
def programs_at_hand(made, monkeypatch):
    for name, value in isce_orders.environment(made).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def config(made, tmp_path):
    (tmp_path / "work").mkdir()
    return ISCE_S1_Config(workdir=str(tmp_path / "work"), **made.settings)


def order_of(made, dates=None, master=None, excluded=()):
    dates = dates or made.dates
    products = tuple(path for path in sorted(made.slc.iterdir()) if checks.name_date(path.name) in dates)
    return StackOrder(master or dates[1], tuple(dates), tuple(excluded), (2,), tuple(made.bbox), products)


def content(folder):
    """Path -> bytes and time of everything in a folder."""
    return {
        path: (path.read_bytes() if path.is_file() else b"", path.lstat().st_mtime_ns) for path in folder.rglob("*")
    }


# ---------------------------------------------------------------------- command line


def test_command_line(made, config):
    config = dataclasses.replace(config, esd_coherence_threshold=0.8)
    order = dataclasses.replace(order_of(made), box=(40.5, 41.0, -14.25, 14.0), excluded=("20200103", "20200115"))
    words = command_line(config, order, Path("/w"))
    assert words == [
        "-s", str(made.slc), "-d", str(made.dem), "-o", str(made.orbits), "-a", "/w/aux", "-w", "/w", "-W", "slc", "-C", "NESD",
        "-O", "3", "-e", "0.8", "-p", "vv", "-n", "2", "-b", "40.5 41 -14.25 14", "-m", made.dates[1], "--num_proc", "1",
        "-x", "20200103,20200115",
    ]  # fmt: skip


def test_connections_are_those_of_interferograms(made, config):
    config = dataclasses.replace(config, workflow="interferogram", num_connections=2, text_cmd="source a.sh; ")
    words = command_line(config, order_of(made), Path("/w"))
    assert words[-4:] == ["-c", "2", "-t", "source a.sh; "]


# ---------------------------------------------------------------------- run files


def test_steps_and_tasks_of_the_workflow(made, config):
    programs = find_programs(config)
    files = generate(config, programs, order_of(made))
    steps = steps_of(files, config, programs, "order")
    assert [step.name for step in steps] == SLC_NESD
    assert [len(step.tasks) for step in steps] == [1, 3, 3, 1, 3, 3, 6, 2, 3, 3, 1, 4, 3]
    assert steps[0].after == () and all(b.after == (a.name,) for a, b in zip(steps, steps[1:], strict=False))
    secondaries = [date for date in made.dates if date != made.dates[1]]
    assert [task.date for task in steps[8].tasks] == secondaries and [task.id for task in steps[8].tasks] == secondaries
    assert [output.path for output in steps[11].tasks[0].outputs] == [f"merged/SLC/{made.dates[0]}"]
    assert steps[8].tasks[0].inputs == (f"configs/config_fullBurst_geo2rdr_{secondaries[0]}",)


def test_geometry_lacks_five_steps_and_renumbers(made, config):
    config = dataclasses.replace(config, coregistration="geometry")
    files = generate(config, find_programs(config), order_of(made))
    assert [file.step for file in files][2:5] == [
        "03_average_baseline",
        "04_fullBurst_geo2rdr",
        "05_fullBurst_resample",
    ]
    assert len(files) == 8 and files[-1].step == "08_grid_baseline"


def test_interferograms_have_sixteen_steps_and_no_baselines(made, config):
    config = dataclasses.replace(config, workflow="interferogram")
    files = generate(config, find_programs(config), order_of(made))
    names = [file.name for file in files]
    assert len(names) == 16 and "grid_baseline" not in names and names[-1] == "unwrap"


def test_older_run_files_are_kept(made, config):
    folder = config.folder
    for name in ("run_files", "run_files_1", "configs"):
        (folder / name).mkdir()
        (folder / name / "note").write_text(name)
    generate(config, find_programs(config), order_of(made))
    assert (folder / "run_files_2" / "note").read_text() == "run_files"
    assert (folder / "run_files_1" / "note").read_text() == "run_files_1"
    assert (folder / "configs_2" / "note").exists() and (folder / "run_files" / "run_01_unpack_topo_reference").exists()


def test_the_same_order_again_changes_nothing(made, config):
    programs, order = find_programs(config), order_of(made)
    files = generate(config, programs, order)
    before = content(config.folder)
    assert generate(config, programs, order) == files == generate_in_scratch(config, programs, order)
    assert content(config.folder) == before


def test_a_failure_puts_everything_back(made, config, monkeypatch):
    programs, order = find_programs(config), order_of(made)
    generate(config, programs, order)
    before = content(config.folder)
    monkeypatch.setenv("ISCE2_FAULT", "exit1@stackSentinel.py")
    with pytest.raises(ExternalProgramError, match="exit status 1; it says: ERROR: Could not find a suitable orbit"):
        generate(config, programs, order_of(made, made.dates[:3]))
    assert {path: text for path, (text, _) in content(config.folder).items()} == {p: t for p, (t, _) in before.items()}


def test_no_run_files_after_exit_0(made, config, monkeypatch):
    monkeypatch.setenv("ISCE2_FAULT", "nothing@stackSentinel.py")
    with pytest.raises(ExternalProgramError, match="without having written run files; it says: Nothing to do"):
        generate(config, find_programs(config), order_of(made))
    assert not recorded(config.folder)


# ---------------------------------------------------------------------- dry runs


def test_a_dry_run_changes_no_byte_and_says_the_same(made, config):
    programs, order = find_programs(config), order_of(made)
    before = content(config.folder)
    dry = generate_in_scratch(config, programs, order)
    assert content(config.folder) == before == {}
    assert dry == generate(config, programs, order)


def test_a_dry_run_of_an_update(made, config):
    programs = find_programs(config)
    generate(config, programs, order_of(made, made.dates[:3]))
    for date in (made.dates[0], made.dates[2]):
        (config.folder / "coreg_secondarys" / date).mkdir(parents=True)
    before = content(config.folder)
    dry = generate_in_scratch(config, programs, order_of(made))
    assert content(config.folder) == before
    assert [file.step for file in dry][:2] == ["01_unpack_secondary_slc", "02_average_baseline"] and len(dry) == 12
    assert [line.id for line in dry[0].lines] == [made.dates[3]]
    assert dry == generate(config, programs, order_of(made))


# ---------------------------------------------------------------------- links


def test_links_to_some_of_the_products(made, config, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(made.slc, other)
    order = dataclasses.replace(order_of(made, made.dates[:3]), linked=True)
    (config.folder / "slc_used").mkdir()
    (config.folder / "slc_used" / "old.zip").symlink_to("/nowhere")
    files = generate(config, find_programs(config), order)
    assert sorted(path.name for path in (config.folder / "slc_used").iterdir()) == [
        path.name for path in order.products
    ]
    assert {line.id for line in files[-2].lines} == {*made.dates[:3]}


def test_when_links_are_needed(made, tmp_path):
    paths = sorted(made.slc.iterdir())
    assert not checks.needs_links(paths, [])
    assert checks.needs_links(paths[1:], [])
    assert not checks.needs_links(paths[1:], [made.dates[0]])
    copy = Path(shutil.copy(paths[0], tmp_path))
    assert checks.needs_links([copy, *paths[1:]], [])


# ---------------------------------------------------------------------- an existing stack


@pytest.fixture
def finished(made, config):
    """A finished stack of the first three dates."""
    config = dataclasses.replace(config, num_overlap_connections=1)
    generate(config, find_programs(config), order_of(made, made.dates[:3]))
    for date in (made.dates[0], made.dates[2]):
        (config.folder / "coreg_secondarys" / date).mkdir(parents=True)
    for date in made.dates[:3]:
        shutil.copytree(made.tree / "merged" / "SLC" / date, config.folder / "merged" / "SLC" / date)
    return config


def problems(config, order):
    return " ".join(update_problems(config, order, existing_stack(config.folder)))


def test_an_update_and_the_same_order(made, finished):
    stack = existing_stack(finished.folder)
    assert stack.dates == (made.dates[0], made.dates[2]) and stack.master == made.dates[1]
    assert problems(finished, order_of(made, master=made.dates[1])) == ""
    assert problems(finished, order_of(made, made.dates[:3])) == ""


def test_other_settings_for_the_same_dates(made, finished):
    config = dataclasses.replace(finished, esd_coherence_threshold=0.5)
    assert "other settings" in problems(config, order_of(made, made.dates[:3]))


def test_an_unfinished_stack_is_not_added_to(made, finished):
    shutil.rmtree(finished.folder / "merged" / "SLC" / made.dates[2])
    said = problems(finished, order_of(made, master=made.dates[1]))
    assert f"({made.dates[2]} not merged)" in said and f"before {made.dates[3]} can be added" in said


def test_an_update_needs_the_last_products(made, finished):
    dates = (made.dates[1], made.dates[2], made.dates[3])
    assert f"{made.dates[0]} not found" in problems(finished, order_of(made, dates, made.dates[1]))


def test_the_reference_is_known_from_run_files_that_were_put_aside(made, finished):
    for number in (2, 10):
        shutil.copytree(finished.folder / "run_files", finished.folder / f"run_files_{number}")
    shutil.rmtree(finished.folder / "run_files")
    stack = existing_stack(finished.folder)
    assert stack.master == made.dates[1] and stack.record == {}


def test_an_update_is_about_the_reference_of_the_stack(made, finished):
    (finished.folder / "isce_order.json").write_text(json.dumps({"master": made.dates[1], "utc": "then"}))
    selection, order, wrong = ordering.choose(finished)
    assert wrong == [] and order.master == selection.master == made.dates[1]
    known = json.loads(ordering.order_text(order, selection, finished.folder))
    assert abs(known["baselines"][made.dates[1]]) < 1e-6 and known["utc"].startswith("20")
    without = dataclasses.replace(finished, exclude_dates=[made.dates[1]])
    selection, order, wrong = ordering.choose(without)
    assert wrong == [] and selection.master != order.master == made.dates[1]
    known = json.loads(ordering.order_text(order, selection, finished.folder))
    assert (known["baselines"], known["utc"]) == (None, "then")


def test_a_secondary_is_not_taken_for_the_reference(made, finished):
    shutil.rmtree(finished.folder / "run_files")
    _, _, wrong = ordering.choose(dataclasses.replace(finished, reference_date=made.dates[2]))
    assert wrong[0].startswith(f"{made.dates[2]} is a secondary of the stack in {finished.folder}")
    _, _, wrong = ordering.choose(finished)
    assert "say which date is its reference" in wrong[0]


# ---------------------------------------------------------------------- where the programs are


def test_below_isce_home(made, config, tmp_path, monkeypatch):
    stack = tmp_path / "isce" / "contrib" / "stack"
    shutil.copytree(isce_orders.PROGRAMS, stack / "topsStack")
    (stack / "isce.py").write_text("release_version = '2.6.4'\n")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    with pytest.raises(ExternalProgramError, match="neither on the PATH nor in its place, ISCE_HOME is not set"):
        find_programs(config)
    monkeypatch.setenv("ISCE_HOME", str(tmp_path / "isce"))
    programs = find_programs(config)
    assert programs.generator == str(stack / "topsStack" / "stackSentinel.py")
    assert isce_version(config, programs) == "2.6.4"
    assert len(generate(config, programs, order_of(made))) == 13
    assert "--path" in programs.options and str(stack / "topsStack") in programs.options


def test_programs_that_may_not_be_executed(config, tmp_path, monkeypatch):
    place = tmp_path / "isce" / "contrib" / "stack" / "topsStack"
    shutil.copytree(isce_orders.PROGRAMS, place)
    (place / "SentinelWrapper.py").chmod(0o644)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(ExternalProgramError, match=r"SentinelWrapper.py may not be executed: chmod \+x"):
        find_programs(dataclasses.replace(config, isce_home=str(tmp_path / "isce")))


def test_a_program_is_missing_below_isce_home(config, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(ExternalProgramError, match=r"below ISCE_HOME \(.*contrib/stack/topsStack\)"):
        find_programs(dataclasses.replace(config, isce_home=str(tmp_path)))


@pytest.fixture
def apptainer(tmp_path, monkeypatch):
    """A program that does in place of a container what its command says, and notes its options."""
    place = tmp_path / "bin"
    place.mkdir()
    for name in ("apptainer", "docker"):
        program = place / name
        program.write_text(
            '#!/bin/bash\necho "$0 $@" >> "$CALLS"\nwhile [ "$1" != isce2.sif ]; do shift; done\nshift\nexec "$@"\n'
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


@pytest.mark.parametrize("tool", ["apptainer", "docker"])
def test_containers(made, config, apptainer, tool):
    config = dataclasses.replace(config, container="isce2.sif", container_tool=tool)
    programs = find_programs(config)
    generate_in_scratch(config, programs, order_of(made))
    files = generate(config, programs, order_of(made))
    (task, *_) = steps_of(files, config, programs, "order")[1].tasks
    words = task.argv[task.argv.index("--") + 1 :]
    work = str(config.folder)
    if tool == "apptainer":
        assert words[:5] == ("apptainer", "exec", "--bind", work, "--bind")
    else:
        assert words[:5] == ("docker", "run", "--rm", "-v", f"{work}:{work}") and words[words.index("-w") + 1] == work
    assert words[-6:-1] == ("isce2.sif", *SHELL) and words[-1].startswith("SentinelWrapper.py -c ")
    assert str(made.slc) in " ".join(words) and apptainer.read_text().count("stackSentinel.py") == 2


def test_no_container_program(config, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ExternalProgramError, match="apptainer is not on the PATH"):
        find_programs(dataclasses.replace(config, container="isce2.sif"))


# ---------------------------------------------------------------------- resources


@pytest.mark.parametrize(
    ("settings", "first", "second"),
    [
        ({"cores": 8}, 8, 2),
        ({"cores": 8, "threads": 1}, 8, 1),
        ({"cores": 2}, 2, 1),
        ({"cores": 8, "max_workers": 1}, 8, 8),
        ({"cores": 8, "memory_mb": 1 << 40}, 8, 8),
        ({"cores": 8, "threads": 99}, 8, 8),
        ({"cores": 8, "engine": "slurm"}, 8, 1),
    ],
)
def test_tasks_at_once_times_threads_fit_the_cores(made, config, settings, first, second):
    config = dataclasses.replace(config, **{"memory_mb": 10, **settings})
    programs = find_programs(config)
    steps = steps_of(generate_in_scratch(config, programs, order_of(made)), config, programs, "order")
    assert (steps[0].resources.cores, steps[1].resources.cores) == (first, second)


def test_hpc_mode_is_the_engine_slurm(config, made):
    config = dataclasses.replace(config, hpc_mode=True, max_concurrent_hpc=7)
    assert config.engine == "slurm"
    programs = find_programs(config)
    steps = steps_of(generate_in_scratch(config, programs, order_of(made)), config, programs, "order")
    assert {step.resources.at_once for step in steps} == {7}


def test_another_order_is_another_task(made, config):
    programs = find_programs(config)
    files = generate_in_scratch(config, programs, order_of(made))
    one, same, other = (steps_of(files, config, programs, word)[10].tasks[0].definition for word in ("a", "a", "b"))
    assert one == same != other


def test_the_preparation(made, config):
    programs, order = find_programs(config), order_of(made)
    steps = steps_of(generate_in_scratch(config, programs, order), config, programs, "order")
    config = dataclasses.replace(config, pairs=[["20200103", "20200115"]], patches=(2, 3), da_thresh=0.5)
    step = preparation(steps, config, order, "isce_order.json")
    words = " ".join(step.tasks[0].argv)
    assert f"INSAR_{order.master}/SMALL_BASELINES {order.master} {{workdir}} --pair 20200103 20200115" in words
    assert words.endswith("--numbers 0.5 2 3 50 50") and step.after == (
        "12_merge_reference_secondary_slc",
        "13_grid_baseline",
    )


def test_names_of_older_versions(config):
    lines = (Line(1, "SentinelWrapper.py -c configs/config_merge_20200103", "20200103", ("20200103",)),)
    files = [RunFile(1, "unpack_slc_topo_master", lines), RunFile(9, "merge_master_slave_slc", lines)]
    first, second = steps_of(files, dataclasses.replace(config, cores=6, threads=2), find_programs(config), "order")
    assert (first.resources.cores, second.resources.cores) == (6, 2)
    assert [output.path for output in second.tasks[0].outputs] == ["merged/SLC/20200103"]
    (config.folder / "coreg_slaves" / "20200103").mkdir(parents=True)
    assert existing_stack(config.folder).dates == ("20200103",)
