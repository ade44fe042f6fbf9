"""The hostile corpus: input as users really send it, attacks, and faults injected into every write.

Each file holds the builders of one kind of trouble and their cases. ``make test`` runs the fast ones; those marked ``exhaustive``
are added by ``make hostile``.
"""

import pytest

from helpers.sandbox import Sandbox


@pytest.fixture
def sandbox(tmp_path):
    """An empty :class:`Sandbox`."""
    root = tmp_path / "sandbox"
    root.mkdir()
    return Sandbox(root)
