"""The checks of SNAP's outputs find every fault of the stand-in, and nothing where there is none."""

import re

import pytest

from helpers.gpt_stand_in import call_gpt, coregister_graph, export_graph, graph, split_graph, zipped_safe
from stamps.frontends.snap.frontend import CHECKS

M, S = "20200103", "20200115"
SPLITS = [f"split/{date}_IW2.dim" for date in (M, S)]
NAME = f"{M}_{S}_IW2.dim"
PAIR = (f"coreg/{NAME}", f"ifg/{NAME}")


def run(folder, nodes, fault=""):
    return call_gpt(graph(folder / "graph.xml", nodes), cwd=folder, fault=fault)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Products of two dates, split and coregistered (read only)."""
    folder = tmp_path_factory.mktemp("chain")
    for date, target in zip((M, S), SPLITS, strict=True):
        assert run(folder, split_graph([zipped_safe(folder, date)], target)).returncode == 0
    assert run(folder, coregister_graph(*SPLITS, *PAIR)).returncode == 0
    return folder


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("", ""),
        ("silent", "cannot be read|does not exist|is not there"),
        ("half", "written to its end"),
        ("half_zero", "nothing but zeros from line"),
        ("zeros", "nothing but zeros from line"),
        ("no_data", r"has no .*\.hdr|lacks its band"),
    ],
)
def test_products(tmp_path, chain, fault, words):
    zipped = next(chain.glob(f"*{S}T*.zip"))
    assert run(tmp_path, split_graph([zipped], "split.dim"), fault).returncode == 0
    said = CHECKS["dimap"](str(tmp_path / "split.dim"))
    assert re.search(words, said) and bool(said) == bool(fault), said


@pytest.mark.parametrize(("fault", "words"), [("", ""), ("sizes", "differ in size"), ("half", "written to its end")])
def test_pairs(tmp_path, chain, fault, words):
    names = [str(tmp_path / name) for name in PAIR]
    assert run(chain, coregister_graph(*SPLITS, *names), fault).returncode == 0
    said = CHECKS["same_size"](names[1])
    assert re.search(words, said) and bool(said) == bool(fault), said


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("", ""),
        ("silent", "There is no export"),
        ("zero_base", "baseline .* is zero"),
        ("nan_base", "baseline .* is not finite"),
        ("no_base", "baseline .* not complete"),
        ("nan_positions", "have no position"),
        ("zero_positions", "have no position"),
        ("zero_block", "lines of zeros"),
        ("short", "written to its end"),
        ("zeros", "nothing but zeros"),
        ("half_zero", r"rslc/20200103\.rslc .* has 106 lines of zeros from line 55 on"),
    ],
)
def test_exports(tmp_path, chain, fault, words):
    place = tmp_path / f"{M}_{S}"
    assert run(chain, export_graph(*PAIR, str(place)), fault).returncode == 0
    said = CHECKS["export_pair"](str(place))
    assert re.search(words, said) and bool(said) == bool(fault), said
    assert not fault or S in said
