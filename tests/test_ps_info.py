"""Lists of images and interferograms, and forgetting look-angle errors."""

import numpy as np
import pytest

from helpers import random_project
from stamps.errors import InputError
from stamps.legacy.ps_info import ps_info
from stamps.legacy.sb_info import sb_info
from stamps.legacy.scla_reset import scla_reset


def test_images_of_a_single_master_project(tmp_path, capsys):
    ws = random_project.single_master(tmp_path, n_ps=12, n_ifg=4, master_ix=1)
    ws.save("ps2", {"bperp": np.array([-103.5, 0, 7.4, 55.6], np.float32)})
    ws.save("ifgstd2", {"ifg_std": np.array([30.1234, 0, 20, 10], np.float32)})
    lines = ps_info(workdir=ws)
    assert lines[0] == "  1   01-Jan-2018    -104 m   30.123 deg"
    assert lines[1] == "  2   13-Jan-2018       0 m"
    assert lines[-1] == "Number of stable-phase pixels: 12"
    assert capsys.readouterr().out.endswith("\n".join(lines) + "\n")


def test_missing_noise_is_estimated(tmp_path):
    ws = random_project.single_master(tmp_path, n_ps=12, n_ifg=4, master_ix=1)
    ws.save("ph2", {"ph": np.ones((12, 4), np.complex64)})
    ws.save("pm2", {"K_ps": np.zeros(12), "C_ps": np.full(12, 0.1), "ph_patch": np.ones((12, 3), np.complex64)})
    assert ps_info(workdir=ws)[0].endswith("5.730 deg")
    assert ws.exists("ifgstd2")


def test_baselines_of_small_baseline_images(tmp_path):
    ws = random_project.small_baselines(tmp_path, n_image=4, master_ix=2)
    pairs = ws.load("ps2")["ifgday_ix"]
    truth = np.array([-50.0, 20, 0, 100])
    ws.save("ps2", {"bperp": truth[pairs[:, 1]] - truth[pairs[:, 0]]})
    lines = ps_info(workdir=ws)
    assert [line.split()[2] for line in lines[:-1]] == ["-50", "20", "0", "100"]


def test_interferograms(tmp_path):
    ws = random_project.small_baselines(tmp_path, n_image=4, master_ix=2)
    ps = ws.load("ps2")
    ws.save("ps2", {"bperp": np.arange(5) * 10 - 0.5})
    assert sb_info(workdir=ws)[0] == "  1   01-Jan-2018 to 13-Jan-2018      -1 m"
    ws.save("ifgstd2", {"ifg_std": np.linspace(1, 2, ps["n_ifg"])})
    assert sb_info(workdir=ws)[1] == "  2   01-Jan-2018 to 25-Jan-2018      10 m   1.250 deg"
    with pytest.raises(InputError, match="ps_info"):
        sb_info(workdir=random_project.single_master(tmp_path / "other"))


@pytest.mark.parametrize("with_list", [True, False])
def test_reset_reaches_every_patch(tmp_path, with_list):
    ws = random_project.single_master(tmp_path)
    folders = [ws, *(ws / f"PATCH_{k}" for k in (1, 2))]
    for folder in folders:
        folder.path.mkdir(exist_ok=True)
        folder.save("psver", {"psver": 2})
        for name in ("scla2", "scla_smooth2", "scla_sb2", "scla_smooth_sb2", "scn2"):
            folder.save(name, {"ph_ramp": None})
    if with_list:
        ws.write_text("patch.list", "PATCH_1\nPATCH_2\n")
    scla_reset("n", workdir=ws)
    assert not ws.exists("scla2") and folders[1].exists("scla2")
    scla_reset(workdir=ws)
    for folder in folders:
        assert folder.exists("scn2") and not list(folder.path.glob("scla*"))
