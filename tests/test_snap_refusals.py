"""What new users run into with ``stamps snap``: one sentence, an exit status that is not 0, and nothing is written."""

import os
import shutil

import numpy as np
import pytest

from helpers.gpt_stand_in import stand_in
from stamps.cli.program import run
from stamps.frontends.jobs.store import JobFolder
from stamps.frontends.processor import Processor
from stamps.simulation.safe_files import write_products
from stamps.simulation.safe_layout import ProductLayout
from stamps.simulation.settings import Settings

AREA = ["14.15", "40.75", "14.25", "40.85"]


@pytest.fixture(scope="module")
def slc(tmp_path_factory):
    """Five dates of one subswath (read only)."""
    folder = tmp_path_factory.mktemp("slc")
    write_products(folder, Settings.of_preset("tiny", folder / "stack"), ProductLayout(zipped=True))
    return folder


@pytest.fixture
def submit(tmp_path, monkeypatch, slc, capsys):
    """Submit in an empty folder with the stand-in on PATH; exit status and the lines of the message."""
    stand_in(monkeypatch)
    monkeypatch.chdir(tmp_path)

    def submit(products=slc, *words, aoi=AREA):
        given = [str(products), "--aoi", *aoi, "--dem", "srtm3", "--memory", "500M", "--cpu", "1", "--workdir", "work"]
        status = run("stamps", ["snap", "submit", *given, *map(str, words)])
        return status, capsys.readouterr().err.splitlines()

    return submit


def refused(answer, words):
    """That it is one sentence with these words, and that there is no job."""
    status, (line,) = answer
    assert status == 1 and words in line and line.startswith("stamps snap: ") and "Traceback" not in line, line
    assert not os.path.exists("work/jobs") and not os.path.exists("work/snap.toml")


def program(tmp_path, text, mode=0o755):
    (tmp_path / "gpt").write_text(text)
    (tmp_path / "gpt").chmod(mode)
    return tmp_path / "gpt"


# ---------------------------------------------------------------------- SNAP


def test_no_snap(submit, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    refused(submit(), "gpt was found neither by --gpt, STAMPS_GPT, on the PATH")


@pytest.mark.parametrize(
    "text, mode, words",
    [
        ("#!/bin/sh\n", 0o644, "which is no program that can be run"),
        ("#!/bin/sh\n", 0o755, "does not tell SNAP's version; it said nothing"),
        ("#!/bin/sh\necho SNAP Release version 7.0.0\n", 0o755, "is of SNAP 7.0.0, but SNAP 9 or later is needed"),
        ("\0\1garbage", 0o755, "cannot be run (Exec format error)"),
    ],
)
def test_a_program_that_is_not_the_right_snap(submit, tmp_path, slc, text, mode, words):
    refused(submit(slc, "--gpt", program(tmp_path, text, mode)), words)


# ---------------------------------------------------------------------- products and area


@pytest.mark.parametrize(
    "aoi, words",
    [
        (["10", "50", "11", "51"], "No product lies over the area 10.0 50.0 11.0 51.0."),
        (["40.75", "14.15", "40.85", "14.25"], "some would if longitude and latitude were exchanged"),
    ],
)
def test_an_area_without_products(submit, slc, aoi, words):
    refused(submit(slc, aoi=aoi), words)


def test_folders_without_usable_products(submit, slc, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(submit("empty"), "There are no Sentinel-1 products below")
    refused(submit("nowhere"), "nowhere does not exist")
    (tmp_path / "half").mkdir()
    for path in slc.glob("*.zip"):
        (tmp_path / "half" / path.name).write_bytes(path.read_bytes()[:3000])
    refused(submit("half"), "is no whole zip file")
    (tmp_path / "three").mkdir()
    for path in sorted(slc.glob("*.zip"))[:3]:
        shutil.copy(path, tmp_path / "three")
    refused(submit("three"), "3 dates remain (20180108, 20180120, 20180213), at least 5 are needed (--min-dates).")


def test_a_master_that_is_not_there(submit, slc):
    refused(submit(slc, "--master", "20190101"), "The master 20190101 is none of the dates: 20180108, ")


@pytest.mark.parametrize(
    "crs, width, words",
    [
        ("EPSG:32633", 1000.0, "is in EPSG:32633, but EPSG:4326 was expected"),
        ("EPSG:4326", 0.002, "covers 14.150 40.750 14.250 40.850 (west, south, east, north), but the area"),
    ],
)
def test_an_elevation_model_that_will_not_do(submit, slc, tmp_path, crs, width, words):
    rasterio = pytest.importorskip("rasterio")
    place = rasterio.transform.from_origin(14.15, 40.85, width, width)
    profile = {"driver": "GTiff", "width": 50, "height": 50, "count": 1, "dtype": "float32"}
    with rasterio.open(tmp_path / "dem.tif", "w", **profile, crs=crs, transform=place) as raster:
        raster.write(np.ones((1, 50, 50), np.float32))
    refused(submit(slc, "--dem", "dem.tif"), words)


# ---------------------------------------------------------------------- the working directory


def test_a_working_directory_that_is_none(submit, slc, tmp_path):
    (tmp_path / "work").write_text("mine")
    for workdir in ("work", "work/below"):
        refused(submit(slc, "--workdir", workdir), f"{tmp_path}/work is no folder.")
    assert run("stamps", ["snap", "dry-run", str(slc), "--aoi", *AREA, "--workdir", "work/below"]) == 1
    assert (tmp_path / "work").read_text() == "mine"


def test_a_working_directory_that_cannot_be_written(submit, slc, tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != f"{tmp_path}/work" and real(path, mode))
    refused(submit(), f"The working directory {tmp_path}/work cannot be written: take another --workdir.")


def test_a_disk_that_may_not_do_is_a_warning(submit, slc, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(2**34, 2**34 - 2**30, 2**30))
    assert run("stamps", ["snap", "dry-run", str(slc), "--aoi", *AREA, "--dem", "srtm3", "--workdir", "work"]) == 0
    assert "work has 1.0 GiB free, but the job may take 11 GiB" in capsys.readouterr().out


# ---------------------------------------------------------------------- too early, at the same time


@pytest.mark.parametrize("action", ["status", "retry", "cancel", "watch", "prepare", "prepare --without-failed"])
def test_there_is_no_job_yet(tmp_path, capsys, action):
    assert run("stamps", ["snap", *action.split(), "--workdir", str(tmp_path / "work")]) == 1
    assert capsys.readouterr().err.lower().startswith("stamps snap: there is no job of snap in")
    assert not (tmp_path / "work").exists()


def test_a_job_that_another_command_submits_is_left_to_it(submit, tmp_path, slc):
    folder = JobFolder.of(tmp_path / "work", "snap")
    with folder.lock():
        status, (line,) = submit(slc)
    assert status == 1 and "is being submitted, retried or cancelled by another command" in line
    assert not folder.exists()


@pytest.mark.exhaustive
@pytest.mark.slow
def test_preparing_before_the_export_is_refused(submit, tmp_path, slc, monkeypatch, capsys):
    monkeypatch.setenv("GPT_DELAY", "2")
    assert submit(slc)[0] == 0
    assert run("stamps", ["snap", "prepare", "--workdir", "work"]) == 1
    assert "is at work: wait for its end or cancel it, then prepare" in capsys.readouterr().err
    assert run("stamps", ["snap", "cancel", "--workdir", "work"]) == 0
    Processor.open(tmp_path / "work/jobs/snap").watch(0.2)
    assert run("stamps", ["snap", "prepare", "--workdir", "work"]) == 1
    monkeypatch.setenv("GPT_DELAY", "0")
    assert run("stamps", ["snap", "retry", "--workdir", "work", "--wait"]) == 0
