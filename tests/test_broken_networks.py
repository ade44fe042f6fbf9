"""Small-baseline networks and lists of what to drop that cannot work: one sentence, and nothing is changed."""

import re

import numpy as np
import pytest

from stamps import mt_prep_snap, simulate, stamps
from stamps.errors import InputError, ParameterError, StampsError
from stamps.insar.observations import retained
from stamps.legacy.sb_load_initial_gamma import sb_load_initial_gamma
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name not in ("STAMPS.log", "no_ps_info.mat")
        and path.parent.name != ".stamps-unwrapped"
    }


def refused(workdir, step, error, message):
    """The step stops with one sentence and leaves all files as they were; what was unwrapped may be kept for the next try."""
    before = tree(workdir)
    with pytest.raises(error, match=message) as caught:
        stamps(step, step, workdir=workdir)
    assert "\n" not in str(caught.value)
    assert tree(workdir) == before


@pytest.mark.parametrize(
    ("golden", "step", "name", "number"),
    [
        ("ps_mini", 3, "drop_ifg_index", 19),
        ("ps_mini", 6, "drop_ifg_index", 99),
        ("ps_mini", 7, "scla_drop_index", 19),
        ("sb_mini", 6, "drop_ifg_index", 33),
        ("sb_mini", 7, "sb_scla_drop_index", 33),
        ("sb_mini", 7, "scla_drop_index", 13),  # of 12 images
    ],
)
def test_dropping_what_does_not_exist(golden_state, golden, step, name, number):
    workdir = golden_state(golden, step - 1)
    Parameters(workdir).set(name, [1, number])
    refused(workdir, step, StampsError, f"Number {number} is to be dropped, but there are only .*{name}")


def test_last_number_can_be_dropped():
    assert retained(4, np.array([3])).tolist() == [0, 1, 2] and retained(3, ()).tolist() == [0, 1, 2]
    with pytest.raises(ParameterError, match="Number 4 is to be dropped, but there are only 3"):
        retained(3, np.array([0, 3]))


def test_a_network_that_falls_apart(golden_state):
    workdir = golden_state("sb_mini", 5)
    pairs = Workspace(workdir).load("ps2")["ifgday_ix"]
    Parameters(workdir).set("drop_ifg_index", 1.0 + np.flatnonzero((pairs[:, 0] <= 5) & (pairs[:, 1] > 5)))
    refused(workdir, 6, InputError, "fall apart into isolated subsets")


def test_a_network_without_the_master(golden_state):
    workdir = golden_state("sb_mini", 5)
    ws = Workspace(workdir)
    ps = ws.load("ps2")
    ps["ifgday_ix"][ps["ifgday_ix"] == ps["master_ix"]] = 0 if ps["master_ix"] else 1
    ps["ifgday"] = ps["day"][ps["ifgday_ix"]]
    ws.save("ps2", ps)
    refused(workdir, 6, InputError, "No interferogram contains the master")


def test_an_interferogram_of_no_date(golden_state):
    workdir = golden_state("sb_mini", 0)
    listing = workdir / "pscphase.in"
    listing.write_text(re.sub(r"\d{8}\.diff", "20181399.diff", listing.read_text(), count=1))
    with pytest.raises(InputError, match="20181399"):
        sb_load_initial_gamma(workdir=workdir / "PATCH_1")
    assert not (workdir / "PATCH_1" / "ps1.mat").exists()


def test_a_master_that_is_in_no_interferogram(golden_state):
    workdir = golden_state("sb_mini", 0)
    listing = workdir / "rsc.txt"
    listing.write_text(re.sub(r"\d{8}\.rslc", "20170101.rslc", listing.read_text()))
    with pytest.raises(InputError, match="contains the master 01-Jan-2017"):
        sb_load_initial_gamma(workdir=workdir / "PATCH_1")
    assert not (workdir / "PATCH_1" / "ps1.mat").exists()


def test_an_empty_patch_among_full_ones(golden_state):
    workdir = golden_state("sb_mini", 1)
    ws = Workspace(workdir)
    empty = ws / "PATCH_1"
    empty.save_no_ps_flags([1, 0, 0, 0, 0])
    empty.delete("ps1.mat", "ph1.mat", "bp1.mat")
    stamps(2, 8, workdir=workdir)
    assert ws.read_text("patch.list") == "PATCH_2\n" and empty.no_ps_flags().tolist() == [1] * 5
    assert ws.load("ps2")["n_ps"] > 100 and ws.load("phuw2")["ph_uw"].shape == (ws.load("ps2")["n_ps"], 12)


def test_an_export_whose_interferogram_has_another_date(tmp_path):
    stack, project = tmp_path / "stack", tmp_path / "project"
    project.mkdir()
    simulate.main([str(stack), "--preset", "tiny", "--network", "sb", "--n-images", "4", "--seed", "1", "--quiet"])
    folder = sorted((stack / "SMALL_BASELINES").iterdir())[0]
    first, second = folder.name.split("_")
    for path in list(folder.glob("*_*")):
        path.rename(folder / path.name.replace(second, "20180119"))
    master = simulate_master(stack)
    with pytest.raises(InputError, match=f"20180119.diff does not match the SLCs next to it, of {first} and {second}"):
        mt_prep_snap(master, stack, workdir=project)
    assert not list(project.iterdir())


def simulate_master(stack):
    return re.search(r'"master": "(\d{8})"', (stack / "truth.json").read_text())[1]
