"""Compare two trees of StaMPS files variable by variable: ``stamps verify RUN GOLDEN``.

How close each variable must be is data (``tolerances.csv``), and so is what does not count (``ignored.csv``).
:mod:`stamps.verify.golden` knows the layout of golden sets, :mod:`stamps.verify.parity` runs the package against them.
"""

from stamps.verify.report import Report, Row
from stamps.verify.trees import compare, compare_files

__all__ = ["Report", "Row", "compare", "compare_files"]
