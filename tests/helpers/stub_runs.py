"""Runs of stub steps: undisturbed, or killed somewhere."""

import shutil

import pytest

from helpers.stub_steps import Killed, StubSteps, make_project, tree
from stamps.legacy.stamps import stamps

TOP = "project"


#: Directory and step of every step of a whole run, in order.
EVERYWHERE = [(f"PATCH_{k}", step) for k in (1, 2) for step in (1, 2, 3, 4, 5)] + [(TOP, s) for s in ("merge", 6, 7, 8)]


def trees_of_runs(place):
    """What 1 and 2 undisturbed runs of steps 1 to 8 make of a project."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        StubSteps(monkeypatch)
        trees, ws = [], make_project(place / TOP)
        for _ in range(2):
            stamps(1, 8, workdir=ws.path)
            trees.append(tree(ws.path))
    return trees


def undisturbed(project, tmp_path, *arguments, runs=1, **keywords):
    """What whole runs make of a copy of the project."""
    copy = tmp_path / "undisturbed" / TOP
    shutil.copytree(project.path, copy)
    for _ in range(runs):
        stamps(*(arguments or (1, 8)), workdir=copy, **keywords)
    return tree(copy)


def killed(steps, project, where, *arguments, **keywords):
    """A run that is killed in a step of a directory; the notes start anew."""
    steps.deadly = where
    with pytest.raises(Killed):
        stamps(*(arguments or (1, 8)), workdir=project.path, **keywords)
    steps.deadly = None
    steps.clear()


def said(capsys):
    """What the last run said of an interrupted one."""
    lines = [line for line in capsys.readouterr().out.splitlines() if "interrupted" in line or "record" in line]
    return lines[-1].removeprefix("STAMPS: ") if lines else ""
