"""Shared fixtures: golden sets, fresh copies of their states, tiny exports; and which tests are slow.

Golden sets are looked for in the folder that ``STAMPS_GOLDEN`` names, in ``golden`` of the repository, and in
``shared/golden`` beside it. A set that is not there skips the test with the reason, unless ``STAMPS_REQUIRE_GOLDEN``
lists its name: then the test fails.
"""

import itertools
import os
import shutil
from pathlib import Path

import hypothesis
import pytest

pytest.register_assert_rewrite("helpers")  # their failures show values, as those of tests do

from helpers import ds_projects, run_projects, tiny_stacks  # noqa: E402
from helpers.browser import chromium  # noqa: E402
from helpers.collected import COLLECTED  # noqa: E402
from helpers.toy_jobs import Toy  # noqa: E402
from stamps.errors import InputError  # noqa: E402
from stamps.verify import golden  # noqa: E402
from stamps.workspace.console import log_on_console  # noqa: E402

# a busy machine is no reason for a test to fail
hypothesis.settings.register_profile("stamps", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("stamps")


SLOW = Path(__file__).with_name("slow_tests.txt")


def pytest_collection_modifyitems(config, items):
    """Mark the tests of ``slow_tests.txt`` as slow; ``-m`` chooses (``make test`` runs what is neither slow nor exhaustive)."""
    config.stash[COLLECTED] = {item.nodeid.split("[")[0] for item in items}
    listed = set(SLOW.read_text().splitlines())
    for item in items:
        if {item.nodeid, item.nodeid.split("::")[0]} & listed and not item.get_closest_marker("essential"):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def console():
    """Messages of the log on the standard output, as commands show them; in Python the package is silent by itself."""
    with log_on_console():
        yield


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A browser without a window that others see, 1400 pixels wide."""
    with chromium(tmp_path_factory.mktemp("profile"), 1400, 900) as browser:
        yield browser


@pytest.fixture
def detached_toy(tmp_path, monkeypatch):
    """A front end whose jobs run as they do for users, in processes of their own."""
    made = Toy(tmp_path, monkeypatch)
    yield made
    made.end()


@pytest.fixture
def toy(detached_toy, monkeypatch):
    """The same, whose tasks are run by the submission itself."""
    detached_toy.run_in_this_process(monkeypatch)
    return detached_toy


@pytest.fixture(scope="session")
def tiny_export(tmp_path_factory):
    """A single-master export of five images, 24 × 30 pixels, with a mask (read only)."""
    return tiny_stacks.simulated(tmp_path_factory.mktemp("export") / "stack", "--mask")


@pytest.fixture(scope="session")
def ds_stack():
    """Arrays of a small stack of distributed scatterers (read only)."""
    return ds_projects.small_stack()


@pytest.fixture(scope="session")
def ds_sound(tmp_path_factory, ds_stack):
    """A single-master project prepared from it (read only)."""
    return ds_projects.prepared(tmp_path_factory.mktemp("ds"), ds_stack)


@pytest.fixture
def ds_project(tmp_path, ds_sound):
    """A copy of the project that may be changed; its rasters are those of the first."""
    shutil.copytree(ds_sound, tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def ds_movable(tmp_path, ds_stack):
    """A project whose rasters may be changed, too."""
    return ds_projects.prepared(tmp_path / "movable", ds_stack)


@pytest.fixture(scope="session")
def tiny_pairs(tmp_path_factory):
    """A small-baseline export of the same size (read only)."""
    return tiny_stacks.simulated(tmp_path_factory.mktemp("pairs") / "stack", "--network", "sb")


@pytest.fixture(scope="session")
def finished_ps_mini(tmp_path_factory):
    """``ps_mini`` after steps 1 to 8 by this program, made once for all processes of a run of the tests (read only)."""
    place = tmp_path_factory.getbasetemp()
    return run_projects.finished_once(place.parent if "PYTEST_XDIST_WORKER" in os.environ else place)


@pytest.fixture(scope="session")
def golden_dir():
    """Factory ``golden_dir(set_name) -> Path`` of a golden set (read only)."""
    return _find


@pytest.fixture
def golden_state(tmp_path):
    """Factory ``golden_state(set_name, step, variant=None, whole=False) -> Path`` of a fresh writable state.

    ``step`` is 0 … 8 or ``'pass2'``. With ``variant`` the variant's parameters are applied; ``step=None`` then means
    the step that the variant branches off. Placeholders of text files are filled in where the set has a stack. ``whole``
    asks for a state with all files, where a part of them would do for running its steps.
    """
    counter = itertools.count()

    def make(set_name, step, variant=None, whole=False):
        source = _find(set_name, complete=True, step=None if whole else _state(set_name, step, variant))
        target = tmp_path / f"state{next(counter)}" / set_name
        return golden.build_state(source, step, target, variant_name=variant)

    return make


def _state(set_name, step, variant):
    """The state that a set must hold: the step, or where the variant branches off."""
    if step is None and variant is not None:
        try:
            return golden.variant(golden.find_set(set_name), variant).after_step
        except InputError as error:
            pytest.skip(str(error))
    return step


def _find(set_name, complete=False, step=None):
    try:
        return golden.find_set(set_name, complete=complete, step=step)
    except InputError as error:
        if set_name in os.environ.get("STAMPS_REQUIRE_GOLDEN", "").replace(",", " ").split():
            pytest.fail(str(error))
        pytest.skip(str(error))
