"""The uniform random generator of MATLAB 5, bit for bit (docs/method/conventions.md, section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.native import matlab_random

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


__all__ = ["MatlabRand5", "rand_state"]


class MatlabRand5:
    """Uniform deviates on (0, 1) as ``rand`` gives them after ``rand('state', seed)``.

    A subtract-with-borrow generator of 53-bit fractions (lags 12 and 27) whose mantissa is scrambled with a 32-bit
    shift register.

    Parameters
    ----------
    seed : int
        0 to 2**32 - 1; 0 stands for 2**31.

    Raises
    ------
    ValueError
        If the seed is out of range.
    """

    def __init__(self, seed: float) -> None:
        if seed != int(seed) or not 0 <= seed < 2**32:
            raise ValueError(f"The seed of the random generator must be a whole number below 2**32, it is {seed}.")
        self._state = matlab_random.seeded_state(int(seed))

    def draw(self, n: int) -> NDArray[np.float64]:
        """Return the next deviates of the sequence.

        Parameters
        ----------
        n : int
            How many.

        Returns
        -------
        ndarray, shape (n,), float64
        """
        if n < 0:
            raise ValueError(f"{n} random numbers cannot be drawn.")
        return matlab_random.draw(self._state, int(n))


def rand_state(seed: int, n_rows: int, n_cols: int) -> NDArray[np.float64]:
    """Return a matrix of uniform deviates of a freshly seeded generator, filled column by column.

    Parameters
    ----------
    seed : int
        Seed of the generator.
    n_rows, n_cols : int
        Shape.

    Returns
    -------
    ndarray, shape (n_rows, n_cols), float64, in column-major memory

    Raises
    ------
    ValueError
        If the seed is out of range or a size is negative.

    Notes
    -----
    Source: docs/method/conventions.md, section 6; docs/method/coherence.md, section 2 draws 300000 rows with seed 2005.
    """
    if n_rows < 0 or n_cols < 0:
        raise ValueError(f"A matrix of {n_rows} rows and {n_cols} columns cannot be drawn.")
    return MatlabRand5(seed).draw(n_rows * n_cols).reshape((n_cols, n_rows)).T
