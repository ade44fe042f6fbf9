"""Reduced real granules beside the project, where they are: headers, lattice, baselines, angles."""

from pathlib import Path

import numpy as np
import pytest

from stamps.frontends.cslc.cslc_header import read_grid, read_vectors
from stamps.frontends.cslc.geometry import earth_fixed, nodes_of
from stamps.frontends.cslc.hdf5 import open_file
from stamps.frontends.cslc.lattice import lonlat_of, union, window_of
from stamps.frontends.cslc.passes import images_of
from stamps.frontends.cslc.reading import read_header, read_layer
from stamps.insar.orbits import Orbit, perpendicular_baseline, zero_doppler_time

pytest.importorskip("pyproj")

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "cslc"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the granules are not there")


def granule(part):
    """Path of the only granule with a part of a name."""
    (path,) = [path for path in FOLDER.glob("*.h5") if part in path.name]
    return path


def grid_and_orbit(part):
    """Grid, and the orbit about the burst, of a granule that has little else; times are seconds since midnight."""
    path = granule(part)
    with open_file(path) as file:
        grid, vectors = read_grid(file, path), read_vectors(file, path)
    start = vectors.epoch + np.timedelta64(2, "D")
    midnight = start.astype("datetime64[D]").astype("datetime64[ns]")
    around = (start - midnight).astype(np.int64) / 1e9 + 1.5
    return grid, Orbit(vectors.seconds(midnight), vectors.position, around)


def test_header_with_all_metadata():
    found = read_header(granule("20221228T161651Z"))
    assert (found.kind, found.burst, found.track, found.orbit_number) == ("image", "t087_185683_iw2", 87, 46534)
    assert (found.mission, found.direction, found.side, found.version) == ("S1A", "Descending", "Right", "1.1")
    assert (found.grid.epsg, found.grid.width, found.grid.length) == (32605, 20622, 4917)
    assert (found.grid.dx, found.grid.dy) == (5, -10) and found.wavelength == pytest.approx(0.05546576)
    assert found.polarisations == {"VV": "data/VV"} and found.flattened is True
    assert found.flags["ionosphere_tec_applied"] is True and found.flags["azimuth_solid_earth_tides_applied"] is False
    assert found.flags["elevation_antenna_pattern_correction_applied"] == "ESA"
    assert str(found.start)[:26] == "2022-12-28T16:16:51.013157" and found.orbit_type == "POEORB"
    assert found.centre == pytest.approx((-155.79, 19.41), abs=0.02)
    assert found.software["COMPASS_version"] == "0.5.5"
    images, notes = images_of([found], {("S1A", 87, 46534): 20221228})
    assert list(images) == ["t087_185683_iw2"] and notes == []


def test_static_layers_lie_on_the_grid_of_their_burst():
    static, image = read_header(granule("STATIC")), read_header(granule("20221228T161651Z"))
    assert (static.kind, static.burst, static.grid) == ("static", image.burst, image.grid)
    lines, samples = slice(2400, 2420), slice(9000, 11000)
    east, north = (read_layer(static, name, lines, samples).astype(float) for name in ("los_east", "los_north"))
    incidence = np.degrees(np.arcsin(np.hypot(east, north)))
    heading = np.degrees(np.arctan2(east.mean(), north.mean())) + 90
    assert 36.5 < incidence.min() < incidence.max() < 42
    nodes = nodes_of(image.grid, 0.0)
    path = granule("20221228T161651Z")
    with open_file(path) as file:
        vectors = read_vectors(file, path)
    midnight = np.datetime64("2022-12-28T00:00:00", "ns")
    orbit = Orbit(vectors.seconds(midnight), vectors.position, 58612.5)
    of_orbit = nodes.heading(orbit)
    assert of_orbit == pytest.approx(-169.24, abs=0.02)
    assert (heading - of_orbit + 180) % 360 - 180 == pytest.approx(0, abs=0.3)
    row, column = np.abs(nodes.row - 2410).argmin(), np.abs(nodes.column - 10000).argmin()
    assert nodes.incidence(orbit)[row, column] == pytest.approx(np.median(incidence), abs=0.3)


def test_neighbours_lie_on_one_lattice():
    first, second = (grid_and_orbit(part)[0] for part in ("088905-IW1", "088905-IW2"))
    offset = (second.x - first.x) / first.dx, (second.y - first.y) / first.dy
    assert [abs(round(number)) for number in offset] != [0, 0]
    assert np.abs(np.array(offset) - np.round(offset)).max() == 0
    both = union([first, second])
    for grid in (first, second):
        window = window_of(both, grid)
        assert (window.lines.stop - window.lines.start, window.samples.stop - window.samples.start) == (
            grid.length,
            grid.width,
        )


def test_baselines_and_their_sign():
    """Every hundredth pixel of burst IW1 at height 0; the peers' formula has the opposite sign."""
    (_, slave), (grid, master) = grid_and_orbit("088905-IW2"), grid_and_orbit("088905-IW1")
    columns, rows = np.meshgrid(np.arange(0, grid.width, 100), np.arange(0, grid.length, 100))
    lon, lat = lonlat_of(grid, columns.ravel(), rows.ravel())
    point = earth_fixed(lon, lat, np.zeros(lon.size))
    time = zero_doppler_time(master, point)
    found = perpendicular_baseline(master, slave, time, point)
    assert found.min() == pytest.approx(-141.683, abs=0.002) and found.max() == pytest.approx(-134.509, abs=0.002)
    assert np.abs(found + law_of_cosines(master, slave, time, point)).max() < 1e-4
    nodes = nodes_of(grid, 0.0).baselines(master, slave)
    assert nodes.min() == pytest.approx(found.min(), abs=0.05) and nodes.max() == pytest.approx(found.max(), abs=0.05)


def law_of_cosines(master, slave, time, point):
    """Perpendicular baseline as others compute it, metres: without the part along the track."""
    place, velocity, _ = master.state(time)
    along = velocity / np.linalg.norm(velocity, axis=1, keepdims=True)
    apart = slave.state(zero_doppler_time(slave, point))[0] - place
    apart -= np.sum(apart * along, axis=1, keepdims=True) * along
    ray = point - place
    size, distance = np.linalg.norm(apart, axis=1), np.linalg.norm(ray, axis=1)
    other = np.linalg.norm(ray - apart, axis=1)
    cosine = (size**2 + distance**2 - other**2) / (2 * size * distance)
    sign = np.sign(np.sum(np.cross(ray, apart) * velocity, axis=1))
    return sign * size * np.sqrt(1 - cosine**2)
