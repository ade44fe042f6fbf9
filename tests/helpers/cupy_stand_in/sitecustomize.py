"""Puts the stand-in of :mod:`helpers.fake_cupy` in CuPy's place in every process: ``PYTHONPATH=tests/helpers/cupy_stand_in``.

``make parity-stand-in`` uses it: all reference trees go through the CuPy versions of the kernels without a GPU.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from helpers import fake_cupy  # noqa: E402

sys.modules.update({module.__name__: module for module in fake_cupy.modules()})
