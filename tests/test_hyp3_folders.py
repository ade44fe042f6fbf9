"""Products of HyP3 that do not lie where they should: each is named, whatever is made of the others."""

import shutil

import pytest

from helpers import hyp3_products as products_of
from stamps.frontends.hyp3.products import found_products, unused


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return products_of.simulated(tmp_path_factory.mktemp("hyp3") / "stack", n_images=3)


@pytest.fixture
def products(sound, tmp_path):
    """A copy of the products that may be moved."""
    return products_of.copied(sound, tmp_path / "hyp3")


def _zipped(product):
    shutil.make_archive(str(product), "zip", product.parent, product.name)
    shutil.rmtree(product)


def _flat(product):
    for path in product.iterdir():
        path.rename(product.parent / path.name)
    product.rmdir()


def _deeper(product):
    (product.parent / "more").mkdir()
    product.rename(product.parent / "more" / product.name)


def _linked(product):
    shutil.rmtree(product)
    product.symlink_to(product.parent / "gone")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_zipped, "zip files that were not unpacked"),
        (_flat, "do not lie in a folder of the name"),
        (_deeper, "they lie deeper"),
        (_linked, "links that lead nowhere"),
        (lambda product: product.rename(product.with_name(f".{product.name}.part")), "was cut off"),
        (lambda product: product.rename(product.with_name(f".{product.name}.before")), "was cut off"),
    ],
)
def test_products_that_do_not_count_are_named(products, spoil, why):
    everything, product = lambda name: True, products_of.pairs(products)[1]
    assert unused(products, everything) == []
    spoil(product)
    assert product.name not in [one.name.text for one in found_products(products, everything)]
    (said,) = unused(products, everything)
    assert product.name in said and why in said
    assert unused(products, lambda name: name.text != product.name) == []


def test_the_conversion_says_so(products, tmp_path):
    _zipped(products_of.pairs(products)[2])
    answer = products_of.prepared(products, tmp_path / "project")
    assert answer.n_pairs == 2
    assert any(line.startswith("Warning: Not used are") and "zip files" in line for line in answer.lines)
