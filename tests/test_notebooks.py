"""What notebooks show: results as tables in which all is text, pages in frames, figures once, warnings and progress alone."""

import html
import importlib
import logging
import os
import pickle
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from helpers import finished_project
from stamps.products import notebook_figure
from stamps.products.notebook_paths import Page, Written, framed, shown_file
from stamps.workspace import Workspace, markup
from stamps.workspace import progress as progressing
from stamps.workspace.console import in_notebook, log_on_console
from stamps.workspace.progress import progress

HOSTILE = "<script>\x1b[31m&\u202e\"'"


class Kernel(types.ModuleType):
    """A stand-in for IPython in a kernel, which keeps what is displayed."""

    def __init__(self, kernel=True):
        super().__init__("IPython")
        self.shell = types.SimpleNamespace(kernel=object() if kernel else None, execution_count=1)
        self.version_info = (9, 0)  # matplotlib asks
        self.shown = []
        self.display = types.ModuleType("IPython.display")
        self.display.display = self._display

    def get_ipython(self):
        return self.shell

    def _display(self, content, raw=False, **_):
        assert raw
        self.shown.append(content)
        return types.SimpleNamespace(update=self._display)


@pytest.fixture
def kernel(monkeypatch):
    """Python as in a kernel, whose log nobody has configured."""
    family = logging.getLogger("stamps")
    level = family.level
    monkeypatch.setattr(family, "handlers", [logging.NullHandler()])
    family.setLevel(logging.NOTSET)
    made = Kernel()
    monkeypatch.setitem(sys.modules, "IPython", made)
    monkeypatch.setitem(sys.modules, "IPython.display", made.display)
    yield made
    family.setLevel(level)


def rows_of(text):
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]


# ---------------------------------------------------------------------- tables


@pytest.mark.parametrize("where", ["cell", "head", "caption", "line", "pair"])
def test_nothing_of_a_result_is_markup(where):
    made = {
        "cell": lambda: markup.table(("a",), [(HOSTILE,)]),
        "head": lambda: markup.table((HOSTILE,), [(1,)]),
        "caption": lambda: markup.table(("a",), [(1,)], HOSTILE),
        "line": lambda: markup.lines([HOSTILE]),
        "pair": lambda: markup.pairs([(HOSTILE, HOSTILE)]),
    }[where]()
    assert "<script" not in made and "\x1b" not in made and "\u202e" not in made
    assert "&lt;script&gt;\\x1b[31m&amp;\\u202e&quot;&#x27;" in made


@pytest.mark.parametrize(
    "value, text",
    [
        (None, ""), (float("nan"), ""), (np.float32("nan"), ""), (float("-inf"), "-inf"), (-12.345, "-12.35"),
        (0.00012, "0.00012"), (123456.7, "123\u202f457"), (2140, "2140"), (12345, "12\u202f345"), (True, "yes"),
        (np.int64(1234567), "1\u202f234\u202f567"),
        (np.False_, "no"), ("v-d", "v-d"), (np.datetime64("2018-06-01"), "2018-06-01"),
    ],
)  # fmt: skip
def test_values_as_people_read_them(value, text):
    assert rows_of(markup.table((), [(value,)])) == [[text]]


def test_numbers_stand_right_and_texts_left():
    made = markup.table(("a", "b"), [(1.5, "x")])
    assert re.search(r'<td style="text-align:right[^"]*">1.5</td><td style="text-align:left[^"]*">x</td>', made)
    assert re.search(r'<th style="text-align:right[^"]*">a</th><th style="text-align:left[^"]*">b</th>', made)


def test_a_long_table_is_cut_and_says_so():
    made = markup.table(("n",), [(n,) for n in range(50)], most=10)
    assert len(rows_of(made)) == 11 and "The first 10 of 50 rows; the others are not shown." in made
    assert "not shown" not in markup.table(("n",), [(n,) for n in range(10)], most=10)


def test_pairs_leave_out_what_is_not_known():
    assert rows_of(markup.pairs([("a", 1), ("b", None), ("c", ""), ("d", 0)])) == [["a", "1"], ["d", "0"]]


def test_a_list_is_a_list_and_a_table():
    made = markup.Listed(["a", "b"], "<table></table>")
    assert made == ["a", "b"] and str(made) == "a\nb" and made._repr_html_() == "<table></table>"
    assert pickle.loads(pickle.dumps(made)) == ["a", "b"] and markup.Listed([])._repr_html_() is None


# ---------------------------------------------------------------------- files and pages


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "view.html"
    path.write_text(f"<!DOCTYPE html><p title='{HOSTILE[:8]}'>map")
    return Page(path)


def test_what_was_written_is_a_path(page, tmp_path):
    assert page == tmp_path / "view.html" and hash(page) == hash(tmp_path / "view.html")
    assert os.fspath(page) == str(tmp_path / "view.html") and page.name == "view.html" and page.stat().st_size
    assert page.parent / "x" == tmp_path / "x" and page.with_suffix(".png").suffix == ".png"
    assert type(pickle.loads(pickle.dumps(page))) is type(tmp_path) and page.read_text()


def test_a_page_stands_in_a_frame_that_reaches_nothing(page):
    page.height = 432
    shown = page._repr_html_()
    (inside,) = re.findall(r'srcdoc="([^"]*)"', shown)
    assert html.unescape(inside) == page.read_text() and "height:432px" in shown
    (allowed,) = re.findall(r'sandbox="([^"]*)"', shown)
    assert "allow-same-origin" not in allowed and "allow-scripts" in allowed


def test_a_large_page_is_a_link_and_a_sentence(page, monkeypatch):
    monkeypatch.setattr("stamps.products.notebook_paths._LARGEST", 10)
    shown = page._repr_html_()
    assert "<iframe" not in shown and 'href="' in shown and "too much for a notebook" in shown


def test_links_are_relative_to_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    path = tmp_path / "a b" / "x&y.csv"
    path.write_bytes(b"1" * 1000)
    assert Written(path)._repr_html_() == '<p><a href="a%20b/x%26y.csv">a b/x&amp;y.csv</a>, 0.001 MB</p>'
    monkeypatch.chdir(tmp_path / "a b")
    assert 'href="x%26y.csv"' in Written(path)._repr_html_()
    monkeypatch.chdir("/")
    assert Written(tmp_path / "gone")._repr_html_() is None and shown_file(None) == ""


def test_paths_that_are_made_of_a_page_show_no_page(page):
    assert (page.parent)._repr_html_() is None or "<iframe" not in page.parent._repr_html_()


def test_view_and_export_return_what_a_notebook_shows(tmp_path):
    import stamps

    ws = finished_project.single_master(tmp_path / "p")
    shown = stamps.view(ws.path, tmp_path / "v.html", n_boot=2, height=333)
    assert isinstance(shown, Path) and "height:333px" in shown._repr_html_()
    written = stamps.export("csv", "points.csv", workdir=ws.path, n_boot=2)
    assert written == ws.path / "points.csv" and "points.csv</a>" in written._repr_html_()


# ---------------------------------------------------------------------- in a kernel


def test_a_kernel_is_told_from_a_terminal(kernel, monkeypatch):
    assert in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", Kernel(kernel=False))
    assert not in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()


def test_warnings_alone_are_shown(kernel, capsys):
    log = logging.getLogger("stamps.ps_select")
    with log_on_console(unless_configured=True):
        log.info("Starting")
        log.info("Warning: %s", "there is little to see")
    assert capsys.readouterr().out == "PS_SELECT: Warning: there is little to see\n"
    with log_on_console():
        log.info("Starting")
    assert capsys.readouterr().out == "PS_SELECT: Starting\n"


def test_lists_are_values_and_not_printed(kernel, tmp_path, capsys):
    import stamps

    ws = finished_project.single_master(tmp_path / "p")
    lines, parameters = stamps.ps_info(ws.path), stamps.getparm(workdir=ws.path)
    assert capsys.readouterr().out == ""
    rows = rows_of(lines._repr_html_())
    assert len(rows) == len(lines) and rows[1][0] == "1" and rows[1][2].endswith(" m")  # the first one has the names
    assert ["unwrap_grid_size", "200"] in rows_of(parameters._repr_html_())


def test_progress_is_a_line_that_is_replaced_where_there_are_no_widgets(kernel, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(progressing, "_SOON", 0.0)
    assert [*progress(iter("abc"), total=3, unit=" letters", title="spell")] == ["a", "b", "c"]
    assert "spell" in kernel.shown[0]["text/plain"] and kernel.shown[-1]["text/plain"] == ""
    assert capsys.readouterr() == ("", "")


def test_what_is_done_at_once_shows_no_progress(kernel, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with progress(total=2, unit=" patches", leave=False) as told:
        told.update(2)
    assert not [content for content in kernel.shown if content["text/plain"]]


def test_progress_in_a_pipe_is_silent(capsys):
    assert [*progress(range(3), total=3, unit=" things")] == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


# ---------------------------------------------------------------------- figures


def drawn(tmp_path, out=None):
    """What a function that plots returns."""
    pytest.importorskip("matplotlib")
    from stamps.legacy.ps_plot import Picture
    from stamps.products.figures import finish_figure, new_figure

    figure, window = new_figure(out, figsize=(1, 1))
    finish_figure(figure, window, out, Workspace(tmp_path), "default.png")
    return Picture(figure)


def test_a_figure_is_shown_once_in_each_cell(kernel, tmp_path):
    picture = drawn(tmp_path)
    assert len(kernel.shown) == 1 and kernel.shown[0]["image/png"].startswith(b"\x89PNG")
    picture._ipython_display_()  # as the value of the same cell
    assert len(kernel.shown) == 1 and not list(tmp_path.glob("*.png"))
    kernel.shell.execution_count = 2
    picture._ipython_display_()
    picture.figure._ipython_display_()
    assert len(kernel.shown) == 2 and picture._repr_png_() == picture.figure._repr_png_()


def test_a_figure_for_a_file_is_shown_as_the_value_of_a_cell(kernel, tmp_path):
    picture = drawn(tmp_path, "b.png")
    assert not kernel.shown and (tmp_path / "b.png").is_file()
    picture._ipython_display_()
    assert len(kernel.shown) == 1


def test_the_cell_is_not_known_outside_of_notebooks(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert notebook_figure._cell() is None


# ---------------------------------------------------------------------- a kernel


def test_a_notebook_in_a_kernel(tmp_path):
    """Steps and results in a real kernel: values, one picture, no noise; errors keep their sentence."""
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    finished_project.single_master(tmp_path / "p")
    sources = [
        "import stamps",
        "stamps.ps_plot('v-d', workdir='p')",
        "stamps.view('p', n_boot=2, height=321)",
        "stamps.status('p')",
        "stamps.stamps(9, 9, workdir='p')",
        "import time\nfrom stamps.run.workers import Workers\n"
        "done = list(Workers(1).map(time.sleep, [0.4] * 4, lambda t: (t,), str, ' naps'))",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    kernel = {"kernel_name": "python3", "resources": {"metadata": {"path": str(tmp_path)}}, "allow_errors": True}
    nbclient.NotebookClient(book, timeout=120, **kernel).execute()
    outputs = [cell.outputs for cell in book.cells]
    assert [len(found) for found in outputs] == [0, 1, 1, 1, 1, 1]
    assert "image/png" in outputs[1][0].data and "height:321px" in outputs[2][0].data["text/html"]
    assert "<td" in outputs[3][0].data["text/html"]
    assert outputs[4][0].ename == "InputError" and outputs[4][0].evalue.startswith("Steps 9 to 9 do not exist")
    shown = outputs[5][0].data
    assert "application/vnd.jupyter.widget-view+json" in shown or "naps" in shown["text/plain"]
    assert not [output for found in outputs for output in found if output.output_type == "stream"]


def test_a_frame_holds_quotes_as_text():
    assert framed('<p title="a">\'', 100).count('"') == 10
