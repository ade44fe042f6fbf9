"""All parameters of a directory with their values, as ``getparm()`` prints and returns them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from stamps.workspace.markup import table
from stamps.workspace.parameters import Parameters

__all__ = ["ParameterListing"]

#: A value as the package holds it: a number, a vector (empty for ``[]``) or a text.
Value = float | npt.NDArray[np.float64] | str


class ParameterListing(Mapping[str, Value]):
    """Name to value of all parameters, alphabetically; ``str`` of it is what is printed.

    Parameters
    ----------
    parameters : Parameters
        As seen from one directory: a value of ``localparms.mat`` comes before that of ``parms.mat``.

    Notes
    -----
    It is how things stood when it was made. Names are complete ones; beginnings of names are for :func:`stamps.getparm`.
    """

    def __init__(self, parameters: Parameters) -> None:
        self.directory: Path = parameters.workspace.path
        self._lines = tuple(parameters.listing())
        self._values = MappingProxyType(parameters.counting())

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<{len(self)} parameters of {self.directory}>"

    def _repr_html_(self) -> str:
        rows = [line.partition(" = ")[::2] for line in self._lines]
        return table(("parameter", "value"), rows, f"parameters of {self.directory}", most=len(rows))

    def __str__(self) -> str:
        return "\n".join(self._lines)
