"""Truth: simulated stacks are recovered, from the SNAP export to velocities, in two commands."""

import json

import numpy as np
import pytest

from stamps import mt_prep_snap, setparm, simulate, stamps
from stamps.products.velocity import fit_lines
from stamps.simulation.truth import compare_with_truth


def process(folder, *options):
    """Simulate a stack, prepare it and run steps 1 to 8; returns the comparison with the truth."""
    stack, project = folder / "stack", folder / "project"
    project.mkdir()
    simulate.main([str(stack), "--preset", "ps_small", "--seed", "1", "--quiet", *options])
    master = json.loads((stack / "truth.json").read_text())["master"]
    mt_prep_snap(master, stack, 0.4, 1, 1, workdir=project)
    setparm("unwrap_grid_size", 50, workdir=project)
    stamps(1, 8, workdir=project)
    return compare_with_truth(project, stack)


@pytest.fixture(scope="module")
def with_atmosphere(tmp_path_factory):
    """The stack of the golden set ``ps_small``."""
    return process(tmp_path_factory.mktemp("atmosphere"))


@pytest.mark.essential
def test_unwrapped_samples_stand_on_the_true_cycle(with_atmosphere):
    assert with_atmosphere.n_samples > 60_000
    assert with_atmosphere.share_true_cycle >= 0.999


def test_velocity_error_is_no_larger_than_the_originals(with_atmosphere):
    """The original's result for this stack: 7.573 mm/yr rms, nearly all of it atmosphere over nine months."""
    assert with_atmosphere.velocity_rms <= 7.58
    assert with_atmosphere.velocity_correlation > 0.7


def test_without_atmosphere_the_velocity_is_recovered(tmp_path):
    figures = process(tmp_path, "--atmosphere", "0", "--tropo", "0", "--orbit-ramp", "0")
    assert figures.share_true_cycle >= 0.999
    assert figures.velocity_rms <= 3.0
    assert figures.velocity_correlation > 0.95


def test_slope_of_a_straight_series():
    days = np.array([-48.0, -12.0, 0.0, 24.0, 60.0, 365.25])
    slopes = np.array([0.0, -3.5, 11.0])
    phase = 0.7 + slopes[:, None] * days
    np.testing.assert_allclose(fit_lines(phase, days), [np.full(3, 0.7), slopes], atol=1e-12)
