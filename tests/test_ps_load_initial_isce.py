"""Loaders of ISCE data on a small hand-written project, single master and small baselines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import text_project as project
from stamps.errors import InputError
from stamps.frontends import isce, node_grids
from stamps.legacy.ps_load_initial_isce import ps_load_initial_isce
from stamps.legacy.sb_load_initial_isce import sb_load_initial_isce
from stamps.run import step_calls
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

BY_DATE = [1, 2, 0]  # positions of the slaves in the files, by date
LOADERS = {False: ps_load_initial_isce, True: sb_load_initial_isce}
LINE, SAMPLE = np.mgrid[: project.SIZE[1], : project.SIZE[0]]


def load(patch, *files):
    return tuple(Workspace(patch).load(file) for file in files)


def write_raster(path, values, dtype="<f4"):
    values.astype(dtype).tofile(path)
    isce.write_header(f"{path}.xml", values.shape[1], values.shape[0], dtype, path.name)


def incidence():
    """Incidence angle in degrees over the image."""
    return 35 + 0.01 * SAMPLE + 0.002 * LINE


def write_baselines(root, shape):
    """Baseline rasters with nodes from edge to edge, or of the size of the image."""
    for k, date in enumerate(project.SLAVES):
        if shape == project.SIZE[::-1]:
            sample, line = SAMPLE, LINE
        else:
            line = np.linspace(0, project.SIZE[1], shape[0])[:, None]
            sample = np.linspace(0, project.SIZE[0], shape[1])
        write_raster(root / f"baselineGRID_{date}", project.baseline(k)(sample, line, 0) + 0 * line)


@pytest.mark.parametrize("small_baselines", [False, True])
@pytest.mark.parametrize("shape", [(5, 7), project.SIZE[::-1], (2, 2)])
@pytest.mark.parametrize("above", [1, 2])
def test_baselines_of_rasters(tmp_path, small_baselines, shape, above):
    """Whether the raster has the size of the image or not, and one or two directories above the patch."""
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines, "isce")
    write_baselines([None, tmp_path / "INSAR", tmp_path][above], shape)
    LOADERS[small_baselines](workdir=patch)
    ps, bp = load(patch, "ps1", "bp1")
    line, sample = ps["ij"][:, 1], ps["ij"][:, 2]
    image = [project.baseline(k)(sample, line, 0) for k in BY_DATE]
    expected = image
    if small_baselines:
        image.insert(2, np.zeros(project.N))
        expected = [image[second] - image[first] for first, second in ps["ifgday_ix"]]
    assert bp["bperp_mat"].dtype == np.float32
    np.testing.assert_allclose(bp["bperp_mat"], np.column_stack(expected), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("small_baselines", [False, True])
def test_without_rasters(tmp_path, small_baselines):
    patch, written = project.write_project(tmp_path / "INSAR", small_baselines, "isce")
    LOADERS[small_baselines](workdir=patch)
    ps, ph, bp = load(patch, "ps1", "ph1", "bp1")
    ws = Workspace(patch)
    mean = ps["bperp"] if small_baselines else np.delete(ps["bperp"], 2)
    np.testing.assert_array_equal(bp["bperp_mat"], np.tile(mean.astype(np.float32), (project.N, 1)))
    assert not ws.exists("inc1") and not ws.exists("la1")
    raw = written.ph.T[ps["sort_ix"]]
    found = ph["ph"] if small_baselines else np.delete(ph["ph"], 2, axis=1)
    raw = raw if small_baselines else raw[:, BY_DATE]
    np.testing.assert_allclose(np.angle(found), np.angle(raw), atol=1e-6)
    np.testing.assert_allclose(np.abs(found), 1 if small_baselines else np.abs(raw), rtol=1e-6)
    assert ("calconst" in ps) != small_baselines and ("ifgday" in ps) == small_baselines
    parameters = Parameters(tmp_path / "INSAR")
    assert (parameters.get("heading"), parameters.get("lambda"), parameters.get("slc_osf")) == (-166.6, 0.0555, 1)


@pytest.mark.parametrize("small_baselines", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_incidence_that_the_loader_finds_is_single(tmp_path, small_baselines, place):
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines, "isce")
    write_raster([patch, tmp_path / "INSAR", tmp_path][place] / "inc_angle.raw", incidence())
    LOADERS[small_baselines](workdir=patch)
    ps, inc = load(patch, "ps1", "inc1")
    line, sample = ps["ij"][:, 1:].astype(int).T
    assert inc["inc"].dtype == np.float32
    np.testing.assert_allclose(inc["inc"], np.radians(incidence()[line, sample]), rtol=1e-6)
    assert not Workspace(patch).exists("la1")


@pytest.mark.parametrize("small_baselines", [False, True])
@pytest.mark.parametrize("place", [1, 2])
def test_incidence_that_the_driver_finds_is_double(tmp_path, small_baselines, place):
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines, "isce")
    write_raster([patch, tmp_path / "INSAR", tmp_path][place] / "inc_angle.raw", incidence())
    step_calls.loader(step_calls.StepOptions(processor="isce", small_baselines=small_baselines))(
        workdir=Workspace(patch)
    )
    ps, inc = load(patch, "ps1", "inc1")
    line, sample = ps["ij"][:, 1:].astype(int).T
    assert inc["inc"].dtype == np.float64
    expected = np.radians(incidence().astype(np.float32)[line, sample].astype(np.float64))
    np.testing.assert_array_equal(inc["inc"], expected)


def test_driver_without_incidence(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR", processor="isce")
    step_calls.loader(step_calls.StepOptions(processor="isce"))(workdir=patch)
    assert Workspace(patch).exists("ps1") and not Workspace(patch).exists("inc1")


@pytest.mark.parametrize(("small_baselines", "name"), [(False, "look_angle.1.in"), (True, "look_angle.raw")])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_look_angles_where_there_is_no_incidence(tmp_path, small_baselines, name, place):
    """Bug of the original: it looks for the file in other folders under a wrong name."""
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines, "isce")
    write_raster([patch, tmp_path / "INSAR", tmp_path][place] / name, incidence())
    LOADERS[small_baselines](workdir=patch)
    ps, la = load(patch, "ps1", "la1")
    line, sample = ps["ij"][:, 1:].astype(int).T
    assert la["la"].dtype == np.float32 and not Workspace(patch).exists("inc1")
    np.testing.assert_allclose(la["la"], np.radians(incidence()[line, sample]), rtol=1e-6)


def test_look_angles_as_text(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR", processor="isce")
    (tmp_path / "INSAR" / "look_angle.1.in").write_text(project.grid(project.look_degrees))
    ps_load_initial_isce(workdir=patch)
    ps, la, hgt = load(patch, "ps1", "la1", "hgt1")
    expected = np.radians(project.look_degrees(ps["ij"][:, 2], ps["ij"][:, 1], hgt["hgt"]))
    np.testing.assert_allclose(la["la"], expected, rtol=1e-6)
    assert la["la"].dtype == np.float32


@pytest.mark.parametrize("small_baselines", [False, True])
def test_heights_are_optional(tmp_path, small_baselines):
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines, "isce")
    (patch / "pscands.1.hgt").unlink()
    LOADERS[small_baselines](workdir=patch)
    assert Workspace(patch).exists("ps1") and not Workspace(patch).exists("hgt1")


@pytest.mark.parametrize("small_baselines", [False, True])
def test_no_candidates(tmp_path, small_baselines):
    patch, _ = project.write_project(tmp_path / "INSAR", small_baselines, "isce", n=0)
    LOADERS[small_baselines](workdir=patch)
    ws = Workspace(patch)
    assert ws.no_ps_flags().tolist() == [1, 0, 0, 0, 0] and ws.version == 1 and not ws.exists("ps1")


def test_rasters_that_do_not_fit(tmp_path):
    patch, _ = project.write_project(tmp_path / "INSAR", processor="isce")
    with pytest.raises(InputError, match=r"inc_angle\.raw has 3 samples × 2 lines, but the image .* has 200 × 100"):
        ps_load_initial_isce(np.zeros((2, 3)), workdir=patch)
    write_baselines(tmp_path / "INSAR", (3, 4))
    (tmp_path / "INSAR" / "baselineGRID_20180120").unlink()
    with pytest.raises(InputError, match="baselineGRID_20180120 is neither in"):
        ps_load_initial_isce(workdir=patch)


@given(st.lists(st.floats(-10, 10), min_size=4, max_size=4), st.integers(2, 6), st.integers(2, 6))
def test_interpolation_of_bilinear_functions_is_exact(tmp_path_factory, coefficients, rows, columns):
    a, b, c, d = coefficients
    line, sample = np.linspace(0, 30, rows)[:, None], np.linspace(0, 40, columns)
    path = tmp_path_factory.mktemp("raster") / "values"
    write_raster(path, a + b * sample + c * line + d * sample * line, "<f8")
    at_line, at_sample = np.arange(30), np.arange(30) + 9
    found = node_grids.raster_values(path, (40, 30), at_line, at_sample)
    np.testing.assert_allclose(found, a + b * at_sample + c * at_line + d * at_sample * at_line, atol=1e-8)
