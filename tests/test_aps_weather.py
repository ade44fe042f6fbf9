"""Corrections from weather models in projects: sign, geometry, names, missing dates, what stays, the command."""

import numpy as np
import pytest

import stamps
from helpers import weather_project
from helpers.weather_files import dataset, write_netcdf
from stamps import aps_era5
from stamps.cli import program as cli
from stamps.errors import InputError, WorkspaceError
from stamps.legacy.ps_plot_tca import ps_plot_tca
from stamps.workspace.parameters import Parameters


@pytest.fixture(params=[False, True], ids=["single master", "small baselines"])
def made(request, tmp_path):
    return weather_project.make(tmp_path, request.param)


@pytest.fixture
def single(tmp_path):
    made = weather_project.make(tmp_path, n_ifg=5)
    weather_project.write_weather(made)
    return made


def test_correction_is_the_later_minus_the_earlier_delay_along_the_line_of_sight(made):
    weather_project.write_weather(made)
    made.ws.save(made.file, {"ph_tropo_gacos": np.ones((30, made.n_ifg))})
    found = aps_era5(made.maps, utc="06:02", workdir=made.ws)
    hydro, wet = weather_project.expected(made)
    # 5 mm of the zenith delay would be 1.5 rad; between dates less than 1 mm stays
    np.testing.assert_allclose(found.hydro, hydro, atol=0.1)
    np.testing.assert_allclose(found.wet, wet, atol=0.25)
    assert np.std(hydro) > 5 and np.std(wet) > 2
    np.testing.assert_allclose(found.total, found.hydro + found.wet, atol=1e-4)
    assert found.missing == () and found.uncorrected == ()
    content = made.ws.load(made.file)
    assert (np.asarray(content["ph_tropo_gacos"]) == 1).all()
    for method, number, part in (("a_era5", 39, "total"), ("a_era5-h", 40, "hydro"), ("a_era5-w", 41, "wet")):
        stored, _, told = ps_plot_tca(content, method)
        np.testing.assert_array_equal(stored, getattr(found, part))
        assert told == number and stored.dtype == np.float32 and stored.shape == (30, made.n_ifg)
    if made.file == "tca2":
        assert not found.total[:, made.first[0]].any()


@pytest.mark.parametrize(
    "model, name, layout, variable",
    [
        ("erai", "{date}/ggap{date}{hour:02d}00.nc", "old", "ph_tropo_era"),
        ("era5", "{date}/ggap{date}{hour:02d}00.nc", "old", "ph_tropo_era5"),
        ("era5", "ERA5_N39_N41_E13_E15_{date}_{hour:02d}.nc", "new", "ph_tropo_era5"),
        ("merra", "{date}/MERRA_{date}_{hour:02d}.nc4", "merra2", "ph_tropo_merra"),
        ("merra2", "MERRA2_{date}_{hour:02d}.nc4", "merra2", "ph_tropo_merra2"),
        ("merra2", "MERRA2_400.inst6_3d_ana_Np.{date}.nc4", "merra2", "ph_tropo_merra2"),
        ("merra2", "merra-{date}-{hour:02d}.nc4", "merra2", "ph_tropo_merra2"),
    ],
)
def test_names_of_files_and_of_variables(tmp_path, model, name, layout, variable):
    made = weather_project.make(tmp_path, n_ps=20, n_ifg=2, master_ix=0)
    weather_project.write_weather(made, name=name, layout=layout)
    found = getattr(stamps, f"aps_{model}")(made.maps, utc="06:00", workdir=made.ws)
    np.testing.assert_allclose(found.total, sum(weather_project.expected(made)), atol=0.3)
    content = made.ws.load("tca2")
    assert {variable, f"{variable}_hydro", f"{variable}_wet"} <= set(content)
    np.testing.assert_array_equal(ps_plot_tca(content, f"a_{model}")[0], found.total)


def test_the_two_hours_around_the_overpass_are_weighted(single):
    """Two hours with different air: the delay at 05:33 is 0.45 and 0.55 of them."""
    other = single.air[::-1]
    for date, air in zip(single.dates, other, strict=True):
        write_netcdf(single.maps / f"ERA5_{date}_05.nc", dataset(air, f"{date}0500"))
    late = sum(weather_project.expected(single))
    single.air = other
    early = sum(weather_project.expected(single))
    found = aps_era5(single.maps, utc="05:33", workdir=single.ws).total
    np.testing.assert_allclose(found, 0.45 * early + 0.55 * late, atol=0.3)
    np.testing.assert_allclose(
        aps_era5(single.maps, utc="05:33", interpolate=False, workdir=single.ws).total, late, atol=0.3
    )
    np.testing.assert_allclose(aps_era5(single.maps, utc="05:04", workdir=single.ws).total, early, atol=0.3)
    assert np.abs(early - late).max() > 10


def test_an_hour_alone_is_not_enough_unless_it_is_near_or_wanted(single):
    with pytest.raises(
        InputError, match=r"has no files of ERA5 around 05:33:00 UTC of 20180101, .*no interferogram can be corrected"
    ):
        aps_era5(single.maps, utc="05:33", workdir=single.ws)
    assert not single.ws.exists("tca2")
    assert aps_era5(single.maps, utc="05:33", interpolate=False, workdir=single.ws).missing == ()


def test_dates_without_weather_are_named_and_get_0(made, capsys):
    weather_project.write_weather(made, dates=made.dates[:-1])
    found = aps_era5(made.maps, utc="06:00", workdir=made.ws)
    last = len(made.dates) - 1
    lost = (made.first == last) | (made.second == last)
    assert found.missing == (made.dates[-1],) and len(found.uncorrected) == lost.sum() > 0
    assert not found.total[:, lost].any()
    used = found.total.any(axis=0)
    np.testing.assert_array_equal(used, ~lost & (made.first != made.second))
    np.testing.assert_allclose(found.total[:, used], sum(weather_project.expected(made))[:, used], atol=0.3)
    text = capsys.readouterr().out
    assert f"has no files of ERA5 around 06:00:00 UTC of {made.dates[-1]}" in text
    assert f"no correction (0) for {lost.sum()} of " in text and str(made.dates[-1]) in found.uncorrected[0]
    before = made.ws.load(made.file)["ph_tropo_era5"]
    with pytest.raises(InputError, match=f"of {made.dates[-1]}: download those of the hours before and after"):
        aps_era5(made.maps, utc="06:00", strict=True, workdir=made.ws)
    np.testing.assert_array_equal(made.ws.load(made.file)["ph_tropo_era5"], before)


def test_without_weather_of_the_master_nothing_can_be_corrected(tmp_path):
    made = weather_project.make(tmp_path, n_ps=20, n_ifg=4, master_ix=1)
    weather_project.write_weather(made, dates=[date for k, date in enumerate(made.dates) if k != 1])
    with pytest.raises(InputError, match=f"of {made.dates[1]}, so that no interferogram can be corrected"):
        aps_era5(made.maps, utc="06:00", workdir=made.ws)
    assert not made.ws.exists("tca2")


def test_only_the_dates_that_are_used_are_needed(single):
    (single.maps / f"ERA5_{single.dates[1]}_06.nc").unlink()
    Parameters(single.ws).set("drop_ifg_index", [2])
    found = aps_era5(single.maps, utc="06:00", strict=True, workdir=single.ws)
    assert np.flatnonzero(~found.total.any(axis=0)).tolist() == [1, 3]
    Parameters(single.ws).set("drop_ifg_index", [1, 2, 3, 4, 5])
    with pytest.raises(InputError, match="no interferogram to correct: all are dropped"):
        aps_era5(single.maps, utc="06:00", workdir=single.ws)


def test_areas_in_several_files_of_a_time(single):
    """The one that covers the pixels is taken, whatever its name."""
    far = dataset(single.air[0], f"{single.dates[0]}0600").assign_coords(longitude=single.air[0].lon + 20)
    write_netcdf(single.maps / f"ERA5_N39_N41_E33_E35_{single.dates[0]}_06.nc", far)
    write_netcdf(single.maps / f"ERA5_N39_N41_E33_E35_{single.dates[1]}_06.nc", far)
    (single.maps / f"ERA5_N39_N41_E33_E35_{single.dates[1]}_06.nc").unlink()
    np.testing.assert_allclose(
        aps_era5(single.maps, utc="06:00", workdir=single.ws).total, sum(weather_project.expected(single)), atol=0.3
    )


def test_all_files_that_do_not_cover_the_pixels_are_named_at_once_and_nothing_is_written(single):
    for date in single.dates[1:3]:
        small = dataset(single.air[0], f"{date}0600").isel(longitude=slice(0, 2))
        write_netcdf(single.maps / f"ERA5_{date}_06.nc", small)
    with pytest.raises(InputError) as caught:
        aps_era5(single.maps, utc="06:00", workdir=single.ws)
    text = str(caught.value)
    assert text.startswith("2 files of the weather model cannot be used: ") and text.count("does not cover") == 2
    assert (
        all(str(date) in text for date in single.dates[1:3]) and "longitude 13.75 to 14, latitude 39.75 to 40.5" in text
    )
    assert not single.ws.exists("tca2")


def test_projects_without_what_is_needed(single):
    ws = single.ws

    def message(**options):
        with pytest.raises((InputError, WorkspaceError)) as caught:
            aps_era5(single.maps, **{"utc": "06:00", "workdir": ws, **options})
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "does not tell when the satellite passes" in message(utc=None)
    assert "HH:MM in UTC was expected" in message(utc="6 h")
    assert "0 to 85" in message(incidence=90)
    height = ws.load("hgt2")["hgt"]
    for bad in (-32768, 30000):
        ws.save("hgt2", {"hgt": np.where(np.arange(height.size) < 3, bad, height)})
        assert "3 of the 30 pixels" in message() and "no height on the Earth" in message()
    ws.save("hgt2", {"hgt": height[:-1]})
    assert "30 x 1 (n_ps x 1) or 0 x 0 was expected" in message()
    ws.save("hgt2", {"hgt": None})
    assert "has no heights of the 30 pixels" in message()
    ws.save("hgt2", {"hgt": height})
    ws.delete("inc2.mat")
    assert "knows no incidence angle" in message()
    assert aps_era5(single.maps, utc="06:00", incidence=39, workdir=ws).total.any()


def test_shell_command(single, capsys):
    arguments = ["tropo", "era5", str(single.maps), "--workdir", str(single.ws.path)]
    assert cli.run("stamps", arguments) == 1
    error = capsys.readouterr().err
    assert "--utc 05:33" in error and error.count("\n") == 1
    master = single.dates[3]
    (single.ws.path.parent / "snap.toml").write_text(f'master = "{master}"\nutc = "2018-02-06T06:01:10.5"\n')
    assert cli.run("stamps", arguments) == 0
    output = capsys.readouterr()
    assert "setparm tropo_method a_era5" in output.out and output.err == ""
    assert "overpass at 06:01:10 UTC" in output.out and "Spread of the correction" in output.out
    (single.maps / f"ERA5_{single.dates[0]}_06.nc").unlink()
    assert cli.run("stamps", arguments) == 0
    output = capsys.readouterr()
    assert f"Without weather: {single.dates[0]}; 1 interferograms stay as they are" in output.out
    assert cli.run("stamps", [*arguments, "--strict"]) == 1
    assert str(single.dates[0]) in capsys.readouterr().err
    assert cli.run("stamps", [*arguments, "--utc", "05:33", "--nearest"]) == 0
    capsys.readouterr()
    assert (
        cli.run("stamps", ["tropo", "merra2", str(single.maps), "--utc", "06:00", "--workdir", str(single.ws.path)])
        == 1
    )
    assert "has no files of MERRA-2 (there are 4 of other models, such as ERA5_" in capsys.readouterr().err


def test_plots_and_steps_name_the_command_that_makes_it(single):
    with pytest.raises(WorkspaceError, match="make it with 'stamps tropo merra2 FOLDER'"):
        ps_plot_tca({}, "a_merra2-w")
    with pytest.raises(WorkspaceError, match="make it with 'stamps tropo erai FOLDER'"):
        ps_plot_tca({}, "a_erai")
    with pytest.raises(WorkspaceError, match="compute it with TRAIN"):
        ps_plot_tca({}, "a_wrf")


def test_small_baselines_are_inverted_to_the_delays_of_the_images(tmp_path):
    """Step 7 of small baselines subtracts the series; interferograms without weather take no part in it."""
    made = weather_project.make(tmp_path, True)
    weather_project.write_weather(made, dates=made.dates[:-1])
    aps_era5(made.maps, utc="06:00", workdir=made.ws)
    series = stamps.sb_invert_aps("a_era5", workdir=made.ws)
    images = np.array(
        [[sum(air.zenith(h, x)) for h, x in zip(made.height, made.lonlat[:, 0], strict=True)] for air in made.air]
    )
    phase = 4 * np.pi / weather_project.WAVELENGTH * images / np.cos(weather_project.INCIDENCE)
    wanted = (phase - phase[2]).T
    wanted[:, -1] = 0
    stored = made.ws.load("tca2")["ph_tropo_era5"]
    np.testing.assert_allclose(stored, wanted, atol=0.4)
    assert series is None or np.shape(series) == np.shape(stored)
