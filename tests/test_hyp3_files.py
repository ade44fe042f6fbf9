"""The simulator's HyP3 products: names, tags, extents, no data, truth."""

import numpy as np
import pytest
import rasterio

from helpers import hyp3_products as products_of
from stamps.errors import InputError
from stamps.frontends.hyp3.metadata import read_metadata
from stamps.frontends.hyp3.names import BURST, GAMMA, MULTI_BURST, product_name
from stamps.simulation.command import parse_args
from stamps.simulation.hyp3_files import TRUTH

COMMON = {"unw_phase", "wrapped_phase", "corr", "dem", "lv_theta", "lv_phi", "water_mask"}
TAGS = {GAMMA: COMMON | {"inc_map", "inc_map_ell"}, MULTI_BURST: COMMON | {"conncomp"}, BURST: COMMON | {"conncomp"}}


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    """Type -> folder of the products; GAMMA's with two errors."""
    folder = tmp_path_factory.mktemp("stacks")
    return {
        kind: products_of.simulated(folder / kind, hyp3_type=kind, hyp3_errors=2 if kind == GAMMA else 0, n_images=4)
        for kind in TAGS
    }


def values(product, tag):
    with rasterio.open(products_of.raster(product, tag)) as file:
        return file.read(1), file


@pytest.mark.parametrize("kind", TAGS)
def test_names_tags_and_texts(stacks, kind):
    for product in products_of.pairs(stacks[kind]):
        name = product_name(product.name)
        assert name.type == kind
        assert {path.stem.removeprefix(f"{product.name}_") for path in product.glob("*.tif")} == TAGS[kind]
        found = read_metadata(product / f"{product.name}.txt", name)
        assert (found.heading, found.direction) == (-166.6, "DESCENDING")
        assert values(product, "dem")[0].dtype == np.int16


def test_extents_differ_on_one_lattice(stacks):
    corners = {values(product, "corr")[1].bounds for product in products_of.pairs(stacks[GAMMA])}
    assert len(corners) > 3
    assert all(value % 80 == 0 for bounds in corners for value in bounds)


def test_no_data_is_zero_and_phases_are_of_the_truth(stacks):
    truth = np.load(stacks[GAMMA].parent / TRUTH)
    dates = truth["dates"].tolist()
    for number, product in enumerate(products_of.pairs(stacks[GAMMA])):
        unw, file = values(product, "unw_phase")
        name = product_name(product.name)
        first, second = (dates.index(int(f"{date:%Y%m%d}")) for date in (name.first, name.second))
        line = round((truth["origin"][1] - file.bounds.top) / 80)
        sample = round((file.bounds.left - truth["origin"][0]) / 80)
        expected = truth["phase"][second] - truth["phase"][first]
        expected = expected[line : line + unw.shape[0], sample : sample + unw.shape[1]]
        assert ((unw == 0) == np.isnan(expected)).all()
        land = np.isfinite(expected) & (values(product, "water_mask")[0] == 1)
        turns = np.round((unw - expected - np.median((unw - expected)[land]))[land] / (2 * np.pi))
        assert (np.abs(turns).max() == 1) == (number in truth["broken"])
        assert (values(product, "lv_theta")[0] == 0).any()


def test_unwrapping_of_isce_leaves_water_out(stacks):
    product = products_of.pairs(stacks[BURST])[0]
    conncomp, unw = values(product, "conncomp")[0], values(product, "unw_phase")[0]
    assert ((conncomp > 0) == (unw != 0)).all()
    assert ((values(product, "water_mask")[0] == 0) & (conncomp > 0)).sum() == 0


def test_options_of_the_command(tmp_path):
    settings = parse_args([str(tmp_path), "--preset", "hyp3_small", "--hyp3-type", BURST, "--hyp3-errors", "3"])
    assert (settings.layout, settings.hyp3_type, settings.hyp3_errors, settings.network) == ("hyp3", BURST, 3, "sb")
    with pytest.raises(SystemExit):
        parse_args([str(tmp_path), "--hyp3-type", "INSAR"])
    with pytest.raises(InputError, match="hyp3_type is 'INSAR'"):
        products_of.simulated(tmp_path / "stack", hyp3_type="INSAR", n_images=3)
