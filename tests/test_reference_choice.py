"""Exports, data sets and pages relative to another date and area than those of the parameters."""

import datetime
import json

import numpy as np
import pytest

import stamps
from helpers import finished_project as finished
from helpers.unwritten_figures import caught
from stamps.cli.program import run
from stamps.errors import InputError
from stamps.products.exports.table import point_table
from stamps.products.quantities import Project
from stamps.products.reference_choice import ReferenceChoice, date_of
from stamps.report.run import Run


@pytest.fixture(scope="module", params=["single_master", "small_baselines"])
def project(request, tmp_path_factory):
    return getattr(finished, request.param)(tmp_path_factory.mktemp(request.param)).path


def table(project, **options):
    return point_table(Project.at(project), n_boot=5, **options)


def circle(project, pixel=3, radius=400.0):
    lon, lat = Project.at(project).lonlat[pixel]
    return float(lon), float(lat), radius


def test_displacements_are_zero_on_the_date_and_velocities_stay(project):
    own = table(project)
    for k in (0, len(own.dates) - 1):
        other = table(project, reference_date=own.dates[k])
        assert not other.displacement(k).any()
        np.testing.assert_allclose(
            other.series_matrix(), own.series_matrix() - own.series_matrix()[:, [k]], rtol=0, atol=1e-4
        )
        np.testing.assert_array_equal(other.field("VEL"), own.field("VEL"))
        np.testing.assert_array_equal(other.field("V_STDEV"), own.field("V_STDEV"))
        assert other.metadata["reference_date"] == own.dates[k].isoformat()
        assert f"since {own.dates[k]}" in other.metadata["time_series"]
        assert other.metadata["master_date"] == own.metadata["reference_date"]
        assert other.baselines()[k] == 0


def test_the_mean_of_the_area_is_zero_on_every_date(project):
    other = table(project, reference_area=circle(project))
    assert other.metadata["reference_pixels"] == other.reference.size > 1
    np.testing.assert_allclose(other.series_matrix()[other.reference].mean(axis=0), 0, atol=1e-4)
    assert other.field("VEL")[other.reference].mean() == pytest.approx(0, abs=1e-4)
    own = table(project)
    moved = own.series_matrix() - other.series_matrix()
    assert np.ptp(moved, axis=0).max() < 1e-3 and np.abs(moved).max() > 0.1
    assert "within 400 m" in other.metadata["reference"]
    assert other.metadata["reference_lon"] == pytest.approx(circle(project)[0], abs=1e-6)


def test_a_box_takes_the_pixels_in_it(project):
    lonlat = Project.at(project).lonlat
    west, east = np.quantile(lonlat[:, 0], [0.2, 0.6])
    south, north = np.quantile(lonlat[:, 1], [0.1, 0.7])
    other = table(project, reference_area=(west, east, south, north))
    inside = (lonlat[:, 0] >= west) & (lonlat[:, 0] <= east) & (lonlat[:, 1] >= south) & (lonlat[:, 1] <= north)
    assert (other.reference == np.flatnonzero(inside)).all()
    assert f"pixels in {west:.4f}° E to {east:.4f}° E" in other.metadata["reference"]


def test_the_velocity_of_the_parameters_area_is_not_that_of_another(tmp_path):
    project = finished.single_master(tmp_path / "p", ref_velocity=0.01).path
    assert table(project).metadata["reference_velocity_mm_per_year"] == 10
    other = table(project, reference_area=circle(project))
    assert other.metadata["reference_velocity_mm_per_year"] == 0
    assert other.field("VEL")[other.reference].mean() == pytest.approx(0, abs=1e-4)


def test_part_of_the_scene_is_relative_to_an_area_outside_it(project):
    lonlat = Project.at(project).lonlat
    from stamps.products.exports.subset import Subset

    part = Subset(lon_rg=(float(np.median(lonlat[:, 0])), float(lonlat[:, 0].max())))
    area = circle(project, int(lonlat[:, 0].argmin()), 50.0)
    whole, some = table(project, reference_area=area), table(project, reference_area=area, subset=part)
    np.testing.assert_array_equal(some.series_matrix(), whole.series_matrix()[some.rows])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference_date": "20010101"}, "not in the series: the nearest date of it is"),
        ({"reference_date": "yesterday"}, "a date such as 20180601"),
        ({"reference_date": "20181341"}, "a date such as 20180601"),
        ({"reference_area": (0.0, 0.0, 10.0)}, "No pixel lies within 10 m"),
        ({"reference_area": (0.0, 1.0, 0.0, 1.0)}, "No pixel lies in 0.0000° E to 1.0000° E"),
        ({"reference_area": (14.0, 40.0)}, "radius in metres of a circle"),
        ({"reference_area": (14.0, 40.0, "x")}, "radius in metres of a circle"),
        ({"reference_area": (14.0, 40.0, float("nan"))}, "radius in metres of a circle"),
        ({"reference_area": (14.0, 95.0, 5.0)}, "longitude comes first"),
        ({"reference_area": (14.0, 40.0, -5.0)}, "positive number"),
        ({"reference_area": (14.0, 15.0, 41.0, 40.0)}, "south comes first"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(project, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        stamps.export("csv", tmp_path / "x.csv", project, n_boot=3, **options)
    assert not (tmp_path / "x.csv").exists()


def test_an_area_without_value_on_a_date_is_refused(tmp_path):
    ws = finished.single_master(tmp_path / "p")
    stored = ws.load("phuw2")
    stored["ph_uw"][3, 1] = np.nan
    ws.save("phuw2", stored)
    with pytest.raises(InputError, match="no value on a date"):
        table(ws.path, reference_area=circle(ws.path, 3, 1.0))


def test_a_pixel_without_value_on_the_date_has_no_series(tmp_path):
    ws = finished.single_master(tmp_path / "p")
    stored = ws.load("phuw2")
    stored["ph_uw"][3, 1] = np.nan
    ws.save("phuw2", stored)
    found = table(ws.path, reference_date=table(ws.path).dates[1]).series_matrix()
    assert np.isnan(found[3]).all() and np.isfinite(np.delete(found, 3, axis=0)).all()


def test_dates_of_many_kinds():
    day = datetime.date(2018, 6, 1)
    given = ("20180601", "2018-06-01", 20180601, 20180601.0, day, datetime.datetime(2018, 6, 1, 4), np.datetime64(day))
    assert {date_of(value) for value in given} == {day}
    assert ReferenceChoice.of("20180601").position([datetime.date(2018, 1, 1), day]) == 1


def test_data_set_and_table_follow(project):
    xarray = pytest.importorskip("xarray")
    own = table(project)
    last, area = f"{own.dates[-1]:%Y%m%d}", circle(project)
    expected = table(project, reference_date=last, reference_area=area)
    data = stamps.open(project, n_boot=5, reference_date=last, reference_area=area)
    assert isinstance(data, xarray.Dataset)
    np.testing.assert_array_equal(data.displacement.values, expected.series_matrix())
    assert data.attrs["insar_reference_date"] == own.dates[-1].isoformat()
    assert data.attrs["insar_reference"] == expected.metadata["reference"]
    rows = stamps.frame(project, n_boot=5, reference_date=last, reference_area=area)
    np.testing.assert_array_equal(rows["VEL"], expected.field("VEL"))


def test_shell(project, tmp_path):
    own = table(project)
    place = [str(number) for number in circle(project)]
    words = [
        "--workdir",
        str(project),
        "--n-boot",
        "3",
        "--reference-date",
        f"{own.dates[0]:%Y%m%d}",
        "--reference",
        *place,
    ]
    assert run("stamps", ["export", "csv", "--out", str(tmp_path / "x.csv"), *words]) == 0
    facts = json.loads((tmp_path / "x.csv-metadata.json").read_text())
    assert facts["reference_date"] == own.dates[0].isoformat() and "within 400 m" in facts["reference"]
    assert run("stamps", ["export", "visualizer", "--out", str(tmp_path / "v.csv"), *words]) == 0
    assert len((tmp_path / "v.csv").read_text().splitlines()[1].split(",")) == 3 + len(own.dates) - 1
    assert run("stamps", ["view", "--out", str(tmp_path / "v.html"), *words]) == 0
    page = (tmp_path / "v.html").read_text()
    assert f'"reference_date": "{own.dates[0]}"' in page or f'"reference_date":"{own.dates[0]}"' in page


def test_the_page_is_relative_to_the_area(project):
    from stamps.products.view.content import content_of

    content = content_of(Project.at(project), n_boot=4, choice=ReferenceChoice.of(None, circle(project)))
    layers = {layer.name: layer.values for layer in content.layers}
    assert layers["velocity"][content.reference].mean() == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(layers["displacement"][content.reference].mean(axis=0), 0, atol=1e-3)
    assert content.area.radius == 400
    with pytest.raises(InputError, match="not in the series"):
        content_of(Project.at(project), n_boot=4, choice=ReferenceChoice.of("20010101"))


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    return finished.single_master(tmp_path_factory.mktemp("plots"))


@pytest.fixture
def drawn(monkeypatch):
    """What ``ps_plot`` would draw."""
    found = []

    def draw(shown, limits, out):
        found.append(shown)
        return None, limits, None, []

    monkeypatch.setattr("stamps.products.plotting.draw", draw)
    return found


class TestPlots:
    def test_phases_are_zero_on_the_date_and_in_the_area(self, single, drawn):
        place, own = circle(single.path), table(single.path)
        stamps.ps_plot("u-dm", workdir=single)
        stamps.ps_plot("u-dm", workdir=single, reference_date=own.dates[5], reference_area=place)
        before, after = drawn
        assert not after.phases[:, list(after.columns).index(5)].any()
        np.testing.assert_allclose(after.phases[after.reference].mean(axis=0), 0, atol=1e-5)
        moved = after.phases - (before.phases - before.phases[:, [5]])
        assert np.ptp(moved, axis=0).max() < 1e-4 < np.abs(moved).max()

    def test_velocities_are_those_of_an_export(self, single, drawn):
        place = circle(single.path)
        stamps.ps_plot("v-d", workdir=single, reference_area=place, reference_date=table(single.path).dates[0])
        exported = table(single.path, reference_area=place).field("VEL")
        np.testing.assert_allclose(drawn[0].phases[:, 0], exported, atol=2e-3)

    def test_what_the_picture_says(self, single, monkeypatch):
        pytest.importorskip("matplotlib")
        caught(monkeypatch)
        own = table(single.path)
        other = {"reference_date": own.dates[2], "reference_area": circle(single.path)}
        picture = stamps.ps_plot("u", 1, 0, 0, [1], workdir=single, out="u.png", **other)
        title = picture.figure.get_suptitle()
        assert f"each date against {own.dates[2]:%d-%b-%Y}" in title and "within 400 m" in title

    @pytest.mark.parametrize(
        "arguments, options, message",
        [
            (("v-d", -1), {}, "Another reference is for pictures"),
            (("v-d", "ts"), {}, "Another reference is for pictures"),
            (("hgt",), {}, "hgt is not relative to a reference area"),
            (("w",), {}, "w is not relative to a reference area"),
            (("u", 1, 0, 2), {"reference_date": "DATE"}, "leave out one of them"),
            (("u",), {"reference_date": "19990101"}, "not in the series"),
        ],
    )
    def test_refusals(self, single, drawn, arguments, options, message):
        date = f"{table(single.path).dates[1]:%Y%m%d}"
        options = {key: date if value == "DATE" else value for key, value in options.items()}
        with pytest.raises(InputError, match=message):
            stamps.ps_plot(*arguments, workdir=single, reference_area=circle(single.path), **options)
        assert not drawn

    def test_interferograms_have_no_reference_date(self, tmp_path, drawn):
        ws = finished.small_baselines(tmp_path / "sb")
        with pytest.raises(InputError, match="interferograms lie between two dates"):
            stamps.ps_plot("usb", workdir=ws, reference_date=table(ws.path).dates[1])

    def test_series_of_places(self, single, drawn, monkeypatch):
        pytest.importorskip("matplotlib")
        caught(monkeypatch)
        stamps.ps_plot("v-d", "ts", workdir=single)
        lon, lat, radius = circle(single.path)
        own = stamps.ts_plot(lon, lat, 3000, workdir=single, out="a.png")
        date = own.dates[4].item()
        on_date = stamps.ts_plot(lon, lat, 3000, workdir=single, out="b.png", reference_date=date)
        np.testing.assert_allclose(on_date.displacement, own.displacement - own.displacement[4], atol=1e-4)
        assert f"since {date}" in on_date.figure.axes[0].get_ylabel()
        here = stamps.ts_plot(lon, lat, radius, workdir=single, out="c.png", reference_area=(lon, lat, radius))
        np.testing.assert_allclose(here.displacement, 0, atol=0.5)
        assert "within 400 m" in here.figure.axes[0].get_title()
        one, two = Project.at(single).lonlat[[3, 9]]
        found = [
            stamps.ts_plotdiff(*one, *two, 300, workdir=single, out="d.png", reference_area=area).displacement
            for area in (None, (lon, lat, radius))
        ]
        np.testing.assert_allclose(*found, atol=1e-3)

    def test_profiles_and_the_report(self, single):
        place = circle(single.path)
        low, high = Project.at(single).lonlat.min(axis=0), Project.at(single).lonlat.max(axis=0)
        line = stamps.profile(low, high, 1e5, workdir=single, reference_area=place)
        assert "within 400 m" in line.reference
        other = table(single.path, reference_area=place)
        run = Run(single, choice=ReferenceChoice.of(None, place))
        np.testing.assert_allclose(run.velocity, other.field("VEL"), atol=1e-3)
        assert run.reference == other.metadata["reference"] and run.ground.area.centre is not None
