"""A simulated scene through SNAP's layout and as geocoded bursts: steps 1 to 8, the same pixels' velocities, mt_link."""

import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, dates_of, master_of, prepared
from stamps import mt_prep_snap, setparm, stamps
from stamps.legacy.mt_link import mt_link
from stamps.linking.files import LinkFolder
from stamps.simulation.truth import compare_with_truth, unweighted_velocity
from stamps.workspace import Workspace

pytest.importorskip("pyproj")
pytest.importorskip("rasterio")
pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return map_stacks.radar_stack(tmp_path_factory.mktemp("radar"), "ps_small", seed=1)


def processed(project):
    """Steps 1 to 8; returns the project."""
    setparm("unwrap_grid_size", 50, workdir=project)
    stamps(1, 8, workdir=project)
    return project


@pytest.fixture(scope="module")
def made(stack, tmp_path_factory):
    return bursts(stack, tmp_path_factory.mktemp("made"), bursts=2)


@pytest.fixture(scope="module")
def cells(made):
    return made.parent / "cells.npz"


@pytest.fixture(scope="module")
def of_bursts(stack, made, tmp_path_factory):
    return processed(prepared(tmp_path_factory.mktemp("map") / "INSAR", stack, made))


@pytest.fixture(scope="module")
def of_snap(stack, of_bursts, cells, tmp_path_factory):
    """Radar pixels that have a cell of the map."""
    project = tmp_path_factory.mktemp("snap") / "INSAR"
    project.mkdir()
    mask = map_stacks.radar_mask(of_bursts, stack, cells, project / "used.bin")
    mt_prep_snap(master_of(stack), stack.root, 0.4, 1, 1, maskfile=mask, workdir=project)
    return processed(project)


@pytest.fixture(scope="module")
def in_places(stack, made, cells, tmp_path_factory):
    """The bursts, each pixel in the place of its radar pixel."""
    project = prepared(tmp_path_factory.mktemp("places") / "INSAR", stack, made)
    return processed(map_stacks.in_radar_places(project, stack, cells))


def map_truth(stack, project, cells, folder):
    """The truth with the scatterers at their pixels of a map project."""
    truth = dict(np.load(stack.root / "truth.npz"))
    known = np.load(cells)
    offset = map_stacks.lattice_offset(project, cells)
    place = np.full((*stack.plan.settings.shape, 2), -1)
    rows, columns = np.nonzero(known["line"] >= 0)
    place[known["line"][rows, columns], known["sample"][rows, columns]] = np.column_stack([rows, columns]) - offset
    truth["ps_line"], truth["ps_sample"] = place[truth["ps_line"], truth["ps_sample"]].T
    folder.mkdir()
    np.savez(folder / "truth.npz", **truth)
    return folder


def test_velocities_are_as_near_to_the_truth_as_with_snap(stack, of_snap, of_bursts, cells, tmp_path):
    radar = compare_with_truth(of_snap, stack.root)
    on_map = compare_with_truth(of_bursts, map_truth(stack, of_bursts, cells, tmp_path / "truth"))
    assert on_map.n_pixels > 0.95 * radar.n_pixels
    assert on_map.share_true_cycle >= 0.999
    assert on_map.velocity_rms <= 1.2 * radar.velocity_rms


def of_same_pixels(of_radar, of_map, cells):
    """Rows of the pixels that two projects share, and what tells them apart."""
    ij = Workspace(of_map).load("ps2")["ij"]
    line, sample = map_stacks.radar_pixels(of_map, ij[:, 1], ij[:, 2], cells)
    of_line = Workspace(of_radar).load("ps2")["ij"][:, 1:].astype(int) @ [10_000, 1]
    number, rows, others = np.intersect1d(of_line, line * 10_000 + sample, return_indices=True)
    assert rows.size > 0.98 * len(of_line) and rows.size > 0.98 * len(ij)
    return number, rows, others


def velocity_difference(of_radar, rows, of_map, others):
    difference = unweighted_velocity(of_radar)[rows] - unweighted_velocity(of_map)[others]
    return difference - np.median(difference)


def test_the_same_pixels_in_the_same_places_have_the_same_velocities(of_snap, in_places, cells):
    """All of them, however noisy: products of other layouts, rows in another order, baselines from orbits change nothing."""
    _, rows, others = of_same_pixels(of_snap, in_places, cells)
    assert rows.size == len(Workspace(of_snap).load("ps2")["ij"])
    assert rms(velocity_difference(of_snap, rows, in_places, others)) <= 0.01
    assert on_same_cycles(of_snap, rows, in_places, others).all()


def test_places_on_the_map_move_a_few_noisy_pixels_to_other_cycles(stack, of_snap, of_bursts, cells):
    """Up to 9 m from the radar pixel they fall into other cells of the grid that is unwrapped; of the scatterers hardly any."""
    number, rows, others = of_same_pixels(of_snap, of_bursts, cells)
    difference = velocity_difference(of_snap, rows, of_bursts, others)
    truth = np.load(stack.root / "truth.npz")
    scatterers = np.isin(number, truth["ps_line"].astype(int) * 10_000 + truth["ps_sample"])
    assert scatterers.sum() > 2000 and rms(difference[scatterers]) <= 0.2
    same_cycles = on_same_cycles(of_snap, rows, of_bursts, others)
    assert same_cycles.mean() >= 0.99 and rms(difference[same_cycles]) <= 0.02


def on_same_cycles(of_radar, rows, of_map, others):
    """Which pixels are on the same cycle in all interferograms."""
    apart = unwrapped(of_radar, rows) - unwrapped(of_map, others)
    return np.all(np.abs(apart - np.median(apart, axis=0)) < np.pi, axis=1)


def rms(values):
    return np.sqrt(np.mean(values**2))


def unwrapped(project, rows):
    """Unwrapped phases of some pixels."""
    return Workspace(project).load("phuw2")["ph_uw"][rows].astype(float)


def test_distributed_scatterers_are_linked(stack, made, tmp_path):
    project = prepared(tmp_path / "INSAR", stack, made)
    record = mt_link(workdir=project).record
    link = LinkFolder.open(project)
    assert [str(date) for date in link.dates] == dates_of(stack)
    owner = map_stacks.raster(project, "burst.raw", "u1")
    assert (link.width, link.length) == owner.shape[::-1]
    assert 0 < record["counts"]["valid"] <= np.count_nonzero(owner)
    assert record["counts"]["linked"] > 0.3 * record["counts"]["valid"]
    assert np.isfinite(link.image(link.master)).all()
