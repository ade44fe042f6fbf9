"""The package as others install it: wheel and sdist hold everything, also without a compiler."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytest.importorskip("setuptools", minversion="68")


def run(*command, cwd, **environment):
    """Run a command with a clean PYTHONPATH and return its output."""
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "", **environment},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of what git tracks (or would), so that builds leave nothing behind."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    target = tmp_path_factory.mktemp("sources") / "stamps-insar"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", ":!golden"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes((ROOT / name).read_bytes())
            (target / name).chmod((ROOT / name).stat().st_mode)
    return target


@pytest.fixture(scope="module")
def wheel(sources, tmp_path_factory):
    """A wheel without compiled kernels."""
    folder = tmp_path_factory.mktemp("wheel")
    output = run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-v",
        "-w",
        str(folder),
        str(sources),
        cwd=folder,
        CC="false",
        CXX="false",
    )
    assert output.count("stamps: installing without compiled kernels") >= 1
    return next(folder.glob("*.whl"))


def test_a_wheel_holds_the_modules_the_table_and_the_commands(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.startswith("stamps_insar-")
    assert "stamps/parms/parameters.csv" in names
    assert "stamps/legacy/ps_select.py" in names
    assert {"stamps/py.typed", "stamps/__init__.pyi"} <= {*names}
    page = ("view.html", "view.css", "palettes.json", "js/app.js", "vendor/uplot.js", "vendor/uplot.LICENSE.txt")
    assert {f"stamps/products/view/{name}" for name in page} <= {*names}
    assert any(name.startswith("stamps/verify/") and name.endswith((".csv", ".toml")) for name in names)
    assert not any(name.startswith(("tests/", "golden/")) for name in names)


def test_an_installed_wheel_finds_its_table_and_commands(wheel, tmp_path):
    target, project = tmp_path / "site", tmp_path / "project"
    project.mkdir()
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--quiet",
        "--target",
        str(target),
        str(wheel),
        cwd=tmp_path,
    )
    where = run(sys.executable, "-c", "import stamps; print(stamps.__file__)", cwd=project, PYTHONPATH=str(target))
    assert str(target) in where
    command = [sys.executable, str(target / "bin" / "getparm"), "unwrap_grid"]
    assert "unwrap_grid_size=200" in run(*command, cwd=project, PYTHONPATH=str(target))
    for name in ("stamps", "mt_prep_snap", "calamp", "setparm"):
        assert (target / "bin" / name).exists()


def test_a_source_distribution_holds_what_the_build_needs(sources, tmp_path):
    script = "import sys; from setuptools.build_meta import build_sdist; print(build_sdist(sys.argv[1]))"
    run(sys.executable, "-c", script, str(tmp_path), cwd=sources, STAMPS_NO_COMPILE="1")
    names = tarfile.open(next(tmp_path.glob("*.tar.gz"))).getnames()
    for wanted in (
        "parms/parameters.csv",
        "setup.py",
        "LICENSE",
        "stamps/py.typed",
        "stamps/native/_topofit.py",
        "bin/stamps",
        "CITATION.cff",
    ):
        assert any(name.endswith("/" + wanted) for name in names), wanted
