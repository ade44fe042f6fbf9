"""Which variable is compared how, and what does not count: the tables ``tolerances.csv`` and ``ignored.csv``.

The tables are data that users may read; this module finds the row that fits. Conditions name parameters
(``merge_resample_size>0``, ``scn_kriging_flag=y``), ``chain`` (several steps were run in one go) or ``merge`` (such a
chain went through the merge of step 5), joined by ``&``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources
from typing import Any, overload

import numpy as np

__all__ = ["COMPARISONS", "Context", "Rule", "ignored", "rule_for", "table"]

#: Kinds of comparison (see the head of ``tolerances.csv``).
COMPARISONS = ("exact", "absolute", "relative", "each", "phase", "cycles", "counts", "fits", "statistics", "skip")

_FORMATS = ("<text>", "<bytes>", "<numbers>", "<float32>", "<log>")


@dataclass(frozen=True)
class Rule:
    """One row of ``tolerances.csv``.

    Attributes
    ----------
    file, variable, when : str
        Patterns and condition.
    comparison : str
        One of :data:`COMPARISONS`.
    single, double, chain : float
        Bounds; NaN where the table is empty.
    outliers : float
        Fraction of samples that may lie beyond the bound.
    outlier_bound : float
        Bound of those (infinite where the table is empty).
    why : str
        Reason.
    """

    file: str
    variable: str
    when: str
    comparison: str
    single: float
    double: float
    chain: float
    outliers: float
    outlier_bound: float
    why: str

    def bound(self, dtype: Any, chain: bool = False) -> float:
        """Bound for golden values of a NumPy dtype."""
        isolated = self.single if np.dtype(dtype).name in ("float32", "complex64") else self.double
        if chain and not math.isnan(self.chain):
            return self.chain
        return 0.0 if math.isnan(isolated) else isolated


@dataclass(frozen=True)
class Context:
    """What conditions are judged by: parameters of the golden tree, and the first of several steps run in one go."""

    parameters: Mapping[str, Any]
    chain: int | None = None

    def holds(self, condition: str) -> bool:
        """Whether all parts of a condition hold (an unknown parameter makes its part false)."""
        return all(self._part(part.strip()) for part in condition.split("&") if part.strip())

    @property
    def resampled(self) -> bool:
        """Whether the merge was resampled, so that rows must be matched."""
        return self._part("merge_resample_size>0")

    @property
    def merging(self) -> bool:
        """Whether several steps were run in one go, the merge of step 5 among them."""
        return self.chain is not None and 0 < self.chain <= 5

    def _part(self, part: str) -> bool:
        if part == "chain":
            return bool(self.chain)
        if part == "merge":
            return self.merging
        name, sign, wanted = part.partition(">") if ">" in part else part.partition("=")
        if not sign:
            raise ValueError(f"'{part}' is no condition of the tolerance table")
        value = self.parameters.get(name)
        if value is None or np.size(value) == 0:
            return False
        if sign == ">":
            return not isinstance(value, str) and float(np.ravel(value)[0]) > float(wanted)
        return str(value).lower() == wanted.lower()


@lru_cache(maxsize=1)
def table() -> tuple[Rule, ...]:
    """All rows of ``tolerances.csv`` in order."""
    return tuple(
        Rule(
            file=row["file"],
            variable=row["variable"],
            when=row["when"],
            comparison=row["kind"],
            single=_number(row["single"]),
            double=_number(row["double"]),
            chain=_number(row["chain"]),
            outliers=_number(row["outliers"], 0.0),
            outlier_bound=_number(row["outlier_bound"], math.inf),
            why=row["why"],
        )
        for row in _rows("tolerances.csv")
    )


@overload
def rule_for(file: str, variable: str, context: Context) -> Rule: ...
@overload
def rule_for(file: str, variable: None, context: Context) -> Rule | None: ...
def rule_for(file: str, variable: str | None, context: Context) -> Rule | None:
    """Rule of a variable.

    Parameters
    ----------
    file : str
        Path relative to the tree, with ``/``.
    variable : str
        Name of the variable; None finds the rule of a file that is no MAT file, if there is one.
    context : Context
        For the conditions.

    Returns
    -------
    Rule or None
        None only for a whole file without a rule of its own.
    """
    name = file[:-4] if file.endswith(".mat") else file
    for rule in table():
        of_file = rule.variable in _FORMATS
        if of_file != (variable is None) or not matches(name, rule.file):
            continue
        if (variable is None or fnmatchcase(variable, rule.variable)) and context.holds(rule.when):
            return rule
    return None


def ignored(file: str, variable: str | None, context: Context) -> bool:
    """Whether a file (``variable=None``) or a variable does not count."""
    for row in _ignored_rows():
        if not matches(file, row["file"]) or not context.holds(row["when"]):
            continue
        if not row["variable"] or (variable is not None and fnmatchcase(variable, row["variable"])):
            return True
    return False


def matches(file: str, pattern: str) -> bool:
    """Whether a relative path fits a pattern: ``./x`` in the project directory only, else any part of the path."""
    if pattern.startswith("./"):
        return fnmatchcase(file, pattern[2:]) and "/" not in file
    return any(fnmatchcase(part, pattern) for part in ([file] if "/" in pattern else file.split("/")))


@lru_cache(maxsize=1)
def _ignored_rows() -> tuple[dict[str, str], ...]:
    return tuple(_rows("ignored.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("stamps.verify").joinpath(name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return list(csv.DictReader(lines, restkey="more"))


def _number(text: str, empty: float = math.nan) -> float:
    return float(text) if text else empty
