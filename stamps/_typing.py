"""Types that signatures of every room share.

Arrays are written as ``numpy.typing.NDArray[dtype]`` where they are of one type, as ``ArrayLike`` where a function converts
what it is given; their shapes stand in the docstrings.
"""

from __future__ import annotations

import os
from typing import TypeAlias

#: A path as users write it: text or an object such as :class:`pathlib.Path`.
StrPath: TypeAlias = str | os.PathLike[str]
