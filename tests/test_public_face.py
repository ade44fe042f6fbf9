"""What ``import stamps`` offers: every name, to programs, editors and ``help``; the package is callable; ``python -m`` works."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import stamps
from helpers import finished_project
from stamps.errors import InputError

PACKAGE = Path(stamps.__file__).parent
LEGACY = sorted(path.stem for path in (PACKAGE / "legacy").glob("*.py") if path.stem != "__init__")


def python(*arguments, cwd):
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_every_legacy_function_is_a_public_name():
    assert {*LEGACY} <= {*stamps.__all__}
    assert {"export", "view", "project_status", "aps_linear"} <= {*stamps.__all__}
    assert {*stamps.__all__} <= {*dir(stamps)}


@pytest.mark.parametrize("name", stamps.__all__)
def test_every_public_name_is_a_function_of_that_name(name):
    assert getattr(stamps, name).__name__.removeprefix("stamps.") == name
    assert getattr(stamps, name).__doc__ and callable(getattr(stamps, name))


@pytest.mark.parametrize(
    "imports",
    [
        "import stamps",
        "import stamps; stamps.verify",
        "import stamps.verify",
        "import stamps.verify.golden, stamps",
        "import stamps; stamps.verify; import stamps.verify.trees",
        "from stamps import *; import stamps",
        "from stamps import verify; import stamps.verify",
        "from stamps.verify import compare; import stamps",
    ],
)
def test_verify_is_callable_in_whatever_order_it_is_imported(tmp_path, imports):
    """The name is that of a sub-package, too."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "width.txt").write_text("200\n")
    ends = "report = stamps.verify('a', 'b'); assert report.ok, str(report); print(repr(report))"
    done = python(
        "-c", f"{imports}; {ends}; import stamps.verify.rules; assert stamps.verify('a', 'b').ok", cwd=tmp_path
    )
    assert done.stdout == "<1 compared, 1 agree, 0 failures, 0 skipped: the trees agree>\n", done.stderr


def test_the_sub_package_shows_the_signature_of_its_function():
    from stamps.verify import compare

    assert inspect.signature(stamps.verify) == inspect.signature(compare)


def test_status_and_reports_are_values_that_cannot_be_changed(tmp_path):
    stamps.setparm("max_topo_err", 7, workdir=finished_project.single_master(tmp_path / "p").path)
    status = stamps.status(tmp_path / "p")
    assert str(status) == repr(status) == str(stamps.project_status(tmp_path / "p"))
    assert "max_topo_err" in str(status) and "<td" in status._repr_html_()
    report = stamps.verify(tmp_path / "p", tmp_path / "p")
    assert report.ok and str(report) == report.text() and report.verdict in report._repr_html_()
    for value, name in ((status, "merged"), (status.next[0], "command"), (report, "rows"), (report.rows[0], "status")):
        with pytest.raises(AttributeError):
            setattr(value, name, 1)


def test_the_stub_declares_what_there_is():
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text())
    imported = [alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assigned = next(node.value for node in stub.body if isinstance(node, ast.Assign))
    assert sorted({*imported} - {"open"}) == sorted(ast.literal_eval(assigned)) == sorted(stamps.__all__)


def test_a_star_import_leaves_open_alone(tmp_path):
    done = python("-c", "from stamps import *; import builtins; assert open is builtins.open; frame", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert stamps.open.__module__ == "stamps.products.dataset"


def test_star_import_help_and_call(tmp_path):
    code = "from stamps import *; ps_plot; getparm; mt_prep_snap; stamps; import stamps as s; assert s.__version__; help(s)"
    done = python("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mt_prep_snap(" in done.stdout and "ps_plot(" in done.stdout


def test_the_package_is_the_driver(tmp_path):
    with pytest.raises(InputError, match="Steps 9 to 10"):
        stamps(9, 10, workdir=tmp_path)


@pytest.mark.parametrize("module", ["stamps", "stamps.cli"])
def test_importing_is_quick_and_takes_nothing_heavy(tmp_path, module):
    code = f"import sys, {module}; print(sorted({{'numpy', 'scipy', 'matplotlib', 'h5py'}} & set(sys.modules)))"
    assert python("-c", code, cwd=tmp_path).stdout == "[]\n"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nosuch"):
        stamps.nosuch  # noqa: B018


@pytest.mark.parametrize("arguments", [("--version",), ("getparm", "--version"), ("status", "--help")])
def test_python_m(tmp_path, arguments):
    done = python("-m", "stamps", *arguments, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout, done.stderr


def test_python_m_passes_status_and_sentence_on(tmp_path):
    done = python("-m", "stamps", "9", "9", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
