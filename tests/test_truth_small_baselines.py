"""Truth of small baselines: simulated stacks are recovered by the network alone and by its merge with a single master.

The figures in the tests are those of this stack: seed 1 of the presets ``ps_small`` (14 images) and ``sb_small``, which
have the same images, master and scatterers.
"""

import functools
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from stamps import mt_prep_snap, ps_sb_merge, setparm, simulate, stamps
from stamps.simulation.truth import compare_with_truth, unweighted_velocity
from stamps.workspace import Workspace

pytestmark = pytest.mark.slow


def prepare(stack, project, preset, dispersion, *options):
    """Simulate a stack and prepare it as one patch."""
    simulate.main([str(stack), "--preset", preset, "--seed", "1", "--quiet", *options])
    project.mkdir(parents=True)
    mt_prep_snap(json.loads((stack / "truth.json").read_text())["master"], stack, dispersion, 1, 1, workdir=project)
    setparm("unwrap_grid_size", 50, workdir=project)


@pytest.fixture(scope="module")
def small_baselines(tmp_path_factory):
    """The network processed with its default resampling, and again with every pixel by itself."""
    folder = tmp_path_factory.mktemp("truth")
    stack, top = folder / "sb", folder / "INSAR_20180426"
    project = top / "SMALL_BASELINES"
    prepare(stack, project, "sb_small", 0.6)
    stamps(1, 8, workdir=project)
    resampled = compare_with_truth(project, stack)
    n_resampled = Workspace(project).load("ps2")["n_ps"]
    setparm("merge_resample_size", 0, workdir=project)
    stamps(5, 8, workdir=project)
    figures = compare_with_truth(project, stack)
    return SimpleNamespace(
        stack=stack, top=top, project=project, resampled=resampled, n_resampled=n_resampled, figures=figures
    )


def test_resampled_network(small_baselines):
    """172 of the cells lie at a scatterer: 99.96 % of samples on the true cycle, velocity to 6.1 mm/yr (atmosphere)."""
    figures = small_baselines.resampled
    assert 400 < small_baselines.n_resampled < 1200 and figures.n_pixels > 150
    assert figures.share_true_cycle >= 0.99
    assert figures.velocity_rms <= 6.2


def test_network_without_resampling(small_baselines):
    """2 797 scatterers: 99.99 % of 36 361 samples on the true cycle, velocity to 6.68 mm/yr (atmosphere)."""
    figures = small_baselines.figures
    assert figures.n_pixels > 2700 and figures.n_samples > 35_000
    assert figures.share_true_cycle >= 0.999
    assert figures.velocity_rms <= 6.75
    assert figures.velocity_correlation > 0.65


def test_inversion_explains_the_interferograms(small_baselines):
    """The series predicts every unwrapped interferogram; without wrong cycles nothing is left but noise."""
    ws = Workspace(small_baselines.project)
    ph_sb, predicted = ws.load("phuw_sb2")["ph_uw"], ws.load("phuw_sb_res2")["ph_res"]
    rest = ph_sb - ph_sb.mean(axis=0) - (predicted - predicted.mean(axis=0))
    assert np.mean(np.abs(rest) < np.pi) > 0.999
    assert np.sqrt(np.mean(rest**2)) < 0.6


@pytest.fixture(scope="module")
def merged(small_baselines):
    """Single master, network and their merge, each processed to step 8."""
    top = small_baselines.top
    aside = small_baselines.project.rename(top.parent / "SMALL_BASELINES")
    top.rmdir()
    prepare(top.parent / "ps", top, "ps_small", 0.4, "--n-images", "14")
    small_baselines.project = aside.rename(top / "SMALL_BASELINES")
    stamps(1, 8, workdir=top)
    project = ps_sb_merge(workdir=top)
    stamps(6, 8, workdir=project)
    return SimpleNamespace(
        path=project,
        top=top,
        ps=compare_with_truth(top, top.parent / "ps"),
        sb=small_baselines.figures,
        figures=compare_with_truth(project, small_baselines.stack),
    )


def test_merged_projects_have_more_pixels_on_the_true_cycle(merged):
    """8 477 pixels from 7 862 and 7 513; 2 876 scatterers from 2 782 and 2 797; 99.97 % on the true cycle."""
    n_ps = [Workspace(path).load("ps2")["n_ps"] for path in (merged.path, merged.top, merged.top / "SMALL_BASELINES")]
    assert n_ps[0] > max(n_ps[1:])
    assert merged.figures.n_pixels > max(merged.ps.n_pixels, merged.sb.n_pixels)
    assert merged.figures.share_true_cycle >= 0.999
    assert merged.ps.share_true_cycle >= 0.999


def velocity_errors(project, stack):
    """Scatterers among the pixels, ascending, and the errors of their velocities in mm/yr, median removed."""
    truth = np.load(stack / "truth.npz")
    pixels = place(*Workspace(project).load("ps2")["ij"].T[1:])
    _, rows, scatterers = np.intersect1d(pixels, place(truth["ps_line"], truth["ps_sample"]), return_indices=True)
    error = unweighted_velocity(project)[rows] - truth["ps_v_los"][scatterers]
    order = np.argsort(scatterers)
    return scatterers[order], (error - np.median(error))[order]


def place(line, sample):
    return 1000 * line.astype(int) + sample.astype(int)


def test_velocities_of_the_merge_are_as_good_for_the_same_pixels(merged):
    """Errors of the scatterers in all three: 6.59 mm/yr rms, 6.55 for the single master and 6.59 for the network."""
    stack = merged.top.parent / "sb"
    parts = [velocity_errors(path, stack) for path in (merged.path, merged.top, merged.top / "SMALL_BASELINES")]
    common = functools.reduce(np.intersect1d, [scatterers for scatterers, _ in parts])
    rms = [np.sqrt(np.mean(error[np.isin(scatterers, common)] ** 2)) for scatterers, error in parts]
    assert common.size > 2600
    assert rms[0] <= 1.01 * max(rms[1:]) and rms[0] < 6.7


def test_merging_again_changes_nothing(merged, tmp_path):
    before = {name: Workspace(merged.path).load_raw(name) for name in ("ps2", "rc2", "bp2", "merge2")}
    again = tmp_path / "INSAR_20180426"
    shutil.copytree(merged.top, again, ignore=shutil.ignore_patterns("PATCH_*", "MERGED", "uw_*"))
    ws = Workspace(ps_sb_merge(workdir=again))
    for name, content in before.items():
        for variable, value in ws.load_raw(name).items():
            np.testing.assert_array_equal(value, content[variable])
