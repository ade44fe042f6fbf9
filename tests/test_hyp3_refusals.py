"""HyP3's products that are damaged or do not belong together, and arguments out of range: one sentence, nothing written."""

import os
import shutil

import numpy as np
import pytest

from helpers import hyp3_products as products_of
from stamps.errors import InputError, NoPixelsError, ParameterError, StampsError, WorkspaceError


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return products_of.simulated(tmp_path_factory.mktemp("hyp3") / "stack")


@pytest.fixture
def products(sound, tmp_path):
    """A copy of the products that may be spoilt."""
    return products_of.copied(sound, tmp_path / "hyp3")


def refused(products, sentence, kind=InputError, **options):
    """The conversion stops with one sentence and writes nothing, neither in a new place nor over a project."""
    workdir = products.parent / "project"
    with products_of.nothing_written(workdir), pytest.raises(kind, match=sentence) as caught:
        products_of.prepared(products, workdir, **options)
    assert isinstance(caught.value, StampsError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def some(products, number=1):
    return products_of.pairs(products)[number]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"coherence": -0.1}, "coherence is -0.1"),
        ({"coherence": 1.5}, "coherence is 1.5"),
        ({"coherence": float("nan")}, "coherence is nan"),
        ({"coherence": "much"}, "coherence is much"),
        ({"every": 0}, "every is 0"),
        ({"every": 1.5}, "every is 1.5"),
        ({"every": True}, "every is True"),
        ({"tolerance": 0}, "tolerance is 0"),
        ({"tolerance": float("inf")}, "tolerance is inf"),
        ({"unwrap": "again"}, "unwrap is 'again', not keep, repair or redo"),
        ({"master": "20181301"}, "master is '20181301'"),
        ({"exclude": ["2018"]}, "'2018' to be excluded"),
        ({"exclude": ["20180108_20180108"]}, "to be excluded"),
        ({"exclude": "20180108-20180120"}, "to be excluded"),
        ({"area": (14, 40, 15)}, "area is"),
        ({"area": (14, 40, 15, 95)}, "area has the corners"),
        ({"area": (14, 40, float("nan"), 41)}, "area is"),
        ({"area": (14, 40, 14, 41)}, "no extent"),
    ],
)
def test_arguments_out_of_range(products, options, sentence):
    refused(products, sentence, ParameterError, **options)


def test_all_arguments_that_are_wrong_are_named_at_once(products):
    text = refused(products, "cannot begin", ParameterError, coherence=2, every=0, tolerance=-1, unwrap="x")
    assert all(word in text for word in ("coherence", "every", "tolerance", "unwrap"))


def test_what_no_product_is_of(products):
    refused(products, "19990101 cannot be excluded", ParameterError, exclude=["19990101"])
    refused(products, "The master 19990101 is no image", ParameterError, master="19990101")


@pytest.mark.parametrize("tag", ["unw_phase", "corr", "dem", "water_mask"])
def test_a_missing_raster(products, tag):
    products_of.raster(some(products), tag).unlink()
    refused(products, f"lacks the raster {tag}", water=True)


def test_a_missing_text_and_missing_angles_are_named_together(products):
    for tag in ("lv_theta", "inc_map_ell"):
        products_of.raster(some(products), tag).unlink()
    (some(products, 2) / f"{some(products, 2).name}.txt").unlink()
    text = refused(products, "lv_theta or inc_map_ell")
    assert f"{some(products, 2).name}.txt cannot be read" in text


def test_the_ellipsoidal_incidence_does_where_there_is_no_look_vector(products, tmp_path, sound):
    for product in products_of.pairs(products):
        products_of.raster(product, "lv_theta").unlink()
    found = products_of.prepared(products, tmp_path / "a"), products_of.prepared(sound, tmp_path / "b")
    assert found[0].n_pixels == found[1].n_pixels


@pytest.mark.parametrize("tag", ["unw_phase", "corr", "dem", "lv_theta"])
def test_a_truncated_raster(products, tag):
    path = products_of.raster(some(products, 0), tag)
    os.truncate(path, path.stat().st_size // 2)
    text = refused(products, path.name, master="20180108")
    assert "damaged" in text or "no GeoTIFF" in text


@pytest.mark.parametrize("content", [b"", b"garbage" * 100])
def test_what_is_no_raster(products, content):
    products_of.raster(some(products), "corr").write_bytes(content)
    refused(products, "is no GeoTIFF that can be read")


@pytest.mark.parametrize(
    ("tag", "values", "sentence"),
    [
        ("unw_phase", lambda unw: unw * np.nan, "has no pixel with phase and coherence"),
        ("unw_phase", lambda unw: unw * 0, "has no pixel with phase and coherence"),
        ("unw_phase", lambda unw: unw * 1e9, "holds phases beyond"),
        ("corr", lambda corr: corr * np.nan, "has no pixel with phase and coherence"),
        ("corr", lambda corr: corr * 100, "so it is no coherence"),
        ("corr", lambda corr: -corr, "so it is no coherence"),
        ("dem", lambda dem: np.full_like(dem, -32768), "holds no value from -1000 to 10000"),
        ("lv_theta", lambda theta: theta * 0, "holds no value from 0.1 to 1.5"),
    ],
)
def test_values_that_cannot_be_meant(products, tag, values, sentence):
    products_of.changed(some(products, 0), tag, values)
    refused(products, sentence, master="20180108")


def test_all_damaged_products_are_named_at_once(products):
    for number in (0, 2):
        products_of.changed(some(products, number), "corr", lambda corr: corr * 100)
    products_of.changed(some(products, 3), "unw_phase", lambda unw: unw * np.nan)
    text = refused(products, "no coherence")
    assert all(some(products, number).name in text for number in (0, 2, 3))
    products_of.raster(some(products, 1), "corr").write_bytes(b"x")
    products_of.changed(some(products, 4), "unw_phase", crs=None)
    text = refused(products, "is no GeoTIFF")
    assert all(some(products, number).name in text for number in (1, 4))


def test_gaps_are_left_out(products, tmp_path, sound):
    gap = np.zeros((60, 60), bool)
    gap[10:20, 10:20] = True
    for tag, value in (("unw_phase", np.nan), ("corr", np.nan), ("wrapped_phase", 0)):
        products_of.changed(
            some(products), tag, lambda v, value=value: np.where(gap[: v.shape[0], : v.shape[1]], value, v)
        )
    for mode in ("keep", "redo"):
        found = products_of.prepared(products, tmp_path / mode, unwrap=mode).n_pixels
        assert 0 < found < products_of.prepared(sound, tmp_path / "sound").n_pixels


def test_an_angle_missing_at_some_pixels_leaves_them_out(products, tmp_path):
    from stamps.workspace import Workspace

    products_of.changed(some(products, 0), "lv_theta", lambda v: np.where(np.arange(v.shape[0])[:, None] < 20, 0, v))
    answer = products_of.prepared(products, tmp_path / "project", master="20180108")
    assert np.isfinite(Workspace(answer.workdir).load("la2")["la"]).all()


def test_angles_that_are_those_of_the_other_leg_are_named(products, tmp_path):
    """Elevation and incidence exchanged: both are angles that look possible."""
    for product in products_of.pairs(products):
        products_of.changed(product, "lv_theta", lambda theta: np.where(theta != 0, np.pi / 2 - theta, 0))
    said = [line for line in products_of.prepared(products, tmp_path / "project").lines if "Warning" in line]
    assert len(said) == 1
    assert "have an incidence of" in said[0] and "lv_theta.tif, but the slant ranges" in said[0]


# ---------------------------------------------------------------------- what does not belong together


def test_types_mixed(products):
    dates = [word[:8] for word in some(products).name.split("_")[1:3]]
    folder = products_of.renamed(some(products), f"S1_093117_IW2_{'_'.join(dates)}_VV_INT80_55AA")
    for key, date in zip(("Reference Granule", "Secondary Granule"), dates, strict=True):
        old = products_of.value_of(folder, key)
        products_of.rewritten(folder, f"{key}: {old}", f"{key}: S1_093117_IW2_{date}T051210_VV_1F3A-BURST")
    text = refused(products, "not all of one type")
    assert f"{folder.name} (INSAR_ISCE_BURST)" in text
    assert products_of.pairs(products)[0].name not in text


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("_VVP", "_HHP", "not all of one polarisation"),
        ("INT80", "INT40", "not all of one pixel spacing"),
        ("T050602", "T050702", "of another track or frame"),
    ],
)
def test_names_of_other_orders(products, old, new, sentence):
    product = some(products)
    if old.startswith("T"):
        products_of.rewritten(product, old, new)
    folder = products_of.renamed(product, product.name.replace(old, new))
    assert folder.name in refused(products, sentence)


def test_another_pass(products):
    products_of.rewritten(some(products), "Reference Pass Direction: DESCENDING", "Reference Pass Direction: ASCENDING")
    products_of.rewritten(some(products), "Heading: -166.6", "Heading: -13.0")
    assert some(products).name in refused(products, "not all of one pass")


def test_another_track_of_bursts(tmp_path):
    products = products_of.simulated(tmp_path / "stack", hyp3_type="INSAR_ISCE_MULTI_BURST")
    folder = products_of.renamed(some(products), some(products).name.replace("S1_044_", "S1_117_"))
    text = refused(products, "not all of one track and bursts")
    assert folder.name in text
    assert "multi-burst products, which span frames" in text


def test_another_projection(products):
    for path in some(products).glob("*.tif"):
        products_of.changed(some(products), path.stem.removeprefix(f"{some(products).name}_"), crs="EPSG:32632")
    text = refused(products, "not all of one projection")
    assert f"{some(products).name} (EPSG:32632)" in text


@pytest.mark.parametrize(("crs", "sentence"), [("EPSG:4326", "not in a UTM projection"), (None, "no coordinates")])
def test_no_projection(products, crs, sentence):
    products_of.changed(some(products), "unw_phase", crs=crs)
    refused(products, sentence)


def test_another_spacing_of_one_name(products):
    from rasterio.transform import from_origin

    for path in some(products).glob("*.tif"):
        tag = path.stem.removeprefix(f"{some(products).name}_")
        products_of.changed(some(products), tag, transform=from_origin(430800, 4518320, 40, 40))
    assert f"{some(products).name} (40 m)" in refused(products, "not all of one pixel spacing")


def test_another_spacing_than_all_names_say(products):
    for product in products_of.pairs(products):
        products_of.renamed(product, product.name.replace("INT80", "INT40"))
    refused(products, "have pixels of 80 m, but the names of the products say 40 m")


def test_numbers_that_are_scaled(products):
    import rasterio

    with rasterio.open(products_of.raster(some(products), "unw_phase"), "r+") as raster:
        raster.scales, raster.offsets = (0.5,), (1.0,)
    refused(products, "says that its numbers are scaled")


def test_a_raster_that_only_some_have(products):
    for number in (0, 2):
        shutil.copy(
            products_of.raster(some(products, number), "water_mask"),
            products_of.raster(some(products, number), "conncomp"),
        )
    text = refused(products, "lack the raster conncomp, which the others have")
    assert some(products, 1).name in text and some(products, 2).name not in text


def test_a_grid_off_the_lattice(products):
    products_of.moved(some(products), x=20.0)
    text = refused(products, "their offsets are not whole pixels")
    assert some(products).name in text


def test_a_grid_a_little_off_is_taken(products, tmp_path):
    products_of.moved(some(products), x=0.02)
    assert products_of.prepared(products, tmp_path / "project").n_pixels > 0


def test_rasters_of_a_product_on_other_grids(products):
    products_of.moved(some(products), x=80.0, tags=["corr"])
    text = refused(products, "lies on another grid")
    assert products_of.raster(some(products), "corr").name in text


def test_nothing_in_common(products):
    products_of.moved(some(products), y=80.0 * 500)
    text = refused(products, "no pixel in common")
    assert f"Without {some(products).name}" in text


def test_an_area_outside(products):
    refused(products, "The area lies outside of what the products have in common", area=(20, 50, 21, 51))


def test_nothing_coherent(products):
    text = refused(products, "the largest mean coherence is", NoPixelsError, coherence=0.99)
    assert "valid in all" in text


# ---------------------------------------------------------------------- the network


def test_one_product(products):
    for product in products_of.pairs(products)[1:]:
        product.rename(products.parent / product.name)
    refused(products, "1 product is left, of 2 images")


def test_all_products_excluded(products):
    dates = {word[:8] for path in products_of.pairs(products) for word in path.name.split("_")[1:3]}
    refused(products, "are excluded: exclude fewer", exclude=sorted(dates))


def test_subsets(products):
    dates = sorted({word[:8] for path in products_of.pairs(products) for word in path.name.split("_")[1:3]})
    for product in products_of.pairs(products):
        first, second = (dates.index(word[:8]) for word in product.name.split("_")[1:3])
        if first < 2 <= second:
            product.rename(products.parent / product.name)
    text = refused(products, "fall apart into 2 subsets")
    assert f"{dates[2]} … {dates[4]} (3 images)" in text


def test_a_pair_twice(products):
    name = some(products).name
    products_of.copied(some(products), products / "again")
    (products / "again").rename(products / f"{name[:-4]}FFFF")
    for path in (products / f"{name[:-4]}FFFF").iterdir():
        path.rename(path.with_name(path.name.replace(name, f"{name[:-4]}FFFF")))
    text = refused(products, "more than one product of")
    assert name in text


# ---------------------------------------------------------------------- folders


def test_no_products(tmp_path):
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "holds no unpacked interferometric product")
    refused(tmp_path / "absent", "is not a folder")
    (tmp_path / "empty" / "S1AA_20200103T051207_20200115T051207_VVP012_INT80_G_ueF_1A2B.zip").write_bytes(b"PK")
    refused(tmp_path / "empty", "unpack its 1 zip files first")


def test_an_unknown_name(products):
    products_of.renamed(some(products), "mine")
    refused(products, "mine in .* hold unwrapped phase under a name that is none")


def test_a_bad_text(products):
    (some(products) / f"{some(products).name}.txt").write_bytes(b"\xff\xfe\x00")
    refused(products, "'Baseline' is missing")


@pytest.mark.parametrize("name", ["processor.txt", "PATCH_1", "ps1.mat"])
def test_a_project_of_another_kind_is_left_alone(products, name):
    project = products.parent / "project"
    project.mkdir()
    (project / "processor.txt").write_text("snap\n") if name == "processor.txt" else (project / name).mkdir()
    refused(products, "holds a project of another kind")


def test_a_refusal_leaves_an_earlier_project_as_it_was(products):
    products_of.prepared(products, products.parent / "project")
    products_of.changed(some(products), "corr", lambda corr: corr * 100)
    refused(products, "no coherence")


def test_a_fault_while_writing_leaves_an_earlier_project_as_it_was(products, monkeypatch):
    products_of.prepared(products, products.parent / "project")
    from stamps.frontends.hyp3 import writing

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_invert", full)
    with (
        products_of.nothing_written(products.parent / "project"),
        pytest.raises(WorkspaceError, match="Nothing was changed"),
    ):
        products_of.prepared(products, products.parent / "project", unwrap="keep")
