"""Chains that are killed and started again end as if nothing had been; ``tests/tools/kill_chain.py`` is the long form."""

import shutil

import pytest

from tools import kill_chain


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Folder with the prepared project and what a whole run makes of it."""
    place = tmp_path_factory.mktemp("chains")
    kill_chain.prepared(place / "prepared")
    kill_chain.undisturbed(place / "once")
    return place


def test_one_chain_killed_four_times(projects, tmp_path):
    chain = kill_chain.Chain(shutil.copytree(projects / "prepared", tmp_path / "chain"), kill_chain.ON_CORES)
    total = kill_chain.Chain(projects / "once", []).logged() - chain.logged()
    assert chain.kill("group", logged=total * 0.35)
    assert chain.kill("patch")
    assert chain.kill("unwrapping")
    assert chain.kill("main", until="PS_SCN_FILT")
    assert chain.next_step() == "8"
    assert chain.finish() == 0
    assert kill_chain.difference(chain.folder, projects / "once") == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("way", ["cores", "dask"])
def test_many_kills(way, seed):
    if way == "dask":
        pytest.importorskip("distributed")
    solver = {1: "flow", 2: "snaphu"}[seed]
    assert kill_chain.main(["--kills", "12", "--seed", str(seed), "--ways", way, "--unwrap", solver]) == 0
