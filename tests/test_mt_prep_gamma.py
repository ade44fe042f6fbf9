"""Preparation from Gamma's rasters: the reference's files, integer SLCs, positions by pt2geo, exit codes."""

import json
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from stamps import simulate
from stamps.errors import ExternalProgramError, InputError
from stamps.frontends.headers import image_precision
from stamps.legacy.mt_prep_gamma import mt_prep_gamma
from stamps.legacy.mt_prep_snap import mt_prep_snap
from stamps.verify import golden
from stamps.workspace import matfile

TINY = ["--preset", "tiny", "--lines", "24", "--samples", "30", "--quiet"]

#: A pt2geo that looks the positions up in rasters, whose paths stand in place of the headers.
PT2GEO = """#!{python}
import sys
import numpy as np
points, dash, header, heights, dem, diff, one, two, map_, xy, lonlat = sys.argv[1:]
assert (dash, one, two) == ("-", "1", "1") and header.endswith(".rslc.par") and dem.endswith("_seg.par")
sample, line = np.fromfile(points, ">i4").reshape(-1, 2).T
assert np.fromfile(heights, ">f4").size == line.size
rasters = [np.fromfile(diff[:-9] + suffix, ">f4").reshape(24, 30) for suffix in (".lo", ".la")]
np.stack([raster[line, sample] for raster in rasters], axis=1).astype(">f4").tofile(lonlat)
for name in (map_, xy):
    open(name, "wb").close()
"""


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    """The same small stack with float (``clean``) and with integer (``gamma``) SLCs."""
    folder = tmp_path_factory.mktemp("stacks")
    for layout in ("clean", "gamma"):
        assert simulate.main([str(folder / layout), *TINY, "--layout", layout]) == 0
    return folder


@pytest.fixture
def data(stacks, tmp_path):
    """A copy of the integer stack that may be changed."""
    return Path(shutil.copytree(stacks / "gamma", tmp_path / "data"))


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def master_of(stack):
    return json.loads((Path(stack) / "truth.json").read_text())["master"]


def header_of(stack):
    return Path(stack) / "rslc" / f"{master_of(stack)}.rslc.par"


def hide_positions(stack):
    """Take longitude and latitude rasters out of the way."""
    for suffix in ("lon", "lat"):
        raster = stack / "geo" / f"{master_of(stack)}.{suffix}"
        raster.rename(raster.with_suffix(f".{suffix[:2]}"))


def put_on_path(monkeypatch, folder, text):
    folder.mkdir()
    program = folder / "pt2geo"
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


# ---------------------------------------------------------------------- the reference


def test_reference_files(golden_dir, project):
    """The files of mt_prep_snap on the same stack, but for the name of the processor."""
    folder = golden_dir("ps_mini")
    if not (folder / "stack" / "rslc").is_dir():
        pytest.skip(f"{folder} has no rasters")
    run = json.loads((folder / "run.json").read_text())
    counts = (run[name] for name in ("rg_patches", "az_patches", "rg_overlap", "az_overlap"))
    mt_prep_gamma(run["master"], folder / "stack", run["da_thresh"], *counts, workdir=project)
    golden.apply_parameters(project / "parms.mat", [tuple(pair) for pair in run["setparm"]])
    expected = {str(p.relative_to(folder / "step0")): p for p in (folder / "step0").rglob("*") if p.is_file()}
    assert len(expected) > 20
    for name, path in expected.items():
        if name == "parms.mat" or name.endswith("STAMPS.log"):
            continue
        found = (project / name).read_bytes().replace(str(folder / "stack").encode(), b"@STACK@")
        assert found == (b"gamma\n" if name == "processor.txt" else path.read_bytes()), name
    found, wanted = matfile.read(project / "parms.mat"), matfile.read(folder / "step0" / "parms.mat")
    assert set(found) == set(wanted)
    differing = {name for name in wanted if not _same(found[name], wanted[name])}
    assert differing <= {"insar_processor", "Created"}
    assert (found["insar_processor"], wanted["insar_processor"]) == ("gamma", "snap")


def _same(a, b):
    return a == b if isinstance(b, str) else np.array_equal(a, b, equal_nan=True)


# ---------------------------------------------------------------------- integer SLCs


def test_integer_slcs(stacks, project):
    """Calibration and selection are those of the integers, which are 16 times the floats, rounded."""
    master = master_of(stacks / "gamma")
    mt_prep_gamma(master, stacks / "gamma", workdir=project)
    names = (project / "calamp.in").read_text().split()
    for name, text in (line.split() for line in (project / "calamp.out").read_text().splitlines()):
        parts = np.fromfile(name, ">i2").astype(np.float64).reshape(-1, 2)
        amplitude = np.hypot(*parts.T).astype(np.float32)
        assert text == f"{float(np.float32(amplitude[amplitude > 0.001].mean(dtype=np.float64))):g}"
        exact = np.fromfile(str(name).replace("/gamma/", "/clean/"), ">f4")
        np.testing.assert_allclose(parts.ravel(), 16 * exact, atol=0.5)
    constants = [float(line.split()[1]) for line in (project / "calamp.out").read_text().splitlines()]
    stack = [np.hypot(*np.fromfile(name, ">i2").astype(np.float64).reshape(-1, 2).T) for name in names]
    calibrated = np.array(stack) / np.array(constants)[:, None]
    dispersion = np.sqrt(len(names) * (calibrated**2).sum(axis=0) / calibrated.sum(axis=0) ** 2 - 1)
    chosen = (dispersion < 0.4) & (calibrated > 5e-5).all(axis=0)
    line, sample = np.loadtxt(project / "PATCH_1" / "pscands.1.ij", int)[:, 1:].T
    undecided = np.abs(dispersion - 0.4) < 1e-5
    found = np.zeros(chosen.size, bool)
    found[line * 30 + sample] = True
    np.testing.assert_array_equal(found | undecided, chosen | undecided)
    da = np.loadtxt(project / "PATCH_1" / "pscands.1.da")
    np.testing.assert_allclose(da, dispersion[line * 30 + sample], rtol=1e-4)


def test_small_baselines(tmp_path, project):
    stack = tmp_path / "stack"
    assert simulate.main([str(stack), *TINY, "--layout", "gamma", "--network", "sb"]) == 0
    mt_prep_gamma(master_of(stack), stack, workdir=project)
    n_pairs = len(list((stack / "SMALL_BASELINES").iterdir()))
    assert (project / "selsbc.in").read_text().split()[0] == "0.6"
    assert len((project / "calamp.in").read_text().split()) == 2 * n_pairs
    assert np.loadtxt(project / "PATCH_1" / "pscands.1.ij").shape[0] > 10
    assert matfile.read(project / "parms.mat")["small_baseline_flag"] == "y"


def test_image_formats(stacks):
    assert image_precision(header_of(stacks / "clean")) == "f"
    assert image_precision(header_of(stacks / "gamma")) == "s"


# ---------------------------------------------------------------------- positions without rasters


def test_positions_by_pt2geo(data, stacks, project, tmp_path, monkeypatch):
    """What pt2geo writes becomes ``pscands.1.ll``; here it gives what the rasters would have given."""
    master = master_of(data)
    with_rasters = tmp_path / "with_rasters"
    with_rasters.mkdir()
    mt_prep_gamma(master, stacks / "gamma", None, 2, 1, workdir=with_rasters)
    hide_positions(data)
    put_on_path(monkeypatch, tmp_path / "bin", PT2GEO.format(python=sys.executable))
    mt_prep_gamma(master, data, None, 2, 1, workdir=project)
    assert not (project / "psclonlat.in").exists()
    for patch in ("PATCH_1", "PATCH_2"):
        found = (project / patch / "pscands.1.ll").read_bytes()
        assert found and found == (with_rasters / patch / "pscands.1.ll").read_bytes()


def test_failing_pt2geo(data, project, tmp_path, monkeypatch):
    hide_positions(data)
    put_on_path(monkeypatch, tmp_path / "bin", "#!/bin/sh\necho no licence\nexit 3\n")
    with pytest.raises(ExternalProgramError, match="status 3; it said: no licence"):
        mt_prep_gamma(master_of(data), data, workdir=project)
    (tmp_path / "bin" / "pt2geo").write_text("#!/bin/sh\ntrue\n")
    with pytest.raises(ExternalProgramError, match=r"wrote 0 bytes to pscands\.1\.ll where \d+ were expected"):
        mt_prep_gamma(master_of(data), data, workdir=project)
    assert not list(project.iterdir())


def test_no_positions_at_all(data, project, monkeypatch, tmp_path):
    hide_positions(data)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"pt2geo.*not found on the PATH.*geo/\*\.lon") as caught:
        mt_prep_gamma(master_of(data), data, workdir=project)
    assert caught.value.exit_status == 1 and "\n" not in str(caught.value)
    shutil.rmtree(data / "dem")
    with pytest.raises(InputError, match="no header of the DEM to compute positions from"):
        mt_prep_gamma(master_of(data), data, workdir=project)
    with pytest.raises(InputError) as caught:  # SNAP gives positions always
        mt_prep_snap(master_of(data), data, workdir=project)
    assert caught.value.exit_status == 3


# ---------------------------------------------------------------------- errors


def test_unknown_image_format(data, project):
    header = header_of(data)
    header.write_text(header.read_text().replace("SCOMPLEX", "FLOAT"))
    with pytest.raises(InputError, match="image format 'FLOAT'") as caught:
        mt_prep_gamma(master_of(data), data, workdir=project)
    assert caught.value.exit_status == 4


def test_format_and_size_must_agree(data, project):
    header = header_of(data)
    header.write_text(header.read_text().replace("SCOMPLEX", "FCOMPLEX"))
    with pytest.raises(InputError, match=r"8 bytes \(complex float32\) = 5760 were expected"):
        mt_prep_gamma(master_of(data), data, workdir=project)


def test_missing_mask(data, project):
    with pytest.raises(InputError, match="mask file .* does not exist") as caught:
        mt_prep_gamma(master_of(data), data, maskfile="nothing", workdir=project)
    assert caught.value.exit_status == 2
    assert not list(project.iterdir())
