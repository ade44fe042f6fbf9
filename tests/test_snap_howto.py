"""The page about SNAP, run as it is written, with the stand-in for gpt."""

import shlex

import pytest

from helpers import gpt_stand_in
from helpers.page_snippets import blocks_of
from helpers.snap_jobs import make_scene
from stamps import setparm
from stamps.cli.program import run

PAGE = "docs/howto/snap.md"
#: Lines that nothing is to be done for when all has gone well: what they say then.
NOTHING_FAILED = {"stamps snap prepare --without-failed --workdir naples": "No date of the job snap has failed"}


def lines():
    """Command lines of the page's blocks."""
    return [line for block in blocks_of(PAGE) if block.language == "bash" for line in block.text.splitlines() if line]


def test_the_page_shows_the_whole_way():
    wanted = ("check", "list", "dry-run", "submit", "status", "retry", "prepare", "small-baselines")
    assert all(
        any(line.startswith(f"stamps snap {action} ") or line == f"stamps snap {action}" for line in lines())
        for action in wanted
    )


@pytest.mark.exhaustive
def test_the_page_runs_as_it_is_written(tmp_path, monkeypatch, capfd):
    scene = make_scene(tmp_path, lines=300, samples=300)
    gpt_stand_in.stand_in(monkeypatch, stack=scene.stack)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for line in lines():
        command, *words = shlex.split(line)
        if words[:2] == ["1", "8"]:
            setparm("unwrap_grid_size", 50, workdir=words[-1])  # the scene is 4 km wide
        status = run(command, words)
        said = capfd.readouterr()
        if line in NOTHING_FAILED:
            assert status == 1 and NOTHING_FAILED[line] in said.err
        else:
            assert status == 0, (line, said)
    assert (tmp_path / "naples/INSAR_20180213/scn2.mat").is_file() or (
        tmp_path / "naples/INSAR_20180213/PATCH_2"
    ).is_dir()
    assert len(list((tmp_path / "naples/SB_20180213/SMALL_BASELINES").iterdir())) > 5
