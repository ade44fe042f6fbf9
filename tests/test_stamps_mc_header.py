"""Steps 1 to 5a in several processes: what is written, that results do not depend on their number, and failures."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stamps import stamps
from stamps.errors import InputError, StampsError
from stamps.legacy.stamps_mc_header import split, stamps_mc_header
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

RESULTS = ("ps2", "pm2", "rc2", "ph2", "bp2", "la2", "hgt2", "weed1", "select1", "pm1", "ps1")


@given(st.integers(1, 40), st.integers(1, 50))
def test_split(n_patches, n_cores):
    patches = [f"PATCH_{k}" for k in range(n_patches)]
    parts = split(patches, n_cores)
    assert [name for part in parts for name in part] == patches
    assert len(parts) <= n_cores and {len(part) for part in parts[:-1]} <= {-(-n_patches // min(n_cores, n_patches))}
    assert all(parts)


def test_split_by_hand():
    assert split(list("abcde"), 3) == [["a", "b"], ["c", "d"], ["e"]]
    assert split(list("abcd"), 3) == [["a", "b"], ["c", "d"]]  # two each, so two processes are enough
    assert split(list("ab"), 9) == [["a"], ["b"]]


def same_variables(one, other, names):
    for name in names:
        left, right = one.load_raw(name), other.load_raw(name)
        assert list(left) == list(right)
        for variable in left:
            np.testing.assert_array_equal(left[variable], right[variable], err_msg=f"{name}.{variable}")


@pytest.mark.slow
def test_results_do_not_depend_on_the_number_of_processes(golden_state, capsys):
    parallel, serial = golden_state("ps_mini", 0), golden_state("ps_mini", 0)
    (parallel / "patch_list_split_3").write_text("PATCH_9\n")  # of an earlier run with more processes
    Parameters(parallel).set("n_cores", 4)
    command = stamps_mc_header(1, 5, workdir=parallel)
    assert command == "stamps 1 5 '' 0 '' 2" and command in capsys.readouterr().out
    ws = Workspace(parallel)
    assert ws.read_text("patch_list_split_1") == "PATCH_1\n" and ws.read_text("patch_list_split_2") == "PATCH_2\n"
    assert not ws.has_file("patch_list_split_3") and not ws.exists("ps2")
    assert ws.read_text("patch.list").split() == ["PATCH_1", "PATCH_2"] and not ws.has_file("patch.list_old")
    for k in (1, 2):
        text = ws.read_text(f"log_stamps_split_{k}")
        assert "PS_SELECT: Finished" in text and text.strip().endswith("STAMPS: Finished")
        same_variables(ws / f"PATCH_{k}", ws, ["parms"])
    lines = [line.split() for line in ws.read_text("log_stamps_overview").splitlines()]
    assert [words[1:] for words in lines] == [[f"patch_list_split_{k}", f"log_stamps_split_{k}"] for k in (1, 2)]
    assert all(words[0].isdigit() for words in lines)
    assert Parameters(ws).get("heading") == Parameters(ws / "PATCH_1").get("heading") < 0

    stamps(1, 5, part_limitation=2, workdir=parallel)
    stamps(1, 5, workdir=serial)
    for folder in ("PATCH_1", "PATCH_2"):
        same_variables(ws / folder, Workspace(serial) / folder, RESULTS)
    same_variables(ws, Workspace(serial), ("ps2", "pm2", "rc2", "ifgstd2"))


def test_one_process_and_an_empty_patch_among_full_ones(golden_state):
    workdir = golden_state("ps_mini", 0)
    for name in ("ij", "ij0", "ll", "da", "hgt", "ph"):
        (workdir / "PATCH_1" / f"pscands.1.{name}").write_bytes(b"")
    assert stamps_mc_header(1, 1, workdir=workdir) is None
    ws = Workspace(workdir)
    assert ws.read_text("patch_list_split_1") == "PATCH_1\nPATCH_2\n"
    assert (ws / "PATCH_1").no_ps_flags()[0] == 1 and (ws / "PATCH_2").exists("ps1")


def test_a_process_that_fails_is_named_and_the_others_finish(golden_state):
    workdir = golden_state("ps_mini", 0)
    Parameters(workdir).set("n_cores", 2)
    (workdir / "PATCH_1" / "pscands.1.ph").write_bytes(b"short")
    with pytest.raises(StampsError, match="patch_list_split_1 failed .*log_stamps_split_1.*pscands.1.ph") as caught:
        stamps_mc_header(1, 1, workdir=workdir)
    assert "split_2" not in str(caught.value) and "\n" not in str(caught.value)
    assert (Workspace(workdir) / "PATCH_2").exists("ps1")
    assert not (workdir / "PATCH_2" / "parms.mat").exists()


def test_arguments(tmp_path):
    for steps in ((6, 8), (3, 2), (1, 9)):
        with pytest.raises(InputError, match="do not run in patches"):
            stamps_mc_header(*steps, workdir=tmp_path)
    with pytest.raises(InputError, match="without patches"):
        stamps_mc_header(1, 4, "n", workdir=tmp_path)
    with pytest.raises(InputError, match="no patches"):
        stamps_mc_header(workdir=tmp_path)
    (tmp_path / "patch.list").write_text("PATCH_7\n")
    with pytest.raises(InputError, match="PATCH_7"):
        stamps_mc_header(workdir=tmp_path)
    shutil.rmtree(tmp_path)
