"""What a comparison found: one row for each variable or file, as objects, text and JSON."""

from __future__ import annotations

import contextlib
import json
import math
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any

from stamps.workspace.markup import lines, table

__all__ = ["Report", "Row", "versions"]

#: Statuses that mean that something is wrong.
FAILURES = ("differs", "missing", "extra", "unreadable")


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes
    ----------
    file, variable : str
        Path relative to the tree; the variable is empty for whole files.
    status : str
        ``ok``, ``differs``, ``missing`` or ``extra`` (in the run), ``unreadable``, or ``skipped``.
    category : str
        ``mat``, ``text``, ``binary`` or ``log``.
    comparison : str
        How it was compared.
    matlab_class : str
        MATLAB class of the golden value.
    shape : tuple of int
        Its shape.
    difference, tolerance : float
        Largest difference and bound, in the unit of the comparison.
    count : int
        Elements beyond the bound.
    counts : bool
        Whether the row decides the result (log files only on request).
    detail : str
        What differs, or why it was skipped.
    """

    file: str
    variable: str
    status: str
    category: str = "mat"
    comparison: str = ""
    matlab_class: str = ""
    shape: tuple[int, ...] = ()
    difference: float = 0.0
    tolerance: float = 0.0
    count: int = 0
    counts: bool = True
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether the row makes the comparison fail."""
        return self.counts and self.status in FAILURES


@dataclass(frozen=True, repr=False)
class Report:
    """All rows of a comparison of two trees; ``str`` of it is the text of ``stamps verify``.

    Attributes
    ----------
    run, golden : str
    rows : tuple of Row
    """

    run: str
    golden: str
    rows: tuple[Row, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing differs, is missing or extra, and something was compared."""
        return self.n_compared > 0 and not self.failures

    @property
    def failures(self) -> list[Row]:
        """Rows that make the comparison fail."""
        return [row for row in self.rows if row.failed]

    @property
    def n_compared(self) -> int:
        """Variables and files that were compared."""
        return sum(row.counts and row.status in ("ok", "differs") for row in self.rows)

    @property
    def n_agreeing(self) -> int:
        """Those that agree."""
        return sum(row.counts and row.status == "ok" for row in self.rows)

    @property
    def n_skipped(self) -> int:
        """Those that could not be compared; they are not counted as agreeing."""
        return sum(row.status == "skipped" for row in self.rows)

    def to_json(self) -> str:
        """The report as JSON text (numbers that are not finite become null)."""
        content = {
            "run": self.run,
            "golden": self.golden,
            "ok": self.ok,
            "compared": self.n_compared,
            "agreeing": self.n_agreeing,
            "failures": len(self.failures),
            "skipped": self.n_skipped,
            "versions": versions(),
            "rows": [_as_json(row) for row in self.rows],
        }
        return json.dumps(content, indent=1)

    def text(self, *, everything: bool = False) -> str:
        """The report as text.

        Parameters
        ----------
        everything : bool
            Also name what agrees, with its largest difference.
        """
        said = [f"{self.run} against {self.golden}", ", ".join(f"{name} {text}" for name, text in versions().items())]
        for row in self.rows:
            notable = row.status != "ok"
            if notable or everything:
                said.append(_line(row))
        return "\n".join([*said, self.verdict])

    @property
    def verdict(self) -> str:
        """What came out, in one line."""
        verdict = "the trees agree" if self.ok else "NOT THE SAME" if self.failures else "NOTHING WAS COMPARED"
        figures = f"{self.n_compared} compared, {self.n_agreeing} agree, {len(self.failures)} failures"
        return f"{figures}, {self.n_skipped} skipped: {verdict}"

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{self.verdict}>"

    def _repr_html_(self) -> str:
        heads = ("file", "variable", "status", "detail")
        rows = [(row.file, row.variable, row.status, row.detail) for row in self.rows if row.status != "ok"]
        title = f"{self.run} against {self.golden}"
        made = table(heads, rows, title) if rows else lines([title])
        return made + lines([self.verdict])


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions of what the results depend on: numpy, scipy, ortools, triangle, snaphu."""
    found = {name: metadata.version(name) for name in ("numpy", "scipy")}
    with contextlib.suppress(metadata.PackageNotFoundError):  # not needed where SNAPHU unwraps
        found["ortools"] = metadata.version("ortools")
    from stamps import external

    return {**found, **external.versions()}


def _line(row: Row) -> str:
    name = f"{row.file}:{row.variable}" if row.variable else row.file
    note = "" if row.counts or row.status == "skipped" else " (not counted)"
    if row.status == "ok":
        size = "x".join(map(str, row.shape))
        figure = "" if row.comparison in ("exact", "") else f" {row.difference:.2g} of {row.tolerance:.2g}"
        return f"  ok         {name} [{row.matlab_class or row.category} {size}] {row.comparison}{figure}{note}"
    return f"  {row.status:<10s} {name}{note}{': ' + row.detail if row.detail else ''}"


def _as_json(row: Row) -> dict[str, Any]:
    """A row as JSON has it, where the comparison is called its kind, as in ``tolerances.csv``."""
    return {"kind" if name == "comparison" else name: _finite(value) for name, value in asdict(row).items()}


def _finite(value: Any) -> Any:
    """A value, None for numbers that are not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
