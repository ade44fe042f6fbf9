"""Exports that have moved, and projects that follow them."""

import shutil

import pytest

from helpers import tiny_stacks
from helpers.gamma_project import single_master, write_stack
from stamps.errors import InputError
from stamps.frontends.relocation import relocate
from stamps.legacy.calamp import calamp
from stamps.legacy.mt_extract_cands import mt_extract_cands
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.legacy.ps_load_initial_gamma import ps_load_initial_gamma
from stamps.legacy.pscdem import pscdem
from stamps.legacy.psclonlat import psclonlat
from stamps.legacy.pscphase import pscphase
from stamps.workspace import Workspace

WIDTH = tiny_stacks.SAMPLES


def content(folder):
    """All candidate and list files of a project, with its stack's place taken out."""
    names = ("calamp.*", "sel*", "psc*.in", "rsc.txt", "PATCH_*/*")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for name in names for path in folder.glob(name)}


@pytest.fixture
def moved(tmp_path):
    """A prepared project, and the new and the old place of its export."""
    old, new = tiny_stacks.copy_of(tmp_path / "old" / "export"), tmp_path / "new place" / "export"
    project = tmp_path / "project"
    project.mkdir()
    mt_prep_snap(tiny_stacks.master_of(old), old, workdir=project)
    new.parent.mkdir()
    old.rename(new)
    return project, new, old


@pytest.mark.parametrize(("given", "above"), [(True, False), (False, True)])
def test_relocated_project_works(moved, given, above):
    project, new, old = moved
    (project / "PATCH_1" / "pscphase.in").write_bytes((project / "pscphase.in").read_bytes())
    with pytest.raises(InputError, match="stamps relocate"):
        ps_load_initial_gamma(project / "PATCH_1")
    before = content(project)
    if above:
        new, old = new.parent, old.parent
    counts = relocate(new, old if given else None, dry_run=True, workdir=project)
    assert content(project) == before and counts["pscphase.in"] == counts["PATCH_1/pscphase.in"] == 4
    assert relocate(new, old if given else None, workdir=project) == counts
    assert content(project) == {k: v.replace(bytes(old) + b"/", bytes(new) + b"/") for k, v in before.items()}
    mt_extract_cands(precision="f", byteswap=1, workdir=project)
    ps_load_initial_gamma(project / "PATCH_1")
    with pytest.raises(InputError, match="begins with"):
        relocate(new, old, workdir=project)


def refused(project, new, old, word):
    before = content(project)
    with pytest.raises(InputError, match=word) as caught:
        relocate(new, old, workdir=project)
    assert "\n" not in str(caught.value) and content(project) == before


def test_relocation_checks_the_new_place(moved, tmp_path):
    project, new, old = moved
    refused(project, tmp_path / "nowhere", None, "does not exist")
    refused(project, tmp_path / "old", None, "holds none of the files")
    refused(project, new, tmp_path / "other", "begins with")
    refused(project, new, str(old)[:-2], "begins with")  # no whole folder
    refused(project, new.parent, old, "does not exist")
    short = next((new / "diff0").glob("*.diff"))
    with open(short, "r+b") as file:
        file.truncate(100)
    refused(project, new, None, f"{short.name} has 100 bytes")
    short.unlink()
    refused(project, new, None, f"{short.name} does not exist")
    tiny_stacks.copy_of(tmp_path / "again")
    shutil.copy(tmp_path / "again" / "diff0" / short.name, short)
    base = short.with_suffix(".base")
    base.unlink()
    refused(project, new, None, base.name)


def test_relocation_needs_a_project(tmp_path):
    with pytest.raises(InputError, match="no list files"):
        relocate(tmp_path, workdir=tmp_path)


def test_missing_rasters_say_how_to_relocate(moved):
    project, _, _ = moved
    patch = project / "PATCH_1"
    for program, arguments in ((psclonlat, ["../psclonlat.in"]), (pscphase, ["../pscphase.in"])):
        with pytest.raises(InputError, match="stamps relocate"):
            program(*arguments, workdir=patch)
    for arguments in ({"workdir": project},):
        with pytest.raises(InputError, match="stamps relocate"):
            mt_extract_cands(precision="f", byteswap=1, **arguments)
        with pytest.raises(InputError, match="stamps relocate"):
            calamp("calamp.in", WIDTH, "x.out", "f", 1, **arguments)


def test_missing_heights_say_how_to_relocate(moved, capsys):
    pscdem("../pscdem.in", workdir=moved[0] / "PATCH_1")
    assert "stamps relocate" in capsys.readouterr().err


def test_relocation_to_a_place_with_blanks_needs_a_path_per_line(moved):
    project, new, old = moved
    text = (project / "pscphase.in").read_text()
    (project / "pscphase.in").write_text(text.replace("\n", " ").rstrip() + "\n")
    refused(project, new, old, "several paths on a line")


def test_step_1_reads_a_single_line_list(tmp_path):
    patch, _ = write_stack(tmp_path / "project", single_master())
    path = tmp_path / "project" / "pscphase.in"
    path.write_text(path.read_text().replace("\n", " "))
    ps_load_initial_gamma(patch)
    assert Workspace(patch).load("ps1")["n_ifg"] == 4
