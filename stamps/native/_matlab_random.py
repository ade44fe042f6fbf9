"""Kernel of the MATLAB-5 uniform generator: one deviate after the other (docs/method/conventions.md, section 6)."""

# pythran export fill_uniform(int64[], int64, int64, int64, float64[])


def fill_uniform(z, position, borrow, q, out):
    """Fill `out` with deviates and advance the ring `z` in place.

    Parameters
    ----------
    z : ndarray, shape (32,), int64
        The fractions as multiples of 2**-53; changed in place.
    position : int
        Entry of the ring that is replaced next.
    borrow : int
        0 or 1.
    q : int
        The 32-bit shift register.
    out : ndarray, shape (n,), float64
        Filled in place.

    Returns
    -------
    tuple of int
        Position, borrow and register after the last deviate.
    """
    one = 1 << 53
    word = (1 << 32) - 1
    for k in range(out.shape[0]):
        x = int(z[(position + 20) & 31]) - int(z[(position + 5) & 31]) - borrow
        borrow = 0
        if x < 0:
            x += one
            borrow = 1
        z[position] = x
        position = (position + 1) & 31
        mask = q
        q ^= (q << 13) & word
        q ^= q >> 17
        q ^= (q << 5) & word
        mask ^= (q & 0xFFFFF) << 32
        # scramble the 53-bit mantissa of the normalised value, keep its exponent
        scale = 2.0**-53
        if x != 0:
            while x < (one >> 1):
                x <<= 1
                scale *= 0.5
        out[k] = float(x ^ mask) * scale
    return position, borrow, q
