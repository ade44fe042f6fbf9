"""The file of a service: whatever is wrong in it is told, all at once, before anything is done."""

import pytest

from helpers.page_snippets import blocks_of
from stamps.cli.program import run
from stamps.errors import ParameterError
from stamps.service.psi import plan
from stamps.service.psi_config import PsiConfig, PsiSettings
from stamps.service.service_file import read_service
from stamps.service.typed_settings import fits

GOOD = """
interval = 60
[[stack]]
name = "etna"
frontend = "snap"
source = "in"
settings = { aoi = "area.geojson", swaths = ["IW2"], orbit_dir = "orbits", dem = "heights.tif", exclude = ["20200101"] }
trigger = { min_images = 25, new_images = 2, min_days = 6.5 }
[stack.psi]
parameters = { unwrap_grid_size = 100, drop_ifg_index = [2, 3], weed_neighbours = "y", max_topo_err = "[12]" }
reference = [14.2, 40.8, 300]
tropo = "linear"
[[stack]]
name = "vulcano"
frontend = "isce"
source = "in"
settings = { bbox = [38, 39, 14, 15], dem_path = "dem.wgs84", exclude_dates = [] }
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "area.geojson").write_text("{}")
    return tmp_path / "service.toml"


def test_a_good_file_with_places_relative_to_it(file):
    file.write_text(GOOD)
    service = read_service(file)
    etna, vulcano = service.stacks
    folder = file.parent
    assert service.root == folder and service.interval == 60 and service.settle == 600 and service.retries == 1
    assert etna.source == folder / "in" and etna.workdir == folder / "etna" and etna.trigger.min_days == 6.5
    assert etna.settings["orbit_dir"] == str(folder / "orbits") and etna.settings["dem"] == str(folder / "heights.tif")
    assert etna.settings["aoi"] == str(folder / "area.geojson") and vulcano.settings["dem_path"] == str(
        folder / "dem.wgs84"
    )
    assert etna.psi.resolution == 100 and vulcano.psi == PsiSettings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("intervall = 3", "unknown key 'intervall': did you mean interval?"),
        ("interval = 0", "interval is 0, but a number from 1 on"),
        ("interval = true", "interval of The file is True, but a number was expected"),
        ("interval = nan", "interval of The file is nan"),
        ("retries = 1.5", "retries of The file is 1.5, but a whole number"),
        ("root = 3", "root of The file is 3, but a text"),
        ("root = 'service.toml'", "which is no folder"),
        ("stack = 3", "stack is 3, but tables [[stack]] were expected"),
        ("stack = [3]", "but tables [[stack]] were expected"),
        ("[stack]\nname = 'x'", "but tables [[stack]] were expected"),
        ("[serve]\nport = 70000", "port of serve is 70000"),
        ("[serve]\nproducts = 'none'", "which is no folder"),
        ("[serve]\nurl = 'javascript:x'", "but an address like"),
        ("[serve.snap]\nproducts = ['x']", "settings of serve.snap cannot have products"),
        ("[serve.psi]\ntropo = 'x'", "serve.psi: tropo is 'x'"),
        ("[serve]\nmost_jobs = 0", "most_jobs of serve is 0"),
        ("interval = ", "this is no TOML"),
    ],
)
def test_a_key_or_value_that_cannot_be(file, text, said):
    file.write_text(text + "\n")
    with pytest.raises(ParameterError) as refused:
        read_service(file)
    assert said in str(refused.value) and str(file) in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"etna"', '"../etna"'), "cannot be the name of a stack"),
        (('"etna"', '"a.b"'), "cannot be the name of a stack"),
        (('"etna"', "7"), "name of stack 1 is 7"),
        (('"vulcano"', '"Etna"'), "There are 2 stacks of the name etna"),
        (('"snap"', '"snapp"'), "The frontend of the stack etna is 'snapp'"),
        (("swaths =", "swath ="), "unknown key 'swath': did you mean swaths?"),
        (('["IW2"]', '"IW2"'), "swaths of settings of the stack etna is 'IW2', but a list of texts was expected"),
        (("min_images = 25", "min_images = 1"), "min_images of the trigger of the stack etna is 1"),
        (("new_images = 2", "new_image = 2"), "unknown key 'new_image'"),
        (("unwrap_grid_size = 100", "unwrap_grid_size = 'x'"), "The parameter unwrap_grid_size is 'x'"),
        (("unwrap_grid_size = 100", "unwrap_gridsize = 1"), "There is no parameter 'unwrap_gridsize'"),
        (("unwrap_grid_size = 100", "lambda = 1"), "The parameter lambda cannot be given"),
        (('"[12]"', '"[12"'), "The parameter max_topo_err"),
        (("300]", "-3]"), "reference is"),
        (('tropo = "linear"', 'steps = "2 8"'), "The steps are '2 8'"),
        (('tropo = "linear"', 'steps = "1 6"'), "Products need step 7"),
        (('tropo = "linear"', 'products = ["cvs"]'), "did you mean csv?"),
        (('tropo = "linear"', "resolution = -1"), "resolution is -1"),
        (('tropo = "linear"', "workdir = 3"), "unknown key 'workdir'"),
        (("bbox = [38, 39, 14, 15]", "workdir = 'x'"), "cannot have workdir: the service says it"),
        (("bbox = [38, 39, 14, 15]", "min_dates = true"), "min_dates of settings"),
    ],
)
def test_a_stack_that_cannot_be(file, change, said):
    file.write_text(GOOD.replace(*change))
    with pytest.raises(ParameterError) as refused:
        read_service(file)
    assert said in str(refused.value), str(refused.value)


def test_everything_that_is_wrong_at_once(file, capsys):
    file.write_text(
        "intervall = 3\nsettle = -1\n[[stack]]\nfrontend = 'x'\n[[stack]]\nname = 'b'\nsource = 'no'\n[serve]\nport = 'x'\n"
    )
    assert run("stamps", ["service", "watch", str(file), "--once"]) == 1
    said = capsys.readouterr().err
    for part in ("intervall", "settle is -1", "stack 1 has no name", "stack 1 has no source", "The frontend of stack 1 is 'x'",
                 "the stack b has no frontend", "port of serve is 'x'"):  # fmt: skip
        assert part in said, part


def test_a_file_without_stacks_and_one_that_is_not_there(file, capsys):
    file.write_text("")
    assert run("stamps", ["service", "watch", str(file), "--once"]) == 1
    assert "names no stack" in capsys.readouterr().err
    assert run("stamps", ["service", "watch", str(file) + "x", "--once"]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_the_file_of_the_page(file):
    blocks = [block.text for block in blocks_of("docs/howto/service.md") if block.language == "toml"]
    assert len(blocks) == 2
    file.write_text("\n".join(blocks).replace("/data/slc/etna", "in").replace("/data/slc", "in"))
    service = read_service(file)
    assert [stack.name for stack in service.stacks] == ["etna"] and service.serve.url == "https://insar.example.org"
    assert service.stacks[0].psi.products == ["ps_output", "csv", "geojson", "report"]


def test_types_of_values():
    assert fits(3, float) and not fits(True, float) and not fits(float("inf"), float) and not fits(10**400, float)
    assert fits([1, 2.5], tuple[float, float]) and not fits([1], tuple[float, float]) and not fits("a\0", str)
    assert fits(None, int | None) is False and fits(3, int | None) and fits({"a": {"b": [1]}}, dict[str, object])


def test_the_plan_of_a_time_series():
    settings = PsiSettings(
        parameters={"clap_win": 64}, products=["series", "ps_output", "csv", "csv"], tropo="linear", cores=2
    )
    config = PsiConfig(frontend="snap", stack="INSAR_20200101", master="20200101", images=["20200101", "20200113"],
                       project="psi/20200113", settings=settings)  # fmt: skip
    made = plan(config)
    assert [step.name for step in made.steps] == ["prepare", "run", "tropo", "products"] and not made.problems
    assert made.steps[1].tasks[0].argv[2:5] == ("stamps", "1", "7") and made.steps[1].resources.cores == 2
    assert [task.id for task in made.steps[3].tasks] == ["series", "csv"]
    assert plan(PsiConfig(frontend="x", settings=PsiSettings(steps="8"))).problems
