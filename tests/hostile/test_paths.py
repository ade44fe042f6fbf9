"""Paths with blanks, names with suffixes, dates in upper folders."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from helpers import text_project, tiny_stacks
from helpers.gsar_project import write_project as write_gsar
from stamps.errors import InputError
from stamps.frontends import master_header, project_headers
from stamps.frontends.lists import paths_of, paths_with_constants, raster_paths, read_selection_list
from stamps.frontends.names import baseline_file, dates_in_path, image_date, pair_of_name
from stamps.frontends.relocation import relocate
from stamps.legacy.calamp import calamp
from stamps.legacy.mt_extract_cands import mt_extract_cands
from stamps.legacy.mt_prep import mt_prep
from stamps.legacy.mt_prep_gamma import mt_prep_gamma
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.legacy.ps_load_initial import ps_load_initial
from stamps.legacy.ps_load_initial_gamma import ps_load_initial_gamma
from stamps.legacy.ps_load_initial_gsar import ps_load_initial_gsar
from stamps.legacy.pscdem import pscdem
from stamps.legacy.psclonlat import psclonlat
from stamps.legacy.pscphase import pscphase
from stamps.legacy.sb_load_initial_gamma import sb_load_initial_gamma
from stamps.legacy.selpsc_patch import selpsc_patch
from stamps.legacy.selsbc_patch import selsbc_patch
from stamps.queries import status
from stamps.workspace import Workspace

#: Names of folders that have made trouble.
MORE = [
    "my data",
    "two  blanks",
    "tab\there",
    "20180601",
    "5 1.5",
    "a\u00a0b",
    "Zürich 2018",
    "a /b",
    "-o x",
    "'a' \"b\"",
]


FOLDERS = [" leading and trailing ", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in MORE)]


WIDTH = tiny_stacks.SAMPLES


def content(folder):
    """All candidate and list files of a project, with its stack's place taken out."""
    names = ("calamp.*", "sel*", "psc*.in", "rsc.txt", "PATCH_*/*")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for name in names for path in folder.glob(name)}


# ---------------------------------------------------------------------- list files


def test_lists_of_words_are_read_as_by_the_original(tmp_path):
    """Several words on a line, relative and absolute, numbers on the next line."""
    assert paths_of("a.slc b.slc\n/x/c.slc  /x/d.slc\n\n e.slc\n") == [
        "a.slc",
        "b.slc",
        "/x/c.slc",
        "/x/d.slc",
        "e.slc",
    ]
    assert raster_paths("200 a.diff b.diff\nc.diff\n") == ["a.diff", "b.diff", "c.diff"]
    expected = [("a.slc", "1.5"), ("b.slc", "2")]
    for text in ("a.slc 1.5 b.slc 2\n", "a.slc\n1.5\nb.slc\n2\n", "a.slc 1.5\nb.slc 2\n"):
        assert paths_with_constants(text) == expected
    assert paths_with_constants("/x/a.slc 1.5 /x/b.slc 2\n") == [("/x/a.slc", "1.5"), ("/x/b.slc", "2")]
    assert paths_with_constants("a.slc 1.5 b.slc") == [("a.slc", "1.5"), ("b.slc", "")]


def test_a_line_is_one_path_where_its_file_exists(tmp_path):
    for name in ("my first.slc", "x", "y"):
        (tmp_path / name).touch()
    assert paths_of("my first.slc\nx y\n", tmp_path) == ["my first.slc", "x", "y"]
    assert paths_of("/nowhere/my data/a.slc\n") == ["/nowhere/my data/a.slc"]  # it may be gone
    assert paths_with_constants("my first.slc 2.5\nx 1\n", tmp_path) == [("my first.slc", "2.5"), ("x", "1")]


def test_selection_list_without_a_constant(tmp_path):
    (tmp_path / "selpsc.in").write_text("0.4\n30\n/my data/a.slc 1.5\n/my data/b.slc x\n")
    with pytest.raises(InputError, match="'x' where a calibration constant"):
        read_selection_list(tmp_path / "selpsc.in")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_program_reads_paths_with_blanks(tmp_path, folder):
    """The preparation, and its parts called by hand, give the candidates of a path without blanks."""
    plain, parent = tiny_stacks.copy_of(tmp_path / "stack"), tmp_path / folder
    stack = Path(shutil.copytree(plain, parent / "stack"))
    expected, project = tmp_path / "plain", parent / "project"
    for place, source in ((expected, plain), (project, stack)):
        place.mkdir()
        mt_prep_snap(tiny_stacks.master_of(plain), source, workdir=place)
    found = {k: v.replace(bytes(stack), bytes(plain)) for k, v in content(project).items()}
    assert found == content(expected) and len(found) > 12
    calamp("calamp.in", WIDTH, "again.out", "f", 1, workdir=project)
    assert (project / "again.out").read_bytes() == (project / "calamp.out").read_bytes()
    patch = Workspace(project / "PATCH_1")
    before = content(project)
    selpsc_patch("../selpsc.in", "patch.in", precision="f", byteswap=1, workdir=patch)
    psclonlat("../psclonlat.in", workdir=patch)
    pscdem("../pscdem.in", workdir=patch)
    pscphase("../pscphase.in", workdir=patch)
    assert content(project) == before
    mt_extract_cands(precision="f", byteswap=1, workdir=project)
    assert content(project) == before
    ps_load_initial_gamma(patch)
    ps_load_initial_gamma(expected / "PATCH_1")
    np.testing.assert_array_equal(
        patch.load("bp1")["bperp_mat"], Workspace(expected / "PATCH_1").load("bp1")["bperp_mat"]
    )
    assert status.project_status(project).n_interferograms == len(list((plain / "diff0").glob("*.diff")))


def test_master_amplitude_in_a_folder_with_blanks(tmp_path):
    stack = tiny_stacks.copy_of(tmp_path / "my data")
    mt_prep_snap(tiny_stacks.master_of(stack), stack, workdir=tmp_path)
    (tmp_path / "master.in").write_text(f"{next((stack / 'rslc').glob('*.rslc'))}\n")
    assert selpsc_patch(
        "selpsc.in", "PATCH_1/patch.in", "ij", "da", "amp", "f", 1, masteramp_list="master.in", workdir=tmp_path
    )


def test_small_baselines_in_a_folder_with_blanks(tmp_path):
    stack = tiny_stacks.copy_of(tmp_path / "my data", "snap", "sb")
    project = tmp_path / "my project"
    project.mkdir()
    mt_prep_snap(tiny_stacks.master_of(stack), stack, workdir=project)
    before = content(project)
    selsbc_patch("../selsbc.in", "patch.in", precision="f", byteswap=1, workdir=project / "PATCH_1")
    assert content(project) == before
    sb_load_initial_gamma(project / "PATCH_1")
    assert Workspace(project / "PATCH_1").load("ps1")["n_ps"] > 0


@pytest.mark.parametrize("layout", ["doris", "gamma", "isce"])
def test_other_processors_in_a_folder_with_blanks(tmp_path, layout):
    stack = tiny_stacks.copy_of(tmp_path / "my 20180601 data", layout)
    project = tmp_path / "my project"
    project.mkdir()
    if layout == "doris":
        project = next(stack.glob("INSAR_*"))
        mt_prep(workdir=project)
        ps_load_initial(project / "PATCH_1")
    elif layout == "gamma":
        mt_prep_gamma(tiny_stacks.master_of(stack), stack, workdir=project)
        ps_load_initial_gamma(project / "PATCH_1")
    else:
        pytest.importorskip("rasterio")
        from stamps.legacy.mt_prep_isce import mt_prep_isce
        from stamps.legacy.ps_load_initial_isce import ps_load_initial_isce

        mt_prep_isce(tiny_stacks.master_of(stack), stack, workdir=project)
        ps_load_initial_isce(workdir=project / "PATCH_1")
    assert Workspace(project / "PATCH_1").load("ps1")["n_ps"] > 0


@pytest.mark.parametrize(
    ("name", "word"), [("my\ndata", "line break"), ("my\rdata", "line break"), ("m\udcfcnchen", "UTF-8")]
)
def test_what_no_list_file_can_hold_is_refused(tmp_path, name, word):
    stack = tiny_stacks.copy_of(tmp_path / name)
    project = tmp_path / "project"
    project.mkdir()
    with pytest.raises(InputError, match=word) as caught:
        mt_prep_snap(tiny_stacks.master_of(stack), stack, workdir=project)
    assert "\n" not in str(caught.value) and list(project.iterdir()) == []
    mt_prep_snap(tiny_stacks.master_of(stack), tiny_stacks.copy_of(tmp_path / "good"), workdir=project)
    insar = next(tiny_stacks.copy_of(tmp_path / f"INSAR{name}", "doris").glob("INSAR_*"))
    with pytest.raises(InputError, match=word):
        mt_prep(workdir=insar)
    with pytest.raises(InputError, match=word):
        relocate(stack, workdir=project)


# ---------------------------------------------------------------------- names and dates


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("20180213_20180108.diff", ("20180213", "20180108")),
        ("20180213_20180108_IW1.diff", ("20180213", "20180108")),
        ("20180213_20180108_IW1_VV.diff", ("20180213", "20180108")),
        ("20180213-20180108.diff", ("20180213", "20180108")),
        ("20180213_20180108.20l_4s.diff", ("20180213", "20180108")),
        ("S1_20180213_20180108.diff", ("20180213", "20180108")),
        ("00000001_00000002_20180213_20180108.diff", ("20180213", "20180108")),
        ("20180213_20181308.diff", None),
        ("20180213.diff", None),
        ("120180213_20180108_IW1.diff", None),
        ("ifg.diff", None),
    ],
)
@pytest.mark.parametrize("folder", ["", "/data/20170101_20170113/", "/data/20170101/diff0/"])
def test_dates_of_names(name, pair, folder):
    assert pair_of_name(folder + name) == pair
    if pair:
        assert master_header.pair_dates([folder + name]).tolist() == [[int(date) for date in pair]]


def test_dates_of_images():
    names = [
        "20180213.rslc",
        "20180213_IW2.rslc.par",
        "20180213-vv.slc",
        "20181313.rslc",
        "x20180213.rslc",
        "20180213x.rslc",
    ]
    assert [image_date(f"/20170101/{name}") for name in names] == ["20180213"] * 3 + [None] * 3
    assert dates_in_path("/data/20170101/20180213_20180225/x") == [20180213, 20180225, 20170101]


@pytest.mark.parametrize(
    ("suffix", "bare_base"),
    [("_IW1", True), ("_IW1_VV", False), pytest.param(".r10", False, marks=pytest.mark.exhaustive)],
)
def test_names_with_suffixes(tmp_path, suffix, bare_base):
    """Interferograms, and SLCs, with a suffix behind their dates; baseline files with and without it."""
    plain = tiny_stacks.copy_of(tmp_path / "20170601" / "plain")
    stack = tiny_stacks.copy_of(tmp_path / "20170613" / "stack")
    for path in [*(stack / "diff0").iterdir(), *(stack / "rslc").iterdir()]:
        if path.name.endswith(".base") and bare_base or path.parent.name == "rslc" and "." in suffix:
            continue
        stem, dot, rest = path.name.partition(".")
        path.rename(path.with_name(f"{stem}{suffix}{dot}{rest}"))
    ps = []
    for number, source in enumerate((plain, stack)):
        project = tmp_path / f"project{number}"
        project.mkdir()
        mt_prep_snap(tiny_stacks.master_of(plain), source, workdir=project)
        ps_load_initial_gamma(project / "PATCH_1")
        ps.append(Workspace(project / "PATCH_1").load("ps1"))
    for name in ("day", "master_ix", "bperp", "lonlat"):
        np.testing.assert_array_equal(ps[0][name], ps[1][name])


def test_missing_baseline_file_is_named_with_the_suffix(tmp_path):
    assert baseline_file(str(tmp_path / "20180213_20180108_IW1.diff")) == str(tmp_path / "20180213_20180108_IW1.base")


@pytest.mark.parametrize(
    "name",
    [
        "/data/20180601/{}/secondary.slc",
        "/data/20180601/{}/SLC/secondary.slc",
        "/data/stack_{}/20180601.slc.full",
        "/data/20180601_20180613/{}/a/b.slc",
        "/my 20180601 data/{}/slc/x.slc",
    ],
)
def test_dates_of_images_in_upper_folders(tmp_path, name):
    patch, _ = text_project.write_project(tmp_path / "INSAR")
    lines = [f"{name.format(date)} {k + 2}.5\n" for k, date in enumerate((text_project.MASTER, *text_project.SLAVES))]
    (tmp_path / "INSAR" / "calamp.out").write_text("".join(lines))
    images = project_headers.read_acquisitions(Workspace(patch))
    np.testing.assert_array_equal(project_headers.calibration_constants(Workspace(patch), images), [4.5, 5.5, 3.5])


def test_gsar_dates_in_the_folder(tmp_path):
    patch, _ = write_gsar(tmp_path / "20170101_20170113" / "project")
    project = patch.parent
    ps_load_initial_gsar(patch)
    expected = Workspace(patch).load("ps1")["day"]
    lines = (project / "pscphase.in").read_text().splitlines()
    moved = []
    for path in map(Path, lines[1:]):
        folder = project / path.stem
        folder.mkdir()
        source = next(place for place in (Path(f"{path}.xml"), path.with_suffix(".xml")) if place.is_file())
        source.rename(folder / "ifg.int.xml")
        moved.append(str(folder / "ifg.int"))
    (project / "pscphase.in").write_text("\n".join([lines[0], *moved]) + "\n")
    ps_load_initial_gsar(patch)
    np.testing.assert_array_equal(Workspace(patch).load("ps1")["day"], expected)


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


# ---------------------------------------------------------------------- commands


def test_the_verb(sandbox):
    stack = sandbox.stack("my export")
    sandbox.prepare(stack).succeeds()
    stack.rename(sandbox.root / "moved")
    sandbox.run("stamps", "1", "1").refuses("stamps relocate")
    assert "would be rewritten" in sandbox.run("stamps", "relocate", "--dry-run", "../moved").succeeds().stdout
    assert "pscphase.in: 17 paths rewritten" in sandbox.run("stamps", "relocate", "../moved").succeeds().stdout
    sandbox.run("stamps", "1", "1").succeeds()
    sandbox.run("stamps", "relocate", "../nowhere").refuses("does not exist")


@pytest.mark.exhaustive
@pytest.mark.parametrize("set_name", ["ps_mini"])
def test_the_chain_in_folders_with_blanks(sandbox, set_name):
    stack = sandbox.stack("my first export", set_name)
    sandbox.project = sandbox.project.rename(sandbox.root / "my 1st project")
    sandbox.prepare(stack, "2", "1", "30", "50").succeeds()
    sandbox.run("setparm", "unwrap_grid_size", "50").succeeds()
    sandbox.run("stamps", "1", "8").succeeds()
    sandbox.run("stamps", "export", "csv", "--out", "my table.csv").succeeds()
    sandbox.run("ps_plot", "v", "--out", "my map.png").succeeds()
    assert (sandbox.project / "my table.csv").stat().st_size > 1000
