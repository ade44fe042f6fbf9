"""Projects that were made to do harm: patches, logs, locks and results that lead elsewhere."""

import os
from pathlib import Path

import pytest

from helpers import finished_project
from stamps.cli import program as cli
from stamps.errors import InputError, WorkspaceError
from stamps.products.exports import export
from stamps.products.saving import complete_file
from stamps.workspace import Workspace, findings, patch_names
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters


@pytest.fixture
def place(tmp_path):
    """A project with two patches beside a folder that must stay as it is."""
    project = tmp_path / "project"
    for name in ("PATCH_1", "PATCH_2"):
        (project / name).mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("mine")
    yield project
    assert (tmp_path / "outside" / "kept").read_text() == "mine"
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["kept"]


ENTRIES = ["../outside", "PATCH_1/../../outside", "/tmp", "..", ".", "./", "PATCH_1/..", "./../outside"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_entries_of_the_patch_list_that_lead_out(place, entry):
    (place / "patch.list").write_text(f"PATCH_1\n{entry}\n")
    with pytest.raises(InputError, match="patch.list names .* inside of the project"):
        Workspace(place).patch_list()


def test_entries_as_users_write_them(place):
    (place / "patch.list").write_text("./PATCH_1\n\n PATCH_2/ \r\n")
    assert Workspace(place).patch_list() == ["PATCH_1", "PATCH_2"]


@pytest.mark.parametrize("entry", ["PATCH_1", "./PATCH_1", "PATCH_1//"])
def test_a_patch_listed_twice(place, entry):
    (place / "patch.list").write_text(f"PATCH_1\n{entry}\n")
    with pytest.raises(InputError, match="more than once"):
        Workspace(place).patch_list()


def test_a_list_of_many_patches_is_checked_soon(place):
    names = [f"PATCH_{k}" for k in range(20_000)]
    assert patch_names.listed(place, names, "patch.list") == names


@pytest.mark.parametrize("with_list", [True, False])
def test_a_patch_that_is_a_link_out_of_the_project(place, with_list):
    (place / "PATCH_3").symlink_to(place.parent / "outside")
    if with_list:
        (place / "patch.list").write_text("PATCH_1\nPATCH_3\n")
    with pytest.raises(InputError, match="PATCH_3 is a link to .*outside"):
        Workspace(place).patch_list()
    assert cli.run("stamps", ["1", "1", "--workdir", str(place)]) == 1


def test_a_link_inside_of_the_project_and_a_linked_project(place):
    (place / "elsewhere").mkdir()
    (place / "PATCH_3").symlink_to("elsewhere")
    (place.parent / "link").symlink_to(place)
    assert Workspace(place.parent / "link").patch_list() == ["PATCH_1", "PATCH_2", "PATCH_3"]


def test_two_names_of_one_patch(place):
    (place / "PATCH_3").symlink_to("PATCH_2")
    with pytest.raises(InputError, match="PATCH_2 and PATCH_3 are the same folder"):
        Workspace(place).patch_list()


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "command", ["stamps 1 1", "stamps 1 5", "stamps 1 1 --dry-run", "stamps_mc_header 1 1", "scla_reset y"]
)
def test_commands_do_not_enter_a_linked_patch(sandbox, command):
    project = sandbox.state(0)
    (project / "PATCH_2").rename(sandbox.root / "outside")
    (project / "PATCH_2").symlink_to(sandbox.root / "outside")
    sandbox.run(*command.split()).refuses("PATCH_2", "link")


@pytest.mark.exhaustive
def test_a_project_reached_through_a_link_is_fine(sandbox):
    project = sandbox.state(0)
    (sandbox.root / "link").symlink_to(project)
    sandbox.run("stamps", "1", "1", cwd=sandbox.root / "link").succeeds()


def _link(path, outside):
    path.symlink_to(outside / "kept")


def _dangling(path, outside):
    path.symlink_to(outside / "new")


def _pipe(path, outside):
    os.mkfifo(path)


def _folder(path, outside):
    path.mkdir()


KINDS = (_link, _dangling, _pipe, _folder)


@pytest.mark.parametrize("build", KINDS)
@pytest.mark.parametrize("level", [0, 1, 3, "mine.log"])
def test_logs_are_plain_files(place, build, level):
    name = {0: "STAMPS.log", 1: "STAMPS.log", 3: "DEBUG.log"}.get(level, level)
    build(place / name, place.parent / "outside")
    with pytest.raises(WorkspaceError, match=f"{name} is a (link|pipe|folder)"):
        Log(place, "TEST")("message", level)


@pytest.mark.parametrize("build", KINDS)
def test_locks_are_plain_files(place, build):
    build(place / ".parms.lock", place.parent / "outside")
    with pytest.raises(WorkspaceError, match=r"\.parms\.lock is a"):
        Parameters(place).set("unwrap_grid_size", 50)


def test_files_that_are_links_are_replaced_not_followed(place):
    names = ("parms.mat", "patch.list", "patch.list_old", ".stamps-findings.json")
    for name in names:
        (place / name).symlink_to(place.parent / "outside" / "kept")
    ws = Workspace(place)
    with ws.publish():
        ws.rename("patch.list", "patch.list_old")
        ws.write_text("patch.list", "PATCH_1\n")
        ws.write_text(".stamps-findings.json", "{}")
        ws.save("parms", {"heading": 1.0}, append=False)
    assert not any((place / name).is_symlink() for name in names)
    assert (place / "patch.list_old").read_text() == "mine"


@pytest.mark.parametrize(
    "content", ["[" * 200_000, "{", "[]", '{"a": 1}', "\x00\xff", '{"a": {"b": ["c"]}}', f'"{"x" * 2**24}"']
)
def test_findings_that_nobody_wrote_are_none(place, content):
    (place / findings.FILE).write_bytes(content.encode("latin-1"))
    findings.collect(Workspace(place))
    findings.record(Workspace(place), "step 1", ["A sentence."])
    assert "A sentence." in findings.collect(Workspace(place))


@pytest.mark.parametrize("build", KINDS)
def test_findings_are_read_from_plain_files(place, build):
    build(place / findings.FILE, place.parent / "outside")
    assert findings.collect(Workspace(place)) == []


def _device(path, outside):
    path.symlink_to("/dev/full")


@pytest.mark.parametrize("build", [*KINDS, _device])
def test_a_result_is_put_in_the_place_of_plain_files_only(place, build):
    path = place / "out.png"
    build(path, place.parent / "outside")
    before = sorted(place.iterdir())
    with pytest.raises(WorkspaceError, match="out.png is a"), complete_file(path, "picture") as part:
        part.write_text("new")
    assert sorted(place.iterdir()) == before


@pytest.mark.parametrize("path", ["/dev/full", "/dev/null", "/dev/stdout"])
def test_a_device_is_no_place(path):
    with pytest.raises(WorkspaceError, match="is a"), complete_file(Path(path), "picture"):
        pass


@pytest.mark.parametrize(
    "name", ["nowhere/out.png", "PATCH_1/../nowhere/out.png", "x" * 300 + ".png", "PATCH_1/y/z.png"]
)
def test_a_folder_that_is_not_there_is_one_sentence(place, name):
    with pytest.raises(WorkspaceError, match="cannot be written"), complete_file(place / name, "picture") as part:
        part.write_text("new")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return finished_project.single_master(tmp_path_factory.mktemp("finished"))


OUTS = [
    "",
    "-",
    "x.unknown",
    "points.csv.gz",
    "x" * 300 + ".csv",
    "folder",
    "folder.csv",
    "link.csv",
    "pipe.csv",
    "/dev/full",
]


@pytest.mark.parametrize("out", OUTS)
def test_exports_go_where_they_are_said_to_or_nowhere(finished, out):
    kept = finished.path / "kept"
    kept.write_text("mine")
    for name in ("folder", "folder.csv"):
        (finished.path / name).mkdir(exist_ok=True)
    if not os.path.lexists(finished.path / "link.csv"):
        (finished.path / "link.csv").symlink_to(kept)
        os.mkfifo(finished.path / "pipe.csv")
    before = sorted(finished.path.rglob("*"))
    with pytest.raises((InputError, WorkspaceError)) as error:
        export("csv", out, finished, n_boot=2)
    assert "\n" not in str(error.value)
    assert sorted(finished.path.rglob("*")) == before and kept.read_text() == "mine"


def test_default_places_that_are_links_out(finished, tmp_path, capsys):
    for name in ("mintpy", "report"):
        (finished.path / name).symlink_to(tmp_path)
    try:
        with pytest.raises(InputError, match="mintpy is a link to"):
            export("mintpy", None, finished, n_boot=2)
        assert cli.run("stamps", ["report", "--workdir", str(finished.path)]) == 1
        assert "report is a link to" in capsys.readouterr().err
    finally:
        for name in ("mintpy", "report"):
            (finished.path / name).unlink()
    assert not list(tmp_path.iterdir())


PLACES = [
    ("stamps", "view", "--no-background", "--n-boot", "2", "--out", "{}.html"),
    ("stamps", "export", "csv", "--n-boot", "2", "--out", "{}.csv"),
    ("ps_plot", "v-d", "--out", "{}.png"),
    ("ps_baseline_plot", "--out", "{}.pdf"),
]


@pytest.mark.parametrize("words", PLACES, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("build", [_link, _pipe])
def test_no_command_writes_through_a_link(finished, tmp_path, capsys, words, build):
    (tmp_path / "kept").write_text("mine")
    path = tmp_path / "out"
    suffix = words[-1].removeprefix("{}")
    build(path.with_name(f"out{suffix}"), tmp_path)
    arguments = [word.format(path) for word in words[1:]]
    assert cli.run(words[0], [*arguments, "--workdir", str(finished.path)]) == 1
    error = capsys.readouterr().err.strip()
    assert f"out{suffix} is a" in error and "\n" not in error
    assert (tmp_path / "kept").read_text() == "mine"


def test_a_report_deletes_nothing_and_shows_texts_as_text(tmp_path, monkeypatch):
    jinja2 = pytest.importorskip("jinja2")
    from stamps.report import page

    environment = page._environment()
    environment.loader = jinja2.DictLoader({"page": "{{ name }}"})
    monkeypatch.setattr(page, "_environment", lambda: environment)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "index.html").symlink_to(tmp_path / "notes.txt")
    with pytest.raises(WorkspaceError, match="index.html is a link"):
        page.write(tmp_path, "page", {"name": ""}, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.html", "notes.txt"]
    (tmp_path / "index.html").unlink()
    page.write(tmp_path, "page", {"name": "\x1b[31m<b>\u202e"}, {})
    assert (tmp_path / "index.html").read_text() == "\\x1b[31m&lt;b&gt;\\u202e"
    assert (tmp_path / "notes.txt").read_text() == "mine"
