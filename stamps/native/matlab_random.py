"""State and array version of the MATLAB-5 uniform generator (docs/method/conventions.md, section 6).

The generator combines two recurrences. Both can be jumped ahead exactly, so a long run of deviates is cut into many
equal pieces whose deviates are computed side by side:

* the subtract-with-borrow x_n = x_{n-12} - x_{n-27} - borrow (mod B), B = 2**53, is a linear congruential generator in
  disguise (Tezuka, L'Ecuyer and Couture, 1993): with m = B**27 - B**12 + 1 and

      N_n = sum_{j<27} x_{n-27+j} B**j - sum_{j<12} x_{n-12+j} B**j + borrow

  one finds N_n + m x_n = B N_{n+1}, hence N_{n+k} = N_n B**-k (mod m), and the next 27 fractions are the base-B
  digits of -N_n / m (mod B**27);
* the shift register is linear over GF(2), so k steps are one 32 x 32 bit matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps import native
from stamps.native._matlab_random import fill_uniform
from stamps.native.arrays import to_host

if TYPE_CHECKING:
    from numpy.typing import NDArray


__all__ = ["GeneratorState", "draw", "seeded_state"]

_BITS = 53
_BASE = 1 << _BITS
_WORD = (1 << 32) - 1
_LONG_LAG = 27
_SHORT_LAG = 12
_RING = 32
_MODULUS = _BASE**_LONG_LAG - _BASE**_SHORT_LAG + 1
_DIGITS = _BASE**_LONG_LAG
_MINUS_INVERSE_MODULUS = -pow(_MODULUS, -1, _DIGITS) % _DIGITS
_INVERSE_BASE = pow(_BASE, -1, _MODULUS)

# below this the pieces are too short to be worth their jumps; above, the work arrays would outgrow the cache
_SHORTEST_PARALLEL_RUN = 2_000
_LONGEST_PARALLEL_RUN = 1 << 22
_SHORTEST_PIECE = 200_000  # of a thread


@dataclass
class GeneratorState:
    """State between two deviates.

    Attributes
    ----------
    z : ndarray, shape (32,), int64
        Ring of the fractions as multiples of 2**-53. Only the latest 27 are ever read again.
    position : int
        Entry of the ring that is replaced next.
    borrow : int
        0 or 1, in units of 2**-53.
    q : int
        The 32-bit shift register.
    """

    z: NDArray[np.int64]
    position: int
    borrow: int
    q: int

    def copy(self) -> GeneratorState:
        """A state of its own."""
        return GeneratorState(self.z.copy(), self.position, self.borrow, self.q)


def _shift(q: int) -> int:
    """Advance the 32-bit shift register by one step."""
    q ^= (q << 13) & _WORD
    q ^= q >> 17
    q ^= (q << 5) & _WORD
    return q


def seeded_state(seed: int) -> GeneratorState:
    """Return the state after seeding.

    Parameters
    ----------
    seed : int
        0 to 2**32 - 1; 0 stands for 2**31.

    Returns
    -------
    GeneratorState
    """
    seed = seed or 1 << 31
    running = seed
    z = np.empty(_RING, np.int64)
    for i in range(_RING):
        fraction = 0
        for _ in range(_BITS):
            running = _shift(running)
            fraction = fraction << 1 | running >> 19 & 1
        z[i] = fraction
    return GeneratorState(z, 0, 0, seed)


def draw(state: GeneratorState, n: int) -> NDArray[np.float64]:
    """Return the next `n` deviates and advance the state.

    Parameters
    ----------
    state : GeneratorState
        Changed in place.
    n : int
        Not negative.

    Returns
    -------
    ndarray, shape (n,), float64
        The same bits from all versions.
    """
    # no deviates from a failed version: each works on a state of its own, which replaces the old one at the end
    found, after = native.run(
        "matlab_random",
        lambda xp: _drawn(xp, state.copy(), n),
        lambda module: _drawn_one_by_one(module, state.copy(), n),
    )
    state.z, state.position, state.borrow, state.q = after.z, after.position, after.borrow, after.q
    return found


def draw_arrays(state: GeneratorState, n: int) -> NDArray[np.float64]:
    """Return the next `n` deviates with array operations only; see `draw`."""
    return _drawn(np, state, n)[0]


def _drawn_one_by_one(module: Any, state: GeneratorState, n: int) -> tuple[NDArray[np.float64], GeneratorState]:
    """Compiled version: the deviates and the state after them; long runs in as many pieces as there are threads."""
    out = np.empty(n)
    n_pieces = min(native.n_threads(), n // _SHORTEST_PIECE) if 0 <= _congruential_number(state) < _MODULUS else 1
    borders = np.linspace(0, n, max(n_pieces, 1) + 1).astype(int).tolist()
    states = [state, *(_jumped(state, first) for first in borders[1:-1])]

    def fill(k: int) -> None:
        begin, piece = states[k], out[borders[k] : borders[k + 1]]
        begin.position, begin.borrow, begin.q = module.fill_uniform(
            begin.z, begin.position, begin.borrow, begin.q, piece
        )

    if len(states) == 1:
        fill(0)
    else:
        with ThreadPoolExecutor(len(states)) as pool:
            list(pool.map(fill, range(len(states))))
    return out, states[-1]


def _jumped(state: GeneratorState, n: int) -> GeneratorState:
    """State after ``n`` deviates, at least 27, from one whose number is in its regular range."""
    number = _congruential_number(state) * pow(_INVERSE_BASE, n - _LONG_LAG, _MODULUS) % _MODULUS
    fractions, borrow = _next_fractions(number)
    z = np.zeros(_RING, np.int64)
    z[(state.position + np.arange(n - _LONG_LAG, n)) % _RING] = fractions
    q = int(_apply(_steps(n), np.array([state.q], np.uint32))[0])
    return GeneratorState(z, (state.position + n) % _RING, borrow, q)


def _drawn(xp: Any, state: GeneratorState, n: int) -> tuple[NDArray[np.float64], GeneratorState]:
    """Array version: the deviates and the state after them."""
    out = np.empty(n)
    for start in range(0, n, _LONGEST_PARALLEL_RUN):
        _fill(xp, state, out[start : start + _LONGEST_PARALLEL_RUN])
    return out, state


def _fill(xp: Any, state: GeneratorState, out: NDArray[np.float64]) -> None:
    """Fill the host array `out` with the next deviates."""
    n = out.size
    number = _congruential_number(state)
    # outside its regular range the number does not determine the fractions; no seed is known to lead there
    if n < _SHORTEST_PARALLEL_RUN or not 0 <= number < _MODULUS:
        state.position, state.borrow, state.q = fill_uniform(state.z, state.position, state.borrow, state.q, out)
        return
    length = max(_LONG_LAG, int(np.sqrt(n)))
    n_pieces = -(-n // length)
    fractions = _fractions(xp, number, length, n_pieces)
    registers = _registers(xp, state.q, length, n_pieces)
    out[:] = to_host(_scrambled(xp, fractions, registers).T.ravel()[:n])

    latest = np.arange(n - _LONG_LAG, n)
    recent = to_host(fractions[xp.asarray(latest % length), xp.asarray(latest // length)])
    state.z[(state.position + latest) % _RING] = recent
    state.position = (state.position + n) % _RING
    state.borrow = number * pow(_INVERSE_BASE, n, _MODULUS) % _MODULUS - _history_number(recent.tolist())
    state.q = int(registers[(n - 1) % length + 1, -1])


def _history_number(history: Sequence[int]) -> int:
    """Return N of the module's description without its borrow, from the latest 27 fractions, oldest first."""
    total = 0
    for j, x in enumerate(history):
        total += x << (_BITS * j)
    for j, x in enumerate(history[-_SHORT_LAG:]):
        total -= x << (_BITS * j)
    return total


def _congruential_number(state: GeneratorState) -> int:
    """Return N of the module's description for the next deviate."""
    oldest_first = (state.position - _LONG_LAG + np.arange(_LONG_LAG)) % _RING
    return _history_number(state.z[oldest_first].tolist()) + state.borrow


def _fractions(xp: Any, number: int, length: int, n_pieces: int) -> Any:
    """Return the fractions from N on, as multiples of 2**-53; one consecutive piece per column."""
    begin = np.empty((_LONG_LAG, n_pieces), np.int64)
    borrow = np.empty(n_pieces, np.int64)
    jump = pow(_INVERSE_BASE, length, _MODULUS)
    for piece in range(n_pieces):
        begin[:, piece], borrow[piece] = _next_fractions(number)
        number = number * jump % _MODULUS
    x = xp.empty((length, n_pieces), np.int64)
    x[:_LONG_LAG] = xp.asarray(begin)
    borrow = xp.asarray(-borrow)
    for k in range(_LONG_LAG, length):
        row = x[k]
        xp.subtract(x[k - _SHORT_LAG], x[k - _LONG_LAG], out=row)
        row += borrow
        # the sign bit is the borrow, the low 53 bits are the value with 2**53 added where it was negative
        xp.right_shift(row, 63, out=borrow)
        row &= _BASE - 1
    return x


def _next_fractions(number: int) -> tuple[list[int], int]:
    """Return the 27 fractions from N on, as multiples of 2**-53, and the borrow after them."""
    digits = number * _MINUS_INVERSE_MODULUS % _DIGITS
    after = (number + _MODULUS * digits) >> (_BITS * _LONG_LAG)
    borrow = after - digits + (digits >> (_BITS * (_LONG_LAG - _SHORT_LAG)))
    return [digits >> shift & (_BASE - 1) for shift in range(0, _BITS * _LONG_LAG, _BITS)], borrow


def _apply(matrix: NDArray[np.uint32], q: NDArray[np.uint32]) -> Any:
    """Multiply 32-bit vectors over GF(2) by a matrix given by its 32 columns."""
    result = q * np.uint32(0)
    for bit in range(32):
        result ^= matrix[bit] * (q >> np.uint32(bit) & np.uint32(1))
    return result


def _steps(n: int) -> NDArray[np.uint32]:
    """Return the matrix that advances the shift register by ``n`` steps."""
    jump = np.uint32(1) << np.arange(32, dtype=np.uint32)
    step = np.array([_shift(int(column)) for column in jump], np.uint32)
    while n:
        if n & 1:
            jump = _apply(step, jump)
        step = _apply(step, step)
        n >>= 1
    return jump


def _registers(xp: Any, q: int, length: int, n_pieces: int) -> Any:
    """Return the shift register before each deviate and after the last; one consecutive piece per column."""
    jump = _steps(length)
    registers = xp.empty((length + 1, n_pieces), np.uint32)
    # fill the first row by doubling: the second half of each run is the first half moved by its length
    first = xp.asarray(np.array([q], np.uint32))
    while first.size < n_pieces:
        first = xp.concatenate([first, _apply(jump, first)])
        jump = _apply(jump, jump)
    registers[0] = first[:n_pieces]
    scratch = xp.empty(n_pieces, np.uint32)
    for k in range(1, length + 1):
        row = registers[k]
        xp.left_shift(registers[k - 1], 13, out=scratch)
        xp.bitwise_xor(registers[k - 1], scratch, out=row)
        xp.right_shift(row, 17, out=scratch)
        row ^= scratch
        xp.left_shift(row, 5, out=scratch)
        row ^= scratch
    return registers


def _scrambled(xp: Any, fractions: Any, registers: Any) -> Any:
    """Return the deviates: fractions whose mantissa bits are changed by the register."""
    deviates = fractions * 2.0**-_BITS
    mask = (registers[1:] & np.uint32(0xFFFFF)).astype(np.int64)
    mask <<= 32
    mask ^= registers[:-1]
    # the mask has 52 bits: just the stored mantissa of a double
    bits = deviates.view(np.int64)
    bits ^= mask
    zero = fractions == 0
    return xp.where(zero, mask * 2.0**-_BITS, deviates) if zero.any() else deviates
