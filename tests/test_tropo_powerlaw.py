"""The power law of height: constants, windows and bands, what is stored, bad input."""

import numpy as np
import pytest

from helpers import delayed_project
from helpers.delayed_project import remaining
from stamps import aps_linear, aps_powerlaw
from stamps.cli import program as cli
from stamps.errors import InputError, NoPixelsError, WorkspaceError
from stamps.legacy.ps_plot import ps_plot
from stamps.legacy.ps_plot_tca import ps_plot_tca
from stamps.tropo.powerlaw import cover, interpolate
from stamps.tropo.profiles import read_sounding
from stamps.tropo.soundings import Profile, power_law_constants, refractivity

H0, ALPHA = 8000.0, 1.5


def law(height, _, k):
    """A delay that falls by k rad/m at sea level (and less on the hills)."""
    return -k / (ALPHA * H0 ** (ALPHA - 1)) * (H0 - height) ** ALPHA


def law_that_varies(height, xy, k):
    """The same with a coefficient that doubles from west to east."""
    return law(height, xy, k) * (0.7 + 0.7 * xy[:, 0] / xy[:, 0].max())


@pytest.mark.parametrize("small_baselines", [False, True])
def test_delay_is_found_and_stored_as_what_is_to_be_subtracted(tmp_path, small_baselines):
    made = delayed_project.make(tmp_path, small_baselines, n_ps=3000, delay=law)
    made.ws.save(made.file, {"ph_tropo_era": np.ones(made.delay.shape)})
    aps_powerlaw(h0=H0, alpha=ALPHA, workdir=tmp_path)
    stored = made.ws.load(made.file)
    correction, _, number = ps_plot_tca(stored, "a_p")
    assert number == 2 and correction.shape == made.delay.shape and correction.dtype == np.float32
    assert remaining(made.delay, correction) < 0.001
    coefficient, _, _ = ps_plot_tca(stored, "a_powerlaw-k")
    truth = -made.slopes / (ALPHA * H0 ** (ALPHA - 1))
    np.testing.assert_allclose(coefficient.mean(axis=0), truth, atol=0.03 * np.abs(truth).max())
    power = (H0 - made.height)[:, None] ** ALPHA
    np.testing.assert_allclose(correction, coefficient * power, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(stored["ph_tropo_era"], 1)
    if not small_baselines:
        assert np.flatnonzero(~correction.any(axis=0)).tolist() == [3]


def test_coefficient_varies_in_space(tmp_path):
    """A coefficient that doubles over 80 km: one slope or one K' takes less than a tenth of the variance away."""
    made = delayed_project.make(tmp_path, n_ps=4000, side=80_000.0, delay=law_that_varies, noise=0.2)
    found = aps_powerlaw(h0=H0, alpha=ALPHA, bands=[(4000, 8000), (8000, 16_000)], n_windows=36, workdir=made.ws)
    assert found.coefficient.shape == (36, 2, 7)
    k = made.ws.load("tca2")["K_tropo_powerlaw"][:, 0]
    east, west = made.xy[:, 0] > 60_000, made.xy[:, 0] < 20_000
    assert 1.25 < k[east].mean() / k[west].mean() < 1.7  # 1.67, smoothed over the windows
    varying = remaining(made.delay, made.ws.load("tca2")["ph_tropo_powerlaw"])
    aps_powerlaw(h0=H0, alpha=ALPHA, bands=[(4000, 8000)], n_windows=1, workdir=made.ws)
    uniform = remaining(made.delay, made.ws.load("tca2")["ph_tropo_powerlaw"])
    aps_linear(workdir=made.ws)
    linear = remaining(made.delay, made.ws.load("tca2")["ph_tropo_linear"])
    assert varying < 0.25 and uniform > 0.9 and linear > 0.9


def test_deformation_with_long_wavelengths_does_not_enter_short_bands(tmp_path):
    made = delayed_project.make(tmp_path, n_ps=4000, side=40_000.0, delay=law)
    bowl = -20 * np.exp(-((made.xy - 12_000.0) ** 2).sum(axis=1) / (2 * 15_000**2))
    delayed_project.add_phase(made, np.outer(bowl, np.arange(8) != 3))
    aps_powerlaw(h0=H0, alpha=ALPHA, bands=[(4000, 8000)], n_windows=1, workdir=made.ws)
    short = remaining(made.delay, made.ws.load("tca2")["ph_tropo_powerlaw"])
    aps_linear(workdir=made.ws)
    linear = remaining(made.delay, made.ws.load("tca2")["ph_tropo_linear"])
    assert short < 0.01 and linear > 0.2


def test_bands_are_stored_and_shown(tmp_path):
    made = delayed_project.make(tmp_path, delay=law, **{"drop_ifg_index": [3.0]})
    found = aps_powerlaw(h0=H0, alpha=ALPHA, bands=[(2000, 6000), (6000, 18_000)], workdir=made.ws)
    content = made.ws.load("tca_bands2")
    numbers = [1, 2, 5, 6, 7, 8]
    names = [f"{stem}_tropo_powerlaw_ifg_{i}" for i in numbers for stem in ("K", "ph")]
    assert sorted(content) == sorted([*names, "powerlaw_bands"])
    np.testing.assert_array_equal(content["powerlaw_bands"], [[2000, 6000], [6000, 18_000]])
    power = (H0 - made.height)[:, None] ** ALPHA
    for k, i in enumerate(numbers):
        bands = content[f"K_tropo_powerlaw_ifg_{i}"]
        np.testing.assert_allclose(bands[:, 1], interpolate(found, made.xy, k, [1]), rtol=1e-6)
        np.testing.assert_allclose(content[f"ph_tropo_powerlaw_ifg_{i}"], bands * power, rtol=1e-6)
        both = made.ws.load("tca2")["K_tropo_powerlaw"][:, i - 1]
        assert (
            (both >= bands.min(axis=1) * (1 + 1e-6 * -np.sign(both)) - 1e-12) & (both <= bands.max(axis=1) + 1e-12)
        ).all()
    shown = ps_plot("a", -1, "a_p", "ifg 5", workdir=made.ws)
    assert shown.figure is None
    saved = made.ws.load_raw("ps_plot_a")["ph_disp"]
    expected = content["ph_tropo_powerlaw_ifg_5"]
    np.testing.assert_allclose(saved, expected - expected.mean(axis=0), atol=2e-3)
    aps_powerlaw(h0=H0, alpha=ALPHA, save_bands=False, workdir=made.ws)
    assert not made.ws.exists("tca_bands2")


def test_windows_cover_a_scene_and_weights_are_local():
    rng = np.random.default_rng(1)
    xy = rng.uniform(0, 1, (500, 2)) * [120_000, 60_000]
    windows = cover(xy, 50)
    assert 40 <= len(windows.centres) <= 60
    assert (np.abs(xy[:, None] - windows.centres) <= windows.spacing).all(axis=2).sum(axis=1).min() >= 1
    assert len(cover(xy / 20, 50).centres) == 1  # 6 km: windows would be smaller than 20 km
    assert (np.abs(xy / 20 - cover(xy / 20, 50).centres) <= cover(xy / 20, 50).spacing).all()

    from stamps.tropo.powerlaw import WindowEstimates, Windows

    two = Windows(np.array([[0.0, 0.0], [10_000.0, 0.0]]), 2000.0)
    estimates = WindowEstimates(two, np.array([[[1.0]], [[3.0]]]), np.array([[[0.1]], [[0.1]]]))
    at = np.array([[0.0, 0.0], [5000.0, 0.0], [10_000.0, 0.0], [1e7, 0.0]])
    np.testing.assert_allclose(interpolate(estimates, at, 0), [1, 2, 3, 3], atol=1e-4)
    unsure = WindowEstimates(two, estimates.coefficient, np.array([[[0.1]], [[0.3]]]))
    assert interpolate(unsure, at, 0)[1] == pytest.approx((9 * 1 + 3) / 10)
    none = WindowEstimates(two, estimates.coefficient, np.array([[[0.1]], [[np.inf]]]))
    np.testing.assert_array_equal(interpolate(none, at, 0), 1)


# ---------------------------------------------------------------------- soundings


def profiles(h0, alpha, n=6, spread=2e-8):
    """Refractivity whose delays differ from day to day by exactly K' (h0 - h)^alpha."""
    height = np.arange(0, 16_001, 20.0)
    below = np.maximum(h0 - height, 0)
    return [
        Profile(height, 300 * np.exp(-height / 7000) + 1e6 * k * alpha * below ** (alpha - 1))
        for k in spread * np.random.default_rng(2).normal(0, 1, n)
    ]


@pytest.mark.parametrize(("h0", "alpha"), [(7000.0, 1.3), (10_000.0, 1.9)])
def test_constants_come_back_from_soundings(h0, alpha):
    made = profiles(h0, alpha, spread=0.2 / h0**alpha)
    found = power_law_constants(made, spread=1e-5)
    assert found.n_pairs == 15
    assert found.h0 == pytest.approx(h0, abs=0.02 * h0)
    assert found.alpha == pytest.approx(alpha, abs=0.04)
    lower = power_law_constants(made, spread=0.01)
    assert lower.h0 < found.h0 and lower.alpha < found.alpha  # the exponent belongs to its h0


_HEADER = (
    "Station 12345 at 12Z\n"
    + "-" * 77
    + "\n   PRES   HGHT   TEMP   DWPT   RELH   MIXR   DRCT   SKNT   THTA   THTE   THTV\n"
    "    hPa     m      C      C      %    g/kg    deg   knot     K      K      K \n" + "-" * 77 + "\n"
)


def wyoming(humidity, top=16_000):
    """Text of a sounding in a standard atmosphere."""
    lines = [" 1020.0    -50                                                               "]  # without temperature
    for height in range(0, top + 1, 500):
        pressure, temperature = 1013.25 * (1 - 2.25577e-5 * height) ** 5.2559, max(15 - 0.0065 * height, -56.5)
        relative = humidity * np.exp(-height / 3000)
        humid = f"{relative:7.0f}" if height < 9000 else " " * 7
        lines.append(f"{pressure:7.1f}{height:7d}{temperature:7.1f}{temperature - 5:7.1f}{humid}" + "      1" * 6)
    return _HEADER + "\n".join(lines) + "\n\nStation information and sounding indices\n  Lift: 3.2 1 2 3 4\n"


def test_sounding_lists_are_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(wyoming(60))
    profile = read_sounding(path)
    assert len(profile.height) == 33 and profile.height[0] == 0
    vapour = 0.6 * 17.04  # hPa at 15 degrees C, from tables
    expected = 77.6 * (1013.25 - vapour) / 288.15 + 71.6 * vapour / 288.15 + 3.75e5 * vapour / 288.15**2
    assert profile.refractivity[0] == pytest.approx(expected, rel=1e-3)
    assert refractivity(250.0, -50.0, 0.0) == pytest.approx(77.6 * 250 / 223.15)
    assert (np.diff(profile.refractivity) < 0).all()


def test_soundings_from_the_shell(tmp_path, capsys):
    files = []
    for k, humidity in enumerate((20, 45, 70, 95)):
        files.append(tmp_path / f"{k}.txt")
        files[-1].write_text(wyoming(humidity))
    assert cli.run("stamps", ["tropo", "soundings", *map(str, files)]) == 0
    words = capsys.readouterr().out.split()
    h0, alpha = float(words[1]), float(words[4].rstrip(","))
    assert 2000 < h0 < 10_000 and 1 < alpha < 5
    made = delayed_project.make(tmp_path / "p", delay=law)
    law_options = ["--windows", "1", "--bands", "2-6", "6-18", "--workdir", str(tmp_path / "p")]
    assert cli.run("stamps", ["tropo", "powerlaw", "--soundings", *map(str, files), *law_options]) == 0
    out = capsys.readouterr().out
    assert f"h0 {h0:g} m, exponent {alpha:.2f}"[:12] in out and "bands 2-6, 6-18 km" in out
    assert remaining(made.delay, made.ws.load("tca2")["ph_tropo_powerlaw"]) < 0.05
    assert (
        cli.run("stamps", ["tropo", "powerlaw", "--h0", "8000", "--alpha", "1.5", *law_options, "--no-bands-file"]) == 0
    )
    assert "setparm tropo_method a_powerlaw" in capsys.readouterr().out
    assert remaining(made.delay, made.ws.load("tca2")["ph_tropo_powerlaw"]) < 0.005


# ---------------------------------------------------------------------- bad input


def test_bad_input_is_explained(tmp_path):
    made = delayed_project.make(tmp_path, n_ps=300, delay=law)
    ws = made.ws
    with pytest.raises(InputError, match="is 10 m, but pixels reach .* km"):
        aps_powerlaw(h0=10, workdir=ws)
    with pytest.raises(InputError, match="exponent of the power law is -1"):
        aps_powerlaw(alpha=-1, workdir=ws)
    with pytest.raises(InputError, match="shorter and a longer wavelength"):
        aps_powerlaw(bands=[(4000, 2000)], workdir=ws)
    with pytest.raises(InputError, match="number of windows is 0"):
        aps_powerlaw(n_windows=0, workdir=ws)
    lon, lat = ws.load("ps2")["lonlat"].T
    few = [lon.min() - 1, np.sort(lon)[8], lat.min() - 1, lat.max() + 1]
    with pytest.raises(NoPixelsError, match=r"Interferogram 1 \(\d+-\d+\): no window has enough pixels"):
        aps_powerlaw(area=few, workdir=ws)
    ws.save("hgt2", {"hgt": np.full(300, 12.0)})
    with pytest.raises(NoPixelsError, match="are all the same"):
        aps_powerlaw(workdir=ws)
    ws.save("hgt2", {"hgt": None})
    with pytest.raises(WorkspaceError, match="no heights"):
        aps_powerlaw(workdir=ws)
    assert not ws.exists("tca2") and not ws.exists("tca_bands2")


def test_bad_soundings_are_explained(tmp_path, capsys):
    made = profiles(8000.0, 1.5, n=3)
    with pytest.raises(InputError, match="at least two"):
        power_law_constants(made[:1])
    with pytest.raises(InputError, match="differ by less than 5 mm everywhere"):
        power_law_constants(made[:1] * 3)
    with pytest.raises(InputError, match="ends at 5000 m"):
        power_law_constants([made[0], Profile(made[1].height[:251], made[1].refractivity[:251])])
    path = tmp_path / "a.txt"
    with pytest.raises(InputError, match="cannot be read"):
        read_sounding(path)
    path.write_text("nothing here\n")
    with pytest.raises(InputError, match="has 0 levels"):
        read_sounding(path)
    assert cli.run("stamps", ["tropo", "soundings", str(path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
