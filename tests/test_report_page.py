"""The parity report and the quality report: their verdicts, and pages that need nothing but themselves."""

import json
import shutil
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import stamps
from helpers import finished_project
from helpers.moving_project import dates, moving
from stamps.cli import run
from stamps.errors import InputError
from stamps.workspace import matfile

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")

from stamps.report.parity import parity_report, write_parity_report  # noqa: E402
from stamps.report.quality import quality_report, write_quality_report  # noqa: E402

TURN = 2 * np.pi


# ---------------------------------------------------------------------- parity


def _moving(folder):
    """A project of 60 pixels with velocities from -20 to 20 mm/yr and no look-angle error."""
    ws = finished_project.single_master(folder, n_ps=60)
    finished_project.steady_motion(ws, np.linspace(-20, 20, 60))
    ws.save("scla2", {"ph_scla": np.zeros((60, 9), np.float32)})
    return ws


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """A run and a reference that are equal."""
    folder = tmp_path_factory.mktemp("trees")
    golden = folder / "golden"
    golden.mkdir()
    _moving(golden)
    matfile.write(golden / "select1.mat", {"ix": np.arange(1.0, 31)[:, np.newaxis]})
    (golden / "numbers.xy").write_text("1 2 3\n4 5 6\n")
    (golden / "patch.list").write_text("PATCH_1\n")
    return golden


@pytest.fixture
def pair(trees, tmp_path):
    shutil.copytree(trees, tmp_path / "run")
    return tmp_path / "run", trees


def _change(path, change):
    content = matfile.read(path)
    change(content)
    matfile.write(path, content)


def _rows(result):
    return {(row["file"], row["variable"]): row for row in result.content()["rows"]}


def test_equal_trees_pass(pair):
    content = parity_report(*pair).content()
    assert content["verdict"] == "PASS"
    assert content["compared"] == content["agreeing"] == sum(row["counts"] for row in content["rows"]) > 40
    assert content["identical"] == len(content["rows"])
    assert all(gate["ok"] for gate in content["gates"])
    assert content["velocity"]["maximum"] == 0


def _index(content):
    content["ix"][7] += 1


def _ten_cycles(content):
    content["ph_uw"].flat[5:15] += np.float32(TURN)


def _class(content):
    content["ph_uw"] = content["ph_uw"].astype(np.float64)


def _missing(content):
    del content["msd"]


def _shape(content):
    content["msd"] = content["msd"].T


@pytest.mark.parametrize(
    ("file", "variable", "defect", "status", "gate"),
    [
        ("select1.mat", "ix", _index, "differs", "Indices, masks, dates, counts, copies"),
        ("phuw2.mat", "ph_uw", _ten_cycles, "differs", "Unwrapped phase"),
        ("phuw2.mat", "ph_uw", _class, "differs", "MATLAB class and shape"),
        ("phuw2.mat", "msd", _shape, "differs", "MATLAB class and shape"),
        ("phuw2.mat", "msd", _missing, "missing", "Nothing missing or unreadable"),
    ],
)
def test_a_defect_fails_and_its_row_is_flagged(pair, tmp_path, monkeypatch, file, variable, defect, status, gate):
    monkeypatch.setattr("stamps.report.parity_pictures._MOST_BYTES", 0)  # one picture is enough here
    _change(pair[0] / file, defect)
    result = parity_report(*pair)
    content = result.content()
    assert content["verdict"] == "FAIL"
    assert [(row["file"], row["variable"]) for row in content["rows"] if row["failed"]] == [(file, variable)]
    row = content["rows"][0]  # what failed stands first
    assert row["status"] == status
    assert not next(item for item in content["gates"] if item["name"] == gate)["ok"]
    assert row["digest"] != row["golden_digest"]
    page = write_parity_report(result, tmp_path / "page")
    text = page.read_text()
    assert "<strong>FAIL</strong>" in text
    flagged = text.split('<tr id="row-')[1].split("</tr>")[0]
    assert 'class="bad"' in flagged and file in flagged and variable in flagged


def test_numbers_of_a_row_are_those_of_the_files(pair):
    def change(content):
        content["ph_uw"].flat[5:15] += np.float32(TURN)

    golden = matfile.read(pair[1] / "phuw2.mat")["ph_uw"].astype(np.float64)
    _change(pair[0] / "phuw2.mat", change)
    ours = matfile.read(pair[0] / "phuw2.mat")["ph_uw"].astype(np.float64)
    row = _rows(parity_report(*pair))["phuw2.mat", "ph_uw"]
    assert row["cycles"] == 10
    assert row["count"] == golden.size
    assert row["mean"] == pytest.approx((ours - golden).mean())
    assert row["rms"] == pytest.approx(np.sqrt(((ours - golden) ** 2).mean()))
    assert row["p99"] == pytest.approx(np.percentile(abs(ours - golden), 99))
    assert row["maximum"] == pytest.approx(TURN, rel=1e-6)
    assert (row["class"], row["shape"], row["kind"]) == ("single", [60, 9], "cycles")


def test_files_of_numbers_and_extra_files(pair):
    (pair[0] / "numbers.xy").write_text("1 2 3\n4 5 7\n")
    (pair[0] / "new.txt").write_text("new\n")
    rows = _rows(parity_report(*pair))
    assert rows["numbers.xy", ""]["failed"] and rows["numbers.xy", ""]["maximum"] == 1
    assert rows["new.txt", ""]["status"] == "extra"


def test_velocities_are_compared(pair):
    """Motion that is faster by 1 mm/yr at one of the pixels; the median stays that of the others."""
    days = matfile.read(pair[0] / "ps2.mat")
    years = (days["day"].ravel() - days["master_day"].item()) / 365.25

    def change(content):
        content["ph_uw"][50] -= (years / finished_project.MILLIMETRES).astype(np.float32)

    _change(pair[0] / "phuw2.mat", change)
    result = parity_report(*pair)
    assert result.content()["velocity"]["maximum"] == pytest.approx(1, abs=1e-4)
    difference = result.velocity["ours"] - result.velocity["reference"]
    assert np.flatnonzero(np.abs(difference) > 1e-3).tolist() == [50]


def test_the_command_writes_the_page_and_returns_the_verdict(pair, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("stamps.report.parity_pictures._MOST_BYTES", 0)
    arguments = ["verify", str(pair[0]), str(pair[1]), "--report", str(tmp_path / "page")]
    assert run("stamps", arguments) == 0
    assert str(tmp_path / "page" / "index.html") in capsys.readouterr().out
    _change(pair[0] / "select1.mat", _index)
    assert run("stamps", arguments) == 1
    assert json.loads((tmp_path / "page" / "report.json").read_text())["verdict"] == "FAIL"
    assert run("stamps", ["verify", str(tmp_path / "nowhere"), str(pair[1]), "--report", str(tmp_path / "page")]) == 2


# ---------------------------------------------------------------------- quality


@pytest.fixture(scope="module")
def single_master(tmp_path_factory):
    return _moving(tmp_path_factory.mktemp("single"))


def test_numbers_of_a_single_master(single_master):
    content = quality_report(single_master.path).content()
    assert content["run"] == str(single_master.path)
    assert content["velocity"]["minimum"] == pytest.approx(-20, abs=1e-4)
    assert content["velocity"]["maximum"] == pytest.approx(20, abs=1e-4)
    assert content["pixels"]["merged"] == 60
    assert content["noise"]["median_deg"] == pytest.approx(float(np.median(single_master.load("ifgstd2")["ifg_std"])))
    assert content["baselines"]["images"] == 9 and content["baselines"]["interferograms"] == 8
    assert content["unwrapping"]["samples"] == 8 * content["unwrapping"]["arcs"]


def test_a_project_named_by_a_dot_has_its_name(single_master, monkeypatch):
    monkeypatch.chdir(single_master.path)
    assert quality_report().run == single_master.path.name


def test_kinds_of_motion_and_areas(tmp_path):
    """Some pixels sink in one place, others jump on one date, half of them up and half down: the mean of all does not."""
    rng = np.random.default_rng(0)
    years = (dates(40) - dates(40)[3]) / 365.25
    xy = rng.uniform(0, 2000, (300, 2))
    sinks = np.hypot(*(xy - 1000).T) < 500
    series = rng.normal(0, 1, (300, 40)) - np.outer(30 * sinks, years)
    jumps = np.where(np.arange(60) % 2, 27.7, -27.7)
    series[np.flatnonzero(~sinks)[:60]] += jumps[:, np.newaxis] * (np.arange(40) > 20)
    ws = moving(tmp_path / "p", series, xy=xy)
    report = quality_report(ws.path)
    facts = report.content()["motion"]
    assert sinks.sum() < facts["significant"] + 5 and facts["kinds"]["steady"] >= 0.9 * sinks.sum()
    assert facts["kinds"]["jump"] >= 50 and facts["jumps_like_cycles"] >= 50
    assert facts["common_break"]["after"] == "2018-08-29" and facts["common_break"]["part"] > 0.5
    assert facts["areas"] >= 1 and not facts["missing"]
    model = stamps.model(workdir=ws.path, classify=True, n_boot=2)
    assert facts["kinds"]["steady"] == int((model.column("ts_type") == 1).sum())
    area = (*ws.load("ps2")["lonlat"][sinks].mean(axis=0), 300.0)  # what sinks is the reference of the whole report
    moved = quality_report(ws.path, reference_area=area).content()["motion"]
    model = stamps.model(workdir=ws.path, classify=True, n_boot=2, reference_area=area)
    assert moved["kinds"]["steady"] == int((model.column("ts_type") == 1).sum())
    assert moved["significant"] != facts["significant"] and moved["kinds"] != facts["kinds"]
    page = write_quality_report(report, tmp_path / "page").read_text()
    assert "jumps like cycles" in page and "error of a date" in page
    few = quality_report(_moving(tmp_path / "few").path).content()["motion"]
    assert "from 11 dates on" in few["missing"][0] and few["pixels"] == 60 and "kinds" not in few


def test_what_is_missing_is_named_with_its_step(single_master, tmp_path):
    shutil.copytree(single_master.path, tmp_path / "run")
    for name in ("scn2.mat", "ifgstd2.mat", "scla2.mat"):
        (tmp_path / "run" / name).unlink()
    report = quality_report(tmp_path / "run")
    missing = {section.key: " ".join(section.missing) for section in report.sections}
    assert "run step 8 first" in missing["residuals"]
    assert "run step 5 first" in missing["noise"]
    assert "run step 7 first" in missing["velocity"]
    assert "run step 7 first" in write_quality_report(report, tmp_path / "page").read_text()


def test_small_baselines_and_their_loops(tmp_path):
    ws = finished_project.small_baselines(tmp_path / "sb", n_ps=40)
    finished_project.steady_motion(ws, np.linspace(-10, 10, 40))
    content = quality_report(ws.path).content()["unwrapping"]
    assert content["loops"] > 0 and content["samples_off"] == 0
    phase = ws.load("phuw_sb2")["ph_uw"]
    phase[[3, 5], 0] += np.float32(TURN)
    ws.save("phuw_sb2", {"ph_uw": phase})
    wrong = quality_report(ws.path).content()["unwrapping"]["pixels_off_per_loop"]
    assert set(wrong) == {0, 2}


def test_another_state_is_compared(single_master, tmp_path):
    shutil.copytree(single_master.path, tmp_path / "second")
    _change(
        tmp_path / "second" / "phuw2.mat",
        lambda content: content["ph_uw"].__setitem__((slice(7), 1), content["ph_uw"][:7, 1] + 7),
    )
    passes = quality_report(tmp_path / "second", single_master.path).content()["passes"]
    assert passes["common_pixels"] == 60
    assert passes["samples_on_another_cycle"] == 7
    assert passes["velocity_largest_mm_per_year"] > 0
    with pytest.raises(InputError, match="compare-with"):
        quality_report(single_master.path, tmp_path / "nowhere")


def test_parameters_that_differ_from_the_default(single_master, tmp_path):
    from stamps.workspace.parameters import Parameters

    shutil.copytree(single_master.path, tmp_path / "run")
    Parameters(tmp_path / "run").set("unwrap_grid_size", 77)
    changed = quality_report(tmp_path / "run").content()["parameters"]["changed"]
    assert changed["unwrap_grid_size"] == "77"
    assert "unwrap_gold_n_win" not in changed


def test_the_command_changes_no_file_of_the_run(single_master, tmp_path, capsys):
    shutil.copytree(single_master.path, tmp_path / "run")
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    assert run("stamps", ["report", "--workdir", str(tmp_path / "run"), "--out", str(tmp_path / "page")]) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    assert json.loads((tmp_path / "page" / "report.json").read_text())["pixels"]["merged"] == 60
    assert run("stamps", ["report", "--workdir", str(tmp_path)]) == 1
    assert "holds no processed data" in capsys.readouterr().err


# ---------------------------------------------------------------------- pages


class _Document(HTMLParser):
    """Elements that a page opens and closes, its references and its marks."""

    _VOID = frozenset("meta link img br input".split())

    def __init__(self, text):
        super().__init__()
        self.open, self.references, self.marks, self.faults = [], [], set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag not in self._VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "action", "poster", "srcset"):
                self.references.append(value)
            elif name == "id":
                if value in self.marks:
                    self.faults.append(f"id {value} twice")
                self.marks.add(value)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")


@pytest.fixture(scope="module")
def pages(trees, single_master, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(trees, folder / "run")
    _change(folder / "run" / "phuw2.mat", _ten_cycles)
    return {
        "parity": write_parity_report(parity_report(folder / "run", trees), folder / "parity"),
        "quality": write_quality_report(quality_report(single_master.path), folder / "quality"),
    }


def test_a_map_for_every_variable_of_pixels(pages):
    text = pages["parity"].read_text()
    for name in ("phuw2-mat-ph-uw", "scla2-mat-K-ps-uw", "rc2-mat-ph-rc", "hgt2-mat-hgt"):
        assert f'id="map-{name}"' in text
    assert 'id="map-ps2-mat-lonlat"' not in text


@pytest.mark.parametrize("name", ["parity", "quality"])
def test_a_page_refers_to_itself_and_its_data_only(pages, name):
    document = _Document(pages[name].read_text())
    assert not document.faults and not document.open
    assert any(reference.startswith("data:image/png") for reference in document.references)
    for reference in document.references:
        if reference.startswith("#"):
            assert reference[1:] in document.marks, reference
        elif not reference.startswith("data:"):
            assert (pages[name].parent / reference).is_file(), reference
    text = pages[name].read_text()
    assert "@import" not in text and "url(" not in text and "fetch(" not in text
    assert sorted(path.name for path in pages[name].parent.iterdir()) == ["index.html", "report.json"]


def _open(browser, page):
    browser.get(Path(page).resolve().as_uri())
    time.sleep(0.2)
    assert browser.get_log("browser") == []


def test_the_parity_page_in_a_browser(browser, pages):
    _open(browser, pages["parity"])
    assert browser.find_element("id", "verdict").text.startswith("FAIL")
    rows = browser.find_elements("css selector", "#variables tbody tr")
    browser.find_element("css selector", "select[name=status] option[value=failed]").click()
    shown = [row for row in rows if row.is_displayed()]
    assert [row.get_attribute("id") for row in shown] == ["row-phuw2-mat-ph-uw"]
    browser.find_element("css selector", "select[name=status] option[value='']").click()
    browser.find_element("css selector", "input[name=text]").send_keys("scla2")
    assert {row.get_attribute("id").split("-mat")[0] for row in rows if row.is_displayed()} == {"row-scla2"}
    script = (
        "return [...document.querySelectorAll('#variables tbody tr')]"
        ".map(row => row.cells[11].dataset.value).filter(text => text).map(Number)"
    )
    head = browser.find_elements("css selector", "#variables th")[11]
    head.click()
    ascending = browser.execute_script(script)
    assert ascending == sorted(ascending) and ascending[-1] > 6
    head.click()
    assert browser.execute_script(script) == ascending[::-1]
    assert browser.get_log("browser") == []


def test_the_quality_page_in_a_browser(browser, pages):
    _open(browser, pages["quality"])
    sizes = browser.execute_script(
        "return [...document.images].map(image => [image.complete, image.naturalWidth, image.naturalHeight])"
    )
    assert len(sizes) >= 7
    assert all(complete and width > 300 and height > 100 for complete, width, height in sizes)
    image = pytest.importorskip("PIL.Image")
    import io

    picture = np.asarray(image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("L"))
    assert np.ptp(picture) > 150 and len(np.unique(picture)) > 30


@pytest.mark.parametrize("library", ["jinja2", "matplotlib"])
def test_a_page_without_its_libraries_says_what_it_needs(single_master, pair, tmp_path, monkeypatch, capsys, library):
    monkeypatch.setitem(sys.modules, library, None)
    assert run("stamps", ["report", "--workdir", str(single_master.path), "--out", str(tmp_path)]) == 1
    assert f"The pages need {library}, which is not installed: pip install" in capsys.readouterr().err
    assert run("stamps", ["verify", str(pair[0]), str(pair[1]), "--report", str(tmp_path)]) == 2
    assert not list(tmp_path.glob("*.html"))
