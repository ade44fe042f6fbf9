"""Orbits of state vectors and of EOF files, against circles in closed form; baselines against the simulator's truth."""

import datetime as dt
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.safe_products import made_products, stack_settings
from stamps.errors import InputError
from stamps.frontends.sentinel1.acquisitions import data_takes, read_products, read_scene
from stamps.frontends.sentinel1.annotation import StateVectors
from stamps.frontends.sentinel1.orbit_files import (
    find_orbit_files,
    missing_orbit_files,
    orbit_file_of,
    read_orbit_file,
    snap_orbit_folder,
)
from stamps.frontends.sentinel1.orbits import HermiteOrbit, baseline, cartesian, consistent, joined, overpass
from stamps.simulation.circular_orbits import PERIOD, CircularOrbit, passage_of
from stamps.simulation.plan import plan_stack
from stamps.simulation.safe_files import ProductLayout, write_orbit_files

EPOCH = dt.datetime(2020, 1, 3, 5, 12, 7)
RADIUS = 7_070_000.0


def vectors_of(orbit, count=15, every=10.0, offset=0.0):
    """State vectors of an orbit about its time 0 (``EPOCH``)."""
    seconds = (np.arange(count) - count // 2) * every + offset
    position, velocity, _ = orbit.state(seconds)
    return StateVectors(tuple(EPOCH + dt.timedelta(seconds=float(s)) for s in seconds), position, velocity)


def circle(inclination=1.71, argument=2.4):
    """A circular orbit at an argument of latitude, rad."""
    out = np.array([np.cos(argument), np.sin(argument) * np.cos(inclination), np.sin(argument) * np.sin(inclination)])
    along = np.array(
        [-np.sin(argument), np.cos(argument) * np.cos(inclination), np.cos(argument) * np.sin(inclination)]
    )
    return CircularOrbit(RADIUS * out, along)


@given(st.floats(1.4, 1.8), st.floats(0, 6.28), st.floats(-60, 60))
def test_hermite_polynomials_follow_a_circle_to_a_millimetre(inclination, argument, seconds):
    orbit = circle(inclination, argument)
    position, velocity, _ = HermiteOrbit(vectors_of(orbit, offset=3.3), EPOCH).state(seconds)
    true_position, true_velocity, _ = orbit.state(seconds)
    assert np.abs(position - true_position).max() < 1e-3
    assert np.abs(velocity - true_velocity).max() < 1e-3
    assert np.linalg.norm(true_position) == pytest.approx(RADIUS)
    assert np.linalg.norm(true_velocity) == pytest.approx(2 * np.pi * RADIUS / PERIOD)


@given(st.floats(1.4, 1.8), st.floats(0, 6.28), st.floats(-40, 40), st.floats(0.3, 0.8))
def test_the_time_of_closest_approach_is_that_of_the_circle(inclination, argument, seconds, angle):
    """A point in the plane that the velocity is perpendicular to is passed at that time, exactly."""
    orbit = circle(inclination, argument)
    position, velocity, _ = (vector[0] for vector in orbit.state(seconds))
    out = position / np.linalg.norm(position)
    right = np.cross(velocity, out) / np.linalg.norm(velocity)
    point = 6_370_000.0 * (np.cos(angle / 8) * out + np.sin(angle / 8) * right)
    lon, lat, height = geodetic(point)
    found = overpass(vectors_of(orbit), EPOCH, lon, lat, height)
    assert (found.time - EPOCH).total_seconds() == pytest.approx(seconds, abs=2e-6)
    ray = position - point
    vertical = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    lon, lat = np.radians([lon, lat])
    vertical = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    assert np.cos(np.radians(found.incidence)) == pytest.approx(vertical @ ray / np.linalg.norm(ray), abs=1e-6)


def geodetic(point):
    """Longitude and latitude in degrees and height of an Earth-fixed point, by iteration."""
    a, e2 = 6378137.0, 1 - (6356752.314245 / 6378137.0) ** 2
    x, y, z = point
    across = np.hypot(x, y)
    lat, height = np.arctan2(z, across * (1 - e2)), 0.0
    for _ in range(20):
        normal = a / np.sqrt(1 - e2 * np.sin(lat) ** 2)
        height = across * np.cos(lat) + z * np.sin(lat) - a**2 / normal
        lat = np.arctan2(z, across * (1 - e2 * normal / (normal + height)))
    return np.degrees(np.arctan2(y, x)), np.degrees(lat), height


@given(st.floats(-180, 180), st.floats(-89, 89), st.floats(-100, 5000))
def test_positions_on_the_ellipsoid(lon, lat, height):
    back = geodetic(cartesian(lon, lat, height))
    assert back[1] == pytest.approx(lat, abs=1e-9) and back[2] == pytest.approx(height, abs=1e-3)
    assert np.cos(np.radians(back[0] - lon)) == pytest.approx(1)


def test_an_orbit_that_does_not_cover_the_time_is_refused():
    with pytest.raises(InputError, match="reach from 2020-01-03T05:10:57"):
        HermiteOrbit(vectors_of(circle()), EPOCH + dt.timedelta(minutes=5))


def test_velocities_that_do_not_go_with_the_positions_are_replaced():
    vectors = vectors_of(circle())
    assert consistent(vectors) is vectors
    assert consistent(joined([vectors, vectors_of(circle(), offset=3.7)])).times  # steps of several lengths
    wrong = StateVectors(vectors.times, vectors.positions, 1.05 * vectors.velocities)
    repaired = consistent(wrong)
    assert np.abs(repaired.velocities - vectors.velocities)[3:-3].max() < 0.1
    assert np.abs(HermiteOrbit(repaired, EPOCH).state(4.0)[0] - circle().state(4.0)[0]).max() < 0.1


def test_vectors_of_slices_are_joined_once():
    first, second = vectors_of(circle()), vectors_of(circle(), offset=40)
    both = joined([second, first])
    assert len(both.times) == 19 and list(both.times) == sorted(both.times)
    assert np.allclose(np.linalg.norm(both.positions, axis=1), RADIUS)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("heading", "lat"), [(-166.6, 40.8), (-13.0, -33.0), (-13.0, 64.0)])
def test_baselines_are_the_simulators(tmp_path, seed, heading, lat):
    """Within a metre of the truth of circular orbits, and within a centimetre to the simulator's own master."""
    settings = stack_settings(seed=seed, heading=heading, centre_lat=lat, sigma_bperp=150.0)
    plan = plan_stack(settings)
    acquisitions = plan.acquisitions
    scenes = scenes_of(tmp_path, settings)
    assert [scene.date for scene in scenes] == acquisitions.names
    place = settings.centre_lon, settings.centre_lat, 0.0
    passes = [overpass(scene.images[0]["IW2"].orbit, scene.acquisition.start, *place) for scene in scenes]
    for master in range(3):
        found = [baseline(passes[master], one, *place) for one in passes]
        truth = acquisitions.bperp - acquisitions.bperp[master]
        tolerance = 0.01 if master == acquisitions.master else 0.5  # others have other look angles
        assert np.abs(found - truth).max() < tolerance
    incidence = np.degrees(plan.geometry.incidence[settings.samples // 2])
    assert passes[0].incidence == pytest.approx(incidence, abs=0.2)  # the simulator's is of a sphere


def scenes_of(folder, settings, **layout):
    paths = [path for paths in made_products(folder, settings, **layout).values() for path in paths]
    products, broken = read_products(paths)
    assert not broken
    return [read_scene(take, "VV", None)[0] for take in data_takes(products)]


# ---------------------------------------------------------------------- orbit files


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Settings, scenes, and a folder with precise orbits of all dates and restituted ones of three."""
    settings = stack_settings(n_images=4)
    folder = tmp_path_factory.mktemp("stack")
    scenes = scenes_of(folder / "slc", settings)
    write_orbit_files(folder / "orbits" / "precise", settings)
    write_orbit_files(folder / "orbits", settings, kind="RESORB", dates=[scene.date for scene in scenes[:3]])
    (folder / "orbits" / "readme.EOF").write_text("nothing")
    return settings, scenes, folder / "orbits"


def test_precise_orbits_count_before_restituted_ones(stack):
    _, scenes, folder = stack
    files = find_orbit_files(folder)
    assert len(files) == 7
    for scene in scenes:
        assert orbit_file_of(scene.acquisition, files).kind == "POEORB"
    assert orbit_file_of(scenes[3].acquisition, files, ("RESORB",)) is None
    assert orbit_file_of(scenes[0].acquisition, files, ("RESORB",)).kind == "RESORB"


def test_orbit_files_hold_the_orbits_of_the_annotations(stack):
    settings, scenes, folder = stack
    for scene in scenes:
        vectors = read_orbit_file(orbit_file_of(scene.acquisition, find_orbit_files(folder)), scene.acquisition)
        place = settings.centre_lon, settings.centre_lat, 0.0
        own = overpass(scene.images[0]["IW2"].orbit, scene.acquisition.start, *place)
        told = overpass(vectors, scene.acquisition.start, *place)
        assert abs((own.time - told.time).total_seconds()) < 1e-5
        assert baseline(own, told, *place) == pytest.approx(0, abs=1e-3)


def test_the_validity_must_reach_a_minute_beyond(stack):
    _, scenes, folder = stack
    acquisition = scenes[0].acquisition
    file = orbit_file_of(acquisition, find_orbit_files(folder))
    minute, second = dt.timedelta(seconds=60), dt.timedelta(seconds=1)
    assert covers(file, acquisition.start - minute, acquisition.stop + minute, acquisition)
    assert not covers(file, acquisition.start - minute + second, acquisition.stop + minute, acquisition)
    assert not covers(file, acquisition.start - minute, acquisition.stop + minute - second, acquisition)


def covers(file, first, last, acquisition):
    changed = type(file)(file.path, file.platform, file.kind, file.made, first, last)
    other = type(file)(file.path, "S1B", file.kind, file.made, first, last)
    assert not other.covers(acquisition)
    return changed.covers(acquisition)


def test_missing_orbit_files_and_where_snap_expects_them(stack, tmp_path):
    _, scenes, folder = stack
    acquisitions = [scene.acquisition for scene in scenes]
    missing = missing_orbit_files(acquisitions, tmp_path, kind="RESORB", orbit_dir=folder)
    assert list(missing) == [scenes[3].date]
    date = scenes[3].date
    expected = tmp_path / "auxdata" / "Orbits" / "Sentinel-1" / "RESORB" / "S1A" / date[:4] / date[4:6]
    assert snap_orbit_folder(tmp_path, acquisitions[3], "RESORB") == expected
    assert str(expected) in missing[date] and "S1A" in missing[date] and missing[date].startswith(date)
    assert list(missing_orbit_files(acquisitions, tmp_path)) == [one.date for one in acquisitions]
    source = orbit_file_of(acquisitions[0], find_orbit_files(folder))
    target = snap_orbit_folder(tmp_path, acquisitions[0])
    target.mkdir(parents=True)
    with zipfile.ZipFile(target / f"{source.path.name}.zip", "w") as archive:
        archive.write(source.path, source.path.name)
    assert list(missing_orbit_files(acquisitions, tmp_path)) == [one.date for one in acquisitions[1:]]
    packed = orbit_file_of(acquisitions[0], find_orbit_files(target))
    assert packed.path.suffix == ".zip"
    plain = read_orbit_file(source, acquisitions[0])
    assert (read_orbit_file(packed, acquisitions[0]).positions == plain.positions).all()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<X unit", "<Q unit", "no X"),
        ('<Y unit="m">', '<Y unit="m">x', "Y is"),
        ("<UTC>UTC=", "<UTC>", "without a time"),
        ("<OSV>", "<ABC>", "0 state vectors"),
        ("<OSV>", '<OSV><!DOCTYPE a [<!ENTITY b "c">]>', "no XML"),
    ],
)
def test_damaged_orbit_files_are_named(stack, tmp_path, old, new, said):
    _, scenes, folder = stack
    source = orbit_file_of(scenes[0].acquisition, find_orbit_files(folder))
    target = tmp_path / source.path.name
    target.write_text(source.path.read_text().replace(old, new))
    with pytest.raises(InputError, match=said) as caught:
        read_orbit_file(find_orbit_files(tmp_path)[0], scenes[0].acquisition)
    assert str(target) in str(caught.value)


def test_orbit_files_are_looked_for_in_a_folder(tmp_path):
    with pytest.raises(InputError, match="is no folder"):
        find_orbit_files(tmp_path / "missing")


def test_the_orbit_passes_the_scene_as_its_passage_says():
    plan = plan_stack(stack_settings())
    passage = passage_of(plan)
    position, velocity, _ = passage.orbit(3.0, -2.0).state(0.0)
    assert (position[0] - passage.satellite) @ passage.across == pytest.approx(3.0, abs=1e-6)
    assert (position[0] - passage.satellite) @ passage.down == pytest.approx(-2.0, abs=1e-6)
    assert velocity[0] @ (passage.point - position[0]) == pytest.approx(0, abs=1e-3)


def test_orbit_files_of_one_date(tmp_path):
    settings = stack_settings()
    date = plan_stack(settings).acquisitions.names[2]
    written = write_orbit_files(tmp_path, settings, ProductLayout(platforms=("S1B",)), dates=[date])
    assert list(written) == [date] and written[date].name.startswith("S1B_OPER_AUX_POEORB_OPOD_")
