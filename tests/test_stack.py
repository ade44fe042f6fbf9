"""The contract of a coregistered stack: what follows from it, and a front end that needs nothing but a maker."""

import numpy as np
import pytest

from stamps.frontends.checks import check_single_master
from stamps.frontends.project import PreparationSettings, Remarks, prepare
from stamps.frontends.snap_gamma import check_export, find_export
from stamps.frontends.stack import AcquisitionGeometry, CoregisteredStack
from stamps.legacy.ps_load_initial_isce import ps_load_initial_isce
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

WIDTH, LENGTH = 30, 20
DATES = ("20200101", "20200113", "20200125", "20200206")


def made_in(stage: Workspace, remarks: Remarks) -> CoregisteredStack:
    """A processor that hands over arrays: all rasters are written to the scratch folder."""
    rng = np.random.default_rng(4)
    line, sample = np.meshgrid(np.arange(LENGTH), np.arange(WIDTH), indexing="ij")

    def raster(name, values, dtype):
        with stage.open_output(name) as path:
            np.ascontiguousarray(values, dtype).tofile(path)
        return str(stage.path / name)

    slcs = [raster(f"{date}.slc", 2 + 0.1 * rng.standard_normal((LENGTH, WIDTH, 2)) @ [1, 1j], "<c8") for date in DATES]
    phases = [np.exp(1j * rng.uniform(-3, 3, (LENGTH, WIDTH))) for _ in DATES[1:]]
    remarks.positions.append("The positions are made up.")
    return CoregisteredStack(
        processor="isce",  # whose loader reads text headers
        root=str(stage.path),
        master=DATES[0],
        small_baselines=False,
        slcs=tuple(slcs),
        slc_dates=DATES,
        interferograms=tuple(
            raster(f"{DATES[0]}_{date}.int", phase, "<c8") for date, phase in zip(DATES[1:], phases, strict=True)
        ),
        pairs=tuple((DATES[0], date) for date in DATES[1:]),
        heights=(raster("dem.raw", 5 + line + sample, "<f4"),),
        longitudes=(raster("lon.raw", 12 + 1e-3 * sample + 1e-5 * line, "<f4"),),
        latitudes=(raster("lat.raw", 50 - 1e-3 * line + 1e-5 * sample, "<f4"),),
        width=WIDTH,
        length=LENGTH,
        geometry=AcquisitionGeometry(-166.6, 0.0555, (10.0, -20.0, 35.5)),
    )


def test_a_front_end_needs_only_a_maker(tmp_path, capsys):
    ws, remarks = Workspace.at(tmp_path), Remarks()
    settings = PreparationSettings(0.9, {"rg_patches": 1, "az_patches": 1, "rg_overlap": 5, "az_overlap": 5})
    prepare(ws, "MT_PREP_NEW", lambda stage: made_in(stage, remarks), settings, remarks)
    out = capsys.readouterr().out
    assert "MT_PREP_NEW: 30 samples × 20 lines, 4 images, 3 interferograms (master 20200101)" in out
    assert "The positions are made up." in out
    assert (tmp_path / "day.1.in").read_text().split() == list(DATES[1:])
    assert (tmp_path / "bperp.1.in").read_text() == "10.000000\n-20.000000\n35.500000\n"
    assert not (tmp_path / "ifgday.1.in").exists()
    assert (tmp_path / "pscphase.in").read_text().splitlines()[1] == str(tmp_path / "20200101_20200113.int")
    ps_load_initial_isce(workdir=tmp_path / "PATCH_1")
    ps = Workspace(tmp_path / "PATCH_1").load("ps1")
    assert ps["n_ps"] == WIDTH * LENGTH
    np.testing.assert_array_equal(ps["bperp"], [0, 10, -20, 35.5])
    assert Parameters(ws).get("lambda") == 0.0555


def test_what_follows_from_the_contract():
    pairs = (("20200101", "20200113"), ("20200113", "20200125"), None)
    stack = CoregisteredStack(
        "snap", "/data", "20200113", True, ("a", "b"), ("20200101", None), ("x", "y", "z"), pairs, big_endian=True
    )
    assert stack.dates == ["20200101", "20200113", "20200125"]
    assert stack.slaves == ["20200101", "20200125"]
    assert stack.network == "small baselines" and stack.lonlat == () and stack.byteswap == 1
    assert stack.slc_type == ">f4" == stack.real_type
    with pytest.raises(ValueError, match="every SLC needs a date"):
        CoregisteredStack("snap", "/data", "20200113", False, slcs=("a",))


def test_images_and_interferograms_belong_together():
    pairs = (("20200101", "20200113"), ("20200125", "20200206"), ("20200101", "20200113"))
    stack = CoregisteredStack(
        "snap", "/data", "20200101", False, ("a", "b"), ("20200101", "20200218"), ("x", "y", "z"), pairs, header="h"
    )
    assert [problem.text for problem in check_single_master(stack)] == [
        "There are 2 interferograms of 20200113: keep one.",
        "The interferogram y is of master 20200125, but the master is 20200101.",
        "There is an interferogram of 20200113, but no SLC of this date.",
        "There is an interferogram of 20200206, but no SLC of this date.",
        "There is an SLC of 20200218, but no interferogram of this date: export it, or take the SLC away.",
    ]


def test_an_export_keeps_what_was_found(tmp_path):
    found = find_export("2020", tmp_path, "gamma")
    checked, problems = check_export(found)
    assert checked.size == (0, 0) and checked.root == str(tmp_path) and checked.big_endian
    assert [problem.text.split(":")[0] for problem in problems] == [
        "The master '2020' is not a date",
        "There is no SLC",
        "There is no interferogram",
        "There is no height raster",
        "There is no longitude raster and no header of the DEM to compute positions from",
        "There is no longitude raster and no header of the offsets to compute positions from",
        "The master is absent",
    ]
