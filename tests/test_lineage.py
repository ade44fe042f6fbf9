"""The record of what results were made from: what is noted, written down, and how it is judged."""

import json
import os

import numpy as np
import pytest

from stamps.errors import WorkspaceError
from stamps.workspace import Workspace, freshness, lineage, matfile
from stamps.workspace.freshness import Judge
from stamps.workspace.lineage import FILE, Book, digest_of
from stamps.workspace.parameters import Parameters
from stamps.workspace.staleness import counts


@pytest.fixture
def ws(tmp_path):
    return Workspace(tmp_path)


def made(ws, name, value, *sources):
    """Read ``sources`` and write a file, as a step does."""
    with ws.publish():
        for source in sources:
            folder, _, file = source.rpartition("/")
            (ws / folder if folder else ws).load(file, ["value"])
        ws.save(name, {"value": np.full((3, 1), float(value))})


def chain(ws):
    """``ps2`` – ``phuw2`` – ``scla2`` – ``scn2``."""
    made(ws, "ps2", 1)
    made(ws, "phuw2", 2, "ps2")
    made(ws, "scla2", 3, "ps2", "phuw2")
    made(ws, "scn2", 4, "ps2", "phuw2", "scla2")


# ---------------------------------------------------------------------- what is noted


def test_a_record_tells_inputs_program_time_and_parameters(ws):
    made(ws, "ps2", 1)
    with ws.publish():
        ws.load("ps2", ["value"])
        Parameters(ws).get("scla_method")
        ws.save("scla2", {"value": np.ones((2, 2))})
    book = Book.of(ws)
    assert book.made_from("scla2.mat") == [("ps2.mat", digest_of(ws.path / "ps2.mat"))]
    run = book.runs[book.files["scla2.mat"].run]
    assert run.program.startswith("stamps-insar ") and run.time.endswith("+00:00")
    assert run.parameters == {"scla_method": "'L2'"}


def test_what_is_read_before_the_publication_counts(ws):
    made(ws, "ps2", 1)
    ws.load("ps2", ["value"])
    ws.save("scla2", {"value": np.ones((2, 2))})
    ws.save("scn2", {"value": np.ones((2, 2))})  # after what was recorded nothing was read
    assert [name for name, _ in Book.of(ws).made_from("scla2.mat")] == ["ps2.mat"]
    assert Book.of(ws).made_from("scn2.mat") == []


def test_a_file_is_made_from_what_was_read_before_it(ws):
    made(ws, "ps2", 1)
    with ws.publish():
        ws.load("ps2", ["value"])
        ws.save("phuw_sb2", {"value": np.ones((2, 2))})
        ws.load("phuw_sb2", ["value"])
        ws.save("phuw2", {"value": np.ones((2, 2))})
    book = Book.of(ws)
    assert [name for name, _ in book.made_from("phuw_sb2.mat")] == ["ps2.mat"]
    assert dict(book.made_from("phuw2.mat"))["phuw_sb2.mat"] == digest_of(ws.path / "phuw_sb2.mat")


def test_a_file_made_from_itself_is_still_made_from_what_it_was(ws):
    chain(ws)
    made(ws, "ps2", 5)
    made(ws, "phuw2", 6, "phuw2")  # a correction of what is out of date
    names = [name for name, _ in Book.of(ws).made_from("phuw2.mat")]
    assert names == ["ps2.mat", "phuw2.mat"]
    assert "ps2.mat" in str(Judge(ws).verdict("phuw2.mat"))
    made(ws, "phuw2", 7, "ps2", "phuw2")  # made anew from what it was out of date about
    assert Judge(ws).verdict("phuw2.mat") is None


def test_inputs_in_patches_have_their_folder(ws):
    (ws.path / "PATCH_1").mkdir()
    made(ws / "PATCH_1", "ps2", 1)
    made(ws, "ps2", 2, "PATCH_1/ps2")
    assert [name for name, _ in Book.of(ws).made_from("ps2.mat")] == ["PATCH_1/ps2.mat"]


def test_steps_of_a_patch_are_no_inputs_of_the_project(ws):
    (ws.path / "PATCH_1").mkdir()
    patch = ws / "PATCH_1"
    made(patch, "ps1", 1)
    made(patch, "pm1", 1, "ps1")
    made(ws, "rc2", 2)
    assert Book.of(ws).made_from("rc2.mat") == []


def test_how_a_project_is_set_up_is_no_input(ws):
    ws.version = 2
    ws.save_no_ps_flags(np.zeros(5))
    Parameters(ws).get("lambda")
    assert not (ws.path / FILE).exists()
    ws.load("psver")
    made(ws, "ps2", 1)
    assert Book.of(ws).made_from("ps2.mat") == []


def test_nothing_is_recorded_outside_of_projects(ws):
    ws.save("ps_plot_v", {"ph_disp": np.ones((2, 2))})
    assert not (ws.path / FILE).exists()


def test_what_fails_is_not_recorded(ws):
    made(ws, "ps2", 1)
    before = (ws.path / FILE).read_bytes()
    with pytest.raises(RuntimeError), ws.publish():
        ws.save("ps2", {"value": np.zeros((9, 9))})
        raise RuntimeError
    assert (ws.path / FILE).read_bytes() == before


def test_a_deleted_file_has_no_record(ws):
    chain(ws)
    with ws.publish():
        ws.rename("scla2.mat", "tmp_scla2_20200101_000000.mat")
        ws.delete("scn2.mat")
    assert set(Book.of(ws).files) == {"ps2.mat", "phuw2.mat"}


def test_runs_without_files_are_forgotten(ws):
    for value in range(4):
        made(ws, "ps2", value)
    content = json.loads((ws.path / FILE).read_text())
    assert list(content["runs"]) == ["4"]


def test_an_unchanged_file_is_not_read_again(ws, monkeypatch):
    matfile.write(ws.path / "ps2.mat", {"value": np.ones((2, 2))})
    made(ws, "phuw2", 1, "ps2")
    read = []
    monkeypatch.setattr(lineage, "digest_of", lambda path: read.append(os.path.basename(path)) or digest_of(path))
    made(ws, "scla2", 1, "ps2", "phuw2")
    assert read == ["scla2.mat"]  # the one just written
    assert Judge(ws).all_stale() == [] and read == ["scla2.mat"]


# ---------------------------------------------------------------------- digests


def test_the_date_in_the_header_does_not_count(tmp_path):
    matfile.write(tmp_path / "a.mat", {"value": np.ones((2, 2))})
    content = (tmp_path / "a.mat").read_bytes()
    (tmp_path / "b.mat").write_bytes(b"MATLAB 5.0 MAT-file, Created on: Sat Nov 28 2026".ljust(116) + content[116:])
    (tmp_path / "c.mat").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert digest_of(tmp_path / "a.mat") == digest_of(tmp_path / "b.mat") != digest_of(tmp_path / "c.mat")


@pytest.mark.parametrize("position", (0, 200, 9 << 20, (20 << 20) - 1))
def test_large_files_are_told_apart_by_blocks(tmp_path, position):
    content = bytearray(20 << 20)
    (tmp_path / "a").write_bytes(content)
    content[position : position + (1 << 17)] = b"1" * len(content[position : position + (1 << 17)])
    (tmp_path / "b").write_bytes(content)
    assert digest_of(tmp_path / "a") != digest_of(tmp_path / "b")


def test_what_is_no_regular_file_has_no_digest(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert digest_of(tmp_path / "pipe") is None
    assert digest_of(tmp_path) is None
    assert digest_of(tmp_path / "nothing") is None


# ---------------------------------------------------------------------- what counts


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("phuw2.mat", "ps2.mat", True),
        ("scla2.mat", "phuw2.mat", True),
        ("scn2.mat", "scla2.mat", True),
        ("rc2.mat", "PATCH_1/rc2.mat", True),
        ("phuw2.mat", "phuw_sb2.mat", True),
        ("mv2.mat", "scla2.mat", True),
        ("phuw2.mat", "scla_smooth2.mat", False),  # of the pass before
        ("phuw_sb2.mat", "scla_smooth_sb2.mat", False),
        ("phuw2.mat", "tca2.mat", False),
        ("phuw2.mat", "phuw2.mat", False),
        ("phuw2.mat", "uw_grid.mat", False),
        ("scla2.mat", "scla_sb2.mat", False),
        ("phuw_sb2.mat", "phuw2.mat", False),
        ("scla2.mat", "tca2.mat", False),  # other methods are added to the file
        ("tca2.mat", "phuw2.mat", False),  # estimated once, used by the passes that follow
        ("tca2.mat", "ps2.mat", True),
    ],
)
def test_which_inputs_count(name, source, expected):
    assert counts(name, source) is expected


# ---------------------------------------------------------------------- judgement


def test_nothing_is_out_of_date_after_a_run(ws):
    chain(ws)
    assert Judge(ws).all_stale() == []


def test_a_file_made_anew_puts_what_follows_out_of_date(ws):
    chain(ws)
    made(ws, "phuw2", 5, "ps2")
    stale = {item.path.name: (item.root, item.direct, item.first, item.last) for item in Judge(ws).all_stale()}
    assert stale == {"scla2.mat": ("phuw2.mat", True, 7, 7), "scn2.mat": ("phuw2.mat", False, 7, 8)}


def test_the_same_content_puts_nothing_out_of_date(ws):
    chain(ws)
    made(ws, "phuw2", 2, "ps2")
    assert Judge(ws).all_stale() == []


def test_times_do_not_matter(ws):
    chain(ws)
    for path in ws.path.glob("*.mat"):
        os.utime(path, (1e9, 1e9))
    assert Judge(ws).all_stale() == []


def test_a_file_of_another_program_is_never_out_of_date(ws):
    chain(ws)
    made(ws, "phuw2", 5, "ps2")
    for name in ("scla2", "scn2"):
        matfile.write(ws.path / f"{name}.mat", {"value": np.full((3, 1), 7.0)})
    assert Judge(ws).all_stale() == []
    matfile.write(ws.path / "phuw2.mat", {"value": np.full((3, 1), 8.0)})
    assert Judge(ws).all_stale() == []


def test_inputs_that_were_cleared_away_do_no_harm(ws):
    (ws.path / "PATCH_1").mkdir()
    made(ws / "PATCH_1", "ps2", 1)
    made(ws, "ps2", 2, "PATCH_1/ps2")
    (ws.path / "PATCH_1" / "ps2.mat").unlink()
    assert Judge(ws).all_stale() == []
    for path in (ws.path / "PATCH_1").iterdir():
        path.unlink()
    (ws.path / "PATCH_1").rmdir()
    assert Judge(ws).all_stale() == []


def test_a_patch_prepared_anew_puts_the_merged_files_out_of_date(ws):
    (ws.path / "PATCH_1").mkdir()
    made(ws / "PATCH_1", "ps2", 1)
    made(ws, "ps2", 2, "PATCH_1/ps2")
    for path in (ws.path / "PATCH_1").iterdir():
        path.unlink()
    (ws.path / "PATCH_1" / "pscands.1.ij").write_text("1 2 3\n")
    (stale,) = Judge(ws).all_stale()
    assert stale.gone and (stale.first, stale.last) == (1, 5) and "not there any more" in str(stale)


def test_the_sentence_names_file_cause_and_command(ws):
    chain(ws)
    made(ws, "ps2", 9)
    sentence = str(Judge(ws).verdict("scn2.mat"))
    assert sentence.startswith(str(ws.path / "scn2.mat")) and "ps2.mat" in sentence and sentence.endswith(".")
    assert "run steps 6 to 8 again (stamps 6 8)" in sentence
    assert Judge(ws).is_of_other_pixels("scla2.mat") and not Judge(ws).is_of_other_pixels("ps2.mat")


def test_a_workspace_refuses_or_warns_as_it_is_told(ws):
    chain(ws)
    made(ws, "phuw2", 5, "ps2")
    assert ws.load("scla2", ["value"])["value"][0] == 3
    said = []
    freshness.warn(ws, said.append)
    ws.load("scla2", ["value"])
    ws.load("scn2", ["value"])
    assert len(said) == 1 and said[0].startswith("Warning: ") and "scla2.mat" in said[0]
    freshness.refuse(ws)
    with pytest.raises(WorkspaceError, match="stamps 7 7"):
        ws.load("scla2", ["value"])
    assert ws.load("phuw2", ["value"])["value"][0] == 5


def test_a_step_does_not_judge_what_an_earlier_pass_left(ws):
    chain(ws)
    made(ws, "phuw2", 5, "ps2")
    said = []
    with freshness.judged_for_step(ws, 6, said.append):
        ws.load("scla2", ["value"])
    assert said == []
    with freshness.judged_for_step(ws, 8, said.append):
        ws.load("scla2", ["value"])
    assert len(said) == 1
    made(ws, "ps2", 9)
    with (
        freshness.judged_for_step(ws, 8, said.append),
        pytest.raises(WorkspaceError, match=r"scla2\.mat .*another ps2\.mat"),
    ):
        ws.load("scla2", ["value"])
    assert ws.on_load is None


# ---------------------------------------------------------------------- records that are none

_ENTRY = {"digest": "0", "size": 1, "mtime_ns": 1, "run": 1, "n_inputs": 9}
_RUN = {"program": "x", "time": "x", "inputs": [], "parameters": {}}


def _forged(**changes):
    return json.dumps({"format": 1, "runs": {"1": _RUN}, "files": {"scla2.mat": _ENTRY}, **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00nonsense",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        _forged(format=2),
        _forged(runs=[]),
        _forged(files=[1, 2]),
        _forged(runs={"one": _RUN}),
        _forged(runs={"1": {**_RUN, "inputs": 7}}),
        _forged(runs={"1": {**_RUN, "inputs": [["only"]]}}),
        _forged(files={"scla2.mat": {**_ENTRY, "size": "large"}}),
        _forged(files={"scla2.mat": {**_ENTRY, "run": 77}}),
        _forged(files={"../outside.mat": _ENTRY, "/etc/passwd": _ENTRY}),
        _forged(runs={"1": {**_RUN, "inputs": [["../ps2.mat", "0"], ["/etc/passwd", "0"], ["a/b/c.mat", "0"]]}}),
    ],
    ids=range(16),
)
def test_a_damaged_or_forged_record_counts_as_none(ws, content):
    made(ws, "ps2", 1)
    (ws.path / FILE).write_bytes(content)
    freshness.refuse(ws)
    assert ws.load("ps2", ["value"])["value"][0] == 1
    assert Judge(ws).all_stale() == []
    made(ws, "scla2", 1, "ps2")
    assert [name for name, _ in Book.of(ws).made_from("scla2.mat")] == ["ps2.mat"]
    assert all("/" not in name for name in Book.of(ws).files)


def test_a_record_that_goes_round_in_circles_ends(ws):
    made(ws, "phuw2", 1)
    made(ws, "phuw_sb2", 1)
    content = json.loads((ws.path / FILE).read_text())
    for run, other in (("1", "phuw_sb2.mat"), ("2", "phuw2.mat")):
        content["runs"][run]["inputs"] = [[other, content["files"][other]["digest"]]]
    for entry in content["files"].values():
        entry["n_inputs"] = 1
    (ws.path / FILE).write_text(json.dumps(content))
    assert Judge(ws).all_stale() == []


@pytest.mark.parametrize("kind", ("folder", "pipe", "link"))
def test_something_else_of_the_name_hinders_nobody(ws, kind, tmp_path_factory):
    place, outside = ws.path / FILE, tmp_path_factory.mktemp("outside") / "file"
    outside.write_text("mine")
    {"folder": place.mkdir, "pipe": lambda: os.mkfifo(place), "link": lambda: place.symlink_to(outside)}[kind]()
    chain(ws)
    assert ws.load("scn2", ["value"])["value"][0] == 4 and outside.read_text() == "mine"
    assert Judge(ws).all_stale() == []


def test_too_large_a_record_is_not_read(ws, monkeypatch):
    chain(ws)
    monkeypatch.setattr(lineage, "_LARGEST_RECORD", 100)
    assert Book.of(ws).files == {}
