"""Manifests and annotations of Sentinel-1 products, and products that are damaged or hostile."""

import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.safe_products import changed_zip, made_products, replaced, stack_settings
from stamps.errors import InputError
from stamps.frontends.sentinel1.annotation import Course, burst_number, read_annotation
from stamps.frontends.sentinel1.containers import find_products, open_product, product_name
from stamps.frontends.sentinel1.fields import Fields, read_instant
from stamps.frontends.sentinel1.manifest import read_manifest
from stamps.frontends.sentinel1.orbits import consistent
from stamps.simulation.safe_files import ProductLayout, write_products


@pytest.fixture(scope="module")
def zipped(tmp_path_factory):
    """One zip file of a product of three subswaths."""
    folder = tmp_path_factory.mktemp("zips")
    paths = made_products(folder, stack_settings(n_images=3), swaths=("IW1", "IW2", "IW3"), zipped=True)
    return next(iter(paths.values()))[0]


def described(path):
    with open_product(path) as container:
        return read_manifest(container)


def annotated(path, swath="IW2", polarisation="VV", track=44):
    with open_product(path) as container:
        return read_annotation(container, swath, polarisation, Course(track))


def refusal(function, *args):
    """The sentence with which something is refused."""
    with pytest.raises(InputError) as caught:
        function(*args)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".")
    return sentence


# ---------------------------------------------------------------------- what products say


def test_a_manifest_tells_what_the_simulator_wrote(zipped):
    product = described(zipped)
    assert (product.platform, product.mode, product.relative_orbit, product.passing) == ("S1A", "IW", 44, "DESCENDING")
    assert product.swaths == ("IW1", "IW2", "IW3") and product.polarisations == ("VV", "VH")
    assert product.slice_number == 3 and product.total_slices == 6
    assert product.name == zipped.stem and product.readable == zipped
    assert (product.absolute_orbit - 73) % 175 + 1 == 44
    assert product.start < product.stop < product.processed


def test_a_folder_and_a_zip_file_say_the_same(zipped, tmp_path):
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path)
    folder = next(tmp_path.iterdir())
    product, packed = described(folder), described(zipped)
    assert product.readable == folder / "manifest.safe"
    assert {**vars(product), "path": 0} == {**vars(packed), "path": 0}
    one, other = annotated(folder), annotated(zipped)
    assert one.bursts == other.bursts and (one.orbit.positions == other.orbit.positions).all()


@pytest.mark.parametrize("swath", ["IW1", "IW2", "IW3"])
def test_burst_numbers_from_the_time_since_the_node_are_those_that_are_told(zipped, swath):
    annotation = annotated(zipped, swath)
    numbers = [burst.number for burst in annotation.bursts]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    for burst in annotation.bursts:
        assert burst_number(burst.since_node, 1500 * 2.0555562999e-3, 44) == burst.number


def test_burst_numbers_without_an_id(tmp_path):
    with_ids, without = ({}, {})
    for found, ids in ((with_ids, True), (without, False)):
        for paths in made_products(tmp_path / str(ids), stack_settings(n_images=3), burst_ids=ids).values():
            product = described(paths[0])
            found[product.start] = [burst.number for burst in annotated(paths[0]).bursts]
            assert product.software == ("003.40" if ids else "003.20")
    assert with_ids == without


@pytest.mark.parametrize("track", [1, 15, 124, 175])
@pytest.mark.parametrize("number", [1, 1000, 375887])
def test_the_middle_of_a_burst_decides_about_its_number(track, number):
    middle = 2.299849 + (number - 1) * 2.758273 - (track - 1) * 12 * 86400 / 175
    for within in (0.01, 1.4, 2.74):
        assert burst_number(middle + within - 1.54, 3.08, track) == number


def test_outlines_of_bursts_meet_and_do_not_overlap(zipped):
    bursts = annotated(zipped).bursts
    for above, below in zip(bursts, bursts[1:], strict=False):
        assert above.outline[-1] == below.outline[0]
        assert above.outline[5:] == below.outline[:5][::-1]


def test_a_burst_before_a_missing_one_does_not_reach_over_it(tmp_path):
    settings_ = stack_settings(n_images=3)
    date, whole = next(iter(made_products(tmp_path / "whole", settings_).items()))
    cut = made_products(tmp_path / "cut", settings_, missing_bursts={date: (2,)})[date]
    full, gapped = annotated(whole[0]).bursts, annotated(cut[0]).bursts
    assert [burst.number for burst in gapped] == [full[k].number for k in (0, 1, 3)]
    height = abs(full[1].outline[0][1] - full[1].outline[-1][1])
    assert abs(gapped[1].outline[0][1] - gapped[1].outline[-1][1]) < 1.2 * height


def test_longitudes_of_outlines_count_on_over_the_antimeridian(tmp_path):
    made = made_products(tmp_path, stack_settings(n_images=3, centre_lon=-179.99, centre_lat=-17.0))
    outlines = [burst.outline for paths in made.values() for burst in annotated(paths[0]).bursts]
    for outline in outlines:
        longitudes = [lon for lon, _ in outline]
        assert max(longitudes) - min(longitudes) < 2


def test_stripmap_has_an_outline_and_no_bursts(tmp_path):
    path = next(iter(made_products(tmp_path, stack_settings(n_images=3), swaths=("S3",)).values()))[0]
    product = described(path)
    assert product.mode == "SM" and product.swaths == ("S3",) and path.name.startswith("S1A_S3_SLC__1SDV_")
    annotation = annotated(path, "S3")
    assert annotation.bursts == () and len(annotation.outline) > 8


def test_a_product_that_was_written_by_hand():
    """Its numbers of bursts are worked out on paper; its velocities contradict its positions."""
    path = next((Path(__file__).parent / "fixtures" / "safe").iterdir())
    product = described(path)
    assert (product.platform, product.relative_orbit, product.data_take, product.software) == (
        "S1A",
        111,
        230035,
        "003.20",
    )
    assert (product.slice_number, product.total_slices) == (7, 12)
    annotation = annotated(path, track=111)
    assert [burst.number for burst in annotation.bursts] == list(range(236816, 236825))
    assert annotation.bursts[0].outline[0] == pytest.approx((15.9, 41.9))
    assert len(annotation.orbit.times) == 17 and annotation.height == 120.0
    assert consistent(annotation.orbit) is not annotation.orbit


# ---------------------------------------------------------------------- where products are


def test_products_are_found_at_any_depth_and_named_once(zipped, tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    shutil.copy(zipped, deep)
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (deep / "S1A_IW_GRDH_1SDV_x.zip").touch()
    (deep / "S1A_EW_SLC__1SDH_x.zip").touch()
    assert find_products([tmp_path]) == [deep / zipped.name]
    assert find_products([zipped, zipped]) == [zipped]
    folder = tmp_path / "S1A_IW_SLC__x.SAFE"
    folder.mkdir()
    (folder / "manifest.safe").touch()
    assert find_products([folder / "manifest.safe", deep]) == [deep / zipped.name, folder]


def test_nothing_found_says_where_and_what_was_looked_for(tmp_path):
    assert re.search("no Sentinel-1 products below .*S1\\?_IW_SLC_", refusal(find_products, [tmp_path]))
    assert "does not exist" in refusal(find_products, [tmp_path / "missing"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("S1A_x.zip", "S1A_x"), ("S1A_x.SAFE", "S1A_x"), ("S1A_x.SAFE.zip", "S1A_x.SAFE"), ("S1A_x.safe", "S1A_x")],
)
def test_names_without_suffixes(name, expected):
    assert product_name(Path(name)) in (expected, expected.removesuffix(".SAFE"))


# ---------------------------------------------------------------------- damaged and hostile products

BOMB = (
    """<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><product>&b;</product>"""
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_document_types_are_refused_before_they_are_read(encoding):
    text = BOMB.replace("?>", f' encoding="{encoding}"?>', 1) if encoding == "utf-16" else BOMB
    assert "document type" in refusal(Fields.of, text.encode(encoding), "x.xml")


def test_external_entities_are_refused(zipped, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("do not read")
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><x><mode>&e;</mode></x>'
    path = changed_zip(zipped, tmp_path / zipped.name, lambda n, c: head.encode() if "manifest" in n else c)
    sentence = refusal(described, path)
    assert "manifest.safe" in sentence and "do not read" not in sentence


def test_nesting_without_end_is_refused():
    assert "nests" in refusal(Fields.of, b"<a>" * 100_000, "x.xml")


def test_a_truncated_zip_file_is_named(zipped, tmp_path):
    for share in (0.0, 0.3, 0.9):
        path = tmp_path / zipped.name
        path.write_bytes(zipped.read_bytes()[: int(share * zipped.stat().st_size)])
        sentence = refusal(described, path)
        assert str(path) in sentence and "download" in sentence


def test_a_product_without_its_manifest_or_annotation(zipped, tmp_path):
    path = changed_zip(zipped, tmp_path / "a.zip", lambda n, c: None if "manifest" in n else c)
    assert "holds no manifest.safe" in refusal(described, path)
    path = changed_zip(zipped, tmp_path / "b.zip", lambda n, c: None if "iw2-slc-vv" in n else c)
    assert "iw2-slc-vv" in refusal(annotated, path)
    (tmp_path / "S1A_IW_SLC__x.SAFE").mkdir()
    assert "has no manifest.safe" in refusal(described, tmp_path / "S1A_IW_SLC__x.SAFE")


def test_members_that_lead_elsewhere_are_no_members(zipped, tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../manifest.safe", "<x/>")
        archive.writestr("/manifest.safe", "<x/>")
        archive.writestr("a/b/c/manifest.safe", "<x/>")
    assert "instead of one" in refusal(described, path)


def test_a_large_member_is_not_read_to_its_end(zipped, tmp_path, monkeypatch):
    monkeypatch.setattr("stamps.frontends.sentinel1.containers._LARGEST", 1 << 16)
    path = changed_zip(zipped, tmp_path / "x.zip", lambda n, c: c + b" " * (1 << 22) if "manifest" in n else c)
    assert "MiB" in refusal(described, path)


def test_a_pipe_in_the_place_of_a_product_is_not_waited_for(tmp_path):
    pipe = tmp_path / "S1A_IW_SLC__x.zip"
    os.mkfifo(pipe)
    assert "pipe" in refusal(described, pipe)


WRONG = [
    ("manifest", "<safe:number>A</safe:number>", "<safe:number>7</safe:number>", "platform is 'SENTINEL-1 7'"),
    ("manifest", "<s1sarl1:mode>IW", "<s1sarl1:mode>EW", "mode is 'EW'"),
    ("manifest", "productType>SLC", "productType>GRD", "productType is 'GRD'"),
    ("manifest", "s1:pass>DESC", "s1:pass>TRANSC", "pass is 'TRANSCENDING'"),
    ("manifest", 'relativeOrbitNumber type="start">44', 'relativeOrbitNumber type="start">444', "relativeOrbitNumber is"),
    ("manifest", 'orbitNumber type="start">1', 'orbitNumber type="start">x', "orbitNumber is"),
    ("manifest", "missionDataTakeID", "missionDataFakeID", "mismatched"),
    ("manifest", "<safe:startTime>2018", "<safe:startTime>xx18", "startTime is"),
    ("manifest", "<safe:startTime>2018", "<safe:startTime>2028", "stopTime is"),
    ("manifest", ">VV</s1sarl1", ">VÄ</s1sarl1", "transmitterReceiverPolarisation is 'VÄ'"),
    ("manifest", "<gml:coordinates>", "<gml:coordinates>nan,1 ", "coordinates is"),
    ("manifest", "sliceNumber>3", "sliceNumber>three", "sliceNumber is 'three'"),
    ("iw2-slc-vv", "<swath>IW2", "<swath>IW3", "swath is 'IW3'"),
    ("iw2-slc-vv", "<linesPerBurst>1500", "<linesPerBurst>-1", "linesPerBurst"),
    ("iw2-slc-vv", "<linesPerBurst>1500", "<linesPerBurst>1e3", "linesPerBurst is '1e3'"),
    ("iw2-slc-vv", "<azimuthAnxTime>", "<azimuthAnxTime>nan", "azimuthAnxTime is"),
    ("iw2-slc-vv", "<burst><azimuthTime>2018", "<burst><azimuthTime>2019", "azimuthTime of the bursts does not grow"),
    ("iw2-slc-vv", "<latitude>4", "<latitude>400", "latitudes"),
    ("iw2-slc-vv", "<line>0</line>", "<line>7</line>", "no grid"),
    ("iw2-slc-vv", "<x>", "<x>inf", "x is"),
    ("iw2-slc-vv", "<time>2018", "<time>2018x", "time is"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "old", "new", "said"), WRONG, ids=[row[3] for row in WRONG])
def test_a_wrong_field_is_named_with_its_file(zipped, tmp_path, part, old, new, said):
    path = changed_zip(zipped, tmp_path / zipped.name, replaced(part, old, new))
    sentence = refusal(described if part == "manifest" else annotated, path)
    assert said in sentence and str(path) in sentence and part in sentence


@pytest.mark.parametrize("missing", ["orbitList", "geolocationGrid", "swathTiming", "burstList", "adsHeader"])
def test_a_missing_field_is_named(zipped, tmp_path, missing):
    def change(name, content):
        return content.replace(f"{missing}".encode(), b"elsewhere") if "iw2-slc-vv" in name else content

    assert missing in refusal(annotated, changed_zip(zipped, tmp_path / "x.zip", change))


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_zip_file_is_read_or_refused(zipped, tmp_path, data):
    content = bytearray(zipped.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    for function in (described, annotated):
        try:
            function(path)
        except InputError as error:
            assert "x.zip" in str(error)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_annotation_is_read_or_refused(zipped, tmp_path, data):
    with open_product(zipped) as container:
        name = next(name for name in container.names if "iw2-slc-vv" in name)
        text = container.read(name)
    start = data.draw(st.integers(0, len(text) - 1))
    text = text[:start] + data.draw(st.binary(max_size=6)) + text[start + data.draw(st.integers(0, 40)) :]
    path = changed_zip(zipped, tmp_path / "x.zip", lambda n, c: text if "iw2-slc-vv" in n else c)
    try:
        annotated(path)
    except InputError as error:
        assert "iw2-slc-vv" in str(error)


@given(st.text("0123456789-:T.Zx ", max_size=30))
def test_a_time_is_read_or_refused(text):
    try:
        read_instant(text)
    except ValueError:
        pass


def test_the_given_number_of_products_is_written(tmp_path):
    layout = ProductLayout(slices=3, bursts=2, swaths=("IW2", "IW3"), polarisations=("VV",))
    written = write_products(tmp_path, stack_settings(n_images=3), layout)
    assert [len(paths) for paths in written.values()] == [3, 3, 3]
    assert all("1SSV" in path.name for paths in written.values() for path in paths)
    assert find_products([tmp_path]) == sorted(path for paths in written.values() for path in paths)
