"""Rasters of ISCE: every scheme and type, damaged headers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stamps.errors import InputError
from stamps.frontends import isce

TYPES = {"CFLOAT": "c8", "FLOAT": "f4", "DOUBLE": "f8", "BYTE": "u1", "SHORT": "i2"}


def write(path, array, scheme, order="<"):
    """Write a (bands, length, width) array."""
    axes = {"BSQ": (0, 1, 2), "BIL": (1, 0, 2), "BIP": (1, 2, 0)}[scheme]
    dtype = array.dtype.newbyteorder(order)
    path.write_bytes(np.ascontiguousarray(array.transpose(axes)).astype(dtype).tobytes())
    isce.write_header(f"{path}.xml", array.shape[2], array.shape[1], dtype, path.name, array.shape[0], scheme)


@settings(max_examples=30)
@given(
    st.tuples(*[st.integers(1, 4)] * 3), st.sampled_from(sorted(TYPES)), st.sampled_from(["BIL", "BIP", "BSQ"]),
    st.sampled_from("<>"),
)  # fmt: skip
def test_round_trip(tmp_path_factory, shape, name, scheme, order):
    path = tmp_path_factory.mktemp("raster") / "values.raw"
    array = np.arange(np.prod(shape)).reshape(shape).astype(TYPES[name])
    write(path, array, scheme, order)
    header = isce.read_header(path)
    assert (header.bands, header.length, header.width, header.scheme) == (*shape, scheme)
    np.testing.assert_array_equal(isce.map_bands(path), array)


@pytest.mark.parametrize("scheme", ["BIL", "BIP", "BSQ"])
def test_gdal_agrees(tmp_path, scheme):
    rasterio = pytest.importorskip("rasterio")
    array = np.random.default_rng(1).normal(size=(2, 3, 5)).astype(np.float32)
    write(tmp_path / "values.raw", array, scheme)
    with rasterio.open(tmp_path / "values.raw") as dataset:
        assert dataset.driver == "ISCE"
        np.testing.assert_array_equal(dataset.read(), array)


def test_names_in_capitals_and_order_of_properties(tmp_path):
    (tmp_path / "a").write_bytes(np.arange(6, dtype=np.int16).tobytes())
    names = {"WIDTH": 3, "LENGTH": 2, "NUMBER_BANDS": 1, "SCHEME": "bil", "DATA_TYPE": "short"}
    rows = "".join(f'<property name="{k}"><value>{v}</value><doc>x</doc></property>' for k, v in names.items())
    (tmp_path / "a.xml").write_text(f"<imageFile>{rows}</imageFile>")
    np.testing.assert_array_equal(isce.map_bands(tmp_path / "a")[0], [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<value>3</value>", "<value>many</value>", "'many' as width"),
        ("<value>BIL</value>", "<value>ABC</value>", "'ABC' as scheme, but only BSQ, BIL, BIP"),
        ("<value>FLOAT</value>", "<value>INT</value>", "'INT' as data_type"),
        ("</imageFile>", "", "is no XML"),
        ("<value>2</value>", "<value>4</value>", "24 bytes, but 48 were expected"),
    ],
)
def test_damaged_headers(tmp_path, old, new, message):
    write(tmp_path / "a", np.zeros((1, 2, 3), np.float32), "BIL")
    text = (tmp_path / "a.xml").read_text()
    assert old in text
    (tmp_path / "a.xml").write_text(text.replace(old, new))
    with pytest.raises(InputError, match=message):
        isce.map_bands(tmp_path / "a")


def test_missing_files(tmp_path):
    with pytest.raises(InputError, match=r"a\.xml of an ISCE raster cannot be read"):
        isce.map_bands(tmp_path / "a")
    write(tmp_path / "a", np.zeros((1, 2, 3), np.float32), "BIL")
    (tmp_path / "a").unlink()
    with pytest.raises(InputError, match="raster .*a cannot be read"):
        isce.map_bands(tmp_path / "a")
