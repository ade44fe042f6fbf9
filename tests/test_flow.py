"""Unwrapping as a minimum-cost flow: closed forms, exactness against other solvers, input that cannot be unwrapped."""

import itertools
import sys

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.errors import ExternalProgramError, InputError
from stamps.external import snaphu
from stamps.steps.unwrapping import flow
from stamps.steps.unwrapping.costs import MAXSHORT

pytest.importorskip("ortools")


def quadruples(offset, sigsq, unknown=False):
    """Cost array of arcs: offsets and variances of shape (n, m), and whether there are no statistics."""
    offset, sigsq, unknown = np.broadcast_arrays(offset, sigsq, unknown)
    columns = [np.where(unknown, 0, offset), sigsq, np.full(offset.shape, MAXSHORT), np.where(unknown, 1, -MAXSHORT)]
    return np.stack(columns, axis=-1).astype(np.int16).reshape(offset.shape[0], 4 * offset.shape[1])


def flat_costs(shape, sigsq=400):
    n_row, n_col = shape
    return quadruples(np.zeros((n_row - 1, n_col)), sigsq), quadruples(np.zeros((n_row, n_col - 1)), sigsq)


@st.composite
def problems(draw, most=6, widest=250):
    """Random phases with random costs, some arcs without statistics."""
    n_row, n_col = draw(st.integers(2, most)), draw(st.integers(2, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    free = draw(st.sampled_from([0.0, 0.2, 0.9]))
    costs = [
        quadruples(rng.integers(-widest, widest + 1, size), rng.integers(1, 3000, size), rng.random(size) < free)
        for size in ((n_row - 1, n_col), (n_row, n_col - 1))
    ]
    phase = rng.uniform(-np.pi, np.pi, (n_row, n_col))
    return np.exp(1j * phase).astype(np.complex64), *costs


def cycles_beside(interferogram, unwrapped):
    """How far whole cycles are from the wrapped phase, and the largest deviation from them."""
    cycles = (unwrapped - np.angle(interferogram)) / (2 * np.pi)
    return np.abs(cycles - np.rint(cycles)).max()


def energy_by_linear_programme(interferogram, rowcost, colcost, units=12):
    """Least energy by a general solver of linear programmes: units of flow of every arc with prices of their own."""
    phase = flow._phase_of(interferogram)
    arcs = flow._arcs(phase.shape, rowcost, colcost)
    residues = flow._loop_supply(flow._wraps(phase, 1), flow._wraps(phase, 0))
    base = arcs.cheapest()
    levels = np.arange(-units, units + 1)[:, None] + base
    energies = np.array([arcs.energy(level) for level in levels])
    n_loop, n_arc = residues.size, base.size
    balance = scipy.sparse.coo_array(
        (
            np.concatenate([np.ones(n_arc), -np.ones(n_arc)]),
            (np.concatenate([arcs.tail, arcs.head]), np.tile(np.arange(n_arc), 2)),
        ),
        shape=(n_loop + 1, n_arc),
    ).tocsr()[:n_loop]
    up, down = np.diff(energies[units:], axis=0), -np.diff(energies[: units + 1], axis=0)[::-1]
    matrix = scipy.sparse.hstack([balance] * units + [-balance] * units)
    wanted = residues - balance @ base
    found = scipy.optimize.linprog(
        np.concatenate([up.ravel(), down.ravel()]), A_eq=matrix, b_eq=wanted, bounds=(0, 1), method="highs"
    )
    assert found.success
    return round(found.fun) + int(energies[units].sum())


def test_a_ramp_is_unwrapped_as_it_was_made():
    row, column = np.mgrid[:20, :30]
    true = 0.9 * row - 1.3 * column + 2.0
    found = flow.unwrap(np.exp(1j * true).astype(np.complex64), *flat_costs(true.shape))
    np.testing.assert_allclose(found.phase, true, atol=1e-5)
    assert found.energy == 0 and found.undecided == 0


def test_offsets_carry_the_phase_over_steps_of_more_than_half_a_cycle():
    true = np.cumsum(np.full((4, 12), 4.0), axis=1)  # radians: 0.64 cycles from cell to cell
    rowcost, colcost = flat_costs(true.shape)
    wrapped_step = 4.0 - 2 * np.pi
    offset = round((wrapped_step - 4.0) / (2 * np.pi) * 200)  # wrapped minus expected, in 200ths of a cycle
    colcost = quadruples(np.full((4, 11), offset), 50)
    found = flow.unwrap(np.exp(1j * true).astype(np.complex64), rowcost, colcost)
    np.testing.assert_allclose(found.phase - found.phase[0, 0], true - true[0, 0], atol=1e-5)
    other = flow.unwrap(
        np.exp(1j * true.T).astype(np.complex64),
        quadruples(np.full((11, 4), -offset), 50),
        rowcost.reshape(3, 12, 4).transpose(1, 0, 2).reshape(12, -1),
    )
    np.testing.assert_array_equal(other.phase, found.phase.T)


def test_a_cut_goes_where_it_is_cheap():
    """Two residues: the branch cut between them follows the arcs with large variance."""
    row, column = np.mgrid[:12, :12]
    vortex = np.angle((column - 3.5) + 1j * (row - 5.5)) - np.angle((column - 8.5) + 1j * (row - 5.5))
    vertical = np.full((11, 12), 10)
    vertical[5, 4:9] = 3000  # the straight line between the residues crosses vertical arcs of one row
    rowcost, colcost = quadruples(np.zeros((11, 12)), vertical), quadruples(np.zeros((12, 11)), 10)
    found = flow.unwrap(np.exp(1j * vortex).astype(np.complex64), rowcost, colcost)
    jumps = np.argwhere(np.abs(np.diff(found.phase, axis=0)) > np.pi)
    assert {(r, c) for r, c in jumps.tolist()} == {(5, c) for c in range(4, 9)}
    assert not (np.abs(np.diff(found.phase, axis=1)) > np.pi).any()
    assert found.energy == 5 * round(flow.SCALE * 200**2 / 3000)


def test_a_cut_may_go_through_the_cells_of_one_node():
    """Where the way round is dearer; a network of the borders between nodes alone would miss the optimum."""
    phase = np.where(np.arange(6) < 3, 2.2, -2.2) * np.ones((5, 1))
    phase[2, 2:4] = 0  # one node of two cells, with a residue above and one below
    found = flow.unwrap(np.exp(1j * phase).astype(np.complex64), *flat_costs(phase.shape, sigsq=1))
    assert found.energy == flow.SCALE * 200**2
    assert found.phase[2, 3] - found.phase[2, 2] == pytest.approx(2 * np.pi)
    np.testing.assert_allclose(np.delete(found.phase, 2, axis=0)[:, 3:], 2 * np.pi - 2.2, atol=1e-5)


@settings(max_examples=60)
@given(problems())
def test_no_cycles_have_less_energy(problem):
    found = flow.unwrap(*problem)
    assert found.energy == energy_by_linear_programme(*problem)
    assert found.energy == flow.energy(found.phase, *problem[1:])
    assert cycles_beside(problem[0], found.phase) < 1e-5
    assert 0 <= found.phase[0, 0] < np.float32(2 * np.pi)


@settings(max_examples=30)
@given(problems(most=3, widest=120))
def test_every_other_choice_of_cycles_costs_as_much_or_more(problem):
    """Exhaustively, a cycle up or down in each cell but the first."""
    found = flow.unwrap(*problem)
    cells = found.phase.size - 1
    for choice in itertools.islice(itertools.product((0, -1, 1), repeat=cells), 3**8):
        other = found.phase + 2 * np.pi * np.concatenate([[0], choice]).reshape(found.phase.shape)
        assert flow.energy(other, *problem[1:]) >= found.energy


def test_flows_of_many_units_cost_what_they_cost():
    """All residues of a column lie beside each other, so that arcs carry several units, each dearer than the one before."""
    rng = np.random.default_rng(3)
    offsets = rng.choice([-3000, 3000], (9, 10)), rng.choice([-3000, 3000], (10, 9))
    costs = quadruples(offsets[0], 20), quadruples(offsets[1], 25)
    interferogram = np.exp(1j * rng.uniform(-3, 3, (10, 10))).astype(np.complex64)
    found = flow.unwrap(interferogram, *costs)
    assert found.energy == energy_by_linear_programme(interferogram, *costs, units=40)


@pytest.mark.parametrize("seed", range(3))
def test_snaphu_never_finds_less_energy(seed):
    rng = np.random.default_rng(seed)
    shape = (30, 40)
    smooth = np.cumsum(np.cumsum(rng.normal(0, 0.25, shape), axis=0), axis=1)
    interferogram = np.exp(1j * (smooth + rng.normal(0, 0.4, shape))).astype(np.complex64)
    costs = [quadruples(rng.integers(-40, 41, size), rng.integers(20, 2000, size)) for size in ((29, 40), (30, 39))]
    theirs = snaphu(interferogram, *costs)
    ours = flow.unwrap(interferogram, *costs)
    assert ours.energy <= flow.energy(theirs, *costs)
    assert np.mean(np.rint((ours.phase - theirs) / (2 * np.pi)) != 0) < 0.02


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2)])
def test_grids_with_few_or_no_loops(shape):
    true = 0.7 * np.arange(np.prod(shape)).reshape(shape)
    found = flow.unwrap(np.exp(1j * true).astype(np.complex64), *flat_costs(shape))
    np.testing.assert_allclose(found.phase, true, atol=1e-6)


def test_costs_of_one_and_arcs_without_statistics():
    rng = np.random.default_rng(0)
    interferogram = np.exp(1j * rng.uniform(-3, 3, (15, 15))).astype(np.complex64)
    dear = flow.unwrap(interferogram, *flat_costs((15, 15), sigsq=1))
    assert cycles_beside(interferogram, dear.phase) < 1e-5
    nothing = [quadruples(np.zeros(size), 1, True) for size in ((14, 15), (15, 14))]
    free = flow.unwrap(interferogram, *nothing)
    assert free.undecided == 1
    assert free.energy <= dear.energy / 200**2 * 1.001


@pytest.mark.parametrize("sigsq", [1, 32767])
@pytest.mark.parametrize("offsets", [[-32768], [-32768, 32767], [0, 32767]])
def test_costs_at_the_ends_of_their_type(offsets, sigsq):
    rng = np.random.default_rng(1)
    costs = [quadruples(rng.choice(offsets, size), sigsq) for size in ((4, 6), (5, 5))]
    interferogram = np.exp(1j * rng.uniform(-3, 3, (5, 6))).astype(np.complex64)
    found = flow.unwrap(interferogram, *costs)
    assert found.energy == flow.energy(found.phase, *costs)
    assert found.energy == energy_by_linear_programme(interferogram, *costs, units=330)


def test_one_phase_everywhere_stays_one_phase():
    found = flow.unwrap(np.full((6, 7), -1j, np.complex64), *flat_costs((6, 7), sigsq=1))
    np.testing.assert_array_equal(found.phase, np.float32(1.5 * np.pi))
    assert found.energy == 0


def test_input_that_cannot_be_unwrapped_is_named():
    interferogram = np.ones((4, 5), np.complex64)
    rowcost, colcost = flat_costs((4, 5))
    with pytest.raises(InputError, match=r"rowcost has the shape \(4, 16\), expected \(3, 20\)"):
        flow.unwrap(interferogram, colcost, rowcost)
    with pytest.raises(InputError, match="1 of the 20 cells to unwrap have no finite phase"):
        flow.unwrap(np.where(np.arange(20).reshape(4, 5) == 7, np.nan, interferogram), rowcost, colcost)
    with pytest.raises(InputError, match="no positive variance"):
        flow.unwrap(interferogram, quadruples(np.zeros((3, 5)), 0), colcost)
    with pytest.raises(InputError, match="rows and columns of cells were expected"):
        flow.unwrap(np.ones((0, 5), np.complex64), rowcost, colcost)


def test_more_arcs_than_the_solver_can_number(monkeypatch):
    monkeypatch.setattr(flow, "MAX_ARCS", 100)
    interferogram = np.exp(1j * np.random.default_rng(0).uniform(-3, 3, (9, 9))).astype(np.complex64)
    with pytest.raises(InputError, match="raise unwrap_grid_size"):
        flow.unwrap(interferogram, *flat_costs((9, 9)))


def test_a_missing_solver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ortools.graph.python.min_cost_flow", None)
    interferogram = np.exp(1j * np.random.default_rng(0).uniform(-3, 3, (9, 9))).astype(np.complex64)
    with pytest.raises(ExternalProgramError, match="pip install ortools"):
        flow.unwrap(interferogram, *flat_costs((9, 9)))
