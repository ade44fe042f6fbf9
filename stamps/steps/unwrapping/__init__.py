"""Pure functions of phase unwrapping (step 6): arrays in, arrays out; the files belong to :mod:`stamps.legacy`."""
