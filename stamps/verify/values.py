"""Compare two values: class, complexity, shape, then numbers as their rule compares them. Pure functions of arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from stamps.workspace import matfile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.verify.rules import Rule


__all__ = ["Outcome", "compare_values", "describe"]

#: Draws of random phases that a histogram of the coherence estimation holds (docs/method/coherence.md, section 4).
N_DRAWS = 300_000

#: Of fitted or random values this fraction of the golden ones must exist at the same places.
_COMMON = 0.5


@dataclass(frozen=True)
class Outcome:
    """Result of one comparison.

    Attributes
    ----------
    agrees : bool
        Whether the values agree.
    detail : str
        What differs, in words; empty if nothing does.
    difference : float
        Largest difference in the unit of the bound (NaN if none can be given).
    tolerance : float
        The bound.
    count : int
        Elements beyond it.
    """

    agrees: bool
    detail: str = ""
    difference: float = 0.0
    tolerance: float = 0.0
    count: int = 0


def describe(value: Any) -> tuple[str, tuple[int, ...]]:
    """MATLAB class (``complex`` included) and shape of a value, as text and tuple."""
    matlab_class = matfile.class_of(value)
    if isinstance(value, str):
        return matlab_class, (1 if value else 0, len(value))
    numbers: Any = value if scipy.sparse.issparse(value) else np.asarray(value)
    shape = numbers.shape
    return (f"complex {matlab_class}" if numbers.dtype.kind == "c" else matlab_class), tuple(shape)


def compare_values(value: Any, golden: Any, rule: Rule, *, chain: bool = False) -> Outcome:
    """Compare a value with the golden one.

    Parameters
    ----------
    value, golden : ndarray, str or sparse matrix
        As :func:`stamps.workspace.matfile.read` gives them.
    rule : Rule
        Kind and bounds.
    chain : bool
        Use the bound for several steps in one go.

    Returns
    -------
    Outcome
        Class, complexity and shape must be equal whatever the comparison.
    """
    (matlab_class, shape), (golden_class, golden_shape) = describe(value), describe(golden)
    faults = []
    if matlab_class != golden_class:
        faults.append(f"class {matlab_class} instead of {golden_class}")
    if shape != golden_shape:
        faults.append(f"shape {_times(shape)} instead of {_times(golden_shape)}")
    if shape != golden_shape or "char" in (matlab_class, golden_class):
        if not faults and value != golden:
            faults.append(f"'{value}' instead of '{golden}'")
        return Outcome(not faults, "; ".join(faults), math.nan if faults else 0.0)
    outcome = _compare_numbers(_dense(value), _dense(golden), rule, chain)
    if faults:
        detail = "; ".join(faults + ([outcome.detail] if outcome.detail else []))
        return Outcome(False, detail, outcome.difference, outcome.tolerance, outcome.count)
    return outcome


def _compare_numbers(value: NDArray[Any], golden: NDArray[Any], rule: Rule, chain: bool) -> Outcome:
    if value.dtype == object or golden.dtype == object:
        return Outcome(repr(value) == repr(golden), "structures differ", math.nan)
    if rule.comparison == "exact" or golden.dtype.kind not in "fc" or value.dtype.kind not in "fc":
        return _exact(value, golden, rule)
    bound = rule.bound(golden.dtype, chain)
    if rule.comparison == "fits":
        return _fits(value, golden, bound, rule)
    if rule.comparison == "statistics":
        return _statistics(value, golden, bound, rule)
    free = rule.outliers > 0 and math.isinf(rule.outlier_bound)
    if not free and (pattern := _pattern(value, golden)) is not None:
        return pattern
    finite = np.isfinite(golden) | np.isfinite(value) if free else np.isfinite(golden)
    if not finite.any():
        return Outcome(True, tolerance=bound)
    wide = np.complex128 if golden.dtype.kind == "c" else np.float64
    value, golden = value[finite].astype(wide), golden[finite].astype(wide)
    if rule.comparison == "counts":
        return _counts(value, golden, bound)
    return _MEASURES[rule.comparison](value, golden, bound, rule)


def _exact(value: NDArray[Any], golden: NDArray[Any], rule: Rule) -> Outcome:
    same = value == golden
    if golden.dtype.kind in "fc" and value.dtype.kind in "fc":
        same |= np.isnan(value) & np.isnan(golden)
    count = int(np.size(same) - np.count_nonzero(same))
    if count <= rule.outliers * np.size(same):
        return Outcome(True, count=count)
    with np.errstate(invalid="ignore"):
        difference = np.abs(value.astype(np.complex128) - golden.astype(np.complex128))
    return Outcome(False, f"{_of(count, same)} differ, {_first(same, value, golden)}", _largest(difference), 0.0, count)


def _pattern(value: NDArray[Any], golden: NDArray[Any]) -> Outcome | None:
    """Outcome if NaN or infinite values stand at other places, else None."""
    detail = []
    count = 0
    for name, test in (("NaN", np.isnan), ("Inf", np.isinf)):
        ours, theirs = test(value), test(golden)
        differing = ours != theirs
        if differing.any():
            count += int(differing.sum())
            places = f"{int(differing.sum())} places differ"
            detail.append(f"{int(ours.sum())} {name} instead of {int(theirs.sum())}, {places}")
    infinite = np.isinf(golden) & np.isinf(value)
    if infinite.any() and not np.array_equal(value[infinite], golden[infinite]):
        count += int((value[infinite] != golden[infinite]).sum())
        detail.append("infinite values of the other sign")
    return Outcome(False, "; ".join(detail), math.nan, 0.0, count) if detail else None


def _relative(value: NDArray[Any], golden: NDArray[Any], bound: float, rule: Rule) -> Outcome:
    scale = math.sqrt(float(np.mean(np.abs(golden[np.isfinite(golden)]) ** 2))) if np.isfinite(golden).any() else 0.0
    difference = np.abs(value - golden)
    return _judge(difference / scale if scale else np.where(difference > 0, np.inf, 0.0), bound, rule, "of the rms")


def _each(value: NDArray[np.float64], golden: NDArray[np.float64], bound: float, rule: Rule) -> Outcome:
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.abs(value - golden) / np.abs(golden)
    return _judge(np.where(value == golden, 0.0, difference), bound, rule, "of each value")


def _absolute(value: NDArray[np.float64], golden: NDArray[np.float64], bound: float, rule: Rule) -> Outcome:
    return _judge(np.abs(value - golden), bound, rule, "")


def _phase(value: NDArray[np.float64], golden: NDArray[np.float64], bound: float, rule: Rule) -> Outcome:
    if np.iscomplexobj(golden):
        return _judge(np.abs(np.angle(value * np.conj(golden))), bound, rule, "rad")
    difference = value - golden
    return _judge(np.abs(difference - 2 * np.pi * np.round(difference / (2 * np.pi))), bound, rule, "rad")


def _cycles(value: NDArray[np.float64], golden: NDArray[np.float64], bound: float, rule: Rule) -> Outcome:
    difference = value - golden
    cycles = np.round(difference / (2 * np.pi))
    residual = np.abs(difference - 2 * np.pi * cycles)
    outcome = _judge(np.abs(difference), bound, rule, "rad")
    if outcome.agrees:
        return outcome
    other = int(np.count_nonzero(cycles))
    detail = f"{_of(other, cycles)} on another cycle; residual {_largest(residual):.3g} rad ({outcome.detail})"
    return Outcome(False, detail, outcome.difference, bound, outcome.count)


_MEASURES = {"relative": _relative, "each": _each, "absolute": _absolute, "phase": _phase, "cycles": _cycles}


def _judge(difference: NDArray[np.float64], bound: float, rule: Rule, unit: str) -> Outcome:
    """Outcome for element-wise differences: the bound, and what may lie beyond it."""
    beyond = ~(difference <= bound)
    count = int(beyond.sum())
    largest = _largest(difference)
    if count == 0:
        return Outcome(True, "", largest, bound)
    allowed = rule.outliers * difference.size
    limit = max(bound, rule.outlier_bound)
    if rule.outliers and count <= allowed and (math.isinf(limit) or largest <= limit):
        return Outcome(True, f"{_of(count, difference)} beyond the bound, which is allowed", largest, bound, count)
    where = int(np.argmax(np.where(np.isnan(difference), np.inf, difference)))
    detail = f"{_of(count, difference)} beyond {bound:.3g} {unit}".rstrip()
    if rule.outliers and count <= allowed:
        detail += f", the largest beyond {limit:.3g}"
    return Outcome(False, f"{detail}; largest {largest:.3g} (finite element {where + 1})", largest, bound, count)


def _counts(value: NDArray[np.float64], golden: NDArray[np.float64], bound: float) -> Outcome:
    """Histogram of random draws, rescaled by the run: counts a bin of all draws, and the sum."""
    total, golden_total = float(value.sum()), float(golden.sum())
    if golden_total == 0 or total == 0:
        return Outcome(total == golden_total, "no draws", abs(total - golden_total))
    draws = np.abs(value * (N_DRAWS / total) - golden * (N_DRAWS / golden_total))
    moved = int((draws > bound + 1e-6).sum())
    drift = abs(total / golden_total - 1)
    if moved == 0 and drift <= 1e-3:
        return Outcome(True, "", float(draws.max()), bound)
    detail = f"{_of(moved, draws)} bins differ by more than {bound:g} draws; sum differs by {drift:.3g}"
    return Outcome(False, detail, float(draws.max()), bound, moved)


def _fits(value: NDArray[np.float32], golden: NDArray[np.float32], bound: float, rule: Rule) -> Outcome:
    """Values fitted for random places: a fraction of those that both have must agree."""
    common = np.isfinite(value) & np.isfinite(golden)
    n_common, n_golden = int(common.sum()), int(np.isfinite(golden).sum())
    if n_common < _COMMON * n_golden:
        return Outcome(False, f"only {n_common} values where the golden has {n_golden}", math.nan, bound)
    ours, theirs = value[common].astype(np.float64), golden[common].astype(np.float64)
    scale = np.abs(theirs) + typical_size(theirs)
    difference = np.abs(ours - theirs) / scale
    beyond = int((difference > bound).sum())
    quantile = float(np.quantile(difference, 1 - rule.outliers)) if n_common else 0.0
    if beyond <= rule.outliers * n_common:
        return Outcome(True, "", quantile, bound, beyond)
    return Outcome(False, f"{_of(beyond, difference)} beyond {bound:.3g} relative", quantile, bound, beyond)


def typical_size(values: NDArray[np.floating[Any]]) -> float:
    """Median size of the values that are not zero (1 if there are none): bounded fits often end at zero."""
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(size)) if size.size else 1.0


def _statistics(value: NDArray[np.float64], golden: NDArray[np.float64], bound: float, rule: Rule) -> Outcome:
    """Random fields: correlation at least ``1 - bound`` and rms within ``outlier_bound``."""
    common = np.isfinite(value) & np.isfinite(golden)
    if int(common.sum()) < _COMMON * int(np.isfinite(golden).sum()):
        return Outcome(False, f"only {int(common.sum())} finite values in common", math.nan, bound)
    ours, theirs = value[common].astype(np.float64), golden[common].astype(np.float64)
    rms, golden_rms = math.sqrt(float(np.mean(ours**2))), math.sqrt(float(np.mean(theirs**2)))
    if not (rms and golden_rms):
        return Outcome(rms == golden_rms, "only one of the two is zero", math.nan, bound)
    correlation = float(np.mean(ours * theirs)) / (rms * golden_rms)
    ratio = abs(rms / golden_rms - 1)
    if 1 - correlation <= bound and ratio <= rule.outlier_bound:
        return Outcome(True, "", 1 - correlation, bound)
    detail = f"correlation {correlation:.4f} (at least {1 - bound:g}), "
    detail += f"rms differs by {ratio:.3g} (at most {rule.outlier_bound:g})"
    return Outcome(False, detail, 1 - correlation, bound, ours.size)


def _dense(value: Any) -> NDArray[Any]:
    whole: Any = value
    return whole.toarray() if scipy.sparse.issparse(value) else np.asarray(value)


def _largest(difference: NDArray[np.float64]) -> float:
    return float(np.nanmax(difference)) if difference.size and not np.isnan(difference).all() else math.nan


def _times(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _of(count: int, array: NDArray[Any]) -> str:
    return f"{count} of {np.size(array)}"


def _first(same: NDArray[np.bool_], value: NDArray[Any], golden: NDArray[Any]) -> str:
    where = np.unravel_index(int(np.argmin(same)), same.shape)
    place = ",".join(str(k + 1) for k in where)
    return f"first at ({place}): {value[where]} instead of {golden[where]}"
