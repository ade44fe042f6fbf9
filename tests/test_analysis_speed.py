"""What experts wait for at most: 100 000 series of 100 dates."""

import time

import numpy as np
import pytest

from stamps.analysis.areas import find_areas
from stamps.analysis.classification import classify
from stamps.analysis.fitting import fit_series
from stamps.analysis.terms import Terms, design_of

N = 100_000
DAYS = 737061.0 + 12 * np.arange(100)
SECONDS = 2.0


def least_of_three(work):
    """Seconds of the quickest of three runs: others may be at work, too."""
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return min(taken)


@pytest.mark.exhaustive
def test_models_and_kinds_of_many_series():
    rng = np.random.default_rng(0)
    series = rng.normal(0, 3, (N, DAYS.size)) + np.outer(rng.normal(0, 5, N), (DAYS - DAYS[0]) / 365.25)
    design = design_of(DAYS, Terms(degree=2), DAYS[50])
    assert least_of_three(lambda: fit_series(design, series)) < SECONDS
    assert least_of_three(lambda: classify(DAYS, series)) < SECONDS


@pytest.mark.exhaustive
def test_areas_of_many_points():
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 20_000, (N, 2))
    velocity = np.where(np.hypot(*(xy - 9000).T) < 1500, -20.0, 0.0) + rng.normal(0, 1, N)
    assert least_of_three(lambda: find_areas(xy, velocity)) < SECONDS
