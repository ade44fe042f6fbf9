"""Ionospheric corrections: choice and inversion; what both inversions refuse."""

import numpy as np
import pytest

from helpers import random_project
from stamps.errors import InputError, ParameterError, WorkspaceError
from stamps.insar.network import design_matrix
from stamps.legacy.ps_plot_ica import ps_plot_ica
from stamps.legacy.sb_invert_aps import sb_invert_aps
from stamps.legacy.sb_invert_iono import sb_invert_iono
from stamps.workspace.parameters import Parameters


@pytest.fixture
def sb(tmp_path):
    """Small-baseline project with consistent corrections, and their series."""
    ws = random_project.small_baselines(tmp_path, n_ps=30, n_image=7, master_ix=2)
    series = np.random.default_rng(0).normal(size=(30, 7))
    series -= series[:, 2:3]
    correction = series @ design_matrix(ws.load("ps2")["ifgday_ix"], 7).T
    ws.save("ica_sb2", {"ph_iono_azshift": correction})
    ws.save("tca_sb2", {"ph_tropo_linear": correction})
    return ws, series


@pytest.mark.parametrize("flag", [1, 1.0, "i_as", "i_az", " i_as "])
def test_names(flag):
    correction, _, number = ps_plot_ica({"ph_iono_azshift": np.ones((2, 3))}, flag)
    assert number == 1 and correction.shape == (2, 3)


@pytest.mark.parametrize("flag", [0, 2, "a_l", "", [1, 1]])
def test_unknown_names(flag):
    with pytest.raises(ParameterError, match="not a valid option"):
        ps_plot_ica({}, flag)


def test_inversion(sb):
    ws, series = sb
    ws.save("ica2", {"something": np.ones((2, 2))})
    result = sb_invert_iono("i_as", workdir=ws)
    np.testing.assert_allclose(result, series, atol=1e-6)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(ws.load("ica2")["ph_iono_azshift"], result)
    assert sorted(ws.variables_of("ica2")) == ["ph_iono_azshift", "something"]


def test_noise_is_unweighted(sb):
    ws, _ = sb
    correction = ws.load("ica_sb2")["ph_iono_azshift"] + np.random.default_rng(1).normal(size=(30, 11))
    ws.save("ica_sb2", {"ph_iono_azshift": correction})
    network = np.delete(design_matrix(ws.load("ps2")["ifgday_ix"], 7), 2, axis=1)
    expected = np.insert(np.linalg.lstsq(network, correction.T, rcond=None)[0].T, 2, 0, axis=1)
    np.testing.assert_allclose(sb_invert_iono(1, workdir=ws), expected, atol=1e-6)


def test_only_the_network_is_checked(sb):
    ws, _ = sb
    ws.delete("ica_sb2.mat")
    assert sb_invert_iono(workdir=ws) is None and sb_invert_iono([], workdir=ws) is None
    with pytest.raises(WorkspaceError, match="ica_sb2.mat is missing"):
        sb_invert_iono(1, workdir=ws)
    ws.save("ica_sb2", {"ph_other": np.ones((30, 11))})
    with pytest.raises(WorkspaceError, match="no variable 'ph_iono_azshift'"):
        sb_invert_iono(1, workdir=ws)


INVERSIONS = [(sb_invert_iono, 1, "ica_sb2", "ph_iono_azshift"), (sb_invert_aps, 1, "tca_sb2", "ph_tropo_linear")]


@pytest.mark.parametrize(("invert", "flag", "file", "variable"), INVERSIONS)
def test_networks_that_cannot_be_inverted(sb, invert, flag, file, variable):
    ws, _ = sb
    pairs = ws.load("ps2")["ifgday_ix"]
    with_master = np.flatnonzero((pairs == 2).any(axis=1))
    across = np.flatnonzero((pairs[:, 0] <= 3) & (pairs[:, 1] > 3))
    correction = ws.load(file)[variable]
    for pixels in (29, 31):
        ws.save(file, {variable: np.ones((pixels, 11))})
        with pytest.raises(InputError, match=f"for {pixels} pixels and 11 interferograms"):
            invert(flag, workdir=ws)
    blank = correction.copy()
    blank[:, across] = 0
    ws.save(file, {variable: blank})
    with pytest.raises(InputError, match="correction falls apart into isolated subsets"):
        invert(flag, workdir=ws)
    blank = correction.copy()
    blank[:, with_master] = 0
    ws.save(file, {variable: blank})
    with pytest.raises(InputError, match="isolated subsets|with the master"):
        invert(flag, workdir=ws)
    Parameters(ws).set("drop_ifg_index", across + 1.0)
    with pytest.raises(InputError, match="fall apart into isolated subsets, so no common time series"):
        invert("", workdir=ws)
    Parameters(ws).set("drop_ifg_index", [12])
    with pytest.raises(ParameterError, match="Number 12 is to be dropped, but there are only 11"):
        invert("", workdir=ws)


@pytest.mark.parametrize("invert", [sb_invert_iono, sb_invert_aps])
def test_a_master_without_interferograms_and_a_single_master(tmp_path, invert):
    ws = random_project.small_baselines(tmp_path / "sb")
    pairs = np.array([[0, 1], [3, 4]])
    ws.save("ps2", {"ifgday_ix": pairs, "ifgday": ws.load("ps2")["day"][pairs], "n_ifg": 2, "bperp": np.zeros(2)})
    with pytest.raises(InputError, match=r"No interferogram contains the master \(image 3\)"):
        invert(workdir=ws)
    with pytest.raises(InputError, match="no small-baseline project"):
        invert(workdir=random_project.single_master(tmp_path / "ps"))
