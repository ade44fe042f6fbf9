"""The tables of files and variables against what the steps really read, write and delete."""

import fnmatch

import numpy as np
import pytest

from helpers import text_project
from helpers.file_record import recorded
from stamps.legacy.stamps import stamps
from stamps.run.settings import settings_of
from stamps.verify import golden
from stamps.workspace import Workspace, step_files
from stamps.workspace.parameters import Parameters
from stamps.workspace.step_files import Situation, files_of

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
        situation = Situation(
            ws, patch, Parameters(ws), patches=bool(patches), first=True, solver=settings_of(ws).solver
        )
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


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("ps_mini", "select_no_reestimate"), ("ps_mini", "merge_resample"), ("ps_mini", "unwrap_2D"), ("ps_mini", "scla_deramp"),
        ("ps_mini", "unwrap_patch_phase"), ("ps_mini", "unwrap_spatial_cost"), ("sb_mini", "scla_deramp"), ("sb_mini", "scla_L1"),
    ],
)  # fmt: skip
def test_options_change_the_files_as_the_table_says(golden_state, name, variant):
    path = golden_state(name, None, variant)
    run_and_compare(path, [golden.variant(golden.find_set(name), variant).start])


def test_snaphu_leaves_its_files(golden_state, monkeypatch):
    monkeypatch.setenv("STAMPS_UNWRAP", "snaphu")
    run_and_compare(golden_state("ps_mini", 5), [6])


def test_held_values_and_troposphere(golden_state):
    """Files of small baselines that only options ask for."""
    path = golden_state("sb_mini", 8)
    ws, parameters = Workspace(path), Parameters(path)
    n_ps, n_ifg = ws.load("phuw_sb2")["ph_uw"].shape
    ws.save("tca_sb2", {"ph_tropo_gacos": np.random.default_rng(1).normal(0, 0.1, (n_ps, n_ifg))})
    for setting in (("unwrap_hold_good_values", "y"), ("subtr_tropo", "y"), ("tropo_method", "a_gacos")):
        parameters.set(*setting)
    run_and_compare(path, [6, 7])


@pytest.mark.parametrize("small_baselines", [False, True])
def test_loading_doris_data(tmp_path, small_baselines):
    text_project.write_project(tmp_path / "INSAR_20180213", small_baselines)
    run_and_compare(tmp_path / "INSAR_20180213", [1])


def test_second_pass_uses_what_the_first_left(golden_state):
    run_and_compare(golden_state("ps_mini", 8), [6, 7])
