"""Values of plots, saved and drawn."""

import sys

import numpy as np
import pytest

from helpers import finished_project as finished
from helpers.plotted_values import Parts, centred, saved
from stamps.errors import InputError, ParameterError, StampsError, WorkspaceError
from stamps.legacy.ps_deramp import ps_deramp
from stamps.legacy.ps_plot import ps_plot
from stamps.workspace.parameters import Parameters

SERIES = {
    "u": lambda p: p.U,
    "u-d": lambda p: p.U - p.S,
    "u-m": lambda p: p.M0(p.U - p.C),
    "u-o": lambda p: p.D(p.U),
    "u-do": lambda p: p.D(p.U - p.S),
    "u-dm": lambda p: p.M0(p.U - p.C - p.S),
    "u-dmo": lambda p: p.M0(p.D(p.U - p.C - p.S)),
    "u-dms": lambda p: p.M0(p.U - p.N - p.C - p.S),
    "u-dmos": lambda p: p.M0(p.D(p.U - p.N - p.C - p.S)),
    "u-a": lambda p: p.M0(p.U - p.T),
    "u-da": lambda p: p.M0(p.U - p.S - p.T),
    "u-ao": lambda p: p.D(p.M0(p.U - p.T)),
    "u-dao": lambda p: p.D(p.M0(p.U - p.T - p.S)),
    "u-ai": lambda p: p.M0(p.U - p.T - p.I),
    "u-dai": lambda p: p.M0(p.U - p.S - p.T - p.I),
    "u-dait": lambda p: p.M0(p.U - p.S - p.T - p.I - p.E),
    "u-i": lambda p: p.M0(p.U - p.I),
    "u-di": lambda p: p.U - p.S - p.I,
    "u-dit": lambda p: p.U - p.S - p.I - p.E,
    "u-s": lambda p: p.M0(p.U - p.N),
    "a": lambda p: p.T,
    "a-o": lambda p: p.D(p.T),
    "i": lambda p: p.I,
    "t": lambda p: p.E,
    "s": lambda p: p.N,
    "m": lambda p: p.C,
}


PAIRS = {
    "usb": lambda p: p.U,
    "usb-d": lambda p: p.U - p.S,
    "usb-a": lambda p: p.U - p.T,
    "usb-da": lambda p: p.U - p.S - p.T,
    "usb-o": lambda p: p.D(p.U),
    "usb-do": lambda p: p.D(p.U - p.S),
    "usb-ao": lambda p: p.D(p.U - p.T),
    "usb-dao": lambda p: p.D(p.U - p.S - p.T),
    "usb-ai": lambda p: p.U - p.T - p.I,
    "usb-dai": lambda p: p.U - p.S - p.T - p.I,
    "asb": lambda p: p.T,
    "asb-o": lambda p: p.D(p.T),
    "isb": lambda p: p.I,
    "tsb": lambda p: p.E,
}


@pytest.fixture(scope="module")
def ps(tmp_path_factory):
    """A single-master project that tests do not change."""
    return finished.single_master(tmp_path_factory.mktemp("ps"))


@pytest.fixture(scope="module")
def sb(tmp_path_factory):
    """A small-baseline project that tests do not change."""
    return finished.small_baselines(tmp_path_factory.mktemp("sb"))


@pytest.fixture(scope="module")
def with_ramps(tmp_path_factory):
    """A single-master project with estimated ramps that tests do not change."""
    return finished.single_master(tmp_path_factory.mktemp("ramps"), scla_deramp="y")


class TestPhases:
    @pytest.mark.parametrize("name", SERIES)
    def test_series(self, ps, name):
        shown, ifgs = saved(ps, name, "a_gacos", "i_as")
        expected = centred(SERIES[name](Parts(ps)))
        np.testing.assert_allclose(shown, expected, atol=3e-6)
        assert ifgs == list(range(1, expected.shape[1] + 1))

    @pytest.mark.parametrize("name", SERIES)
    def test_series_of_small_baselines_with_inverted_corrections(self, sb, name):
        shown, _ = saved(sb, name, "a_gacos", "i_as")
        np.testing.assert_allclose(shown, centred(SERIES[name](Parts(sb))), atol=3e-6)

    @pytest.mark.parametrize("name", PAIRS)
    def test_pairs(self, sb, name):
        shown, _ = saved(sb, name, "a_gacos", "i_as")
        np.testing.assert_allclose(shown, centred(PAIRS[name](Parts(sb, pairs=True))), atol=3e-6)

    def test_corrections_of_small_baselines_are_inverted_anew(self, sb):
        stale = sb.load("tca2")["ph_tropo_gacos"] + 5
        sb.save("tca2", {"ph_tropo_gacos": stale})
        saved(sb, "u-da", "a_gacos")
        assert np.abs(sb.load("tca2")["ph_tropo_gacos"]).max() < np.abs(stale).max() - 1

    @pytest.mark.parametrize("name", ["rsb", "rsb-o"])
    def test_misfit_on_retained_interferograms(self, tmp_path, name):
        ws = finished.small_baselines(tmp_path)
        Parameters(ws).set("drop_ifg_index", [2])
        residual = ws.load("phuw_sb2")["ph_uw"].astype(float) - ws.load("phuw_sb_res2")["ph_res"]
        residual[:, 1] = 0
        if name == "rsb-o":
            residual = ps_deramp(ws.load("ps2"), residual, workdir=ws)[0]
        shown, ifgs = saved(ws, name)
        assert ifgs == [1, *range(3, 12)] and shown.dtype == np.float64
        np.testing.assert_allclose(shown, centred(residual)[:, np.array(ifgs) - 1], atol=3e-6)
        assert not saved(ws, "rsb", [], 0, [2])[0].any()

    def test_dropped_columns_are_left_out_of_some_types(self, tmp_path):
        ws = finished.single_master(tmp_path)
        Parameters(ws).set("drop_ifg_index", [1, 5])
        kept = [2, 3, 4, 6, 7, 8, 9]
        for name in ("u", "s", "a", "i", "w"):
            assert saved(ws, name, "a_gacos", "i_as")[1] == kept
        for name in ("t", "p"):
            assert saved(ws, name)[1] == list(range(1, 10))

    def test_unwrapped_images_of_small_baselines(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        ws.save("phuw2", {"unwrap_ifg_index_sm": np.array([0, 2, 3, 5])})
        Parameters(ws).set("drop_ifg_index", [4])
        assert saved(ws, "u")[1] == [1, 3, 4, 6]
        assert saved(ws, "w")[1] == saved(ws, "usb")[1] == [1, 2, 3, *range(5, 12)]

    def test_look_angle_error(self, ps, sb):
        for ws, name, file in ((ps, "d", "scla2"), (sb, "d", "scla_sb2"), (sb, "D", "scla2")):
            shown, _ = saved(ws, name)
            np.testing.assert_allclose(shown[:, 0], centred(ws.load(file)["K_ps_uw"]), atol=1e-15)

    def test_heights_are_not_referenced_and_leave_the_colours_alone(self, ps):
        shown, ifgs = saved(ps, "hgt")
        np.testing.assert_array_equal(shown[:, 0], ps.load("hgt2")["hgt"])
        assert ifgs == [1] and Parameters(ps).get("plot_color_scheme") == "inflation"

    def test_ramps_need_estimated_ramps(self, ps, tmp_path):
        for name in ("o", "w-o", "w-do", "w-dmo"):
            with pytest.raises(InputError, match="scla_deramp"):
                saved(ps, name)
        ws = finished.single_master(tmp_path, scla_deramp="y")
        np.testing.assert_allclose(saved(ws, "o")[0], centred(ws.load("scla2")["ph_ramp"]), atol=1e-14)

    def test_power_law_coefficients_are_not_referenced(self, tmp_path):
        ws = finished.single_master(tmp_path)
        k_map = np.random.default_rng(0).normal(3, 1, (60, 9))
        ws.save("tca2", {"K_tropo_powerlaw": k_map})
        np.testing.assert_array_equal(saved(ws, "a", "a_pk")[0], k_map)

    def test_given_values(self, ps):
        values = np.random.default_rng(0).normal(size=(60, 2))
        ps_plot(values, -1, workdir=ps)
        np.testing.assert_allclose(ps.load_raw("ps_plot_data")["ph_disp"], centred(values), atol=1e-15)
        with pytest.raises(InputError, match="one row for each of 60"):
            ps_plot(values[:5], -1, workdir=ps)


class TestWrapped:
    @pytest.mark.parametrize(
        ("name", "turned", "master_is_one"),
        [
            ("w", "", False),
            ("w-a", "T", False),
            ("w-d", "S", False),
            ("w-da", "ST", False),
            ("w-o", "O", False),
            ("w-do", "SR", False),
            ("w-dm", "SC", True),
            ("w-dmo", "SRC", True),
        ],
    )
    def test_corrections(self, with_ramps, name, turned, master_is_one):
        smooth = with_ramps.load("scla_smooth2")
        parts = {
            "S": smooth["ph_scla"],
            "C": smooth["C_ps_uw"][:, None],
            "R": smooth["ph_ramp"],
            "O": with_ramps.load("scla2")["ph_ramp"],
            "T": with_ramps.load("tca2")["ph_tropo_gacos"],
        }
        expected = with_ramps.load("rc2")["ph_rc"] * np.exp(-1j * sum(parts[letter] for letter in turned))
        if master_is_one:
            expected[:, 3] = 1
        shown, _ = saved(with_ramps, name, "a_gacos")
        assert shown.dtype == np.complex64
        np.testing.assert_allclose(shown, expected, atol=2e-6)

    def test_without_rc_the_raw_phase_counts(self, tmp_path):
        ws = finished.single_master(tmp_path)
        ph = ws.load("rc2")["ph_rc"][::-1] * 5
        ws.save("ph2", {"ph": ph})
        ws.delete("rc2.mat")
        np.testing.assert_array_equal(saved(ws, "w")[0], ph)

    def test_patch_phase(self, ps):
        shown, _ = saved(ps, "p")
        patch = ps.load("pm2")["ph_patch"]
        np.testing.assert_allclose(np.delete(shown, 3, axis=1), patch / np.abs(patch), atol=1e-6)
        assert not shown[:, 3].any()

    def test_correction_alone(self, ps):
        np.testing.assert_allclose(saved(ps, "wa", "a_gacos")[0], np.exp(-1j * ps.load("tca2")["ph_tropo_gacos"]))

    def test_filtered_grid_phase_with_dropped_interferograms(self, tmp_path):
        ws = finished.single_master(tmp_path)
        Parameters(ws).set("drop_ifg_index", [1])
        rng = np.random.default_rng(0)
        nzix = rng.random((5, 4)) < 0.8
        cells = np.argwhere(nzix.T)[:, ::-1]
        node = rng.integers(0, len(cells), 60)
        ph = (2 * np.exp(1j * rng.uniform(-3, 3, (len(cells), 7)))).astype(np.complex64)
        ws.save("uw_grid", {"ph": ph, "nzix": nzix, "grid_ij": cells[node]})
        shown, ifgs = saved(ws, "wf")
        assert ifgs == [2, 3, 5, 6, 7, 8, 9]
        np.testing.assert_allclose(shown, ph[node] / 2, atol=1e-6)
        np.testing.assert_allclose(saved(ws, "wf", [], 0, [5])[0][:, 0], ph[node][:, 2] / 2, atol=1e-6)

    def test_reference_interferogram(self, ps):
        ph_rc, reref = (ps.load("rc2")[name] for name in ("ph_rc", "ph_reref"))
        np.testing.assert_allclose(saved(ps, "w", [], 2)[0], ph_rc * reref[:, [1]].conj(), atol=1e-6)
        before = ph_rc[:, [0, *range(8)]]
        np.testing.assert_allclose(saved(ps, "w", [], -1)[0], ph_rc * before.conj(), atol=1e-6)
        patch = saved(ps, "p")[0]
        np.testing.assert_allclose(saved(ps, "p", [], 2)[0], patch * patch[:, [1]].conj(), atol=1e-6)

    def test_reference_interferogram_of_small_baselines_is_their_own(self, tmp_path):
        ws = finished.small_baselines(tmp_path)
        ph_rc = ws.load("rc2")["ph_rc"]
        np.testing.assert_allclose(saved(ws, "w", [], 4)[0], ph_rc * ph_rc[:, [3]].conj(), atol=1e-6)
        with pytest.raises(InputError, match="there are 11"):
            saved(ws, "w", [], 12)


class TestReference:
    @pytest.fixture
    def ps(self, tmp_path):
        return finished.single_master(tmp_path)  # each test its own

    def test_reference_area(self, ps):
        lonlat = ps.load("ps2")["lonlat"]
        box = np.sort(lonlat[:, 0])[[10, 30]]
        Parameters(ps).set("ref_lon", box)
        inside = (lonlat[:, 0] > box[0]) & (lonlat[:, 0] < box[1])
        phase = ps.load("phuw2")["ph_uw"].astype(float)
        np.testing.assert_allclose(saved(ps, "u")[0], phase - phase[inside].mean(axis=0), atol=2e-6)

    def test_no_reference(self, ps):
        Parameters(ps).set("ref_radius", -np.inf)
        np.testing.assert_array_equal(saved(ps, "u")[0], ps.load("phuw2")["ph_uw"])
        finished.steady_motion(ps, np.full(60, 7.0))
        np.testing.assert_allclose(saved(ps, "v")[0], 7, rtol=1e-5)

    def test_empty_area_is_explained(self, ps):
        Parameters(ps).set("ref_lon", [100, 101])
        for name in ("u", "v", "vs"):
            with pytest.raises(ParameterError, match="No pixel .* is in the reference area"):
                saved(ps, name)

    def test_nan_is_left_out_of_means(self, ps, capsys):
        phase = ps.load("phuw2")["ph_uw"]
        phase[::2, 1] = np.nan
        phase[:, 2] = np.nan
        ps.save("phuw2", {"ph_uw": phase})
        shown, _ = saved(ps, "u")
        np.testing.assert_allclose(np.nanmean(shown[:, 1]), 0, atol=1e-6)
        assert np.isnan(shown[::2, 1]).all() and np.isnan(shown[:, 2]).all()
        assert "No reference pixel has a value in column 3" in capsys.readouterr().out

    def test_relative_to_an_interferogram(self, ps):
        phase = ps.load("phuw2")["ph_uw"].astype(float)
        np.testing.assert_allclose(saved(ps, "u", [], 2, [4, 5])[0], centred(phase[:, 3:5] - phase[:, [1]]), atol=2e-6)
        shown, ifgs = saved(ps, "u", [], -1, [9, 1, 5])
        assert ifgs == [9, 1, 5]
        expected = phase[:, [8, 0, 4]] - phase[:, [8, 8, 0]]
        np.testing.assert_allclose(shown, centred(expected), atol=2e-6)

    def test_what_does_not_exist(self, ps):
        with pytest.raises(InputError, match="ifg_list holds 10"):
            saved(ps, "u", [], 0, [10])
        with pytest.raises(InputError, match="ref_ifg is 12"):
            saved(ps, "u", [], 12)


class TestWhatIsMissing:
    def test_step_7(self, tmp_path):
        ws = finished.single_master(tmp_path)
        ws.delete("scla2.mat", "scla_smooth2.mat")
        for name in ("u-dm", "v-d", "d", "w-d"):
            with pytest.raises(WorkspaceError, match=r"scla\w*2.mat is missing: run step 7"):
                saved(ws, name)

    def test_correction(self, tmp_path):
        ws = finished.single_master(tmp_path)
        with pytest.raises(InputError, match="Say which tropospheric correction"):
            saved(ws, "v-da")
        with pytest.raises(WorkspaceError, match="ph_tropo_era"):
            saved(ws, "v-da", "a_e")
        with pytest.raises(InputError, match="Say which ionospheric correction"):
            saved(ws, "vi")
        ws.delete("tide2.mat")
        with pytest.raises(WorkspaceError, match="tide2.mat is missing"):
            saved(ws, "vt")

    def test_other_pixels(self, tmp_path):
        ws = finished.single_master(tmp_path)
        ws.save("scn2", {"ph_scn_slave": np.zeros((50, 9))})
        with pytest.raises(WorkspaceError, match="'ph_scn_slave' is 50 x 9, but 60 x 9"):
            saved(ws, "u-s")

    def test_wavelength(self, tmp_path):
        ws = finished.single_master(tmp_path)
        Parameters(ws).set("lambda", np.nan, 1)
        with pytest.raises(ParameterError, match="setparm lambda"):
            saved(ws, "v")

    @pytest.mark.parametrize("name", ["x", "usb", "u-dma"])
    def test_value_type(self, tmp_path, name):
        with pytest.raises(StampsError):
            saved(finished.single_master(tmp_path), name)


def test_titles_of_narrow_panels_do_not_touch():
    from stamps.products.plotting import fit_titles

    long = ["without ifg 1: 08-Jan-2018 to 20-Jan-2018", "without ifg 2: 08-Jan-2018 to 13-Feb-2018"]
    assert fit_titles(long, 5.0) == (long, 9.0)
    titles, size = fit_titles(long, 1.5)
    assert titles[1] == "without ifg 2\n08-Jan-2018 to 13-Feb-2018"
    assert 6 < size < 9
    assert fit_titles([""], 1.0) == ([""], 9.0)


def test_without_matplotlib(ps, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match="need matplotlib, which is not installed"):
        ps_plot("v-d", workdir=ps)
    assert ps_plot("v-d", -1, workdir=ps).figure is None
