"""Orders of ISCE stacks before anything runs: what is checked, what the dry run says, and that it changes nothing."""

import dataclasses
import json
import shutil

import pytest

from helpers import isce_orders
from stamps.cli import isce
from stamps.cli.program import run
from stamps.errors import InputError
from stamps.frontends.isce_jobs import frontend
from stamps.frontends.isce_jobs.config import ISCE_S1_Config
from stamps.frontends.jobs.model import FrontEnd
from stamps.frontends.processor import Processor
from stamps.simulation.safe_files import ProductLayout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return isce_orders.materials(tmp_path_factory.mktemp("isce"), 4)


@pytest.fixture(autouse=True)
def programs_at_hand(made, monkeypatch):
    for name, value in isce_orders.environment(made).items():
        monkeypatch.setenv(name, value)


def plan(made, tmp_path, **settings):
    return frontend.plan(ISCE_S1_Config(**{"workdir": str(tmp_path / "work"), **made.settings, **settings}))


def command_of(found):
    return next(fact for fact in found.facts if fact.startswith("Command"))


def own(made, tmp_path):
    """A copy of the products and orbits that may be changed."""
    slc, orbits = tmp_path / "slc", tmp_path / "orbits"
    shutil.copytree(made.slc, slc)
    shutil.copytree(made.orbits, orbits)
    return dataclasses.replace(made, slc=slc, orbits=orbits)


def of_date(folder, date):
    return next(path for path in sorted(folder.iterdir()) if f"_{date}T" in path.name)


# ---------------------------------------------------------------------- what is planned


def test_it_is_a_front_end():
    assert isinstance(frontend, FrontEnd) and frontend.NAME == "isce"


def test_a_plan(made, tmp_path):
    found = plan(made, tmp_path)
    assert found.problems == () and len(found.steps) == 14 and found.steps[-1].name == "prepare"
    assert found.facts[0].startswith("Workflow slc with NESD: 13 steps, 36 commands; at the end: coregistered SLCs")
    assert found.facts[1].startswith(f"4 dates from {made.dates[0]} to {made.dates[3]}, master ")
    assert "-n 2 -b" in command_of(found) and "-x" not in command_of(found)
    order = json.loads(found.files["isce_order.json"])
    assert order["dates"] == [*made.dates] and order["utc"] and 30 < order["incidence"] < 47


def test_the_master_that_is_asked_for(made, tmp_path):
    found = plan(made, tmp_path, reference_date=made.dates[0])
    assert f"-m {made.dates[0]}" in command_of(found) and "(as given)" in found.facts[1]
    assert [task.date for task in found.steps[1].tasks] == [*made.dates[1:]]


def test_interferograms_lack_baselines_which_is_said_at_once(made, tmp_path):
    found = plan(made, tmp_path, workflow="interferogram")
    assert any("no baselines, so no project can be prepared" in warning for warning in found.warnings)
    assert found.steps[-1].name == "16_unwrap"


def test_excluded_dates(made, tmp_path):
    found = plan(made, tmp_path, exclude_dates=[made.dates[1]])
    assert f"-x {made.dates[1]}" in command_of(found)
    assert [task.date for task in found.steps[11].tasks] == [made.dates[0], *made.dates[2:]]


def test_a_date_that_does_not_cover_the_area_is_left_out(made, tmp_path):
    date = made.dates[3]
    layout = ProductLayout(zipped=True, missing_bursts={date: (1, 2)})
    found = plan(isce_orders.materials(tmp_path / "made", 4, layout), tmp_path)
    assert any(fact.startswith(f"{date} is left out: ") for fact in found.facts)
    assert f"-x {date}" in command_of(found) and "3 dates" in found.facts[1]


def test_products_that_are_there_twice_are_handed_over_by_links(made, tmp_path):
    layout = ProductLayout(zipped=True, duplicates=(made.dates[2],))
    found = plan(isce_orders.materials(tmp_path / "made", 3, layout), tmp_path)
    assert found.problems == () and f"-s {tmp_path / 'work' / 'slc_used'}" in command_of(found)


def test_products_as_folders_and_at_any_depth(made, tmp_path):
    others = isce_orders.materials(tmp_path / "made", 3, ProductLayout())
    deep = tmp_path / "deep"
    shutil.copytree(others.slc, deep / "a" / "b")
    found = plan(dataclasses.replace(others, slc=deep), tmp_path)
    assert found.problems == () and f"-s {deep}/a/b " in command_of(found)


def test_small_baselines(made, tmp_path):
    found = plan(made, tmp_path, pairs=[list(made.dates[:2])])
    assert "SMALL_BASELINES" in found.steps[-1].tasks[0].about
    found = plan(made, tmp_path, pairs=[[made.dates[0], "20991231"]])
    assert found.problems == ("The pairs name 20991231, but the stack has no such image.",)


# ---------------------------------------------------------------------- what stands against it


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"workflow": "offset"}, "The workflow 'offset' is not offered: choose slc or interferogram."),
        ({"coregistration": "nesd"}, "The coregistration 'nesd' does not exist"),
        ({"swaths": "1 4"}, "The subswaths '1 4' are none"),
        ({"polarization": "xx"}, "The polarisation 'xx' does not exist"),
        ({"bbox": [40, 41, 14]}, "give south, north, west and east as four numbers"),
        ({"bbox": [41, 40, 14, 15]}, "south comes first"),
        ({"bbox": [40, 41, 15, 14]}, "west must be less than east"),
        ({"bbox": [40, float("nan"), 14, 15]}, "south comes first"),
        ({"bbox": None}, "The area is missing"),
        ({"num_overlap_connections": 0}, "num_overlap_connections is 0"),
        ({"threads": -1}, "threads is -1"),
        ({"minutes": -1}, "minutes is -1"),
        ({"esd_coherence_threshold": 2}, "a number from 0 to 1 is needed"),
        ({"reference_date": "2018-01-08"}, "'2018-01-08' is no date"),
        ({"exclude_dates": ["20181345"]}, "'20181345' is no date"),
        ({"pairs": [["20180108", "20180108"]]}, "is no pair of two dates"),
        ({"patches": (0, 1)}, "patches is [0, 1]"),
        ({"da_thresh": -1}, "da_thresh is -1"),
        ({"project": "../elsewhere"}, "must lie in the working directory"),
        ({"container": "x.sif", "container_tool": "podman"}, "not through 'podman'"),
        ({"workdir": "/data/my stack"}, "The working directory /data/my stack has a blank"),
        ({"workdir": "/data/$(reboot)"}, "a sign of the shell"),
        ({"text_cmd": "a\nb"}, "characters that no line has"),
        ({"slc_dir": ""}, "The folder of the products is missing"),
        ({"slc_dir": "/nowhere"}, "/nowhere"),
        ({"dem_path": ""}, "An elevation model is missing"),
        ({"dem_path": "/nowhere.dem"}, "The elevation model /nowhere.dem is not there"),
        ({"orbit_dir": ""}, "The folder of the orbit files (.EOF) is missing"),
        ({"orbit_dir": "/nowhere"}, "The folder of the orbit files /nowhere is not there"),
        ({"mask": "/nowhere.mask"}, "The mask /nowhere.mask is not there"),
        ({"min_dates": 5}, "5"),
        ({"reference_date": "20180109"}, "20180109"),
        ({"swaths": "3"}, "No burst"),
        ({"bbox": [10, 11, 10, 11]}, ""),
        ({"bbox": None, "area": "179 -17 -179 -16"}, "goes across the antimeridian"),
        ({"polarization": "hh"}, "HH"),
    ],
)
def test_problems(made, tmp_path, settings, said):
    found = plan(made, tmp_path, **settings)
    assert found.problems and found.steps == () and said in " ".join(found.problems)
    assert all(problem.endswith(".") and "\n" not in problem for problem in found.problems)


def test_all_problems_are_told_at_once(made, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    found = plan(made, tmp_path, dem_path="/nowhere.dem", orbit_dir="/nowhere")
    assert len(found.problems) == 2 + ("/nowhere is" in " ".join(found.problems))
    assert "stackSentinel.py" in found.problems[0]


def test_a_header_of_the_elevation_model_is_missing(made, tmp_path):
    dem = tmp_path / "bare.dem"
    dem.write_bytes(b"x")
    assert f"no header {dem}.xml" in plan(made, tmp_path, dem_path=str(dem)).problems[0]


def dem_header(start, step, size):
    """Header of an elevation model: first longitude and latitude, their steps, pixels."""
    axes = ""
    for number in (0, 1):
        values = zip(("startingvalue", "delta", "size"), (start[number], step[number], size[number]), strict=True)
        listed = "".join(f'<property name="{name}"><value>{value}</value></property>' for name, value in values)
        axes += f'<component name="coordinate{number + 1}">{listed}</component>'
    return f"<imageFile>{axes}</imageFile>"


@pytest.mark.parametrize(
    ("start", "said"),
    [((-0.5, 0.5), ""), ((359.5, 0.5), ""), ((0.02, 0.5), "from longitude"), ((-0.5, 0.02 - 1e-6), "from latitude")],
)
def test_an_elevation_model_must_cover_the_area(made, tmp_path, start, said):
    south, north, west, east = made.bbox
    dem = tmp_path / "part.dem"
    dem.write_bytes(b"x")
    corner = (west + start[0], south + start[1])
    (tmp_path / "part.dem.xml").write_text(dem_header(corner, (0.001, -0.001), (1000, 1000)))
    problems = plan(made, tmp_path, dem_path=str(dem)).problems
    assert len(problems) == bool(said) and said in " ".join(problems)


def test_a_damaged_header_of_the_elevation_model(made, tmp_path):
    dem = tmp_path / "half.dem"
    dem.write_bytes(b"x")
    (tmp_path / "half.dem.xml").write_text("<imageFile><prop")
    assert "is no XML" in plan(made, tmp_path, dem_path=str(dem)).problems[0]


@pytest.mark.parametrize("damage", ["empty", "zipped"])
def test_an_orbit_file_that_isce_cannot_read_is_none(made, tmp_path, damage):
    made = own(made, tmp_path)
    orbit = next(path for path in made.orbits.iterdir() if f"V{int(made.dates[2]) - 1}" in path.name)
    orbit.write_bytes(b"") if damage == "empty" else orbit.rename(f"{orbit}.zip")
    assert f"validity covers {made.dates[2]}" in " ".join(plan(made, tmp_path).problems)


def test_what_lies_in_a_product_is_none_of_its_own(made, tmp_path):
    others = isce_orders.materials(tmp_path / "made", 4, ProductLayout())
    safe = of_date(others.slc, others.dates[0])
    (safe / f"{safe.name}-report-20180101T000000.pdf").write_text("no product")
    found = plan(others, tmp_path, exclude_dates=[others.dates[1]])
    assert found.problems == () and not any("report" in warning for warning in found.warnings)


def test_orbits_are_missing(made, tmp_path):
    made = own(made, tmp_path)
    orbit = next(path for path in made.orbits.iterdir() if f"V{int(made.dates[2]) - 1}" in path.name)
    orbit.unlink()
    (problem,) = plan(made, tmp_path).problems
    assert f"validity covers {made.dates[2]}" in problem


def test_an_orbit_file_that_ends_within_a_minute_does_not_do(made, tmp_path):
    made = own(made, tmp_path)
    orbit = next(path for path in made.orbits.iterdir() if f"V{int(made.dates[2]) - 1}" in path.name)
    product = of_date(made.slc, made.dates[2]).name
    stop = product.split("_")[6]
    start, end = orbit.name.split("_V")[1].removesuffix(".EOF").split("_")
    orbit.rename(orbit.with_name(orbit.name.replace(end, stop)))
    assert f"validity covers {made.dates[2]}" in " ".join(plan(made, tmp_path).problems)


def test_products_of_both_forms(made, tmp_path):
    made = own(made, tmp_path)
    path = of_date(made.slc, made.dates[3])
    shutil.unpack_archive(path, made.slc)
    path.unlink()
    (problem,) = plan(made, tmp_path).problems
    assert "1 products are folders" in problem and "3 are zip files" in problem


def test_an_image_over_midnight(made, tmp_path):
    others = isce_orders.materials(tmp_path / "made", 3, ProductLayout(zipped=True, slices=2, midnight=True))
    south, north, west, east = others.bbox
    found = plan(others, tmp_path, bbox=(south - 0.1, north + 0.1, west, east))
    assert f"image of {others.dates[0]}, which goes over midnight" in " ".join(found.problems)


def test_what_the_program_says_is_a_problem(made, tmp_path, monkeypatch):
    monkeypatch.setenv("ISCE2_FAULT", "traceback@stackSentinel.py")
    (problem,) = plan(made, tmp_path).problems
    assert problem.endswith("it says: ValueError: not enough values to unpack for stackSentinel.py")


def test_little_room_on_the_disk_is_a_warning(made, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**20))
    assert any("GiB left" in warning for warning in plan(made, tmp_path).warnings)


# ---------------------------------------------------------------------- from Python and from the shell


def test_unknown_settings_name_the_nearest(tmp_path):
    with pytest.raises(InputError.__mro__[1], match="did you mean bbox"):
        Processor.create("ISCE_S1", workdir=str(tmp_path), bbx=[1, 2, 3, 4])


def test_paths_are_meant_from_where_they_are_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = ISCE_S1_Config(slc_dir="slc", dem_path="a.dem", mask="m")
    assert (config.slc_dir, config.dem_path, config.mask) == tuple(
        str(tmp_path / name) for name in ("slc", "a.dem", "m")
    )
    assert ISCE_S1_Config(slc_dir=["a.zip", "b.zip"]).slc_dir == [str(tmp_path / "a.zip"), str(tmp_path / "b.zip")]


@pytest.mark.parametrize("words", [["dry-run"], ["submit", "--dry-run"]])
def test_a_dry_run_writes_nothing(made, tmp_path, capsys, words):
    work = tmp_path / "work"
    work.mkdir()
    (work / "mine").write_text("x")
    action, *more = words
    assert run("stamps", ["isce", action, *made.words, *more, "--workdir", str(work)]) == 0
    said = capsys.readouterr().out
    assert [path.name for path in work.rglob("*")] == ["mine"]
    assert "Workflow slc with NESD" in said and "12_merge_reference_secondary_slc" in said and "× " in said


def test_a_dry_run_of_all_commands_as_json(made, tmp_path, capsys):
    words = ["isce", "dry-run", *made.words, "--commands", "--json", "--workdir", str(tmp_path / "absent")]
    assert run("stamps", words) == 0
    found = json.loads(capsys.readouterr().out)
    step = next(step for step in found["steps"] if step["name"] == "09_fullBurst_geo2rdr")
    assert len(step["commands"]) == 3 and f"{tmp_path}/absent/configs/config_fullBurst_geo2rdr_" in step["commands"][0]
    assert not (tmp_path / "absent").exists()


def test_problems_in_the_shell(made, tmp_path, capsys):
    words = ["isce", "submit", *made.words, "--workflow", "offset", "--pol", "xx", "--workdir", str(tmp_path / "w")]
    assert run("stamps", words) == 1
    error = capsys.readouterr().err
    assert "'offset' is not offered" in error and "'xx' does not exist" in error
    assert not (tmp_path / "w").exists()


def test_a_list_of_pairs_that_is_none(made, tmp_path, capsys):
    (tmp_path / "pairs").write_text("20180108\n")
    words = ["isce", "dry-run", *made.words, "--pairs", str(tmp_path / "pairs")]
    assert run("stamps", words) == 1 and "two dates yyyymmdd were expected" in capsys.readouterr().err
    assert run("stamps", [*words[:-1], "/nowhere"]) == 1 and "list of pairs /nowhere" in capsys.readouterr().err


def test_steps_are_known_by_their_numbers():
    known = ["01_unpack_topo_reference", "10_fullBurst_resample", "prepare"]
    assert [isce._named(word, known) for word in ("1", "01", "10", "prepare", "11")] == [known[0], *known, "11"]
