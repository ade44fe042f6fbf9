"""One picture on the ground: cells, edges, gaps, colours; the legacy function and the export."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from helpers import finished_project
from stamps.errors import InputError, ParameterError
from stamps.legacy.ps_export_kmz import ps_export_kmz
from stamps.products.exports import export
from stamps.products.overlay import sheet_of


def content(path):
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {"doc.kml", "overlay.png", "legend.png"}
        text = archive.read("doc.kml").decode()
        image = np.asarray(Image.open(io.BytesIO(archive.read("overlay.png"))))
    box = {side: float(re.search(f"<{side}>(.*?)</{side}>", text)[1]) for side in ("north", "south", "east", "west")}
    return text, image, box


def test_means_of_cells_whose_edges_lie_half_a_cell_outside():
    lonlat = np.array([[10.0, 50.0], [10.01, 50.001], [10.0, 50.02], [10.03, 50.0]])
    sheet = sheet_of(lonlat, np.array([1.0, 3, 5, np.nan]), (0.01, 0.01), 0)
    np.testing.assert_array_equal(sheet.values, [[5, np.nan], [np.nan, np.nan], [1, 3]])
    np.testing.assert_allclose([sheet.west, sheet.east, sheet.south, sheet.north], [9.995, 10.015, 49.995, 50.025])
    np.testing.assert_allclose(sheet_of(lonlat[:2], np.array([1.0, 3]), (1.0, 1.0), 0).values, [[2]])


def test_gaps_are_filled_up_to_their_size():
    lonlat = np.array([[0.0, 0], [6, 0]])
    values = np.array([1.0, 2.0])
    for gap, expected in ((0, [1, *[np.nan] * 5, 2]), (1, [1, 1, *[np.nan] * 3, 2, 2]), (3, [1, 1, 1, 1, 2, 2, 2])):
        found = sheet_of(lonlat, values, (1, 1), gap).values[0]
        np.testing.assert_array_equal(np.delete(found, 3), np.delete(expected, 3))
        assert np.isnan(found[3]) == np.isnan(expected[3])


def test_interpolation_of_a_plane_is_exact_inside_and_nearest_outside():
    rng = np.random.default_rng(0)
    lonlat = rng.uniform(0, 1, (400, 2))
    sheet = sheet_of(lonlat, 2 * lonlat[:, 0] - lonlat[:, 1], (0.05, 0.05), 2, interpolate=True)
    row, column = np.nonzero(np.isfinite(sheet.values))
    lon, lat = sheet.west + (column + 0.5) * 0.05, sheet.north - (row + 0.5) * 0.05
    inside = (np.abs(lon - 0.5) < 0.4) & (np.abs(lat - 0.5) < 0.4)
    np.testing.assert_allclose(sheet.values[row, column][inside], (2 * lon - lat)[inside], atol=1e-9)
    line = sheet_of(np.array([[0.0, 0], [1, 0], [2, 0]]), np.array([1.0, 2, 3]), (1, 1), 0, interpolate=True)
    np.testing.assert_array_equal(line.values, [[1, 2, 3]])


def test_legacy_function(tmp_path):
    lonlat, values = np.array([[10.0, 50.0], [10.01, 50.0], [10.02, 50.0]]), np.array([-4.0, np.nan, 6])
    path = ps_export_kmz("rate", lonlat, values, resolution=0.01, max_gap=0, workdir=tmp_path)
    text, image, box = content(path)
    assert path.name == "rate.kmz" and "Deformation Rate" in text
    assert image.shape == (1, 3, 4) and image[0, :, 3].tolist() == [204, 0, 204]
    assert image[0, 0, 0] > image[0, 0, 2] and image[0, 2, 2] > image[0, 2, 0]  # low is red, high blue
    assert box == pytest.approx({"north": 50.005, "south": 49.995, "east": 10.025, "west": 9.995})
    path = ps_export_kmz(
        "b.kmz", lonlat, values, [-10, 0], np.array([[1, 1, 1], [0, 0, 0]]), 1, 0.01, average=True, workdir=tmp_path
    )
    image = content(path)[1]
    assert image[0, 2].tolist() == [255, 255, 255, 255]  # clipped; the first colour is that of high values
    assert sorted(item.name for item in tmp_path.iterdir()) == ["b.kmz", "rate.kmz"]


def test_what_cannot_be_right(tmp_path):
    lonlat, values = np.array([[10.0, 50.0], [10.01, 50.0]]), np.array([1.0, 2])
    for keywords, error, sentence in (
        ({"data": [1.0]}, InputError, "2 pixels"),
        ({"data": [np.nan, np.nan]}, InputError, "No point has a value"),
        ({"lonlat": [1, 2]}, InputError, "rows of longitude"),
        ({"clims": [1, 1]}, InputError, "limits of the colours"),
        ({"opacity": 2}, InputError, "opacity"),
        ({"resolution": 0}, ParameterError, "resolution"),
        ({"resolution": 1e-9}, InputError, "cells"),
        ({"max_gap": -1}, ParameterError, "max_gap"),
        ({"colormap": np.ones((3, 2))}, InputError, "red, green and blue"),
    ):
        with pytest.raises(error, match=sentence):
            ps_export_kmz(**{"filename": "a", "lonlat": lonlat, "data": values, "workdir": tmp_path, **keywords})
    assert not list(tmp_path.iterdir())


def test_export(tmp_path):
    ws = finished_project.single_master(tmp_path)
    path = export("kml", "v.kmz", ws, overlay=True, resolution=150, n_boot=2)
    text, image, box = content(path)
    lonlat = ws.load("ps2")["lonlat"]
    assert box["west"] < lonlat[:, 0].min() and box["north"] > lonlat[:, 1].max() and "ExtendedData" in text
    assert 0 < np.count_nonzero(image[..., 3]) <= image[..., 3].size
    with pytest.raises(InputError, match="kmz"):
        export("kml", "v.kml", ws, overlay=True, n_boot=2)
    with pytest.raises(InputError, match="overlay"):
        export("kml", "v.kmz", ws, resolution=100, n_boot=2)
