"""``stamps list-legacy``: the table of the original's scripts against what is there."""

import importlib
import json
import re
from pathlib import Path

import pytest

from stamps.cli import program as cli
from stamps.errors import InputError
from stamps.queries.legacy_scripts import legacy_scripts, list_legacy
from stamps.verify import golden
from stamps.workspace import parameters, step_files

HERE = Path(__file__).resolve().parent
LEGACY = HERE.parent / "stamps" / "legacy"
METHOD = HERE.parent / "docs" / "method"
ROWS = legacy_scripts()


def test_every_module_is_listed_and_every_listed_module_exists():
    there = {f"stamps.legacy.{path.stem}" for path in LEGACY.glob("*.py") if not path.stem.startswith("_")}
    listed = [row.module for row in ROWS if row.ported]
    assert set(listed) == there and len(listed) == len(set(listed))
    for row in ROWS:
        if row.ported:
            assert callable(getattr(importlib.import_module(row.module), row.script))


def test_every_row_is_complete():
    assert len({row.script for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.language and row.purpose and row.pages, row.script
        if row.ported:
            assert row.tests and not row.reason, row.script
        else:
            assert row.reason.endswith(".") and not row.tests and not row.goldens, row.script


@pytest.mark.parametrize("row", [row for row in ROWS if row.ported], ids=lambda row: row.script)
def test_named_tests_exist_and_use_the_script(row):
    """A test of a whole step reaches its parts by their kernels or by the golden states."""
    texts = []
    for name in row.tests:
        assert (HERE / name).is_file(), name
        texts.append((HERE / name).read_text())
    named = any(re.search(rf"\b{row.script}\b", text) for text in texts)
    assert named or f"test_{row.script}.py" in row.tests


def test_named_goldens_exist():
    """Where a complete set is there, every overlay named of it is, too."""
    missing = []
    for row in ROWS:
        for name in row.goldens:
            folder, _, overlay = name.partition("/")
            try:
                path = golden.find_set(folder, complete=True)
            except InputError:
                continue
            if not (path / overlay).is_dir():
                missing.append((row.script, name))
    assert missing == []
    assert sum(len(row.goldens) for row in ROWS) > 100


#: Names in the pages of the method that look like scripts and are none: files, variables, outdated parameters, sets.
_NO_SCRIPTS = {
    "calibration", "ps_mini", "ps_other", "sb_recalc_index", "scla_smooth", "select_other", "selectedPolarisations",
    "psi", "stamps_parameters", "ts_rmse", "ts_type",
}  # fmt: skip

#: Scripts that they speak of without their names.
_NOT_NAMED = {
    "clap_filt_patch", "getpsver", "ps_load_initial_isce", "sb_load_initial_gsar", "sb_load_initial_isce", "setpsver",
}  # fmt: skip


def test_named_pages_exist():
    assert {page for row in ROWS for page in row.pages} <= {path.stem for path in METHOD.glob("*.md")}


def test_scripts_that_the_method_names_are_listed():
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(METHOD.glob("*.md")))
    names = set(re.findall(r"`((?:ps|sb|mt|uw|ts|scla|stamps|sel|psc|cal)_?\w+)[`(]", text))
    known = {row.script for row in ROWS} | {row.name for row in parameters.table()} | _NO_SCRIPTS
    files = {stem for item in step_files.file_variables() for stem in item.files}
    variables = {item.name for item in step_files.file_variables()}
    unknown = {name for name in names if name not in known | files | variables and not re.search(r"\d$", name)}
    assert unknown == set()
    for row in ROWS:
        if row.language not in ("new", "Python"):  # neither is of the original
            assert re.search(rf"\b{re.escape(row.script)}\b", text) or row.script in _NOT_NAMED, row.script


def test_command(capsys):
    assert cli.run("stamps", ["list-legacy"]) == 0
    text = capsys.readouterr().out
    assert "not ported (" in text and "stamps.legacy.ps_select" in text and "Dead code of the original" in text
    assert cli.run("stamps", ["list-legacy", "ps_weed", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["ported"] and "test_ps_weed.py" in row["tests"] and "ps_mini/step4" in row["goldens"]
    assert cli.run("stamps", ["list-legacy", "ps_wed"]) == 1
    assert "did you mean ps_weed" in capsys.readouterr().err
    assert cli.run("stamps", ["list-legacy"]) == 0
    text = capsys.readouterr().out
    assert text.count("They drive Doris") == 1 and "step_master_setup, step_slc_ers" in text  # a family has one reason
    assert list_legacy("ps_select.m")[0].script == "ps_select"
