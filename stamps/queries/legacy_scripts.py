"""The scripts and programs of the original, as data: ported where, held by which goldens and tests, or why not ported.

The table is ``legacy_scripts.csv``. Goldens are named ``set/overlay``, as they lie in the folders of golden sets.
"""

from __future__ import annotations

import csv
import difflib
import functools
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import resources

from stamps.errors import InputError
from stamps.workspace.markup import Listed, table

__all__ = ["LegacyScript", "legacy_scripts", "list_legacy"]


@dataclass(frozen=True)
class LegacyScript:
    """A script of the original.

    Attributes
    ----------
    script : str
        Its name, without ending.
    language : str
        ``MATLAB``, ``C shell``, ``C++``; ``new`` for a command that the original leaves to an external tool.
    module : str
        Where the port is; empty if it is not ported.
    pages : tuple of str
        Pages of ``docs/method`` that describe it, without ending.
    goldens : tuple of str
        Reference results that it is compared with.
    tests : tuple of str
        Files of the directory ``tests``.
    reason : str
        Why it is not ported.
    purpose : str
        What it does.
    """

    script: str
    language: str
    module: str
    pages: tuple[str, ...]
    goldens: tuple[str, ...]
    tests: tuple[str, ...]
    reason: str
    purpose: str

    @property
    def ported(self) -> bool:
        """Whether there is a port."""
        return bool(self.module)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "ported": self.ported}


@functools.cache
def legacy_scripts() -> tuple[LegacyScript, ...]:
    """All rows of the table.

    Returns
    -------
    tuple of LegacyScript
    """
    with resources.files(__package__).joinpath("legacy_scripts.csv").open(encoding="utf-8") as file:
        return tuple(_script(row) for row in csv.DictReader(file))


def _script(row: dict[str, str]) -> LegacyScript:
    lists = {name: tuple(row[name].split()) for name in ("pages", "goldens", "tests")}
    return LegacyScript(
        row["script"], row["language"], row["module"], **lists, reason=row["reason"], purpose=row["purpose"]
    )


def list_legacy(name: str | None = None) -> list[LegacyScript]:
    """Scripts of the original.

    Parameters
    ----------
    name : str, optional
        Only this one.

    Returns
    -------
    list of LegacyScript

    Raises
    ------
    InputError
        There is none of that name.

    Examples
    --------
    >>> from stamps import list_legacy
    >>> script, = list_legacy("ps_select")
    >>> script.module, script.pages
    ('stamps.legacy.ps_select', ('selection',))
    """
    rows = legacy_scripts()
    if name is None:
        return _listed(rows)
    found = [row for row in rows if row.script == name.removesuffix(".m")]
    if not found:
        near = difflib.get_close_matches(name, [row.script for row in rows], n=3, cutoff=0.5)
        hint = f": did you mean {' or '.join(near)}?" if near else "; stamps list-legacy lists all."
        raise InputError(f"No script of the original known here is named '{name}'{hint}")
    return _listed(found)


def _listed(rows: Iterable[LegacyScript]) -> Listed[LegacyScript]:
    cells = [(row.script, row.language, row.module or row.reason, row.purpose) for row in rows]
    heads = ("script", "language", "module, or why there is none", "purpose")
    return Listed(rows, table(heads, cells, "scripts of the original", most=len(cells)))
