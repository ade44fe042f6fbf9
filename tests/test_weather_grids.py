"""Where pixels lie on the grids of weather models, and what is not covered."""

import numpy as np
import pytest

from stamps.errors import InputError
from stamps.tropo.weather.grids import place

LAT, LON = np.arange(39.0, 41.01, 0.25), np.arange(13.0, 15.01, 0.25)


def found(lat, lon, lonlat):
    """Latitudes and longitudes that the placement of pixels gives by interpolation; longitudes as a turn."""
    where = place(lat, lon, np.atleast_2d(np.asarray(lonlat, float)), "file")
    assert where.rows.size >= 2 and where.cols.size >= 2
    lats, lons = (lat[where.rows], lon[where.cols]) if lat.ndim == 1 else (None, None)
    if lats is None:
        return where
    east = np.unwrap(lons, period=360)
    row = np.interp(where.row, np.arange(lats.size), lats)
    return np.column_stack([np.interp(where.col, np.arange(east.size), east), row])


def same(given, back):
    np.testing.assert_allclose(np.mod(np.asarray(back)[:, 0] - np.asarray(given)[:, 0] + 180, 360), 180, atol=1e-9)
    np.testing.assert_allclose(np.asarray(back)[:, 1], np.asarray(given)[:, 1], atol=1e-9)


@pytest.mark.parametrize("lat", [LAT, LAT[::-1], np.roll(LAT, 3)])
@pytest.mark.parametrize("lon", [LON, LON[::-1], LON + 360, LON - 360, np.roll(LON, 4)])
def test_axes_in_any_order(lat, lon):
    pixels = np.array([[13.1, 39.9], [14.0, 41.0], [15.0, 39.0], [13.0, 40.123]])
    same(pixels, found(lat, lon, pixels))
    same(pixels, found(lat, lon, pixels + [360, 0]))


@pytest.mark.parametrize(
    "lon, pixels",
    [
        (np.array([358.0, 359, 0, 1, 2]), [[-0.5, 39.5], [0.5, 40.0], [359.5, 40.1]]),  # over the meridian
        (np.array([0.0, 1, 2, 358, 359]), [[-0.5, 39.5], [0.5, 40.0], [-2, 40.1]]),
        (np.array([-2.0, -1, 0, 1, 2]), [[-0.5, 39.5], [359.5, 40.0], [2, 40.1]]),
        (np.array([178.0, 179, 180, -179, -178]), [[179.5, 39.5], [-179.5, 40.0], [180, 40.1]]),  # the antimeridian
        (np.array([-180.0, -179, 178, 179]), [[179.5, 39.5], [-179.5, 40.0]]),
        (np.arange(0, 360, 1.0), [[359.5, 39.5], [0.2, 40.0]]),  # the globe: on at the other side
        (np.arange(0, 361, 1.0), [[359.5, 39.5], [0.2, 40.0]]),
        (np.arange(-180, 180, 0.625), [[179.9, 39.5], [-179.9, 40.0]]),
        (np.arange(-180, 180, 0.625), [[0.1, 39.5], [-0.1, 40.0]]),
        (np.arange(-180, 180.1, 0.625), [[12.1, 39.5], [13.1, 40.0]]),
    ],
)
def test_longitudes_from_anywhere(lon, pixels):
    same(pixels, found(LAT, lon, pixels))
    where = place(LAT, lon, np.array(pixels, float), "file")
    assert where.cols.size <= 6


@pytest.mark.parametrize(
    "outside",
    [[12.9, 40], [15.0001, 40], [14, 38.9999], [14, 41.00001], [-14, 40], [194, 40], [14, -40], [14, 89.9], [0, 0]],
)
def test_one_pixel_outside_is_refused(outside):
    inside = np.array([[13.0, 39.0], [15, 41], [14, 40]])
    place(LAT, LON, inside, "file")
    with pytest.raises(
        InputError, match=r"file does not cover 1 of the 4 pixels: its grid reaches from longitude 13 to 15, lat"
    ):
        place(LAT, LON, np.vstack([inside, outside]), "file")
    with pytest.raises(InputError, match="1 of the 1 pixels"):
        place(LAT[::-1], LON + 360, np.array([outside], float), "file")


def test_regions_that_end_at_the_antimeridian_do_not_go_on():
    lon = np.arange(170.0, 181)
    place(LAT, lon, np.array([[180.0, 40], [-180.0, 40]]), "file")
    with pytest.raises(InputError, match="does not cover 1"):
        place(LAT, lon, np.array([[-179.9, 40]]), "file")
    with pytest.raises(InputError, match="does not cover 1"):
        place(LAT, np.arange(0.0, 300), np.array([[-10.0, 40]]), "file")


@pytest.mark.parametrize(
    "lat, lon, message",
    [
        (LAT[:1], LON, "one row or column"),
        (np.append(LAT, 39.25), LON, "one of its latitudes twice"),
        (LAT, np.append(LON, [13.25, 13.5]), "a longitude twice"),
        (np.delete(LAT, 4), LON, "a gap of 0.5 degrees in its latitudes, whose step is 0.25"),
        (LAT, np.delete(LON, 4), "a gap of 0.5 degrees in its longitudes"),
        (LAT * np.nan, LON, "that are none"),
        (LAT * 100, LON, "that are none"),
        (np.full((3, 3), 40.0), np.full((3, 3), np.inf), "that are none"),
    ],
)
def test_what_is_no_grid(lat, lon, message):
    with pytest.raises(InputError, match=message):
        place(lat, lon, np.array([[14.0, 40.0]]), "file")


def curved(turn=0.0):
    row, col = np.meshgrid(np.arange(12.0), np.arange(14.0), indexing="ij")
    lat = 38.6 + 0.3 * row + 0.02 * col + 0.002 * col**2
    lon = 12.4 + 0.3 * col - 0.03 * row + 0.001 * row**2 + turn
    return lat, np.mod(lon + 180, 360) - 180


@pytest.mark.parametrize("turn", [0.0, -14.0, 166.0])
def test_curved_grid(turn):
    lat, lon = curved(turn)
    rng = np.random.default_rng(0)
    row, col = rng.uniform(0, 11, 200), rng.uniform(0, 13, 200)

    def at(field):
        i, j = np.minimum(row.astype(int), 10), np.minimum(col.astype(int), 12)
        a, b = row - i, col - j
        corners = [field[i + p, j + q] for p in (0, 1) for q in (0, 1)]
        weights = [(1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b]
        return sum(w * c for w, c in zip(weights, corners, strict=True))

    pixels = np.column_stack([at(curved()[1]) + turn, at(lat)])
    where = place(lat, lon, pixels, "file")
    np.testing.assert_allclose(where.rows[0] + where.row, row, atol=1e-6)
    np.testing.assert_allclose(where.cols[0] + where.col, col, atol=1e-6)


def test_outside_a_curved_grid_by_little_and_by_much():
    lat, lon = curved()
    edge = (lat[0, 6] + lat[0, 7]) / 2, (lon[0, 6] + lon[0, 7]) / 2
    place(lat, lon, np.array([[edge[1], edge[0] + 1e-9]]), "file")
    for off in (0.001, 0.1, 3, 40):
        with pytest.raises(InputError, match="does not cover 1 of the 2 pixels"):
            place(lat, lon, np.array([[14.0, 40.5], [edge[1], edge[0] - off]]), "file")
    with pytest.raises(InputError, match="does not cover 2 of the 2"):
        place(lat, lon, np.array([[-100.0, 40.5], [-100.0, 40.6]]), "file")
