"""All steps of ``ps_mini`` in one go: the same selection, the same cycles."""

import numpy as np
import pytest

from helpers.run_projects import copied
from stamps.verify import compare, golden
from stamps.verify.file_comparison import WITHOUT_SNAPHU
from stamps.workspace import matfile

_SELECTION = [
    (f"PATCH_{patch}/{file}.mat", variable)
    for patch in (1, 2)
    for file, variable in (("select1", "ix"), ("select1", "keep_ix"), ("weed1", "ix_weed"), ("ps2", "ij"))
]


@pytest.fixture(scope="module")
def chain(finished_ps_mini, tmp_path_factory, golden_dir):
    """Project after ``stamps(1, 8)`` from the candidates, and the golden set."""
    return copied(finished_ps_mini, tmp_path_factory.mktemp("chain") / "ps_mini"), golden_dir("ps_mini")


@pytest.mark.essential
def test_chain_agrees(chain):
    workdir, source = chain
    report = compare(workdir, source, 8, chain=1)
    assert report.ok, report.text()
    assert report.n_skipped == sum(row.detail == WITHOUT_SNAPHU for row in report.rows)
    assert report.n_compared >= 300


@pytest.mark.parametrize(("file", "variable"), _SELECTION)
def test_selection_is_identical(chain, file, variable):
    workdir, source = chain
    wanted = golden.state_files(golden.overlays(source, 8))[file]
    np.testing.assert_array_equal(matfile.read(workdir / file)[variable], matfile.read(wanted)[variable])


def test_cycles_are_identical(chain):
    workdir, source = chain
    difference = matfile.read(workdir / "phuw2.mat")["ph_uw"] - matfile.read(source / "step6" / "phuw2.mat")["ph_uw"]
    assert not np.round(difference / (2 * np.pi)).any()


def test_second_pass_of_the_chain(chain):
    """The look-angle error of the first pass is subtracted; every selection and cycle stays the reference's."""
    from stamps import stamps

    workdir, source = chain
    stamps(6, 7, workdir=workdir)
    wanted = golden.overlay_files(source / golden.PASS2)
    difference = matfile.read(workdir / "phuw2.mat")["ph_uw"] - matfile.read(wanted["phuw2.mat"])["ph_uw"]
    assert not np.round(difference / (2 * np.pi)).any()
    assert list(workdir.glob("tmp_scla2_*.mat")), "the look-angle error of the first pass is kept under another name"


def test_small_baseline_chain(golden_state, golden_dir):
    """Candidates of ``sb_mini`` to step 8 in one go, against the decisive files of the reference."""
    from stamps import stamps
    from stamps.verify import compare

    workdir = golden_state("sb_mini", 0)
    stamps(1, 8, workdir=workdir)
    report = compare(workdir, golden_dir("sb_mini"), after=8, chain=1, partial=True)
    assert report.ok, report.text()
    assert report.n_compared >= 150


@pytest.mark.parametrize("step", [6, 7, 8])
def test_small_baseline_steps(golden_state, golden_dir, step):
    from stamps import stamps
    from stamps.verify import compare

    workdir = golden_state("sb_mini", step - 1)
    stamps(step, step, workdir=workdir)
    report = compare(workdir, golden_dir("sb_mini"), after=step, only_step=True, partial=True)
    assert report.ok, report.text()
    assert report.n_compared >= 4
