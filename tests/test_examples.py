"""The examples in docstrings of public functions run, in a finished project, and print what they say."""

import ast
import doctest
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import stamps

_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def _examples():
    finder = doctest.DocTestFinder(recurse=False)
    found = {}
    for name in (*stamps.__all__, "open"):
        function = inspect.unwrap(getattr(stamps, name))
        name = function.__name__ if name == "open" else name
        for test in finder.find(function, name, globs={}):
            if any(not example.options.get(doctest.SKIP) for example in test.examples):
                found[name] = test
    return found


EXAMPLES = _examples()


class _Checker(doctest.OutputChecker):
    """What a step logs (``PS_PLOT: …``) may be shown or not: it is no part of an example."""

    def check_output(self, want, got, optionflags):
        shown = re.sub(r"^[A-Z][A-Z0-9_]+: .*\n", "", got, flags=re.M)
        return super().check_output(want, shown, optionflags)


def test_the_functions_most_used_have_examples():
    most_used = {
        "stamps",
        "getparm",
        "setparm",
        "mt_prep_snap",
        "ps_info",
        "ps_plot",
        "ps_mean_v",
        "ts_plot",
        "export",
        "view",
    }
    assert most_used <= set(EXAMPLES)
    assert len(EXAMPLES) >= 25


def test_no_example_stands_where_it_is_not_run():
    """Examples are those of public functions: elsewhere nobody would notice that they are wrong."""
    shown = set()
    for path in Path(stamps.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if ">>>" in text else ():
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ">>>" in (
                ast.get_docstring(node) or ""
            ):
                shown.add(getattr(node, "name", path.name))
    assert shown == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_a_function(name, golden_state, golden_dir, monkeypatch, capsys):
    project = golden_state("ps_mini", 8)
    monkeypatch.chdir(project)
    monkeypatch.setenv("MPLBACKEND", "agg")
    test = EXAMPLES[name]
    test.globs = {"np": np, "stack": golden_dir("ps_mini") / "stack"}
    report = []
    runner = doctest.DocTestRunner(_Checker(), verbose=False, optionflags=_OPTIONS)
    runner.run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)
