"""Splits that were not made by the job: what they say, what is taken, passed over and refused; the antimeridian."""

import datetime as dt

import pytest

from helpers.gpt_stand_in import stand_in
from helpers.safe_products import made_products, stack_settings
from helpers.snap_exports import dimap
from helpers.snap_jobs import make_scene
from stamps.errors import InputError
from stamps.frontends.sentinel1.acquisitions import data_takes, ends_cycle, read_products, read_scene
from stamps.frontends.snap import frontend, tools
from stamps.frontends.snap.config import Snap_S1_Config, Snap_Stripmap_Config
from stamps.frontends.snap.hand_split import read_hand_split
from stamps.frontends.snap.sentinel_plan import selection_of
from stamps.frontends.snap.split_facts import read_split_facts
from stamps.frontends.snap.tools import Findings

LINES, INTERVAL = 50, 1500 * 2.0555562999e-3 / 50  # fewer lines of the same time


def split(path, *, bursts=(), start=None, polarisation="VV", swath="IW2", track=44, listed=True):
    """A split as SNAP leaves it; ``bursts`` are (azimuthTime, azimuthAnxTime, burstId or None)."""
    dimap(path, length=LINES * max(1, len(bursts)), bands=[f"{part}_{swath}_{polarisation}" for part in "iq"])
    told = {"REL_ORBIT": track, "MISSION": "SENTINEL-1A", "linesPerBurst": LINES, "azimuthTimeInterval": INTERVAL}
    if start is not None:
        told["first_line_time"] = f"{start:%d-%b-%Y %H:%M:%S}.25".upper()
    rows = "".join(f'<MDATTR name="{name}">{text}</MDATTR>' for name, text in told.items())
    for time, since, number in bursts if listed else ():
        inner = {"azimuthTime": f"{time:%Y-%m-%dT%H:%M:%S.%f}", "azimuthAnxTime": since}
        inner |= {} if number is None else {"burstId": number}
        cells = "".join(f'<MDATTR name="{name}">{text}</MDATTR>' for name, text in inner.items())
        rows += f'<MDElem name="burst">{cells}</MDElem>'
    path.write_text(path.read_text().replace("</Dimap_Document>", f"{rows}</Dimap_Document>"))
    return path


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return make_scene(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def settings(scene, tmp_path, monkeypatch):
    stand_in(monkeypatch)
    monkeypatch.setattr(tools, "version_of", lambda gpt: "13.0.0")
    return {
        "workdir": str(tmp_path / "work"), "products": [str(scene.slc)], "aoi": scene.area, "swaths": ["IW2"],
        "dem": "srtm3", "snap_home": str(tmp_path / "home"), "cpu": 1, "memory": "2G",
    }  # fmt: skip


def right(config, date):
    """What a split of the bursts that are used says."""
    selection = selection_of(config, Findings())
    take = selection.acquisition(date)
    scene, _ = read_scene(take, "VV", ["IW2"])
    used = [burst for burst in scene.bursts("IW2") if burst.number in selection.burst_ids["IW2"]]
    assert used
    return {"bursts": [(one.start, one.since_node, None) for one in used], "start": used[0].start}


WRONG = [
    ({"polarisation": "VH"}, "it holds VH, not VV"),
    ({"swath": "IW3"}, "it holds IW3, not IW2"),
    ({"start": dt.datetime(2018, 5, 6, 7, 8, 9)}, "its first line is of 2018-05-06 07:08:09, not of the slices of"),
    ({"bursts": "more"}, "along the track, not "),
    ({"bursts": "more", "listed": False}, "bursts, not "),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG)
@pytest.mark.parametrize("place", ["slaves/{d}/{d}_IW2.dim", "MasterSplit/{d}_IW2.dim", "split/{d}_IW2.dim"])
def test_splits_of_something_else_are_not_used(scene, settings, tmp_path, place, changes, sentence):
    config, date = Snap_S1_Config(**settings), scene.master
    told = right(config, date)
    changes = dict(changes)
    if changes.pop("bursts", None):
        time, since, _ = told["bursts"][0]
        told["bursts"] = [(time - dt.timedelta(seconds=2.758273), since - 2.758273, None), *told["bursts"]]
    path = split(tmp_path / "work" / place.format(d=date), **{**told, **changes})
    plan = frontend.plan(config)
    made = {task.id for step in plan.steps if step.name == "split" for task in step.tasks}
    assert f"{date}_IW2" in made
    said = plan.problems if place.startswith("split") else plan.warnings
    assert sum(sentence in one for one in said) == 1 and path.name in " ".join(said)
    assert len(plan.problems) == place.startswith("split")


@pytest.mark.parametrize("place", ["slaves/{d}/{d}_IW2.dim", "split/{d}_IW2.dim"])
@pytest.mark.parametrize("listed", [True, False])
def test_splits_of_the_same_are_taken(scene, settings, tmp_path, place, listed):
    config, date = Snap_S1_Config(**settings), scene.secondaries[0]
    split(tmp_path / "work" / place.format(d=date), **right(config, date), listed=listed)
    plan = frontend.plan(config)
    assert plan.problems == () and not any("is not taken over" in one for one in plan.warnings)
    made = {task.id for step in plan.steps if step.name == "split" for task in step.tasks}
    assert (f"{date}_IW2" in made) == place.startswith("split")


@pytest.mark.parametrize(("changes", "sentence"), WRONG[:3])
def test_a_master_split_by_hand_must_be_what_is_said(scene, settings, tmp_path, changes, sentence):
    date = scene.master
    told = right(Snap_S1_Config(**settings), date)
    path = split(tmp_path / f"{date}_IW2.dim", **told)
    assert frontend.plan(Snap_S1_Config(**settings, master_split=str(path))).problems == ()
    other = split(tmp_path / "other" / f"{date}_IW2.dim", **{**told, **changes})
    problems = frontend.plan(Snap_S1_Config(**settings, master_split=str(other))).problems
    assert len(problems) == 1 and f"The master's split {other} cannot be used: " in problems[0]
    assert sentence.partition(",")[0] in problems[0]


# ---------------------------------------------------------------------- numbers of bursts


@pytest.mark.parametrize("track", [29, 1])
def test_bursts_across_the_node_have_the_numbers_of_annotations(tmp_path, track):
    settings = stack_settings(heading=-12.0, centre_lat=1.1, centre_lon=37.0, n_images=3)
    made_products(tmp_path / "slc", settings, swaths=("IW2",), slices=3, track=track)
    products = read_products(sorted((tmp_path / "slc").iterdir()))[0]
    take = data_takes(products)[0]
    scene, _ = read_scene(take, "VV", ["IW2"], end_of_cycle=ends_cycle(products))
    bursts = scene.bursts("IW2")
    assert bursts[0].since_node > 5900 and bursts[-1].since_node < 30
    told = [(one.start, one.since_node, None) for one in bursts]
    path = split(tmp_path / f"{take.date}_IW2.dim", bursts=told, track=take.relative_orbit)
    assert read_split_facts(path).bursts == tuple(one.number for one in bursts)
    told = [(time, since + (5924.57 if since < 30 else 0), None) for time, since, _ in told]
    on = split(tmp_path / "on" / f"{take.date}_IW2.dim", bursts=told, track=take.relative_orbit)
    assert read_hand_split(on, "VV").bursts == tuple(one.number for one in bursts)


def test_a_list_that_was_not_cut_with_the_image_tells_nothing(tmp_path):
    told = [(dt.datetime(2018, 2, 1, 5, 6, k), 100.0 + 2.758273 * k, 7 + k) for k in range(3)]
    path = split(tmp_path / "20180201_IW2.dim", bursts=told)
    assert read_split_facts(path).bursts == (7, 8, 9)
    path.write_text(path.read_text().replace(f"<NROWS>{3 * LINES}<", f"<NROWS>{2 * LINES}<"))
    facts = read_split_facts(path)
    assert facts.bursts == () and facts.n_bursts == 2
    path.write_text("nothing")
    with pytest.raises(InputError, match="cannot be read"):
        read_split_facts(path)


# ---------------------------------------------------------------------- antimeridian


def test_nothing_is_cut_out_across_the_antimeridian(settings, tmp_path):
    stack = stack_settings(centre_lat=-16.8, centre_lon=180.0)
    made_products(tmp_path / "slc", stack, zipped=True)
    settings |= {"products": [str(tmp_path / "slc")], "aoi": [179.95, -16.9, -179.95, -16.7], "swaths": None}
    problems = frontend.plan(Snap_S1_Config(**settings)).problems
    assert len(problems) == 1 and "across the antimeridian" in problems[0] and "--no-subset" in problems[0]
    plan = frontend.plan(Snap_S1_Config(**settings, subset=False))
    assert plan.problems == () and [step.name for step in plan.steps][:3] == ["split", "coregister", "export"]
    assert not any("geoRegion" in text for text in plan.files.values())


def test_nor_of_stripmap_images(settings, tmp_path):
    (tmp_path / "slc").mkdir()
    for day in range(3):
        (tmp_path / "slc" / f"S1A_S3_SLC__1SDV_2020010{day + 1}T051207.zip").touch()
    del settings["swaths"]
    settings |= {"products": [str(tmp_path / "slc")], "aoi": [179.95, -16.9, -179.95, -16.7], "min_dates": 2}
    problems = frontend.plan(Snap_Stripmap_Config(**settings)).problems
    assert len(problems) == 1 and "across the antimeridian" in problems[0] and "--no-subset" in problems[0]
    plan = frontend.plan(Snap_Stripmap_Config(**settings, subset=False))
    assert plan.problems == () and not any("geoRegion" in text for text in plan.files.values())
