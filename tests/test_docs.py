"""The site: tables are complete, commands and Python that pages show exist, links lead somewhere; the build, without warnings."""

import ast
import importlib
import importlib.util
import inspect
import json
import re
import subprocess
import sys
import urllib.parse
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

import stamps
from helpers import page_snippets
from helpers.page_snippets import DOCS, PAGES, ROOT
from stamps.cli import completion
from stamps.cli.command import _split
from stamps.cli.legacy import COMMANDS
from stamps.cli.program import _VERBS, _verb
from stamps.products.exports import FORMATS
from stamps.queries.legacy_scripts import legacy_scripts
from stamps.workspace.parameters import table

_TOML = pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli")
PROJECT = _TOML.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: Commands that the original never had, or only as a script to be edited.
NEW = {
    "mt_prep_isce",
    "mt_prep_cslc",
    "mt_link",
    "mt_add_ds",
    "sb_bridge",
    "sb_fix_closure",
    "sb_fix_unwrap_manual",
    "sb_fix_unwrap_manual_new",
}


def extension(name: str) -> ModuleType:
    """A module of ``docs/_extensions``."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "_extensions" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    return extension("tables")


def cells(text: str) -> list[list[str]]:
    """Cells of the rows of a table in Markdown, the head left out."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


# ---------------------------------------------------------------------- tables


def test_every_command_stands_in_the_table_with_its_three_forms(tables):
    rows = {re.match(r"\[`(\w+)`\]", row[0])[1]: row for row in cells(tables.commands())}
    assert list(rows) == list(COMMANDS) and set(rows) == set(PROJECT["scripts"])
    for name, (about, original, shell, call) in rows.items():
        assert shell.strip("`").split()[0] == name and f"<stamps.{name}>" in call and "<br>" in about
        assert original.strip("`").startswith(name) or name in NEW


def test_every_public_name_stands_in_a_table(tables):
    text = "".join(make() for make in (tables.commands, tables.verbs, tables.functions, tables.additions))
    assert set(re.findall(r"<stamps\.(\w+)>", text)) == set(stamps.__all__)


def test_every_script_of_the_original_stands_in_a_table(tables):
    text = "".join(make() for make in (tables.commands, tables.functions, tables.not_ported))
    for row in legacy_scripts():
        assert re.search(rf"`{row.script}[`(]|<stamps\.{row.script}>", text), row.script


def test_every_verb_stands_in_the_table(tables):
    assert [row[0] for row in cells(tables.verbs())] == [f"`stamps {verb}`" for verb in _VERBS]
    assert set(tables._VERB_CALLS) == set(_VERBS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_calls_of_a_command_fit_the_function(tables, name):
    matlab, call = tables.call_of(name, COMMANDS[name])
    assert matlab.startswith((f"{name}(", "("))
    node = ast.parse(call, mode="eval").body
    known = dict.fromkeys(("lon", "lat", "v", "aps", "ica"))
    arguments = [eval(compile(ast.Expression(argument), "call", "eval"), {}, known) for argument in node.args]
    inspect.signature(getattr(stamps, name)).bind(*arguments)


def test_the_calls_of_verbs_fit_the_functions(tables):
    for call in filter(None, tables._VERB_CALLS.values()):
        check_calls(ast.parse(call), call)


def test_the_same_words_give_the_calls_of_matlab_and_python(tables):
    assert tables.call_of("setparm", COMMANDS["setparm"]) == (
        "setparm('drop_ifg_index',[3 8])",
        'setparm("drop_ifg_index", [3, 8])',
    )
    assert tables.call_of("ts_plot", COMMANDS["ts_plot"])[0] == "ts_plot(-99.123,19.405,300)"


def test_every_parameter_has_a_row_with_an_anchor_in_one_table(tables):
    anchors = re.findall(r"\]\{#(\w+)\}", tables.parameters())
    assert sorted(anchors) == sorted(row.name for row in table())
    found = ((re.match(r"\[`(\w+)`\]", row[0]), row) for row in cells(tables.parameters()))
    rows = {match[1]: row for match, row in found if match}
    assert rows["density_rand"][1:4] == ["`20`", "`2`", "km⁻²"]
    assert rows["select_method"][5] == "`DENSITY`, `PERCENT`"
    assert rows["unwrap_grid_size"][2] == "" and rows["unwrap_grid_size"][6] == "6, 8"


def test_every_kind_of_export_stands_in_the_table(tables):
    assert [row[0] for row in cells(tables.exports())] == [f"`stamps export {kind}`" for kind in FORMATS]


def test_the_list_of_functions_names_each_once():
    text = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    functions = [name for name in stamps.__all__ if not inspect.ismodule(getattr(stamps, name))]
    assert sorted(re.findall(r"^   (\w+)$", text, re.M)) == sorted([*functions, "open"])


# ---------------------------------------------------------------------- what pages show


def extras_of(words: list[str]) -> set[str]:
    return {name for word in words for found in re.findall(r"\[([\w,]+)\]", word) for name in found.split(",")}


def parse_verb(words: list[str]) -> None:
    parser = completion._parser_of(_verb(words[0]), [])
    try:
        parser.parse_args(words[1:])
    except SystemExit as left:
        assert left.code == 0, f"stamps {' '.join(words)} is not understood"


def parse_legacy(name: str, words: list[str]) -> None:
    command = COMMANDS[name]
    options, values = _split(name, command, words)
    assert options["help"] or options["version"] or command.required <= len(values) <= command.most, words
    for k, value in enumerate(values):
        command.arguments[min(k, len(command.arguments) - 1)].read(value)


def check_command(words: list[str]) -> bool:
    """Whether the words are a command that is known here; an assertion or an error if they are wrong."""
    words = [re.sub(r"\$\{?\w+\}?", "1", word) for word in words if word != "…"]
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    if words[:2] == ["python", "-m"] or words[:2] == ["python3", "-m"]:
        assert importlib.util.find_spec(words[2]), words
        words = words[3:] if words[2] == "stamps" else []
    if not words:
        return False
    name, *rest = words
    if name == "make":
        targets = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{re.escape(rest[0])}:", targets, re.M), words
    elif name == "pip":
        assert extras_of(rest) <= set(PROJECT["optional-dependencies"]), words
    elif name == "stamps" and rest and rest[0] in _VERBS:
        parse_verb(rest)
    elif name in COMMANDS:
        parse_legacy(name, rest)
    else:
        return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_a_page_are_understood(page):
    for line, words in page_snippets.shell_lines(page):
        try:
            check_command(words)
        except Exception as error:
            pytest.fail(f"{page}, line {line}: {' '.join(words)}: {error}")


def test_wrong_commands_of_a_page_would_be_found():
    for words in (["stamps", "view", "--nothing"], ["setparm"], ["make", "nothing"], ["pip", "install", ".[nothing]"]):
        with pytest.raises((AssertionError, Exception)):
            assert not check_command(words) and words == []
    assert check_command(["setparm", "drop_ifg_index", "[3 8]"]) and not check_command(["docker", "build"])


@pytest.mark.parametrize("page", [page for page in PAGES if re.search("howto|tutorial|commands|install|index", page)])
def test_command_lines_are_found_in_pages_that_have_them(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    expected = re.search(r"^```bash", text, re.M) is not None
    known = [words for _, words in page_snippets.shell_lines(page) if check_command(words)]
    assert bool(known) or not expected


def check_calls(tree: ast.AST, where: str) -> None:
    """Imports are there, public functions are called with arguments that they have."""
    public = {name: getattr(stamps, name) for name in stamps.__all__}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] == "stamps":
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert alias.name == "*" or hasattr(module, alias.name), f"{where}: {node.module} has no {alias.name}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in public:
            if any(isinstance(argument, ast.Starred) for argument in node.args):
                continue
            keywords = {keyword.arg: None for keyword in node.keywords}
            inspect.signature(public[node.func.id]).bind(*node.args, **keywords)


@pytest.mark.parametrize("page", PAGES)
def test_python_of_a_page_compiles_and_calls_what_there_is(page):
    for line, source in page_snippets.python_sources(page):
        where = f"{page}, line {line}"
        try:
            check_calls(ast.parse(source), where)
        except (SyntaxError, TypeError, ImportError) as error:
            pytest.fail(f"{where}: {error}")


def anchors_of(path: Path) -> set[str]:
    text = re.sub(r"^(`{3,}).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#{1,6} (.+)$", text, re.M)
    slugs = {re.sub(r"[^\w\- ]", "", title.strip().lower().replace(" ", "-")) for title in titles}
    return slugs | ({row.name for row in table()} if path == DOCS / "parameters.md" else set())


@pytest.mark.parametrize("page", PAGES)
def test_links_of_a_page_lead_to_files_and_sections(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
        name, _, anchor = target.partition("#")
        path = ((ROOT / page).parent / name).resolve() if name else ROOT / page
        assert path.exists(), f"{page} links to {target}, which is not there"
        if anchor and path.suffix == ".md":
            assert anchor in anchors_of(path), f"{page} links to {target}: no such section"


def test_every_page_of_the_site_is_in_a_table_of_contents():
    listed = {"index.md", "method/index.md"}
    for page in PAGES:
        for block in page_snippets.blocks_of(page):
            if block.language.startswith("{toctree}"):
                entries = [line for line in block.text.splitlines() if line and not line.startswith(":")]
                entries = [re.sub(r".*<(.+)>$", r"\1", entry) for entry in entries]
                folder = (ROOT / page).parent
                listed |= {(folder / f"{entry}.md").resolve().relative_to(DOCS).as_posix() for entry in entries}
    pages = {page.removeprefix("docs/") for page in PAGES if page.startswith("docs/")}
    listed |= {page for page in pages if page.startswith("method/")}  # added where the site is built
    assert pages == listed


def test_citations_of_the_method_become_links():
    pytest.importorskip("sphinx")
    linked = extension("method_links").linked
    one = "Source: docs/method/unwrapping.md, section\n5.6; Hooper."
    assert linked(one) == (
        "Source: :method:`docs/method/unwrapping.md <unwrapping>`, section :method:`5.6 <unwrapping 5.6>`; Hooper."
    )
    assert linked("docs/method/scn.md.") == ":method:`docs/method/scn.md <scn>`."


def test_links_of_shared_pages_are_those_of_the_site():
    pytest.importorskip("sphinx")
    shared = extension("shared_pages")
    assert shared.relinked("[a](docs/stale.md) [b](CHANGELOG.md) [c](LICENSE)") == (
        "[a](stale.md) [b](changelog.md) [c](../LICENSE)"
    )
    assert shared.downloadable("[a](../golden/README.md)", DOCS) == "{download}`a <../golden/README.md>`"
    assert shared.downloadable("[a](../tropo.md)", DOCS / "howto") == "[a](../tropo.md)"


# ---------------------------------------------------------------------- the build


class _Page(HTMLParser):
    """Links, marks and what is fetched of a page."""

    def __init__(self, text):
        super().__init__()
        self.marks, self.links, self.fetched = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.marks |= {values["id"]} if values.get("id") else set()
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag in ("script", "img", "iframe") and values.get("src"):
            self.fetched.append(values["src"])
        if tag == "link" and values.get("rel") in ("stylesheet", "preload", "modulepreload") and values.get("href"):
            self.fetched.append(values["href"])


def built_site(out):
    """The built pages, by their paths."""
    for library in ("sphinx", "myst_nb", "pydata_sphinx_theme", "ziamath", "numpydoc"):
        pytest.importorskip(library)
    options = ["--fail-on-warning", "--keep-going", "--nitpicky", "--doctree-dir", out / "trees"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, DOCS, out / "html"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return {path: _Page(path.read_text(encoding="utf-8")) for path in sorted((out / "html").rglob("*.html"))}


def check_links(site):
    assert len(site) > 200
    broken = defaultdict(list)
    for path, page in site.items():
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path
            if not target.exists():
                broken[path.name].append(link)
            elif (
                "_modules" in path.parts
            ):  # links back from sources: Sphinx leads those of re-exported names to the top of the page
                continue
            elif url.fragment and target in site and urllib.parse.unquote(url.fragment) not in site[target].marks:
                broken[path.name].append(link)
    assert not broken, json.dumps(broken, indent=1)[:4000]


def check_that_nothing_is_fetched(site):
    fetched = {source for page in site.values() for source in page.fetched}
    assert fetched and not [source for source in fetched if urllib.parse.urlsplit(source).netloc]


def check_formulas_and_tutorial(site):
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in site if path.name in ("coherence.html", "tutorial.html")
    }
    assert texts["coherence.html"].count('class="formula"') >= 5 and "MathJax" not in texts["coherence.html"]
    assert texts["tutorial.html"].count("<img") >= 4 and "on the true cycle" in texts["tutorial.html"]


@pytest.mark.slow
def test_the_site_is_built_without_warnings_complete_and_by_itself(tmp_path):
    """One test, because each process of a parallel run would build the site for itself."""
    site = built_site(tmp_path)
    check_links(site)
    check_that_nothing_is_fetched(site)
    check_formulas_and_tutorial(site)
