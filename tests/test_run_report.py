"""The report of a run: what was planned, completed, skipped or has failed, as an object and as JSON."""

import datetime
import json
import re
from pathlib import Path

import pytest

import stamps as package
from helpers.stub_steps import Killed, StubSteps, make_project
from stamps import stamps
from stamps.cli import program as cli
from stamps.errors import InputError, StampsError
from stamps.run import run_report
from stamps.run.run_report import RunReport, StepReport

TOP = "INSAR_20200101"
SCHEMA = json.loads(Path(run_report.__file__).with_name("run_report.schema.json").read_text())


@pytest.fixture
def steps(monkeypatch):
    return StubSteps(monkeypatch)


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path / TOP)


def told(steps):
    return [(step.directory, step.step) for step in steps]


def conforms(value, schema=SCHEMA):
    """A small check of what the schema says: types, names, constants."""
    types = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None)}
    if "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert any(isinstance(value, types[name]) for name in names), (value, schema)
    assert "const" not in schema or value == schema["const"]
    assert "enum" not in schema or value in schema["enum"]
    assert "pattern" not in schema or re.search(schema["pattern"], value)
    assert "minimum" not in schema or value is None or value >= schema["minimum"]
    if isinstance(value, dict):
        assert set(schema["required"]) == set(schema["properties"]) == set(value)
        for name, part in schema["properties"].items():
            conforms(value[name], part)
    if isinstance(value, list):
        for item in value:
            conforms(item, schema["items"])
    return True


IN_PATCHES = [(f"PATCH_{k}", step) for k in (1, 2) for step in (1, 2, 3, 4, 5)]
IN_PROJECT = [(".", step) for step in (5, 6, 7, 8)]


def test_a_whole_run(project, steps, capsys):
    report = stamps(1, 8, workdir=project.path)
    assert told(report.steps) == told(report.completed) == IN_PATCHES + IN_PROJECT
    assert (report.state, report.error, report.start, report.end) == ("completed", "", 1, 8)
    assert (report.workdir, report.version) == (str(project.path), package.__version__)
    assert datetime.datetime.fromisoformat(report.began).tzinfo is not None
    first, last = report.steps[0], report.steps[-1]
    assert {"ph1.mat", "ps1.mat", "psver.mat"} <= set(first.files) and "scn2.mat" in last.files
    assert not any(name.startswith(".") for step in report.steps for name in step.files)
    assert all((project.path / step.directory / name).is_file() for step in report.steps for name in step.files)
    assert 0 < sum(step.seconds for step in report.steps) <= report.seconds < 60
    assert conforms(json.loads(json.dumps(report.as_dict())))
    assert "STAMPS: Finished" in capsys.readouterr().out


def test_what_the_prompt_and_notebooks_show(project, steps):
    report = stamps(1, 8, workdir=project.path)
    assert re.fullmatch(r"<steps 1 to 8 completed: 14 completed in \d+\.\d s>", repr(report))
    lines = str(report).splitlines()
    assert len(lines) == 10 and re.fullmatch(r" +5 +3 +3 +0 +0 +0 +\d+\.\d", lines[6])
    assert report._repr_html_().count("<tr>") == 9
    for value, name in ((report, "steps"), (report.steps[0], "state")):
        with pytest.raises(AttributeError):
            setattr(value, name, None)


def test_patches_without_pixels_are_skipped(project, steps):
    steps.empty.add(("PATCH_2", 3))
    report = stamps(1, 5, workdir=project.path)
    assert told(report.skipped) == [("PATCH_2", 4), ("PATCH_2", 5)]
    assert [step.reason for step in report.skipped] == ["step 3 left no pixel", "step 4 left no pixel"]
    assert report.state == "completed" and told(report.completed)[-1] == (".", 5)


def test_a_failing_step(project, steps):
    steps.failing["PATCH_2", 3] = StampsError("something is wrong.")
    with pytest.raises(StampsError) as caught:
        stamps(1, 8, workdir=project.path)
    report = caught.value.report
    assert (report.state, report.error) == ("failed", "PATCH_2: something is wrong.")
    (failed,) = report.failed
    assert failed == StepReport(3, "PATCH_2", "patch", "failed", "PATCH_2: something is wrong.")
    assert told(report.completed) == IN_PATCHES[:7] and told(report.planned) == [*IN_PATCHES[8:], *IN_PROJECT]
    assert conforms(json.loads(json.dumps(report.as_dict())))
    assert "step 3 in PATCH_2: PATCH_2: something is wrong." in str(report)


def test_a_failing_step_of_the_project(project, steps):
    steps.failing[TOP, 7] = StampsError("no way.")
    with pytest.raises(StampsError) as caught:
        stamps(1, 8, workdir=project.path)
    report = caught.value.report
    assert told(report.failed) == [(".", 7)] and told(report.planned) == [(".", 8)] and len(report.completed) == 12


def test_errors_that_nobody_foresaw_and_interruptions_are_told(project, steps):
    for error, state in ((ZeroDivisionError("oops"), "failed"), (KeyboardInterrupt(), "interrupted")):
        steps.failing["PATCH_1", 2] = error
        with pytest.raises(type(error)) as caught:
            stamps(1, 2, workdir=project.path, restart=True)
        assert caught.value.report.state == state and told(caught.value.report.completed) == [("PATCH_1", 1)]
        assert told(caught.value.report.failed) == [("PATCH_1", 2)] * (state == "failed")


def test_a_continued_run_says_what_was_there(project, steps):
    steps.deadly = (TOP, 7)
    with pytest.raises(Killed):
        stamps(1, 8, workdir=project.path)
    steps.deadly = None
    report = stamps(1, 8, workdir=project.path)
    assert told(report.skipped) == [*IN_PATCHES, (".", 5), (".", 6)] and told(report.completed) == [(".", 7), (".", 8)]
    assert {step.reason for step in report.skipped} == {"published by the interrupted run"}
    assert {step.seconds for step in report.skipped} == {None}


def test_a_resumed_run(project, steps):
    stamps(1, 3, workdir=project.path)
    stamps(1, 1, "n", workdir=(project / "PATCH_2").path)
    report = stamps(0, 4, workdir=project.path)
    assert told(report.skipped) == IN_PATCHES[:3] + IN_PATCHES[5:8]
    assert {step.reason for step in report.skipped} == {"already done"}
    assert told(report.completed) == [("PATCH_1", 4), ("PATCH_2", 4)]


def test_a_directory_without_patches_has_both_parts_of_step_five(project, steps):
    report = stamps(1, 6, "n", workdir=(project / "PATCH_1").path)
    parts = [(step.part, step.step) for step in report.completed]
    assert parts == [*(("patch", k) for k in (1, 2, 3, 4, 5)), ("project", 5), ("project", 6)]
    assert {step.directory for step in report.steps} == {"."} and "rc2.mat" in report.steps[4].files
    assert "ifgstd2.mat" in report.steps[5].files


def test_arguments_that_are_wrong_have_a_report_without_steps(project):
    with pytest.raises(InputError) as caught:
        stamps(9, 9, workdir=project.path)
    report = caught.value.report
    assert report.steps == () and report.start is None and conforms(json.loads(json.dumps(report.as_dict())))


def test_patches_in_processes_tell_the_same(golden_state):
    workdir = golden_state("ps_mini", 2)
    (workdir / "PATCH_1" / "pm1.mat").unlink()
    with pytest.raises(StampsError) as caught:
        stamps(3, 4, workdir=workdir, cores=2)
    report = caught.value.report
    assert told(report.failed) == [("PATCH_1", 3)] and "pm1.mat is missing" in report.failed[0].reason
    assert told(report.completed) == [("PATCH_2", 3), ("PATCH_2", 4)] and told(report.planned)[0] == ("PATCH_1", 4)
    assert "select1.mat" in report.completed[0].files and report.completed[0].seconds > 0


class TestCommand:
    def run(self, project, *words):
        return cli.run("stamps", [*map(str, words), "--workdir", str(project.path)])

    def test_the_file_holds_the_report(self, project, steps, capsys):
        assert self.run(project, 1, 8, "--json", "report.json") == 0
        assert conforms(json.loads((project.path / "report.json").read_text()))
        printed = capsys.readouterr().out
        assert self.run(project, 1, 8) == 0
        same = [re.sub("STAMPS: .*interrupted.*", "", text) for text in (printed, capsys.readouterr().out)]
        assert same[0].count("Step") == same[1].count("Step") and "completed" not in printed

    def test_of_a_failed_run_too(self, project, steps, capsys):
        steps.failing["PATCH_1", 1] = StampsError("no data.")
        (project.path / "report.json").write_text("of an earlier run")
        assert self.run(project, "--json", "report.json", 1, 8) == 1
        facts = json.loads((project.path / "report.json").read_text())
        assert facts["state"] == "failed" and facts["steps"][0]["state"] == "failed"
        assert capsys.readouterr().err == "stamps: PATCH_1: no data.\n"
        assert not list(project.path.glob("*.part")) and not list(project.path.glob(".stamps*.part"))

    def test_a_place_that_cannot_be_is_refused_before_the_run(self, project, steps, capsys):
        assert self.run(project, 1, 8, "--json", "nowhere/report.json") == 1
        assert "is no folder" in capsys.readouterr().err and steps == []
        (project.path / "link.json").symlink_to(project.path / "elsewhere")
        assert self.run(project, 1, 8, "--json", "link.json") == 1 and steps == []

    def test_a_run_needs_a_file_and_a_dry_run_does_not(self, project, steps, capsys):
        assert self.run(project, 1, 8, "--json") == 2 and steps == []
        assert "--json needs a file" in capsys.readouterr().err
        assert self.run(project, "--dry-run", "--json", 1, 8) == 1  # the stand-ins of the steps read nothing
        assert json.loads(capsys.readouterr().out)["start"] == 1
        assert self.run(project, 1, 8, "--dry-run", "--json", "plan.json") == 1
        assert capsys.readouterr().out == "" and json.loads((project.path / "plan.json").read_text())["end"] == 8


def test_the_schema_allows_what_the_classes_hold():
    assert set(SCHEMA["properties"]) == {"schema", "schema_version", *RunReport.__dataclass_fields__}
    assert set(SCHEMA["properties"]["steps"]["items"]["properties"]) == set(StepReport.__dataclass_fields__)
    assert re.fullmatch(SCHEMA["properties"]["schema_version"]["pattern"], run_report.SCHEMA_VERSION)
    page = (Path(__file__).parent.parent / "docs" / "run_report.md").read_text()
    example = json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])
    assert conforms(example)
