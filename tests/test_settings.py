"""Settings: the command line, the environment, the files of the project and of the user, the default."""

import json
import re
from pathlib import Path

import pytest

from stamps import environment, stamps
from stamps.cli import program as cli
from stamps.errors import ParameterError, StampsError, WorkspaceError
from stamps.native import backends
from stamps.run import settings, workers
from stamps.run.settings import Settings, settings_of
from stamps.workspace import settings_files
from stamps.workspace.parameters import Parameters


@pytest.fixture(autouse=True)
def user(tmp_path, monkeypatch):
    """The user's settings file, in a place of its own; no setting in the environment."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in environment.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "home" / "stamps" / "stamps.toml"
    file.parent.mkdir(parents=True)
    return file


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "INSAR_20200101"
    folder.mkdir()
    return folder


def toml(folder, text):
    path = folder / "stamps.toml" if folder.is_dir() else folder
    path.write_text(text)
    return path


def test_defaults(project):
    found = settings_of(project)
    assert found == Settings() and set(found.origins.values()) == {"default"}
    assert found.request == "auto" and found.wanted_backend is None


def test_the_nearest_place_counts(project, user, monkeypatch):
    values = []

    def note():
        found = settings_of(project, cores=6 if values else None)
        values.append((found.cores, found.origins["cores"]))

    toml(user, "cores = 2\n")
    values.append((settings_of(project).cores, settings_of(project).origins["cores"]))
    toml(project, "# ours\n\ncores = 3\n")
    values.append((settings_of(project).cores, settings_of(project).origins["cores"]))
    monkeypatch.setenv("STAMPS_CORES", "4")
    values.append((settings_of(project).cores, settings_of(project).origins["cores"]))
    note()
    places = [f"{user}, line 1", f"{project / 'stamps.toml'}, line 3", "STAMPS_CORES", "--cores"]
    assert values == list(zip((2, 3, 4, 6), places, strict=True))


def test_every_setting_of_a_file(project):
    toml(
        project, 'backend = "numpy"\ncores = 3\ncluster = "slurm"\nsolver = "snaphu"\n[kernels]\ntopofit = "pythran"\n'
    )
    found = settings_of(project)
    assert found == Settings("numpy", {"topofit": "pythran"}, 3, "slurm", None, "snaphu")
    assert found.wanted_backend == "numpy,topofit=pythran"
    lines = {name: origin.rpartition(" ")[2] for name, origin in found.origins.items()}
    assert lines == {
        "backend": "1",
        "cores": "2",
        "cluster": "3",
        "solver": "4",
        "kernels": "5",
        "scheduler": "default",
        "weights": "default",
    }


def test_a_request_in_words_sets_backend_and_kernels(project, monkeypatch):
    toml(project, '[kernels]\ntopofit = "pythran"\n')
    assert settings_of(project, backend="numpy").kernels == {}
    assert settings_of(project, backend={"default": "auto", "clap": "numpy"}).request == "auto,clap=numpy"
    monkeypatch.setenv("STAMPS_BACKEND", "pythran")
    assert settings_of(project).request == "pythran" and settings_of(project).wanted_backend is None
    with backends.selected("numpy"):
        assert settings_of(project).request == "numpy"


def test_a_nearer_place_for_tasks_puts_the_other_aside(project, user, monkeypatch):
    toml(user, 'scheduler = "tcp://host:1"\n')
    assert settings_of(project).scheduler == "tcp://host:1"
    toml(project, 'cluster = "slurm"\n')
    assert (settings_of(project).cluster, settings_of(project).scheduler) == ("slurm", None)
    monkeypatch.setenv("STAMPS_SCHEDULER", "tcp://host:2")
    assert (settings_of(project).cluster, settings_of(project).scheduler) == ("none", "tcp://host:2")
    assert settings_of(project, cluster="none").scheduler is None


def test_a_patch_has_the_settings_of_its_project(project):
    toml(project, "cores = 3\n")
    (project / "PATCH_1").mkdir()
    assert settings_of(project / "PATCH_1").cores == 3
    (project / "plots").mkdir()
    assert settings_of(project / "plots").cores is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('cores = 2\nbakend = "numpy"\n', 2, "there is no setting 'bakend': did you mean backend?"),
        (
            "max_topo_err = 20\n",
            1,
            "there is no setting 'max_topo_err': it is a parameter of StaMPS, which setparm max_topo_err",
        ),
        ("[kernel]\ntopofit = 1\n", 1, "there is no setting 'kernel': did you mean kernels?"),
        ('\ncores = "two"\n', 2, "cores is 'two', but a whole number was expected."),
        ("cores = true\n", 1, "cores is true, but a whole number was expected."),
        ("cores = 2.5\n", 1, "cores is 2.5, but a whole number was expected."),
        ("cores = 0\n", 1, "cores is 0, but a number from 1 on was expected."),
        ("backend = 3\n", 1, "backend is 3, but a text in quotes was expected."),
        ('backend = "matlab"\n', 1, "backend is 'matlab', but only auto, numpy, pythran, cuda exist."),
        ('cluster = "pbs"\n', 1, "cluster is 'pbs', but only none, slurm exist."),
        ('weights = "equal"\n', 1, "weights is 'equal', but only identity, sigma exist."),
        ('solver = "mcf"\n', 1, "solver is 'mcf', but only flow, snaphu exist."),
        ('kernels = "cuda"\n', 1, "kernels is 'cuda', but a table, [kernels] was expected."),
        ('[kernels]\n\ntopofitt = "cuda"\n', 3, "there is no kernel 'topofitt': did you mean topofit?"),
        (
            'kernels.high_pass = "pythran"\n',
            1,
            "the kernel high_pass has no version 'pythran', only auto, numpy, cuda.",
        ),
        ('scheduler = "tcp://evil:1"\n', 1, "the file of a project may not name a scheduler"),
        ("cores = \n", 1, "this is no TOML (Invalid value)"),
        ("cores = 1\n[kernels\n", 2, "this is no TOML ("),
        ("cores = 1\ncores = 2\n", 2, "this is no TOML ("),
        ('backend = "numpy', 1, "this is no TOML ("),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(project, capsys, text, line, said):
    path = toml(project, text)
    with pytest.raises(ParameterError) as caught:
        settings_of(project)
    assert str(caught.value).startswith(f"{path}, line {line}: {said}") and str(caught.value).count("\n") == 0
    for words in (["settings"], ["status"], ["1", "8"]):
        assert cli.run("stamps", [*words, "--workdir", str(project)]) == 1
        assert f"{path}, line {line}: {said}" in capsys.readouterr().err
    assert cli.run("getparm", ["clap_win", "--workdir", str(project)]) == 1
    assert (
        cli.run("stamps", ["--help", "--workdir", str(project)]) == 0
    )  # help is there also when a file is not in order


def test_files_that_are_no_text_are_refused(project, tmp_path, capsys):
    path = project / "stamps.toml"
    path.write_bytes(b"backend = '\xff'\n")
    with pytest.raises(ParameterError, match="is not UTF-8 text"):
        settings_of(project)
    path.write_bytes(b"#" * (2 << 20))
    with pytest.raises(ParameterError, match="larger than 1 MiB"):
        settings_of(project)
    path.write_text(f"cores = {'[' * 100000}")
    with pytest.raises(ParameterError, match=re.escape(str(path))):
        settings_of(project)
    path.unlink()
    path.symlink_to(toml(tmp_path, "cores = 2\n"))
    with pytest.raises(WorkspaceError, match="plain file"):
        settings_of(project)
    path.unlink()
    path.mkdir()
    with pytest.raises(StampsError, match=re.escape(str(path))):
        settings_of(project)


def test_the_user_may_link_his_file(project, user, tmp_path):
    user.symlink_to(toml(tmp_path, "cores = 2\n"))
    assert settings_of(project).cores == 2


def test_the_place_of_the_users_file(monkeypatch, tmp_path):
    assert settings_files.user_file() == tmp_path / "home" / "stamps" / "stamps.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings_files.user_file() == tmp_path / ".config" / "stamps" / "stamps.toml"


def test_commands_compute_with_them(project, capsys):
    Parameters(project).fill_defaults()
    toml(project, 'backend = "numpy"\ncores = 5\n')
    assert workers.n_cores(Parameters(project)) == 5 and workers.n_cores(Parameters(project), 2) == 2
    for words, expected in (([], "numpy"), (["--backend", "auto"], "auto")):
        capsys.readouterr()
        here = Path.cwd()
        assert cli.run("stamps", ["settings", *words, "--workdir", str(project), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["backend"]["value"] == expected and Path.cwd() == here
    assert backends.chosen() is None


def test_the_driver_follows_them(project, monkeypatch):
    from helpers.stub_steps import StubSteps, make_project

    StubSteps(monkeypatch)
    ws, seen = make_project(project.parent / "other" / "INSAR"), []
    from stamps.run import step_calls

    monkeypatch.setattr(
        step_calls, "project_step", lambda ws, step, options, at: seen.append((at.cores, backends.chosen()))
    )
    monkeypatch.delenv("STAMPS_CORES")
    toml(ws.path, 'backend = "numpy"\ncores = 1\n')
    stamps(1, 6, workdir=ws.path)
    stamps(6, 6, workdir=ws.path, backend="pythran", cores=2)
    with backends.selected("auto,clap=numpy"):  # as commands hand on --backend
        stamps(6, 6, workdir=ws.path)
    assert seen == [(1, "numpy"), (2, "pythran"), (1, "auto,clap=numpy")]


def test_the_table_of_the_command(project, capsys):
    path = toml(project, "cores = 5\n")
    assert cli.run("stamps", ["settings", "--workdir", str(project), "--cluster", "slurm"]) == 0
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(rows) == ["backend", "kernels", "cores", "cluster", "scheduler", "solver", "weights"]
    assert rows["cores"].split(maxsplit=1) == ["5", f"{path}, line 1"]
    assert rows["cluster"].split() == ["slurm", "--cluster"] and rows["solver"].split() == ["flow", "default"]


def test_variables_are_read_in_one_place():
    package = Path(settings.__file__).parent.parent
    texts = {path: path.read_text() for path in package.rglob("*.py") if path.name != "environment.py"}
    assert [path for path, text in texts.items() if re.search(r"environ[^\n]*[\"']STAMPS_", text)] == []
    asked = {name for text in texts.values() for name in re.findall(r"variable\(\"(STAMPS_\w+)\"\)", text)}
    assert asked <= environment.VARIABLES.keys()
    with pytest.raises(KeyError):
        environment.variable("STAMPS_NOTHING")


def test_the_example_of_the_page_is_understood(project, user):
    page = (Path(__file__).parent.parent / "docs" / "settings.md").read_text()
    toml(project, re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1])
    assert settings_of(project).kernels == {"topofit": "cuda", "clap": "numpy"}
    assert all(
        name in page
        for name in environment.VARIABLES
        if name not in ("STAMPS_TRIANGLE", "STAMPS_GOLDEN", "STAMPS_DEBUG", "STAMPS_GPT")
    )


def test_what_unwraps(project, monkeypatch):
    assert settings_of(project).solver == "flow"
    toml(project, 'solver = "snaphu"\n')
    assert settings_of(project).solver == "snaphu"
    monkeypatch.setenv("STAMPS_UNWRAP", "flow")
    assert (settings_of(project).solver, settings_of(project).origins["solver"]) == ("flow", "STAMPS_UNWRAP")
    found = settings_of(project, solver="snaphu")
    assert (found.solver, found.origins["solver"]) == ("snaphu", "--unwrap")
    with pytest.raises(ParameterError, match="--unwrap is 'mcf', but only flow and snaphu exist."):
        settings_of(project, solver="mcf")
