"""The tables of files and variables against what the steps really read, write and delete."""

import fnmatch

import pytest
from file_record import recorded

from stamps import step_files
from stamps.legacy.stamps import stamps
from stamps.parameters import Parameters
from stamps.step_files import Situation, files_of
from stamps.workspace import Workspace

ROWS = step_files.step_files()


def expected(situation, step):
    """(place, file) -> variables for each use, where the rows of several say something of one file."""
    found = {}
    for use in ("read", "write", "delete"):
        files = found.setdefault(use, {})
        for row in files_of(step, use, situation):
            files.setdefault((row.place, row.file), set()).update(row.variables)
    return found


def by_file(entries):
    files = {}
    for place, file, variable in entries:
        files.setdefault((place, file), set()).update({variable} if variable else ())
    return files


def check(what, table, happened, variables_of):
    """Exactly the files of the table were used, and exactly its variables."""
    matched = {}
    for (place, file), variables in happened.items():
        keys = [key for key in table if key[0] == place and fnmatch.fnmatch(file, key[1])]
        assert keys, f"{what} {place} {file}: not in the table"
        matched.setdefault(keys[0], set()).update(variables)
        wanted = variables_of(place, file) if "*" in table[keys[0]] else table[keys[0]]
        assert variables == wanted, f"{what} {place} {file}"
    assert set(matched) == set(table), f"{what}: in the table, but it did not happen"


def run_and_compare(project, steps):
    for step in steps:
        ws = Workspace(project)
        patches = ws.patch_list() if step < 6 else []
        patch = ws / patches[0] if patches else ws
        situation = Situation(ws, patch, Parameters(ws), patches=bool(patches), first=True)
        table = expected(situation, step)

        def variables_of(place, file, situation=situation):
            return set(situation.folder(place).variables_of(file.removesuffix(".mat")))

        before = {("patch", "ps1.mat"): variables_of("patch", "ps1.mat")}
        with recorded(project) as record:
            stamps(step, step, workdir=project)
        check(f"step {step} reads", table["read"], by_file(record.read), variables_of)
        check(f"step {step} writes", table["write"], by_file(record.written), variables_of)
        gone = {
            (place, file): set() for place, file, _ in record.deleted if (place, file) not in by_file(record.written)
        }
        renamed = {key for key in gone if key[1] == "patch.list" or key in table["write"]}
        assert set(gone) - renamed == set(table["delete"])
        if step == 4:
            assert by_file(record.written)["patch", "ps2.mat"] == before["patch", "ps1.mat"] - {"sort_ix"}


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("STAMPS_CORES", "1")


@pytest.mark.parametrize("step", range(1, 9))
@pytest.mark.parametrize("name", ["ps_mini", "sb_mini"])
def test_steps_use_exactly_the_files_and_variables_of_the_table(golden_state, name, step):
    run_and_compare(golden_state(name, step - 1), [step])


def test_second_pass_uses_what_the_first_left(golden_state):
    run_and_compare(golden_state("ps_mini", 8), [6, 7])
