"""Projects as data sets and tables: values of the export, lazily; files that a second library reads."""

import numpy as np
import pytest

import stamps
from helpers import finished_project as finished
from stamps.errors import InputError
from stamps.products import dataset
from stamps.products.exports.table import point_table
from stamps.products.line_of_sight import look_vector
from stamps.products.quantities import Project

xarray = pytest.importorskip("xarray")


@pytest.fixture(scope="module", params=["single_master", "small_baselines"])
def project(request, tmp_path_factory):
    return getattr(finished, request.param)(tmp_path_factory.mktemp(request.param)).path


def test_values_are_those_of_the_export(project):
    table = point_table(Project.at(project), n_boot=60, seed=4)
    data = stamps.open(project, n_boot=60, seed=4)
    assert data.sizes == {"point": len(table), "time": len(table.dates)}
    series = np.stack([table.displacement(k) for k in range(len(table.dates))], axis=1)
    assert data.displacement.dtype == np.float32 and (data.displacement.values == series).all()
    for name, column in (("velocity", "VEL"), ("velocity_std", "V_STDEV"), ("temporal_coherence", "COHERENCE")):
        np.testing.assert_array_equal(data[name].values, table.field(column))
    assert [str(day)[:10] for day in data.time.values] == [date.isoformat() for date in table.dates]
    assert (data.lon.values == table.places[:, 0]).all() and (data.lat.values == table.places[:, 1]).all()
    master = str(table.metadata["reference_date"])
    assert data.attrs["insar_reference_date"] == master and (data.displacement.sel(time=master) == 0).all()
    assert data.perpendicular_baseline.values == pytest.approx(table.baselines())
    assert data.time.attrs["units_metadata"] == "leap_seconds: unknown"
    area = next(field for field in table.fields if field.name == "EFF_AREA")
    area.values[:] = 0  # single pixels stand for no area
    assert "effective_area" not in dataset.as_dataset(table)
    area.values[1] = 900
    assert dataset.as_dataset(table).effective_area.values[:2].tolist() == [0, 900]


def test_nothing_is_computed_before_it_is_looked_at(project, monkeypatch):
    made = []
    monkeypatch.setattr(dataset, "point_table", lambda *_, **k: made.append(k["n_boot"]) or point_table(*_, **k))
    data = stamps.open(project, n_boot=40)
    assert data.displacement.shape and data.height.values.size and repr(data) and made == []
    part = data.displacement.isel(point=slice(3, 6), time=[0, 2])
    assert part.values.shape == (3, 2) and made == [2]
    assert data.velocity[4].item() == data.velocity.values[4] and made == [2]
    assert np.isfinite(data.velocity_std.values).any() and made == [2, 40]
    assert data.displacement.values[[5, 3], [1, 1]].tolist() == data.displacement.values[:, 1][[5, 3]].tolist()


def test_another_value_type_and_images(project):
    kind = "v-do"
    data = stamps.open(project, kind, ifg_list=[1, 2, 3, 4, 5])
    table = point_table(Project.at(project), kind, ifg_list=[1, 2, 3, 4, 5])
    np.testing.assert_array_equal(data.velocity.values, table.field("VEL"))
    assert data.attrs["insar_values"] == kind
    with pytest.raises(InputError, match="no velocity with a time series"):
        stamps.open(project, "hgt")


def test_rows_of_a_table(project):
    pandas = pytest.importorskip("pandas")
    table = point_table(Project.at(project), n_boot=20)
    rows = stamps.frame(project, n_boot=20)
    assert isinstance(rows, pandas.DataFrame) and list(rows)[:3] == ["CODE", "LON", "LAT"]
    assert list(rows)[3:] == [field.name for field in table.fields[1:]] + table.series_names
    np.testing.assert_array_equal(rows["VEL"], table.field("VEL"))
    assert rows.attrs["reference_date"] == table.metadata["reference_date"]


def test_rows_with_places(project):
    geopandas = pytest.importorskip("geopandas")
    rows = stamps.frame(project, geometry=True, n_boot=20)
    assert isinstance(rows, geopandas.GeoDataFrame) and rows.crs.to_epsg() == 4326
    assert rows.geometry.x.tolist() == rows["LON"].tolist() and rows.geometry.y.tolist() == rows["LAT"].tolist()


@pytest.mark.parametrize("kind", ["netcdf", "zarr"])
def test_netcdf_and_zarr_hold_what_the_data_set_holds(project, tmp_path, kind):
    pytest.importorskip({"netcdf": "h5netcdf", "zarr": "zarr"}[kind])
    place = stamps.export(kind, tmp_path / "points", project, n_boot=60, seed=4)
    assert place.suffix == {"netcdf": ".nc", "zarr": ".zarr"}[kind]
    read = xarray.open_dataset(place, engine="h5netcdf") if kind == "netcdf" else xarray.open_zarr(place)
    made = stamps.open(project, n_boot=60, seed=4)
    assert read.attrs.keys() == made.attrs.keys() and read.attrs["featureType"] == "timeSeries"
    for name in made.variables:
        np.testing.assert_array_equal(read[name].values, made[name].values, err_msg=name)
    assert read.time.encoding["units"] == "days since 1970-01-01"
    assert read.displacement.attrs["units"] == "mm" and "towards the satellite" in read.displacement.attrs["long_name"]
    read.close()


def test_netcdf_is_hdf5_for_everyone(project, tmp_path):
    h5py = pytest.importorskip("h5py")
    pytest.importorskip("h5netcdf")
    place = stamps.export("netcdf", tmp_path / "p", project, n_boot=20)
    with h5py.File(place) as file:
        assert file["displacement"].attrs["grid_mapping"] == "crs" and np.isnan(file["velocity"].attrs["_FillValue"])
        assert "_FillValue" not in file["lat"].attrs and file["point_id"].attrs["cf_role"] == "timeseries_id"
        assert file["displacement"].attrs["coordinates"] == "lat lon"


def test_zarr_does_not_replace_a_folder_of_others(project, tmp_path):
    pytest.importorskip("zarr")
    (tmp_path / "points.zarr").mkdir()
    (tmp_path / "points.zarr" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="is no export of this kind"):
        stamps.export("zarr", tmp_path / "points", project)
    assert (tmp_path / "points.zarr" / "mine.txt").read_text() == "x"
    place = stamps.export("zarr", tmp_path / "other", project, n_boot=20)
    (place / "stale").mkdir()
    assert stamps.export("zarr", place, project, n_boot=20) == place and not (place / "stale").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_vector_points_from_the_ground_to_the_satellite():
    ascending, descending = look_vector(np.radians([39.0, 39.0]), np.array([-12.0, -168.0]))
    assert ascending == pytest.approx([-0.616, -0.131, 0.777], abs=1e-3)
    assert descending == pytest.approx([0.616, -0.131, 0.777], abs=1e-3)
    assert np.linalg.norm(ascending) == pytest.approx(1)
    assert look_vector(np.radians([39.0]), -12.0, left=True)[0] == pytest.approx([0.616, 0.131, 0.777], abs=1e-3)


def test_what_is_not_installed_is_named(project, monkeypatch):
    def gone(name):
        raise ImportError(name)

    monkeypatch.setattr(dataset, "import_module", gone)
    with pytest.raises(InputError, match=r"needs xarray, which is not installed: pip install 'stamps-insar\[data\]'"):
        stamps.open(project)
    with pytest.raises(InputError, match="needs geopandas"):
        stamps.frame(project, geometry=True)


def test_incidence_and_line_of_sight_from_look_angles(tmp_path):
    """Loaders of small baselines store the look angle alone; the vector turns with the meridians."""
    ws = finished.small_baselines(tmp_path, heading=-13.0)
    (ws.path / "inc2.mat").unlink(missing_ok=True)
    n, ps = 60, ws.load("ps2")
    earth, incidence, slant = 6371e3, 0.66, 880e3
    away = np.sqrt(earth**2 + slant**2 + 2 * earth * slant * np.cos(incidence))
    angle = np.linspace(0.6, 0.7, n)
    ws.save("ps2", {**ps, "mean_incidence": incidence, "mean_range": slant})
    ws.save("la2", {"la": np.arcsin(earth / away * np.sin(angle))})
    data = stamps.open(ws.path)
    assert data.incidence.values == pytest.approx(np.degrees(angle), abs=1e-3)
    seen = np.degrees(np.arctan2(data.los_north.values, -data.los_east.values))
    turned = (data.lon.values - (data.lon.values.min() + data.lon.values.max()) / 2) * np.sin(
        np.radians(data.lat.values)
    )
    assert seen == pytest.approx(-13.0 + turned, abs=1e-3)
