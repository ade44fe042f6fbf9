"""Range of the neighbours' values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stamps.native.neighbour_range import neighbour_range


@given(
    hnp.arrays(np.int64, st.tuples(st.integers(0, 20), st.just(2)), elements=st.integers(0, 7)),
    hnp.arrays(np.float32, 8, elements=st.floats(-9, 9, width=32) | st.just(float("nan"))),
)
def test_every_node(edges, values):
    lowest, highest = neighbour_range(edges, values)
    assert lowest.dtype == highest.dtype == np.float32
    for node in range(8):
        others = [*edges[edges[:, 0] == node, 1], *edges[edges[:, 1] == node, 0]]
        seen = [values[other] for other in others if not np.isnan(values[other])]
        assert lowest[node] == min(seen, default=np.inf)
        assert highest[node] == max(seen, default=-np.inf)
