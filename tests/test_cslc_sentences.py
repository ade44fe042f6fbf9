"""What the preparation of geocoded products refuses, warns of and notes: every sentence of docs/method/cslc.md."""

import shutil

import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, changed, dates_of, master_of, products, read, refused, static_layers
from stamps.errors import StampsError

pytest.importorskip("pyproj")
pytest.importorskip("rasterio")

FLAGS = "metadata__processing_information__parameters"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return map_stacks.radar_stack(tmp_path_factory.mktemp("radar"), lines=40, samples=50)


@pytest.fixture(scope="module")
def sound(stack, tmp_path_factory):
    return bursts(stack, tmp_path_factory.mktemp("sound"), bursts=2)


@pytest.fixture
def made(sound, tmp_path):
    """A copy that may be changed."""
    return shutil.copytree(sound, tmp_path / "products")


def one_of(folder, stack):
    """The first burst of a date that is not the master."""
    date = next(date for date in dates_of(stack) if date != master_of(stack))
    return products(folder, f"_{date}T")[0]


def prepare(made, stack, tmp_path, **options):
    """Prepare a project beside the products."""
    return map_stacks.prepared(tmp_path / "INSAR", stack, made, **options)


def of_data(path, name):
    return read(path, f"data/{name}")


def test_folders_without_products(stack, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "a.iso.xml").write_text("<x/>")
    assert "holds no CSLC file (OPERA_L2_CSLC-S1_*.h5 or t###_######_iw#_yyyymmdd.h5)" in refused(
        empty, stack, tmp_path
    )
    assert "nowhere" in refused(tmp_path / "nowhere", stack, tmp_path)


def test_compressed_products(stack, tmp_path):
    made = bursts(stack, tmp_path / "x", compressed=[dates_of(stack)[1]])
    assert "is a compressed CSLC, which is no acquisition: leave it out" in refused(made, stack, tmp_path)


def test_another_polarisation(stack, tmp_path):
    made = bursts(stack, tmp_path / "x", of_polarisation={dates_of(stack)[1]: "HH"})
    said = refused(made, stack, tmp_path)
    assert "has polarisation HH, but the others VV: choose one with --pol" in said


def test_another_zone(stack, tmp_path):
    made = bursts(stack, tmp_path / "x", bursts=3, other_zone=[1])
    assert "is in EPSG:32634, the others in EPSG:32633: its images cannot be moved to another grid" in refused(
        made, stack, tmp_path
    )


def test_another_posting(made, stack, tmp_path):
    date = next(date for date in dates_of(stack) if date != master_of(stack))
    other = bursts(stack, tmp_path / "x", bursts=2, posting=(5.0, 10.0), static=False)
    for path in products(other, f"_{date}T"):
        shutil.copyfile(path, made / path.name)
    said = refused(made, stack, tmp_path)
    assert "5 × 10 m pixels from x" in said and "they belong to different processings" in said


def test_orbits_of_two_bursts_that_disagree(made, stack, tmp_path):
    path = one_of(made, stack)
    shifted = read(path, "metadata/orbit/position_x") + 0.4
    changed(path, metadata__orbit__position_x=shifted)
    said = refused(made, stack, tmp_path)
    assert "disagree by 0.4 m at " in said and "they come from different orbit files" in said


def test_a_master_that_is_not_there(sound, stack, tmp_path):
    from stamps.legacy.mt_prep_cslc import mt_prep_cslc

    (tmp_path / "INSAR").mkdir()
    for master, words in (
        ("20180601", "The master 20180601 is absent: the bursts have these common dates"),
        ("x", "date"),
    ):
        with pytest.raises(StampsError, match=words):
            mt_prep_cslc(master, sound, workdir=tmp_path / "INSAR")


def test_bursts_without_common_dates(stack, tmp_path):
    names = dates_of(stack)
    apart = bursts(stack, tmp_path / "x", bursts=2, missing={d: [k % 2] for k, d in enumerate(names)})
    assert "have no common date" in refused(apart, stack, tmp_path)
    alone = {d: [1] for d in names if d != master_of(stack)}
    lonely = bursts(stack, tmp_path / "y", bursts=2, missing=alone)
    assert "Only the master is common to all bursts: at least two images are needed" in refused(lonely, stack, tmp_path)


def test_nothing_valid_on_all_dates(made, stack, tmp_path):
    for path in products(made, f"_{dates_of(stack)[0]}T"):
        changed(path, data__VV=np.full(of_data(path, "VV").shape, np.nan, "c8"))
    said = refused(made, stack, tmp_path)
    assert f"No pixel of the area is valid in all {len(dates_of(stack))} images" in said and dates_of(stack)[0] in said


def test_a_burst_off_its_place(made, stack, tmp_path):
    path = one_of(made, stack)
    words = read(path, "identification/bounding_polygon").decode()
    inside = words[words.index("((") + 2 : words.index("))")]
    moved = ", ".join(f"{float(lon) + 0.24} {lat}" for lon, lat in (corner.split() for corner in inside.split(", ")))
    changed(path, identification__bounding_polygon=f"POLYGON (({moved}))")
    said = refused(made, stack, tmp_path)
    assert (
        "lies 20 km off its place on" in said and "its burst number is wrong in" in said and "exclude that date" in said
    )


def test_two_passes_of_one_day(made, stack, tmp_path):
    path = one_of(made, stack)
    other = path.with_name(path.name.replace("T050", "T170"))
    shutil.copyfile(path, other)
    number = read(path, "identification/absolute_orbit_number") + 7
    changed(other, identification__absolute_orbit_number=number)
    assert "two passes" in refused(made, stack, tmp_path)


def test_static_layers_of_another_place(made, stack, tmp_path, capsys):
    """Of another grid: not used, and said."""
    for path in static_layers(made):
        changed(path, data__x_coordinates=of_data(path, "x_coordinates") + 50)
    prepare(made, stack, tmp_path)
    assert "layover and shadow are not masked" in capsys.readouterr().out


def test_static_layers_of_another_pass(made, stack, tmp_path, capsys):
    for path in static_layers(made):
        changed(path, data__los_east=of_data(path, "los_east") * np.float32(0.99))
    prepare(made, stack, tmp_path)
    assert "ncidence from static layers and orbit differ by 0." in capsys.readouterr().out


def test_no_static_layers(stack, tmp_path, capsys):
    made = bursts(stack, tmp_path / "x", static=False)
    prepare(made, stack, tmp_path)
    said = capsys.readouterr().out
    assert "No static layers for burst t044_092461_iw2: layover and shadow are not masked" in said
    assert "No DEM: heights are 0 (give --dem)" in said


def test_restituted_orbits_duplicates_and_versions_are_said(stack, tmp_path, capsys):
    first, second, *_ = dates_of(stack)
    made = bursts(stack, tmp_path / "x", restituted=[first], duplicates=[second], older_version=[first])
    prepare(made, stack, tmp_path)
    said = capsys.readouterr().out
    assert f"1 of {len(dates_of(stack))} images have restituted orbits" in said
    assert "left aside" in said and "product version" in said


def test_jumps_between_sensors(stack, tmp_path, capsys):
    made = bursts(
        stack,
        tmp_path / "x",
        bursts=2,
        overlap=0.4,
        platforms=("S1C", "S1D"),
        of_platform={"S1C": 1.5},
        names="compass",
    )
    prepare(made, stack, tmp_path)
    said = " ".join(capsys.readouterr().out.split())
    assert "Interferograms between S1C and S1D jump by 1.5 rad (median) between neighbouring bursts" in said


def test_a_burst_that_lacks_many_dates(stack, tmp_path, capsys):
    missing = [date for date in dates_of(stack) if date != master_of(stack)][:2]
    made = bursts(stack, tmp_path / "x", bursts=2, missing=dict.fromkeys(missing, [1]))
    prepare(made, stack, tmp_path)
    said = capsys.readouterr().out
    assert f"lacks 2 of {len(dates_of(stack))} dates: without it" in said
