"""Names of the tests of a run, chosen by ``-m`` or not, without their parameters: kept in ``config.stash``."""

import pytest

COLLECTED = pytest.StashKey[set]()
