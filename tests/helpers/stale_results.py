"""Results of steps, and that they are refused or accepted."""

from functools import partial

import pytest

from helpers.run_projects import quietly
from stamps.errors import StampsError
from stamps.legacy.ps_plot import ps_plot
from stamps.legacy.stamps import stamps


def plotted(value, *arguments):
    """A call of ``ps_plot`` that saves the values: no picture is drawn."""
    return partial(ps_plot, value, -1, *arguments)


def steps(start, end, **options):
    return partial(stamps, start, end, **options)


def does(function, path):
    """Call it; returns what it printed."""
    return quietly(function, workdir=path)


def refused(function, path, *words):
    """Check that a call is refused in one sentence that has the words."""
    with pytest.raises(StampsError) as caught:
        does(function, path)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith("."), sentence
    assert all(word in sentence for word in words), sentence
