"""Points of other instruments in pictures of plots."""

import numpy as np
import pytest

from helpers.pictured_project import small_pictures, with_backgrounds
from stamps.errors import InputError
from stamps.insar.geometry import llh2local
from stamps.legacy.ps_plot import ps_plot
from stamps.legacy.ps_plot_ifg import ps_plot_ifg
from stamps.products.external_points import means_around
from stamps.workspace import matfile


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    """No windows, and few dots an inch."""
    small_pictures(monkeypatch)


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    return with_backgrounds(tmp_path_factory.mktemp("pictures"))


class TestExternalPoints:
    def test_shifted_and_compared(self, ws, tmp_path):
        lonlat = ws.load("ps2")["lonlat"][::10]
        values = np.linspace(-5, 5, 120)
        near = means_around(ws.load("ps2")["lonlat"], values, lonlat)
        noise = np.random.default_rng(0).normal(0, 0.3, len(lonlat))
        given = (near + 7 + noise)[:, np.newaxis]
        matfile.write(tmp_path / "gps.mat", {"lonlat": lonlat, "ph_disp": given})
        rmse, figure = ps_plot_ifg(values, 1, ext_data_path=tmp_path / "gps.mat", workdir=ws, out="x.png")
        np.testing.assert_allclose(rmse, [noise.std()], rtol=1e-9)
        assert len(figure.axes[0].collections) == 1

    def test_means_within_the_radius(self):
        rng = np.random.default_rng(0)
        lonlat = 14 + rng.uniform(0, 0.05, (200, 2))
        values, places = rng.normal(size=200), lonlat[:20] + 0.003
        values[5] = np.nan
        metres = llh2local(lonlat, lonlat.mean(axis=0)) * 1000
        targets = llh2local(places, lonlat.mean(axis=0)) * 1000
        near = np.hypot(*(metres[:, None] - targets).transpose(2, 0, 1)) <= 1000
        expected = [np.nanmean(values[near[:, k]]) for k in range(20)]
        np.testing.assert_allclose(means_around(lonlat, values, places), expected)
        assert np.isnan(means_around(lonlat, values, np.array([[20.0, 20.0]])))

    def test_one_file_for_each_interferogram(self, ws, tmp_path):
        lonlat = ws.load("ps2")["lonlat"]
        matfile.write(tmp_path / "20180206_20180113.mat", {"lonlat": lonlat[:3], "ph_disp": np.zeros((3, 1))})
        picture = ps_plot("u", 1, [], 0, [1, 2], f"ext {tmp_path}", workdir=ws, out="x.png")
        assert np.isnan(picture.rmse[0]) and np.isfinite(picture.rmse[1])

    def test_what_is_missing(self, ws, tmp_path):
        for path, message in ((tmp_path, "name one MAT file"), (tmp_path / "x.mat", "is missing")):
            with pytest.raises(InputError, match=message):
                ps_plot("v", f"ext {path}", workdir=ws, out="x.png")
        matfile.write(tmp_path / "x.mat", {"ph_disp": np.zeros((3, 1))})
        with pytest.raises(InputError, match="no variable 'lonlat'"):
            ps_plot("v", f"ext {tmp_path / 'x.mat'}", workdir=ws, out="x.png")
