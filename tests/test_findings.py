"""Findings are kept per source, replaced by the next look, and collected over patches."""

from stamps.workspace import Workspace, findings
from stamps.workspace.log import Log


def test_findings_are_collected_replaced_and_said_again(tmp_path, capsys):
    project = Workspace(tmp_path)
    (tmp_path / "PATCH_1").mkdir()
    findings.record(project, "mt_prep_snap", ["a is empty: export it again.", "a is empty: export it again."])
    findings.record(project / "PATCH_1", "step 1", ["b holds 3 NaN."], Log(project / "PATCH_1", "LOAD"))
    assert "LOAD: Warning: b holds 3 NaN." in capsys.readouterr().out
    assert findings.collect(project) == ["a is empty: export it again.", "b holds 3 NaN."]
    findings.repeat(project, Log(project, "STAMPS"))
    assert capsys.readouterr().out.count("Warning:") == 2
    findings.record(project, "mt_prep_snap", [])
    assert findings.collect(project) == ["b holds 3 NaN."]
    assert not (tmp_path / findings.FILE).exists()


def test_a_damaged_file_counts_as_none(tmp_path):
    for text in ("[1]", "{", '{"a": 3}', '"x"'):
        (tmp_path / findings.FILE).write_text(text)
        assert findings.collect(Workspace(tmp_path)) == []
    findings.record(Workspace(tmp_path), "a", ["c."])
    assert findings.collect(Workspace(tmp_path)) == ["c."]
