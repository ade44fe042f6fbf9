"""The files around the code: workflows, templates, packages and the changelog agree with each other and with pyproject.toml."""

import re
import subprocess
from pathlib import Path

import pytest

import stamps

tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parent.parent
if not (ROOT / ".github").is_dir():
    pytest.skip("not a checkout", allow_module_level=True)

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
YAML = [
    *WORKFLOWS, *(ROOT / ".github").glob("*.yml"), *(ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"), *ROOT.glob(".*.yaml"),
    *ROOT.glob("*.cff"), *(ROOT / "packaging").rglob("*.yaml"),
]  # fmt: skip
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]

#: Names that conda-forge gives to packages of PyPI.
_CONDA = {"lazy_loader": "lazy-loader", "isal": "python-isal", "ortools": "ortools-python"}

#: Made by another part of the project; may be called before it is there.
_MAY_COME = {"docs"}


def named(paths):
    """Parameters whose names are those of the files."""
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def load(path):
    """What a YAML file holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs(path):
    """(name of the job, job) of a workflow."""
    return list(load(path)["jobs"].items())


def lines_run(path):
    """All shell lines of a workflow."""
    return "\n".join(step["run"] for _, job in jobs(path) for step in job["steps"] if "run" in step)


def classified():
    """Versions of Python that the classifiers name, ``{'3.10', …}``."""
    return {word.split(" :: ")[-1] for word in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", word)}


def requirement(text):
    """Name and the rest of a requirement of pyproject.toml without its marker, ``('numpy', '>=2')``."""
    return re.fullmatch(r"([A-Za-z0-9_.-]+)(\S*)", text.partition(";")[0].strip()).groups()


# ---------------------------------------------------------------------- all files


@pytest.mark.parametrize("path", named(YAML))
def test_yaml_is_read(path):
    assert load(path)


@pytest.mark.parametrize("path", named([*ROOT.glob("*.toml"), *(ROOT / "stamps").rglob("*.toml")]))
def test_toml_is_read(path):
    assert tomllib.loads(path.read_text(encoding="utf-8"))


def test_pages_lead_to_files_that_are_there():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            assert "://" in link or (page.parent / link).exists(), f"{page.name}: {link}"


# ---------------------------------------------------------------------- workflows


@pytest.mark.parametrize("path", named(WORKFLOWS))
def test_workflows_may_only_read_and_end_by_themselves(path):
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "cancel-in-progress" in workflow["concurrency"]
    assert all(job["timeout-minutes"] for _, job in jobs(path))


def test_only_publishing_has_more_rights():
    rights = {
        f"{path.stem}.{name}": job["permissions"]
        for path in WORKFLOWS
        for name, job in jobs(path)
        if "permissions" in job
    }
    assert rights == {
        "wheels.publish": {"id-token": "write"},
        "docs.deploy": {"pages": "write", "id-token": "write"},
    }


@pytest.mark.parametrize("path", named(WORKFLOWS))
def test_workflows_call_targets_and_tests_that_exist(path):
    makefile = (ROOT / "Makefile").read_text()
    targets = {name for line in re.findall(r"^([a-z][a-z -]*):(?!=)", makefile, re.M) for name in line.split()}
    shell = lines_run(path)
    called = set(re.findall(r"^\s*make ([a-z-]+)", shell, re.M))
    assert called <= targets | _MAY_COME
    scripts = re.findall(r"\b(?:tests|packaging)/[\w/]+\.py", shell)
    assert [name for name in scripts if not (ROOT / name).is_file()] == []


def test_every_version_of_the_matrix_is_classified_and_allowed():
    matrix = dict(jobs(ROOT / ".github" / "workflows" / "tests.yml"))["tests"]["strategy"]["matrix"]
    least = PROJECT["requires-python"].removeprefix(">=")
    assert set(matrix["python"]) == classified()
    assert min(classified(), key=lambda version: int(version.split(".")[1])) == least
    assert all(row["experimental"] for row in matrix["include"] if row["python"] not in classified())
    assert set(matrix["kernels"]) == {"compiled", "numpy"}
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos"}


def test_windows_may_fail():
    job = dict(jobs(ROOT / ".github" / "workflows" / "tests.yml"))["windows"]
    assert job["runs-on"] == "windows-latest"
    assert job["continue-on-error"] is True


def test_wheels_are_built_for_all_versions_and_for_any_processor():
    settings = PYPROJECT["tool"]["cibuildwheel"]
    assert {f"cp{version.replace('.', '')}-*" for version in classified()} == set(settings["build"])
    assert settings["environment"] == {"STAMPS_CXXFLAGS": "", "STAMPS_NO_COMPILE": ""}
    assert "-march" not in re.search(r"^FLAGS = .*$", (ROOT / "setup.py").read_text(), re.M)[0]
    script = re.search(r"\{project\}/(\S+)", settings["test-command"])[1]
    assert (ROOT / script).is_file()
    assert "stamps.simulation.demo" in settings["test-command"]
    assert set(settings["test-extras"]) <= {*PROJECT["optional-dependencies"]}


def test_only_tags_are_published_after_the_check():
    parts = dict(jobs(ROOT / ".github" / "workflows" / "wheels.yml"))
    assert "refs/tags/v" in parts["publish"]["if"]
    assert parts["publish"]["environment"] == "pypi"
    assert parts["publish"]["needs"] == ["check"]
    assert set(parts["check"]["needs"]) == {"wheels", "sdist"}
    assert "twine check --strict" in parts["check"]["steps"][-1]["run"]


# ---------------------------------------------------------------------- templates


@pytest.mark.parametrize("path", named(FORMS))
def test_forms_have_what_the_site_asks_for(path):
    form = load(path)
    assert form["name"] and form["description"]
    identifiers = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert len(identifiers) == len(set(identifiers))


def test_the_form_for_faults_asks_for_what_tells_most():
    fields = {field.get("id"): field for field in load(ROOT / ".github" / "ISSUE_TEMPLATE" / "bug.yml")["body"]}
    wanted = {
        "status": "stamps status --json",
        "log": "STAMPS.log",
        "backends": "stamps describe-backends",
        "command": "command",
    }
    for name, words in wanted.items():
        assert words in fields[name]["attributes"]["label"]
        assert fields[name]["validations"]["required"] is True


# ---------------------------------------------------------------------- versions and packages


def test_the_version_stands_in_one_place():
    assert "version" in PROJECT["dynamic"] and "version" not in PROJECT
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "stamps.__version__"}


def test_what_repeats_the_version_is_equal_to_it():
    newest = re.search(r"^## \[(.+?)\] – (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    citation = load(ROOT / "CITATION.cff")
    recipe = load(ROOT / "packaging" / "conda" / "recipe" / "recipe.yaml")
    assert newest[1] == str(citation["version"]) == recipe["context"]["version"] == stamps.__version__
    assert newest[2] in ("unreleased", str(citation["date-released"]))


def test_the_changelog_has_an_entry_for_what_comes():
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line.startswith("## ")]
    pattern = r"## \[\d+\.\d+\.\d+\] – (unreleased|\d{4}-\d{2}-\d{2})"
    assert entries and all(re.fullmatch(pattern, line) for line in entries)
    kinds = {line[4:] for line in lines if line.startswith("### ")}
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_citation_names_the_package_and_its_licence():
    citation = load(ROOT / "CITATION.cff")
    assert citation["license"] == PROJECT["license"]
    assert PROJECT["name"] in citation["title"]
    assert all("doi" in paper for paper in citation["references"])


def test_conda_needs_what_pip_needs():
    recipe = load(ROOT / "packaging" / "conda" / "recipe" / "recipe.yaml")
    run = [text["then"] if isinstance(text, dict) else text for text in recipe["requirements"]["run"]]
    needed = [requirement(text) for text in PROJECT["dependencies"]]
    assert sorted(run) == sorted(["python", *(f"{_CONDA.get(name, name)} {bound}" for name, bound in needed)])
    conditional = {text["then"].split()[0] for text in recipe["requirements"]["run"] if isinstance(text, dict)}
    marked = [requirement(text)[0] for text in PROJECT["dependencies"] if ";" in text]
    assert conditional == {_CONDA.get(name, name) for name in marked}
    assert recipe["about"]["summary"] == PROJECT["description"]
    assert recipe["about"]["license"] == PROJECT["license"]


def test_the_image_runs_as_a_user_and_writes_to_tmp_and_the_project():
    text = (ROOT / "Dockerfile").read_text()
    runtime = text.rpartition("\nFROM ")[2]
    instructions = [line.split(maxsplit=1) for line in runtime.splitlines() if re.match("[A-Z]+ ", line)]
    said = {word: rest for word, rest in instructions}
    assert text.count("\nFROM ") == 2
    assert int(said["USER"].partition(":")[0]) > 0
    assert said["ENTRYPOINT"] == '["stamps"]'
    assert said["WORKDIR"] == "/data"
    assert "/tmp" in said["VOLUME"]
    assert {"HOME=/tmp", "TMPDIR=/tmp"} <= set(runtime.replace("\\", " ").split())
    assert "pip" not in runtime and "g++" not in runtime


def test_the_image_is_built_of_files_that_it_is_given():
    given = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
    sources = {name for line in copied for name in line.split()}
    assert sources == given
    assert all((ROOT / name).exists() for name in given)


def test_the_spelling_is_looked_at_with_the_words_of_the_field():
    settings = PYPROJECT["tool"]["codespell"]
    assert {"parms", "alos"} <= set(settings["ignore-words-list"].split(","))
    assert "./golden" in settings["skip"].split(",")


def test_large_files_are_in_the_reference_trees_only():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    hooks = {hook["id"]: hook for repo in load(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]}
    most = int(hooks["check-added-large-files"]["args"][0].partition("=")[2]) * 1024
    listed = subprocess.run(["git", "ls-files", "--", ":!golden"], cwd=ROOT, capture_output=True, text=True, check=True)
    large = [
        name for name in listed.stdout.splitlines() if (ROOT / name).is_file() and (ROOT / name).stat().st_size > most
    ]
    assert large == []
