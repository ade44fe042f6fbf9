"""A project from simulated geocoded bursts: pixels, owners, pairs, baselines and angles against the truth."""

import shutil

import h5py
import numpy as np
import pytest

from helpers import map_stacks
from helpers.map_stacks import bursts, dates_of, frames, master_of, prepared, products, raster
from stamps.legacy.stamps import stamps
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

pytest.importorskip("pyproj")
pytest.importorskip("rasterio")


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return map_stacks.radar_stack(tmp_path_factory.mktemp("radar"), lines=120, samples=160, n_images=6)


@pytest.fixture(scope="module")
def made(stack, tmp_path_factory):
    """Three bursts that move from date to date and have a constant on each."""
    swaths = ("IW1", "IW2", "IW3")
    return bursts(stack, tmp_path_factory.mktemp("made"), bursts=3, jitter=3, constants=1.0, swaths=swaths)


@pytest.fixture(scope="module")
def project(stack, made, tmp_path_factory):
    """Prepared and loaded."""
    folder = prepared(tmp_path_factory.mktemp("project") / "INSAR", stack, made)
    stamps(1, 1, workdir=folder)
    return folder


@pytest.fixture(scope="module")
def patch(project):
    ws = Workspace(project / "PATCH_1")
    return {name: ws.load(name) for name in ("ps1", "ph1", "bp1", "inc1", "hgt1", "da1")}


@pytest.fixture(scope="module")
def radar(project, made, patch):
    """Radar lines and samples of the candidates."""
    ij = patch["ps1"]["ij"]
    line, sample = map_stacks.radar_pixels(project, ij[:, 1], ij[:, 2], made.parent / "cells.npz")
    assert line.min() >= 0
    return line, sample


def images_of_bursts(made, project, stack):
    """(bursts, dates, length, width): what each burst has in the grid of a project, NaN elsewhere."""
    offset = map_stacks.lattice_offset(project, made.parent / "cells.npz")
    cells = np.load(made.parent / "cells.npz")
    shape = raster(project, "burst.raw", "u1").shape
    whole = np.full((3, len(dates_of(stack)), *cells["line"].shape), np.nan, np.complex64)
    for k, date in enumerate(dates_of(stack)):
        for burst, path in enumerate(products(made, f"_{date}T")):
            with h5py.File(path) as file:
                values = file["data/VV"][()]
                column = round((file["data/x_coordinates"][0] - cells["west"].item()) / 10)
                row = round((cells["north"].item() - file["data/y_coordinates"][0]) / 15)
            whole[burst, k, row : row + values.shape[0], column : column + values.shape[1]] = values
    whole[whole == 0] = complex(np.nan, np.nan)
    return whole[:, :, offset[0] : offset[0] + shape[0], offset[1] : offset[1] + shape[1]]


def slc(project, date):
    """SLC of a project."""
    return raster(project, f"SLC/{date}.slc", "<c8")


# ---------------------------------------------------------------------- owners and pairs


def test_a_pixel_belongs_to_the_first_burst_that_has_it_on_all_dates(made, project, stack):
    of_bursts = images_of_bursts(made, project, stack)
    complete = np.isfinite(of_bursts).all(axis=1)
    expected = np.where(complete.any(axis=0), complete.argmax(axis=0) + 1, 0)
    owner = raster(project, "burst.raw", "u1")
    np.testing.assert_array_equal(owner, expected)
    assert set(np.unique(owner)) == {0, 1, 2, 3}
    union = np.isfinite(of_bursts).any(axis=(0, 1))
    assert np.count_nonzero(union & (owner == 0)) > 50  # seen on some dates only
    for k, date in enumerate(dates_of(stack)):
        wanted = np.full(owner.shape, np.nan, np.complex64)
        for burst in range(3):
            wanted[owner == burst + 1] = of_bursts[burst, k][owner == burst + 1]
        found = slc(project, date)
        np.testing.assert_array_equal(np.isnan(found.imag), owner == 0)
        np.testing.assert_array_equal(found[owner != 0], wanted[owner != 0])


def test_no_pair_mixes_bursts(made, project, stack):
    """The constants of the bursts would show."""
    owner = raster(project, "burst.raw", "u1")
    offset = map_stacks.lattice_offset(project, made.parent / "cells.npz")
    cells = np.load(made.parent / "cells.npz")
    rows, columns = np.nonzero(owner)
    line, sample = (cells[name][rows + offset[0], columns + offset[1]] for name in ("line", "sample"))
    master = stack.plan.acquisitions.master
    jumps = []
    for image, date in enumerate(dates_of(stack)):
        if image == master:
            continue
        pair = raster(project, f"{date}/isce_minrefdem.int", "<c8")[rows, columns]
        truth = stack.slc(master)[line, sample] * np.conj(stack.slc(image)[line, sample])
        turned = pair * np.conj(truth)
        for burst in (1, 2, 3):
            of_burst = turned[owner[rows, columns] == burst]
            assert np.abs(np.angle(of_burst * np.conj(of_burst[0]))).max() < 1e-5
            jumps.append(np.angle(of_burst[0]))
    assert np.ptp(jumps) > 1


def test_candidates_have_values_on_all_dates_and_places_of_their_own(patch):
    assert patch["ps1"]["n_ps"] > 500
    assert np.isfinite(patch["ph1"]["ph"]).all() and (patch["ph1"]["ph"] != 0).any(axis=1).all()
    assert np.unique(patch["ps1"]["lonlat"], axis=0).shape == patch["ps1"]["lonlat"].shape
    assert np.isfinite(patch["da1"]["D_A"]).all()


def test_masked_are_layover_shadow_and_pixels_without_an_owner(project, patch):
    owner, mask = raster(project, "burst.raw", "u1"), raster(project, "mask.raw", "u1")
    assert set(np.unique(mask)) == {0, 1} and np.all(mask[owner == 0] == 1)
    assert 20 <= np.count_nonzero(mask[owner != 0]) <= 3 * 12  # a square of 9 and a row of 3 in every burst
    ij = patch["ps1"]["ij"].astype(int)
    assert not mask[ij[:, 1], ij[:, 2]].any()


# ---------------------------------------------------------------------- positions, baselines, angles


def test_positions_and_heights(project, made, stack, patch, radar):
    from pyproj import Transformer

    cells = np.load(made.parent / "cells.npz")
    offset = map_stacks.lattice_offset(project, made.parent / "cells.npz")
    back = Transformer.from_crs(int(cells["epsg"]), 4326, always_xy=True)
    ij = patch["ps1"]["ij"]
    x = cells["west"] + 10 * (ij[:, 2] + offset[1])
    y = cells["north"] - 15 * (ij[:, 1] + offset[0])
    lon, lat = back.transform(x, y)
    np.testing.assert_allclose(patch["ps1"]["lonlat"], np.column_stack([lon, lat]), atol=2.5e-6, rtol=0)  # of float32
    first = raster(project, "lon.raw", "<f4")[0, 0], raster(project, "lat.raw", "<f4")[0, 0]
    corner = back.transform(cells["west"] + 10 * offset[1], cells["north"] - 15 * offset[0])
    np.testing.assert_allclose(first, corner, atol=2.5e-6)
    np.testing.assert_allclose(patch["hgt1"]["hgt"], stack.geometry("_dem.rdc")[radar], atol=1e-3)


def test_local_coordinates_are_metres_on_the_ground(patch):
    """Not those of the map, whose scale is up to 0.04 % another one and whose north is turned."""
    lonlat, xy = patch["ps1"]["lonlat"].astype(float), patch["ps1"]["xy"][:, 1:].astype(float)
    middle = np.radians(lonlat[:, 1].mean())
    normal = 6378137 / np.sqrt(1 - 0.00669438 * np.sin(middle) ** 2)
    meridian = normal * (1 - 0.00669438) / (1 - 0.00669438 * np.sin(middle) ** 2)
    local = np.radians(lonlat - lonlat.mean(axis=0)) * [normal * np.cos(middle), meridian]
    chosen = slice(None, None, 50)
    distances = [np.hypot(*(p[chosen, None] - p[None, chosen]).T) for p in (local, xy)]
    far = distances[0] > 300
    np.testing.assert_allclose(distances[1][far], distances[0][far], rtol=5e-3)


def test_baselines_at_pixels(patch, radar, stack):
    from stamps.simulation.acquisitions import perpendicular_baseline

    plan = stack.plan
    others = [k for k in range(len(dates_of(stack))) if k != plan.acquisitions.master]
    wanted = np.stack([perpendicular_baseline(plan.geometry, plan.acquisitions, k)[radar] for k in others], axis=1)
    found = patch["bp1"]["bperp_mat"]
    assert found.shape == wanted.shape and np.abs(wanted).max() > 30
    assert np.abs(found - wanted).max() < 0.03


def test_sign_by_regression(patch, radar, stack, project):
    """Height errors of the scatterers: -4 pi B / (lambda R sin(incidence)) in master times conjugate of the other."""
    truth, plan = np.load(stack.root / "truth.npz"), stack.plan
    known = {place: k for k, place in enumerate(zip(truth["ps_line"], truth["ps_sample"], strict=True))}
    pairs = [(row, known[place]) for row, place in enumerate(zip(*radar, strict=True)) if place in known]
    rows, scatterers = np.array(pairs).T
    others = [k for k in range(len(dates_of(stack))) if k != plan.acquisitions.master]
    master = plan.acquisitions.master
    topo = (truth["ps_phase_topo"][others] - truth["ps_phase_topo"][master])[:, scatterers].T
    factor = patch["bp1"]["bperp_mat"][rows] * truth["ps_height_error"][scatterers][:, None]
    factor = factor / (plan.geometry.range * np.sin(plan.geometry.incidence))[radar[1][rows]][:, None]
    slope = np.sum(factor * topo) / np.sum(factor**2)
    assert slope == pytest.approx(-4 * np.pi / Parameters(project).get("lambda"), rel=0.01)
    total = (truth["ps_phase"][others] - truth["ps_phase"][master])[:, scatterers].T
    turned = patch["ph1"]["ph"][rows][:, others] * np.exp(-1j * total)
    owner = raster(project, "burst.raw", "u1")[tuple(patch["ps1"]["ij"][rows, 1:].astype(int).T)]
    for burst in (1, 2, 3):  # each has its constant on each date
        mean = (turned[owner == burst] / np.abs(turned[owner == burst])).mean(axis=0)
        assert np.abs(mean).min() > 0.8


def test_angles_heading_wavelength(patch, radar, stack, project):
    np.testing.assert_allclose(
        np.degrees(patch["inc1"]["inc"]), np.degrees(stack.plan.geometry.incidence)[radar[1]], atol=0.1
    )
    parameters = Parameters(project)
    assert parameters.get("heading") == pytest.approx(-166.6, abs=0.3)
    assert parameters.get("lambda") == pytest.approx(stack.plan.geometry.wavelength, rel=1e-6)
    assert parameters.get("insar_processor") == "isce"


# ---------------------------------------------------------------------- order, names, kinds of files


def content(folder):
    """File to its bytes, without logs."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".log", ".lock") and path.name != "STAMPS.log"
    }


def test_two_orders_of_the_same_files_give_the_same_bytes(made, stack, tmp_path):
    halves = [tmp_path / "a", tmp_path / "b"]
    paths = sorted(made.glob("*.h5"))
    for k, path in enumerate(paths):
        place = halves[k % 2] / f"{len(paths) - k:03d}"
        place.mkdir(parents=True)
        (place / path.name).symlink_to(path)
    found = []
    for order in (halves, halves[::-1]):
        found.append(content(prepared(tmp_path / "INSAR", stack, *order)))
        shutil.rmtree(tmp_path / "INSAR")
    assert found[0].keys() == found[1].keys()
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []


def test_names_do_not_matter(stack, made, project, tmp_path):
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for k, path in enumerate(sorted(made.glob("*.h5"), reverse=True)):
        shutil.copyfile(path, renamed / f"file {k:02d}.h5")
    other = prepared(tmp_path / "INSAR", stack, renamed)
    for name in ("burst.raw", "lon.raw", "mask.raw", "inc_angle.raw", f"SLC/{dates_of(stack)[0]}.slc"):
        assert (other / name).read_bytes() == (project / name).read_bytes(), name


def test_compass_and_halves_of_precision(stack, project, tmp_path):
    """The tree that COMPASS leaves; images of two half-precision numbers."""
    made = bursts(stack, tmp_path, names="compass", complex32=True, swaths=("IW2",), midnight=True)
    other = prepared(tmp_path / "INSAR", stack, made)
    (one,) = {path.name for path in (other / "SLC").glob(f"{dates_of(stack)[0]}.slc")}
    values = raster(other, f"SLC/{one}", "<c8")
    known = values[np.isfinite(values)]
    assert known.size > 8000 and np.abs(known).max() > 300


def test_a_pass_over_midnight_is_one_image(stack, tmp_path):
    made = bursts(stack, tmp_path, bursts=2, midnight=True)
    other = prepared(tmp_path / "INSAR", stack, made)
    assert sorted(path.stem for path in (other / "SLC").iterdir() if path.suffix == ".slc") == dates_of(stack)
    assert set(np.unique(raster(other, "burst.raw", "u1"))) == {0, 1, 2}


def test_bursts_are_joined_without_a_seam(stack, tmp_path):
    """Two bursts and one give the same pairs, so there is no step at the border."""
    one = prepared(tmp_path / "one", stack, bursts(stack, tmp_path / "1", bursts=1))
    two = prepared(tmp_path / "two", stack, bursts(stack, tmp_path / "2", bursts=2))
    owner = raster(two, "burst.raw", "u1")
    assert owner.shape == raster(one, "burst.raw", "u1").shape
    border = (owner[:-1] != owner[1:]) & (owner[:-1] > 0) & (owner[1:] > 0)
    assert border.sum() > 50
    for date in dates_of(stack):
        if date == master_of(stack):
            continue
        alone, joined = (raster(folder, f"{date}/isce_minrefdem.int", "<c8") for folder in (one, two))
        step = np.angle((joined[:-1] * np.conj(joined[1:])) * np.conj(alone[:-1] * np.conj(alone[1:])))[border]
        assert np.abs(step).max() <= 1e-3


def test_frames_of_nisar(stack, project, tmp_path):
    partial = dates_of(stack)[1]
    made = frames(stack, tmp_path, partial={partial: (10, 110)}, unfocused=15)
    other = prepared(tmp_path / "INSAR", stack, made)
    cells = tmp_path / "cells.npz"
    offset = map_stacks.lattice_offset(other, cells)
    known = np.load(cells)
    values = slc(other, dates_of(stack)[0])
    window = tuple(slice(o, o + n) for o, n in zip(offset, values.shape, strict=True))
    line, sample = known["line"][window], known["sample"][window]
    images = np.stack([stack.slc(k)[line, sample] for k in range(6)])
    rows = np.arange(values.shape[0])[:, None] + offset[0]
    expected = (line >= 0) & (images != 0).all(axis=0) & (rows >= 15) & (rows < 110)
    np.testing.assert_array_equal(np.isfinite(values), expected)
    np.testing.assert_array_equal(values[expected], images[0][expected])
    stamps(1, 1, workdir=other)
    assert Parameters(other).get("lambda") == pytest.approx(stack.plan.geometry.wavelength, rel=1e-6)
