"""The part of ``ps_plot --help`` that lists value types and options: made from the tables that ``ps_plot`` itself uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stamps.products.value_types import ValueType


__all__ = ["value_types"]

_NAME_WIDTH = 13


def value_types() -> str:
    """Value types of both kinds of projects, words that may stand anywhere, tropospheric corrections.

    Returns
    -------
    str
    """
    from stamps.products.value_types import ValueType, known_names

    single = [ValueType.named(name, False) for name in known_names(False)]
    pairs = [ValueType.named(name, True) for name in known_names(True)]
    only_pairs = [kind for kind in pairs if kind.pairs and kind.group != "wrapped"]
    return "\n\n".join(
        [
            _section("value types:", [kind for kind in single if kind.group in ("hgt", "wrapped", "series", "d")]),
            _section(
                "velocities (in a small-baseline project with a capital V: of the inverted series):",
                [kind for kind in single if kind.group in ("v", "vs")],
            ),
            _section("small-baseline projects, of the interferograms (D and V…: of the inverted series):", only_pairs),
            _WORDS,
            _corrections(),
        ]
    )


_WORDS = """words that may stand anywhere after the value type:
  ts             save the series behind a velocity, for ts_plot and ts_plotdiff
  a_…            the tropospheric correction that types with 'a' remove, see below
  i_as           the ionospheric correction that types with 'i' remove
  'ifg N'        the bands of the power law (a_p, a_pk) of one interferogram, for u, a, usb, asb
  'ext PATH'     compare with points of a MAT file (lonlat, ph_disp), or of one file for each interferogram"""


def _section(title: str, kinds: Sequence[ValueType]) -> str:
    from stamps.products.titles import describe

    return "\n".join([title, *(f"  {kind.name:<{_NAME_WIDTH}s}  {describe(kind)} ({kind.unit})" for kind in kinds)])


def _corrections() -> str:
    from stamps.insar.corrections import tropo_methods

    lines = ["tropospheric corrections (variables of tca2.mat, tca_sb2.mat):"]
    for method in tropo_methods():
        lines.append(f"  {method.number:2d}  {' = '.join(method.names):<34s}  {' + '.join(method.variables)}")
    return "\n".join(lines)
