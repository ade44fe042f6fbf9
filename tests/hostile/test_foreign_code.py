"""Code that lies in a project is never run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import finished_project
from stamps import external
from stamps.processes import child

#: Modules that Python, the package or its libraries import; one in the project would be run instead.
MODULES = (
    "numpy",
    "random",
    "pickle",
    "encodings",
    "stamps",
    "sitecustomize",
    "usercustomize",
    "contextlib",
    "runpy",
    "json",
    "importlib",
    "shlex",
    "scipy",
    "typing",
    "multiprocessing",
    "lazy_loader",
    "tqdm",
    "tasks",
    "log",
)


#: Those of them that ``python -m`` does not import before anything of the package: nothing can be done about the others.
LATER = (
    "numpy",
    "random",
    "pickle",
    "json",
    "scipy",
    "lazy_loader",
    "tqdm",
    "argparse",
    "multiprocessing",
    "ast",
    "difflib",
)


def plant(folder, ran, *names):
    """Modules in a folder that note their name in a file when they are imported."""
    for name in names or MODULES:
        (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'a').write({name!r} + '\\n')\n")


@pytest.mark.parametrize("path", ["", ":", f".{os.pathsep}lib"])
def test_children_import_nothing_from_the_current_directory(tmp_path, path, monkeypatch):
    plant(tmp_path, tmp_path / "ran")
    (tmp_path / "lib").mkdir()
    plant(tmp_path / "lib", tmp_path / "ran")
    monkeypatch.setenv("PYTHONPATH", path or "")
    words = child.command("stamps.run.patch_process", tmp_path / "no task", tmp_path / "answer")
    with subprocess.Popen(
        words,
        cwd=tmp_path,
        env=child.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert "no task" in process.stdout.read()  # it came as far as reading its task
    assert not (tmp_path / "ran").exists()


def test_absolute_places_for_modules_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(tmp_path), "relative", "."]))
    assert child.environment()["PYTHONPATH"] == str(tmp_path)


def test_the_package_as_a_program_imports_nothing_from_the_project(tmp_path):
    plant(tmp_path, tmp_path / "ran", *LATER)
    package = Path(child.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "stamps", "getparm", "unwrap"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(package)},
    )
    assert "getparm" in done.stderr
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


def test_a_program_forgets_what_is_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = str(tmp_path.parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "lib"]))
    monkeypatch.setattr(sys, "path", ["", ".", "lib", str(tmp_path), str(tmp_path / "lib"), kept])
    child.forget_current_directory()
    assert sys.path == [kept]


@pytest.mark.exhaustive
@pytest.mark.parametrize("command", ["stamps 1 2 --cores 2", "stamps_mc_header 1 2", "python -m stamps 1 2 --cores 2"])
def test_runs_import_nothing_from_the_project(sandbox, command):
    project = sandbox.state(0)
    plant(project, sandbox.root / "ran", *LATER)
    sandbox.run(*command.split(), environment={"PYTHONPATH": str(Path(child.__file__).parents[2])}).succeeds()


@pytest.mark.exhaustive
def test_settings_of_matplotlib_in_the_project_do_not_count(sandbox):
    finished_project.single_master(sandbox.project)
    (sandbox.project / "matplotlibrc").write_bytes(b"text.usetex: True\nbackend: module://evil\n\xff\xfe")
    (sandbox.project / "evil.py").write_text("open('../ran', 'w')")
    sandbox.run("ps_plot", "v-d", "--out", "v.png").succeeds()


def test_jobs_of_a_cluster_start_elsewhere(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", "/a path"]))
    assert child.shell_lines() == ["export PYTHONSAFEPATH=1", "export PYTHONPATH='/a path'", "cd /"]


@pytest.mark.parametrize("name", ["snaphu", "triangle", "pt2geo"])
@pytest.mark.parametrize("path", ["", ".", "{0}", "bin", "./bin:", ":{0}:."])
def test_programs_in_the_project_are_not_run(tmp_path, monkeypatch, name, path):
    for folder in (tmp_path, tmp_path / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    other = tmp_path.parent / "empty"
    other.mkdir(exist_ok=True)
    monkeypatch.setenv("PATH", path.format(other))
    assert external.find_program(name) is None
