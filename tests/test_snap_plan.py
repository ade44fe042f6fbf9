"""What a job of SNAP would do: steps and tasks, what is found and taken over, what is refused, what is kept of a job before."""

import dataclasses
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from helpers.gpt_stand_in import GPT, stand_in
from helpers.snap_exports import dimap, export_pairs
from helpers.snap_jobs import make_scene
from stamps.cli.completion import _parser_of
from stamps.cli.program import run
from stamps.cli.snap import _config, main
from stamps.errors import ExternalProgramError, InputError, ParameterError
from stamps.frontends.jobs.submission import job_of_plan
from stamps.frontends.sentinel1.orbit_files import snap_orbit_folder
from stamps.frontends.snap import frontend, gpt, sentinel_plan, tools
from stamps.frontends.snap.config import Snap_S1_Config, Snap_Stripmap_Config
from stamps.frontends.snap.dem import DEM_NAMES, named_dem, read_dem
from stamps.frontends.snap.sentinel_plan import selection_of
from stamps.frontends.snap.snap_toml import read_snap_toml
from stamps.frontends.snap.stripmap_images import chosen_master, find_images
from stamps.frontends.snap.tools import Findings

SWATHS = ("IW1", "IW2")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Five dates of two subswaths: a stack, its products (read only)."""
    return make_scene(tmp_path_factory.mktemp("scene"), SWATHS)


_SELECTED = {}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """SNAP's version is not asked for, and the same products are not read twice."""
    select = sentinel_plan.select

    def remembered(*places, **options):
        key = repr((places, options))
        if key not in _SELECTED:
            _SELECTED[key] = select(*places, **options)
        return _SELECTED[key]

    monkeypatch.setattr(sentinel_plan, "select", remembered)
    monkeypatch.setattr(tools, "version_of", lambda gpt: f"{os.environ.get('GPT_VERSION', '13')}.0.0")


@pytest.fixture
def settings(scene, tmp_path, monkeypatch):
    """Makes a configuration of the scene; keywords win."""
    stand_in(monkeypatch, stack=scene.stack)

    def make(**changes):
        usual = {
            "workdir": str(tmp_path / "work"), "products": [str(scene.slc)], "aoi": scene.area, "swaths": list(SWATHS),
            "master": scene.master, "dem": "srtm3", "snap_home": str(tmp_path / "home"), "cpu": 1, "memory": "2G",
        }  # fmt: skip
        return Snap_S1_Config(**{**usual, **changes})

    return make


def names(plan):
    """Tasks of each step."""
    return {step.name: [task.id for task in step.tasks] for step in plan.steps}


def written(plan, workdir):
    """Small files of a plan, as a submission writes them."""
    for name, text in plan.files.items():
        (workdir / name).parent.mkdir(parents=True, exist_ok=True)
        (workdir / name).write_text(text)


# ---------------------------------------------------------------------- steps and tasks


def test_steps_are_dates_times_subswaths(scene, settings):
    plan = frontend.plan(settings())
    found = names(plan)
    assert plan.problems == () and plan.versions == {"SNAP": "13.0.0"}
    assert list(found) == ["split", "coregister", "export", "join", "prepare"]
    assert found["split"] == [f"{date}_{swath}" for date in scene.dates for swath in SWATHS]
    assert found["coregister"] == [f"{scene.master}_{date}_{swath}" for date in scene.secondaries for swath in SWATHS]
    assert found["export"] == [f"{scene.master}_{date}" for date in scene.secondaries]
    assert found["join"] == found["prepare"] == [f"INSAR_{scene.master}"]
    assert [step.after for step in plan.steps] == [(), ("split",), ("coregister",), ("export",), ("join",)]


def test_resources_are_those_that_were_asked_for(settings):
    steps = {step.name: step.resources for step in frontend.plan(settings(at_once=2, minutes=90)).steps}
    assert (steps["split"].cores, steps["split"].memory_mb, steps["split"].minutes, steps["split"].at_once) == (
        1,
        2048,
        90,
        2,
    )
    assert steps["coregister"].first_alone and not steps["export"].first_alone
    steps = {
        step.name: step.resources for step in frontend.plan(settings(engine="slurm", cpu=8, export_threads=2)).steps
    }
    assert (steps["coregister"].cores, steps["export"].cores) == (8, 2)


def test_one_program_takes_no_more_cores_than_jobs_may_use(settings, monkeypatch):
    monkeypatch.setenv("STAMPS_CORES", "1")
    assert {step.resources.cores for step in frontend.plan(settings(cpu=64)).steps} == {1}
    monkeypatch.setenv("STAMPS_CORES", "3")
    assert {step.name: step.resources.cores for step in frontend.plan(settings(cpu=64)).steps}["split"] == 3


def test_tasks_say_what_they_are_about_and_what_they_leave(scene, settings):
    steps = {step.name: step for step in frontend.plan(settings()).steps}
    task = steps["coregister"].tasks[0]
    assert task.date == scene.secondaries[0] and task.about == f"{task.date} IW1"
    assert [(output.path, output.check) for output in task.outputs] == [
        (f"coreg/{task.id}.data", ""), (f"coreg/{task.id}.dim", "dimap"),
        (f"ifg/{task.id}.data", ""), (f"ifg/{task.id}.dim", "same_size"),
    ]  # fmt: skip
    assert {output.check for step in steps.values() for one in step.tasks for output in one.outputs} - {""} <= set(
        frontend.CHECKS
    )
    assert steps["export"].tasks[0].outputs[0].check == "export_pair"


def test_commands_do_not_hang_on_where_snap_is(settings, tmp_path):
    """A second installation of SNAP, or more memory, is no reason to do everything again."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gpt").symlink_to(GPT)
    first = frontend.plan(settings())
    again = frontend.plan(settings(gpt=str(tmp_path / "bin" / "gpt"), memory="5G", cpu=1))
    assert [task.definition for step in first.steps for task in step.tasks] == [
        task.definition for step in again.steps for task in step.tasks
    ]
    other = frontend.plan(settings(esd_coherence=0.15, subset=False))
    changed = {step.name: step.tasks[0].definition for step in other.steps}
    same = {step.name: step.tasks[0].definition for step in first.steps}
    assert changed["split"] == same["split"] and changed["export"] != same["export"]


def test_planning_writes_nothing(settings, tmp_path):
    frontend.plan(settings())
    assert list(tmp_path.iterdir()) == []


def test_facts_tell_the_workflow_and_its_end(scene, settings):
    facts = "\n".join(frontend.plan(settings(at_once=3)).facts)
    for part in (
        "single master, IW1 + IW2",
        f"Master {scene.master}",
        "4 secondaries",
        "IW2: ",
        "-q 1",
        "at most 3 at once",
    ):
        assert part in facts
    assert f"stamps 1 8 --workdir INSAR_{scene.master}" in facts


def test_snap_toml_tells_when_the_master_passed(scene, settings, tmp_path):
    config = settings()
    written(frontend.plan(config), tmp_path / "work")
    said = read_snap_toml(tmp_path / "work")
    assert said["master"] == scene.master and said["dates"] == list(scene.dates)
    assert said["utc"].startswith(f"{scene.master[:4]}-{scene.master[4:6]}-{scene.master[6:]}T05:06")
    assert 35 < said["incidence"] < 43 and said["settings"]["dem"] == DEM_NAMES["srtm3"]


# ---------------------------------------------------------------------- what is wrong


def test_all_problems_are_told_at_once(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    plan = frontend.plan(
        settings(
            dem=str(tmp_path / "none.tif"),
            memory="much",
            keep="nothing",
            patches=[0, 1],
            orbits="best",
            da_thresh=0,
            min_dates=9,
        )
    )
    told = "\n".join(plan.problems)
    for part in (
        "gpt was found neither",
        "none.tif",
        "memory is 'much'",
        "keep is",
        "patches is",
        "orbits is",
        "da_thresh is",
        "at least 9",
    ):
        assert part in told
    assert plan.steps == ()


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"aoi": None}, "no area of interest"),
        ({"products": []}, "no products"),
        ({"aoi": [1.0, 2.0]}, "2 numbers instead of four"),
        ({"master": "19990101"}, "19990101"),
        ({"products": ["/nowhere"]}, "/nowhere"),
        ({"cpu": 0}, "cpu is 0"),
        ({"workdir": "/tmp/a,b"}, "comma"),
        ({"troubles": ["project.conf: CPU = x is no number."]}, "CPU = x"),
    ],
)
def test_a_setting_that_cannot_be_is_a_problem(settings, changes, part):
    assert part in "\n".join(frontend.plan(settings(**changes)).problems)


def test_settings_of_another_program_are_refused():
    with pytest.raises(ParameterError, match="no configuration of SNAP"):
        frontend.plan(dataclasses.make_dataclass("Other", [])())


def test_orbits_that_are_not_at_hand_are_listed(scene, settings, tmp_path):
    warned = "\n".join(frontend.plan(settings()).warnings)
    assert (
        all(date in warned for date in scene.dates)
        and f"{tmp_path}/home/auxdata/Orbits/Sentinel-1/POEORB/S1A" in warned
    )
    assert "POEORB" not in "\n".join(frontend.plan(settings(orbits="none")).warnings)


def test_orbits_at_hand_are_put_where_snap_looks(scene, settings, tmp_path):
    orbits = tmp_path / "eof"
    orbits.mkdir()
    day = np.datetime64(f"{scene.dates[0][:4]}-{scene.dates[0][4:6]}-{scene.dates[0][6:]}")
    ends = [str(day + days).replace("-", "") for days in (-1, 1)]
    name = f"S1A_OPER_AUX_POEORB_OPOD_20991231T120000_V{ends[0]}T225942_{ends[1]}T005942.EOF"
    (orbits / name).write_text("<Earth_Explorer_File/>")
    config = settings(orbit_dir=str(orbits))
    plan = frontend.plan(config)
    frontend.arrange(config, plan)
    first = selection_of(config, Findings()).acquisitions[0]
    linked = snap_orbit_folder(tmp_path / "home", first) / name
    assert linked.is_symlink() and linked.read_text().startswith("<Earth")
    frontend.arrange(config, plan)
    warned = [warning for warning in plan.warnings if "not at hand" in warning][0]
    assert f"orbits of {scene.dates[1]}" in warned


# ---------------------------------------------------------------------- what is there already


def test_exported_pairs_are_neither_split_nor_coregistered_again(scene, settings, tmp_path):
    config = settings()
    export_pairs(scene.stack, tmp_path / "work")
    shutil.rmtree(tmp_path / "work" / "export" / f"{scene.master}_{scene.secondaries[1]}" / "geo")
    plan = frontend.plan(config)
    left = sorted([scene.master, scene.secondaries[1]])
    assert names(plan)["split"] == [f"{date}_{swath}" for date in left for swath in SWATHS]
    assert len(names(plan)["coregister"]) == 2 and len(names(plan)["export"]) == 4
    assert f"Exported already, not made again: {scene.secondaries[0]}, {scene.secondaries[2]}" in "\n".join(plan.facts)
    assert len(names(frontend.plan(settings(skip_existing=False)))["split"]) == 10


def test_a_step_without_tasks_is_left_out(scene, settings, tmp_path):
    export_pairs(scene.stack, tmp_path / "work")
    plan = frontend.plan(settings())
    assert [(step.name, step.after) for step in plan.steps] == [
        ("export", ()),
        ("join", ("export",)),
        ("prepare", ("join",)),
    ]


@pytest.mark.parametrize(
    "master, secondary",
    [
        ("MasterSplit/{m}_IW1.dim", "slaves/{s}/{s}_IW1.dim"),
        ("master/S1A_{m}T05_split_IW1.dim", "secondaries/{s}/{s}_IW1.dim"),
    ],
)
def test_folders_of_snap2stamps_are_taken_over(scene, settings, tmp_path, master, secondary):
    work, date = tmp_path / "work", scene.secondaries[0]
    places = [master.format(m=scene.master), secondary.format(s=date)]
    for place in places:
        dimap(work / place)
    plan = frontend.plan(settings())
    assert (
        not {f"{scene.master}_IW1", f"{date}_IW1"} & set(names(plan)["split"]) and f"{date}_IW2" in names(plan)["split"]
    )
    task = next(task for step in plan.steps for task in step.tasks if task.id == f"{scene.master}_{date}_IW1")
    assert list(task.inputs) == places
    assert f"${{workdir}}/{places[1]}" in plan.files[f"graphs/coregister/{task.id}.xml"]
    assert places[0] not in plan.files["graphs/run.json"]
    os.truncate((work / places[1]).with_suffix(".data") / "i_VV.img", 8)
    assert f"{date}_IW1" in names(frontend.plan(settings()))["split"]


def test_products_that_go_after_an_export_are_those_of_the_pair(scene, settings):
    config = settings()
    date, said = scene.secondaries[0], frontend.plan(config).files["graphs/run.json"]
    for name in (f"coreg/{scene.master}_{date}_IW2.dim", f"ifg/{scene.master}_{date}_IW1.dim", f"split/{date}_IW2.dim"):
        assert name in said
    assert f"split/{scene.master}_IW1.dim" not in said
    assert "coreg" not in frontend.plan(settings(keep="all")).files["graphs/run.json"]


def test_other_settings_than_those_of_the_products_are_refused(settings, tmp_path):
    written(frontend.plan(settings()), tmp_path / "work")
    assert frontend.plan(settings()).problems == ()
    told = frontend.plan(settings(dem="srtm1", orbits="none")).problems
    assert (
        len(told) == 1 and "dem (SRTM 3Sec, now SRTM 1Sec HGT)" in told[0] and "orbits (precise, now none)" in told[0]
    )
    assert frontend.plan(settings(dem="srtm1", skip_existing=False)).problems == ()


def test_a_job_keeps_its_master(scene, settings, tmp_path):
    other = scene.dates[0]
    written(frontend.plan(settings(master=other)), tmp_path / "work")
    plan = frontend.plan(settings(master="last"))
    assert plan.problems == () and f"INSAR_{other}" in names(plan)["join"]
    assert any(f"The master stays {other}" in warning for warning in plan.warnings)
    assert "master" in frontend.plan(settings(master=scene.dates[1])).problems[0]


def test_a_master_whose_products_are_gone_stays_as_its_split_or_is_missed(scene, settings, tmp_path):
    work, master = tmp_path / "work", scene.master
    first = frontend.plan(settings())
    written(first, work)
    before = read_snap_toml(work)
    (tmp_path / "slc").mkdir()
    for path in scene.slc.iterdir():
        if f"_{master}T" not in path.name:
            (tmp_path / "slc" / path.name).symlink_to(path)
    for word in (master, "auto"):
        (problem,) = frontend.plan(settings(products=[str(tmp_path / "slc")], master=word)).problems
        assert f"The master {master} of the job in {work} is not among the products any more" in problem
    for swath in SWATHS:
        dimap(work / f"split/{master}_{swath}.dim")
    for word in (master, "auto"):
        plan = frontend.plan(settings(products=[str(tmp_path / "slc")], master=word))
        assert plan.problems == () and any("its split takes their place" in warning for warning in plan.warnings)
        assert f"split/{master}_IW2.dim" not in plan.files["graphs/run.json"]
        assert names(plan)["split"] == [f"{date}_{swath}" for date in scene.secondaries for swath in SWATHS]
        assert plan.steps[1:] == first.steps[1:]  # the same commands: nothing is done again
        written(plan, work)
        assert read_snap_toml(work) == before


def test_the_preparation_alone_needs_neither_products_nor_snap(scene, settings, tmp_path):
    config = settings()
    job = job_of_plan("snap", frontend, config, frontend.plan(config))
    gone = dataclasses.replace(config, products=[str(tmp_path / "gone")], gpt=str(tmp_path / "gpt"), patches=[3, 2])
    plan = frontend.plan_preparation(gone, job)
    assert plan.problems == () and plan.files == {} and plan.steps[:-1] == job.steps[:-1]
    assert plan.steps[-1].tasks[0].argv[-6:] == (scene.master, "0.4", "3", "2", "50", "50")
    assert frontend.plan_preparation(config, job).steps == job.steps
    (problem,) = frontend.plan_preparation(settings(patches=[0, 1]), job).problems
    assert "patches is [0, 1]" in problem


def test_dates_can_be_left_out_but_not_the_master(scene, settings):
    date = scene.secondaries[0]
    plan = frontend.plan(settings(exclude=[date]))
    assert f"{scene.master}_{date}" not in names(plan)["export"] and len(names(plan)["export"]) == 3
    assert f"Left out: {date}: left out as you said." in plan.facts
    assert "cannot be left out" in frontend.plan(settings(exclude=[scene.master])).problems[0]


# ---------------------------------------------------------------------- SNAP, elevation models


def test_gpt_is_looked_for_in_the_order_of_the_manual(tmp_path, monkeypatch):
    places = {name: tmp_path / name / "bin" / "gpt" for name in ("given", "variable", "path", "folder", "installation")}
    for place in places.values():
        place.parent.mkdir(parents=True)
        place.touch(mode=0o755)
    monkeypatch.setenv("STAMPS_GPT", str(places["variable"]))
    monkeypatch.setenv("PATH", str(places["path"].parent))
    monkeypatch.setenv("SNAP_INSTALLATION_FOLDER", str(tmp_path / "installation"))
    assert gpt.find_gpt(str(tmp_path / "given")) == str(places["given"])
    assert gpt.find_gpt() == str(places["variable"])
    monkeypatch.delenv("STAMPS_GPT")
    assert gpt.find_gpt() == str(places["path"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert gpt.find_gpt(None, str(tmp_path / "folder")) == str(places["folder"])
    assert gpt.find_gpt() == str(places["installation"])
    monkeypatch.delenv("SNAP_INSTALLATION_FOLDER")
    with pytest.raises(InputError, match="found neither by --gpt, STAMPS_GPT"):
        gpt.find_gpt()
    with pytest.raises(InputError, match="no program that can be run"):
        gpt.find_gpt(str(tmp_path))


def test_a_program_that_is_not_gpt_is_told(tmp_path):
    program = tmp_path / "gpt"
    program.write_text("#!/bin/sh\necho no Java found\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(ExternalProgramError, match="no Java found"):
        gpt.version_of(str(program))


@pytest.mark.parametrize("text, size", [("16G", 16384), ("800M", 800), ("1.5 gb", 1536), (300, 300)])
def test_sizes_are_understood(text, size):
    assert gpt.megabytes(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "16X", "0"])
def test_sizes_that_are_none_are_refused(text):
    with pytest.raises(InputError, match="a size such as 16G"):
        gpt.megabytes(text)


def test_an_old_snap_is_named(settings, monkeypatch):
    monkeypatch.setenv("GPT_VERSION", "8")
    (told,) = frontend.plan(settings()).problems
    assert told.endswith("gpt is of SNAP 8.0.0, but SNAP 9 or later is needed.")


def test_names_of_elevation_models():
    assert named_dem("Copernicus30").name == named_dem("Copernicus 30m Global DEM").name == "Copernicus 30m Global DEM"
    assert named_dem("dem.tif") is None


def geotiff(path, epsg=4326, west=14.0, nodata=None, north=38.0, step=0.01):
    rasterio = pytest.importorskip("rasterio")
    transform = rasterio.transform.from_origin(west, north, step, step)
    profile = {"driver": "GTiff", "width": 200, "height": 100, "count": 1, "dtype": "float32", "transform": transform}
    with rasterio.open(path, "w", **profile, nodata=nodata, crs=f"EPSG:{epsg}" if epsg else None) as raster:
        raster.write(np.ones((1, 100, 200), np.float32))
    return path


def test_an_own_elevation_model_is_checked(tmp_path):
    area = (14.5, 37.3, 15.5, 37.8)
    dem = read_dem(geotiff(tmp_path / "a.tif", nodata=-32768.0), area)
    assert (dem.name, dem.nodata) == ("External DEM", -32768.0)
    assert read_dem(tmp_path / "a.tif", area, nodata=-1.0).nodata == -1.0
    assert read_dem(geotiff(tmp_path / "b.tif"), area).nodata == 0.0
    with pytest.raises(InputError, match="EPSG:4326 was expected"):
        read_dem(geotiff(tmp_path / "c.tif", 32633), area)
    with pytest.raises(InputError, match="no coordinate system"):
        read_dem(geotiff(tmp_path / "d.tif", None), area)
    with pytest.raises(InputError, match="need 14.450 37.250 15.550 37.850"):
        read_dem(geotiff(tmp_path / "e.tif", west=14.46), area)
    (tmp_path / "f.tif").write_text("none")
    with pytest.raises(InputError, match="cannot be read"):
        read_dem(tmp_path / "f.tif", area)
    with pytest.raises(InputError, match="neither a file nor one of copernicus30"):
        read_dem(tmp_path / "g.tif", area)


def test_an_elevation_model_without_a_number_for_no_height_is_told_how_to_be_converted(settings, scene, tmp_path):
    west, north = scene.area[0] - 0.5, scene.area[3] + 0.5
    dem = geotiff(tmp_path / "my dem.tif", nodata=np.nan, west=west, north=north, step=0.02)
    (problem,) = frontend.plan(settings(dem=str(dem))).problems
    assert f"gdalwarp -dstnodata -32768 '{dem}' '{tmp_path}/my dem_snap.tif', and name the new file." in problem
    assert frontend.plan(settings(dem=str(dem), dem_nodata=-32768.0)).problems == ()
    import rasterio

    with rasterio.open(dem, "r+") as raster:
        heights = raster.read(1)
        heights[3, 5] = np.nan
        raster.write(heights, 1)
    (problem,) = frontend.plan(settings(dem=str(dem), dem_nodata=-32768.0)).problems
    assert "has nan where there are no heights" in problem


@pytest.mark.parametrize("dem", ["srtm3", "file"])
def test_heights_above_the_ellipsoid_are_refused(settings, scene, tmp_path, dem):
    if dem == "file":
        dem = str(geotiff(tmp_path / "dem.tif", west=scene.area[0] - 0.5, north=scene.area[3] + 0.5, step=0.02))
    (problem,) = frontend.plan(settings(dem=dem, dem_egm=False)).problems
    assert "--dem-no-egm" in problem and "-t_srs EPSG:4326+5773" in problem


# ---------------------------------------------------------------------- stripmap


@pytest.fixture
def images(tmp_path):
    """Names of TerraSAR-X images of six dates."""
    dates = [f"202001{day:02d}" for day in (3, 14, 25)] + [f"202002{day:02d}" for day in (5, 16, 27)]
    for date in dates:
        name = f"TDX1_SAR__SSC______SM_S_SRA_{date}T051207_{date}T051215"
        (tmp_path / "slc" / name / "ANNOTATION").mkdir(parents=True)
        (tmp_path / "slc" / name / f"{name}.xml").touch()
    return dates


def stripmap(tmp_path, **changes):
    usual = {
        "workdir": str(tmp_path / "work"), "products": str(tmp_path / "slc"), "aoi": [14.8, 37.6, 15.2, 37.9], "dem": "srtm3",
        "snap_home": str(tmp_path / "home"),
    }  # fmt: skip
    return Snap_Stripmap_Config(**{**usual, **changes})


def test_stripmap_images_are_cut_coregistered_and_exported(images, tmp_path, monkeypatch):
    stand_in(monkeypatch)
    plan = frontend.plan(stripmap(tmp_path))
    assert plan.problems == ()
    found, master = names(plan), images[3]
    assert list(found) == ["subset", "coregister", "interferogram", "export", "join", "prepare"]
    assert found["subset"] == images and found["interferogram"] == [
        f"{master}_{date}" for date in images if date != master
    ]
    assert 'utc = "2020-02-05T05:12:07"' in plan.files["snap.toml"]
    assert (
        "subset/20200103_sub.dim" in plan.files["graphs/run.json"]
        and f"subset/{master}_sub.dim" not in plan.files["graphs/run.json"]
    )


def test_a_stripmap_image_that_is_cut_already_is_used_as_it_is(images, tmp_path, monkeypatch):
    stand_in(monkeypatch)
    cut = dimap(tmp_path / "master" / "20200311_sub.dim")
    plan = frontend.plan(stripmap(tmp_path, products=[str(tmp_path / "slc"), str(cut)], master="20200311"))
    assert "20200311" not in names(plan)["subset"] and len(names(plan)["export"]) == 6
    assert (
        f"<fileList>{cut},${{workdir}}/subset/20200103_sub.dim</fileList>"
        in plan.files["graphs/coregister/20200311_20200103.xml"]
    )


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"products": "/nowhere"}, "/nowhere does not exist"),
        ({"master": "20990101"}, "The master is '20990101'"),
        ({"min_dates": 7}, "There are 6 dates, but at least 7"),
        ({"aoi": None}, "no area of interest"),
        ({"master": "20200205", "exclude": ["20200205"]}, "The master 20200205 cannot be left out"),
    ],
)
def test_what_a_stripmap_job_cannot_be(images, tmp_path, monkeypatch, changes, part):
    stand_in(monkeypatch)
    assert part in "\n".join(frontend.plan(stripmap(tmp_path, **changes)).problems)


def test_a_stripmap_master_that_is_gone_stays_as_its_cut_image_or_is_missed(images, tmp_path, monkeypatch):
    stand_in(monkeypatch)
    written(frontend.plan(stripmap(tmp_path, master=images[2])), tmp_path / "work")
    shutil.rmtree(next((tmp_path / "slc").glob(f"*_{images[2]}T*")))
    (problem,) = frontend.plan(stripmap(tmp_path)).problems
    assert f"The master {images[2]} of the job in {tmp_path}/work is not among the images any more" in problem
    dimap(tmp_path / f"work/subset/{images[2]}_sub.dim")
    plan = frontend.plan(stripmap(tmp_path))
    assert plan.problems == () and names(plan)["subset"] == [date for date in images if date != images[2]]
    assert names(plan)["join"] == [f"INSAR_{images[2]}"]


def test_stripmap_images_are_told_apart_by_their_names(images, tmp_path):
    found = find_images([tmp_path / "slc"])
    assert list(found) == images and found[images[0]].utc == "2020-01-03T05:12:07"
    assert [chosen_master(found, word) for word in ("first", "last", "2", "auto", images[4])] == [
        images[k] for k in (0, 5, 1, 3, 4)
    ]
    assert chosen_master(found, "auto", images[3:]) == images[1] and chosen_master(found, "1", images[:1]) == images[1]
    assert chosen_master(found, images[3], images[3:]) == images[3]
    (tmp_path / "other.zip").touch()
    with pytest.raises(InputError, match="tells no date"):
        find_images([tmp_path / "other.zip"])
    (tmp_path / "20200103.zip").touch()
    with pytest.raises(InputError, match="two images of 20200103"):
        find_images([tmp_path / "slc", tmp_path / "20200103.zip"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="No stripmap image was found"):
        find_images([tmp_path / "empty"])


# ---------------------------------------------------------------------- the verb


def configured(*words):
    return _config(_parser_of(main, []).parse_args(words))


def test_words_become_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    area = "slc --aoi 14.8 37.6 15.2 37.9 --swath IW2 IW3 --pol VH --bursts 230132,230133 --leave-out 20200103"
    others = "--no-esd --dem-no-egm --da 0.35 --patches 3 2 --keep all --cpu 8 --no-skip-existing"
    config = configured("submit", *area.split(), *others.split())
    assert isinstance(config, Snap_S1_Config) and config.products == [str(tmp_path / "slc")]
    assert (config.aoi, config.swaths, config.polarisation) == ([14.8, 37.6, 15.2, 37.9], ["IW2", "IW3"], "VH")
    assert (config.esd, config.dem_egm, config.bursts, config.da_thresh) == (False, False, [230132, 230133], 0.35)
    assert (config.patches, config.exclude, config.keep, config.cpu, config.skip_existing) == (
        [3, 2],
        ["20200103"],
        "all",
        8,
        False,
    )
    assert (config.memory, config.subset, config.orbits, config.engine) == ("16G", True, "precise", "local")


def test_stripmap_is_said(tmp_path):
    assert isinstance(
        configured("dry-run", str(tmp_path), "--stripmap", "--aoi", "POLYGON((1 2,3 2,3 4,1 2))"), Snap_Stripmap_Config
    )


def test_the_list_shows_dates_and_master(scene, capsys):
    words = ["snap", "list", str(scene.slc), "--aoi", *map(str, scene.area), "--master", scene.master]
    assert run("stamps", words) == 0
    said = capsys.readouterr().out
    assert [line[:8] for line in said.splitlines()[:5]] == list(scene.dates)
    assert said.count("  master\n") == 1 and f"master {scene.master} (the middle of the list is" in said
    assert run("stamps", [*words, "--json", "--min-dates", "9"]) == 1
    assert '"problems": [\n  "5 dates remain' in capsys.readouterr().out


def test_the_check_asks_snap_for_its_operators(scene, tmp_path, capsys, monkeypatch):
    stand_in(monkeypatch)
    monkeypatch.setattr(gpt, "operators", lambda: ("Read", "Interferogram", "StampsExport"))
    words = [
        "snap",
        "check",
        str(scene.slc),
        "--aoi",
        *map(str, scene.area),
        "--snap-home",
        str(tmp_path),
        "--dem",
        "srtm3",
    ]
    assert run("stamps", words) == 0
    said = capsys.readouterr().out
    assert "SNAP 13.0.0" in said and "Operators and parameters: all known" in said and "0 tiles at hand" in said
    assert f"SNAP will download {scene.dates[0]}: no POEORB" in said


def test_an_operator_that_is_not_there_is_told(tmp_path, capsys):
    program = tmp_path / "gpt"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --diag ] && echo SNAP Release version 9.0.0 || echo "Error: Unknown operator"\n'
    )
    program.chmod(0o755)
    assert run("stamps", ["snap", "check", "--gpt", str(program), "--snap-home", str(tmp_path)]) == 1
    assert "has no operator StampsExport" in capsys.readouterr().out


def test_prepare_without_a_job_is_one_sentence(tmp_path, capsys):
    assert run("stamps", ["snap", "prepare", "--without-failed", "--workdir", str(tmp_path)]) == 1
    assert "There is no job of SNAP in" in capsys.readouterr().err
    assert Path(tmp_path).exists()


# ---------------------------------------------------------------------- project.conf


def conf(tmp_path, scene, *lines):
    """A ``project.conf`` of snap2stamps 1 in the folder of a project with the products of a scene."""
    west, south, east, north = scene.area
    (tmp_path / "etna").mkdir(exist_ok=True)
    if not (tmp_path / "etna" / "slaves").exists():
        (tmp_path / "etna" / "slaves").symlink_to(scene.slc)
    text = f"PROJECTFOLDER={tmp_path}/etna\nIW1=IW2\nLONMIN={west}\nLATMIN={south}\nLONMAX={east}\nLATMAX={north}\n"
    text += f"GPTBIN_PATH={GPT}\nCPU=1\nCACHE=2G\n"
    (tmp_path / "project.conf").write_text(text + "".join(f"{line}\n" for line in lines))
    return str(tmp_path / "project.conf")


def hand_split(path, since_node=()):
    """A split product with the annotation of its bursts."""
    dimap(path, length=1500 * max(1, len(since_node)))
    bursts = "".join(
        f'<MDElem name="burst"><MDATTR name="azimuthAnxTime">{time}</MDATTR></MDElem>' for time in since_node
    )
    told = {"REL_ORBIT": 44, "MISSION": "SENTINEL-1A", "first_line_time": "01-FEB-2018 05:06:01.25"}
    told |= {"linesPerBurst": 1500, "azimuthTimeInterval": 2.0555562999e-3}
    rows = "".join(f'<MDATTR name="{name}">{text}</MDATTR>' for name, text in told.items())
    path.write_text(path.read_text().replace("</Dimap_Document>", f"{rows}{bursts}</Dimap_Document>"))
    return path


def test_a_project_conf_is_a_job(scene, tmp_path):
    zipped = next(scene.slc.glob(f"*_{scene.master}T*.zip"))
    config = configured("submit", conf(tmp_path, scene, f"MASTER={zipped}"), "--no-esd", "--dem", "srtm3")
    assert (config.workdir, config.swaths, config.memory, config.esd_coherence) == (
        f"{tmp_path}/etna",
        ["IW2"],
        "2G",
        0.15,
    )
    assert not config.esd and config.dem == "srtm3" and config.resampling == "BILINEAR_INTERPOLATION"
    config.snap_home = str(tmp_path / "home")
    plan = frontend.plan(config)
    assert plan.problems == () and names(plan)["split"] == [f"{date}_IW2" for date in scene.dates]


@pytest.mark.parametrize(
    "name, keys",
    [
        ("v1", ["PROJECTFOLDER", "MASTER", "GPTBIN_PATH"]),
        ("topsar", ["PROJECTFOLDER", "MASTER", "SNAP_INSTALLATION_FOLDER"]),
        ("stripmap", ["PROJECTFOLDER", "MASTER", "EXTDEM", "SNAP_INSTALLATION_FOLDER"]),
    ],
)
def test_all_that_a_project_conf_names_and_is_not_there_is_told_by_its_key(name, keys, capsys):
    file = Path(__file__).parent / "fixtures" / "project_conf" / f"project_{name}.conf"
    assert main(["dry-run", str(file)]) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("problem: ")]
    assert [line.split(" = ")[0].removeprefix(f"problem: {file.name}: ") for line in told] == keys
    assert all(line.endswith(" does not exist.") for line in told)


def test_words_win_over_what_a_project_conf_names(scene, tmp_path):
    file = conf(tmp_path, scene, "EXTDEM=/data/none.tif", "GPTBIN_PATH=/opt/none/gpt")
    told = frontend.plan(configured("submit", file)).problems
    assert [problem.split(" = ")[0] for problem in told] == ["project.conf: EXTDEM", "project.conf: GPTBIN_PATH"]
    assert frontend.plan(configured("submit", file, "--dem", "srtm3", "--gpt", str(GPT))).problems == ()
    (tmp_path / "dem.tif").write_text("no raster")
    (told,) = frontend.plan(configured("submit", conf(tmp_path, scene, f"EXTDEM={tmp_path}/dem.tif"))).problems
    assert "cannot be read" in told and f"It stands in project.conf: EXTDEM = {tmp_path}/dem.tif." in told


def test_what_is_wrong_with_a_project_conf_is_a_problem_of_the_plan(scene, tmp_path):
    config = configured("submit", conf(tmp_path, scene, f"MASTER={scene.slc}", "POLARISATION=XX"))
    assert any("POLARISATION = XX is none of" in problem for problem in frontend.plan(config).problems)


def test_a_project_conf_with_downloads_needs_them_first(scene, tmp_path, capsys):
    file = conf(tmp_path, scene, "autoDownload=Y", "TRACK=44")
    assert frontend.plan(configured("submit", file, "--dem", "srtm3")).problems == ()
    (tmp_path / "etna" / "slaves").unlink()
    for words in (["submit"], ["submit", "--dry-run"], ["dry-run"]):
        assert run("stamps", ["snap", words[0], file, *words[1:]]) == 1
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1 and said[0].endswith(f"holds no products yet: call 'stamps snap download {file}' first.")
    assert not (tmp_path / "etna" / "jobs").exists()
    assert any("autoDownload = Y" in problem for problem in frontend.plan(configured("list", file)).problems)


def test_the_action_download_asks_the_archive(scene, tmp_path, monkeypatch, capsys):
    import asf_search

    def refuse(**query):
        assert query["relativeOrbit"] == [44]
        raise ConnectionError

    monkeypatch.setattr(asf_search, "search", refuse)
    assert run("stamps", ["snap", "download", conf(tmp_path, scene, "autoDownload=Y", "TRACK=44"), "--list"]) == 1
    assert "The archive cannot be searched: there is no connection" in capsys.readouterr().err


def test_a_master_split_by_hand_needs_no_product(scene, tmp_path):
    free = selection_of(
        configured("list", str(scene.slc), "--aoi", *map(str, scene.area), "--swath", "IW2"), Findings()
    )
    number = free.burst_ids["IW2"][0]
    since = (number - 0.5) * 2.758273 + 2.299849 - 43 * 12 * 86400 / 175 - 1500 * 2.0555562999e-3 / 2
    split = hand_split(tmp_path / "etna" / "byhand" / "S1A_20180201_split_Orb_IW2.dim", [since])
    config = configured("submit", conf(tmp_path, scene, f"MASTER={split}"), "--dem", "srtm3")
    plan = frontend.plan(config)
    assert plan.problems == () and names(plan)["split"] == [f"{date}_IW2" for date in scene.dates]
    assert names(plan)["export"] == [f"20180201_{date}" for date in scene.dates]
    assert f"<file>{split}</file>" in plan.files[f"graphs/coregister/20180201_{scene.dates[0]}_IW2.xml"]
    assert 'utc = "2018-02-01T05:06:01"' in plan.files["snap.toml"] and str(split) not in plan.files["graphs/run.json"]
    assert f'"IW2 {number}-{number}"' in plan.files["snap.toml"]
    os.truncate(split.with_suffix(".data") / "i_VV.img", 8)
    assert any("The master's split cannot be used" in problem for problem in frontend.plan(config).problems)
