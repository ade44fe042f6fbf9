"""Merging single-master and small-baseline projects: a case computed by hand, and directories that do not fit."""

import numpy as np
import pytest

from helpers import random_project
from stamps.errors import InputError, WorkspaceError
from stamps.insar.geometry import centre_of, llh2local
from stamps.legacy.ps_sb_merge import ps_sb_merge
from stamps.workspace import Workspace
from stamps.workspace.parameters import Parameters

MASTER = 2
N_IMAGE = 5
PAIRS = np.array([[0, 1], [0, 2], [1, 2], [1, 3], [2, 3], [2, 4], [3, 4]])


def phasors(rng, n, k):
    return np.exp(1j * rng.uniform(-np.pi, np.pi, (n, k))).astype(np.complex64)


def write(ws, rng, positions, lonlat, *, pairs, residual, seed_heights):
    """Files of a project after step 5; ``residual`` is the rms of ph_res in rad."""
    n, n_ifg = len(positions), N_IMAGE if pairs is None else len(pairs)
    day = random_project.DAY0 + 12.0 * np.arange(N_IMAGE)
    number = np.arange(1, n + 1)
    ps = {
        "ij": np.column_stack([number, positions]).astype(float),
        "lonlat": lonlat,
        "xy": np.column_stack([number, rng.uniform(0, 500, (n, 2))]).astype(np.float32),
        "ll0": np.array([14.0, 40.0]),
        "bperp": rng.uniform(-90, 90, n_ifg),
        "day": day,
        "master_day": day[MASTER],
        "master_ix": MASTER,
        "n_ifg": n_ifg,
        "n_image": N_IMAGE,
        "n_ps": n,
    }
    k = N_IMAGE - 1
    if pairs is not None:
        k = n_ifg
        ps.update(ifgday_ix=pairs, ifgday=day[pairs])
    ws.save("ps2", ps)
    ws.save("rc2", {"ph_rc": phasors(rng, n, n_ifg)})
    pm = {"ph_patch": phasors(rng, n, k), "ph_res": rng.normal(0, residual, (n, k)).astype(np.float32)}
    ws.save("pm2", {**pm, "C_ps": rng.normal(0, residual, n), "coh_ps": rng.uniform(0.6, 0.9, n)})
    ws.save("bp2", {"bperp_mat": rng.uniform(-90, 90, (n, k)).astype(np.float32)})
    ws.save("hgt2", {"hgt": seed_heights + np.arange(n, dtype=float)})
    ws.save("la2", {"la": 0.6 + 0.001 * np.arange(n)})


@pytest.fixture
def projects(tmp_path):
    """Six single-master and five small-baseline pixels, two of them common; one PS-only pixel is noise."""
    top = tmp_path / "INSAR_20180126"
    ps = random_project.single_master(top, n_ps=6, n_ifg=N_IMAGE, master_ix=MASTER)
    sb = random_project.small_baselines(top / "SMALL_BASELINES", n_ps=5, n_image=N_IMAGE, master_ix=MASTER)
    rng = np.random.default_rng(3)
    lonlat = 14 + rng.uniform(0, 0.01, (9, 2)) + [0, 26]
    write(ps, rng, np.arange(12).reshape(6, 2), lonlat[:6], pairs=None, residual=0.2, seed_heights=100)
    sb_positions = np.array([[50, 1], [4, 5], [50, 2], [0, 1], [50, 3]])
    sb_lonlat = lonlat[[6, 2, 7, 0, 8]]
    write(sb, rng, sb_positions, sb_lonlat, pairs=PAIRS, residual=0.2, seed_heights=200)
    pm = dict(ps.load("pm2"))
    pm["ph_res"][4] = [-1, -3, 2, 1]
    ps.save("pm2", pm)
    (sb.path / "patch_noover.in").write_text("1 10 1 10\n")
    return ps, sb


def test_by_hand(projects, capsys):
    ps_ws, sb_ws = projects
    merged = Workspace(ps_sb_merge(workdir=ps_ws))
    assert merged.path == ps_ws.path / "MERGED"
    ps, sb, result = ps_ws.load("ps2"), sb_ws.load("ps2"), merged.load("ps2")
    only = [row for row in np.lexsort(ps["lonlat"].T[::-1]) if row in (1, 3, 5)]  # 0 and 2 are common, 4 is noise
    record = merged.load("merge2")
    assert record["psu_ix"].tolist() == only
    assert record["psnu_ix"].tolist() == [0, 2] and record["sbnu_ix"].tolist() == [3, 1]
    raw = merged.load_raw("merge2")
    assert raw["psu_ix"].ravel().tolist() == [row + 1 for row in only] and raw["psu_coh"].dtype == np.float32
    assert raw["sbnu_coh"].dtype == raw["G"].dtype == np.float64 and raw["G"].shape == (7, 5)
    np.testing.assert_array_equal(record["sbnu_coh"], sb_ws.load("pm2")["coh_ps"][[3, 1]])

    lonlat = np.vstack([ps["lonlat"][only], sb["lonlat"]])
    xy = llh2local(lonlat, centre_of(lonlat)) * 1000
    angle = np.radians(180 + 166.6 - 360)
    turned = xy @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    xy = turned if (np.ptp(turned, axis=0) < np.ptp(xy, axis=0)).all() else xy
    order = np.lexsort((xy[:, 0], xy[:, 1]))
    np.testing.assert_allclose(result["xy"], np.column_stack([np.arange(1, 9), xy[order]]), atol=6e-4)
    assert result["xy"].dtype == np.float32 and result["n_ps"] == 8
    np.testing.assert_array_equal(result["lonlat"], lonlat[order])
    np.testing.assert_array_equal(result["ij"], np.vstack([ps["ij"][only], sb["ij"]])[order])  # ids not renumbered
    for name in ("ll0", "bperp", "ifgday", "ifgday_ix", "day", "master_ix", "n_ifg", "n_image"):
        np.testing.assert_array_equal(result[name], sb[name])

    hgt = np.concatenate([100 + np.array(only), 200 + np.arange(5)])
    np.testing.assert_array_equal(merged.load("hgt2")["hgt"], hgt[order])
    la = np.concatenate([0.6 + 0.001 * np.array(only), 0.6 + 0.001 * np.arange(5)])
    np.testing.assert_allclose(merged.load("la2")["la"], la[order], rtol=1e-15)
    of_ps = np.insert(ps_ws.load("bp2")["bperp_mat"], MASTER, 0, axis=1)[only]
    bperp = np.vstack([of_ps[:, PAIRS[:, 1]] - of_ps[:, PAIRS[:, 0]], sb_ws.load("bp2")["bperp_mat"]])
    np.testing.assert_array_equal(merged.load("bp2")["bperp_mat"], bperp[order])

    ph_patch = np.insert(ps_ws.load("pm2")["ph_patch"], MASTER, 1, axis=1)
    for name, variable, images in (("rc2", "ph_rc", ps_ws.load("rc2")["ph_rc"]), ("pm2", "ph_patch", ph_patch)):
        pairs = images[:, PAIRS[:, 1]] * images[:, PAIRS[:, 0]].conj()
        of_sb = sb_ws.load(name)[variable]
        for row, other, c, sb_c in zip((0, 2), (3, 1), record["psnu_coh"], record["sbnu_coh"], strict=True):
            total = pairs[row] / (1 / c**2 - 1) + of_sb[other] / (1 / sb_c**2 - 1)
            of_sb[other] = total / np.abs(total)
        written = merged.load(name)
        assert list(written) == [variable] and written[variable].dtype == np.complex64
        np.testing.assert_allclose(written[variable], np.vstack([pairs[only], of_sb])[order], atol=2e-6)

    assert merged.version == 2 and (merged.path / "patch_noover.in").read_text() == "1 10 1 10\n"
    assert Parameters(merged).flag("small_baseline_flag")
    assert "6 PS pixels, 5 SB pixels, 2 of them common" in capsys.readouterr().out


def test_settings_of_an_earlier_merge_are_kept(projects):
    ps, _ = projects
    merged = Workspace(ps_sb_merge(workdir=ps))
    Parameters(merged).set("unwrap_grid_size", 50)
    (merged.path / "patch_noover.in").write_text("mine\n")
    ps_sb_merge(workdir=ps)
    assert Parameters(merged).get("unwrap_grid_size") == 50
    assert (merged.path / "patch_noover.in").read_text() == "mine\n"


def test_in_a_patch(projects):
    """Parameters stand one directory above the patch in both projects."""
    ps, sb = projects
    for ws in (ps, sb):
        patch = ws / "PATCH_1"
        patch.path.mkdir()
        for name in ("psver", "ps2", "rc2", "pm2", "bp2", "hgt2", "la2"):
            (ws.path / f"{name}.mat").rename(patch.path / f"{name}.mat")
    merged = Workspace(ps_sb_merge(workdir=ps / "PATCH_1"))
    assert merged.path == ps.path / "MERGED" / "PATCH_1" and merged.load("ps2")["n_ps"] == 8
    assert Parameters(merged).flag("small_baseline_flag")


def test_resampled_small_baselines_give_double_and_stay_as_they_are(projects):
    ps, sb = projects
    ph_rc = sb.load("rc2")["ph_rc"].astype(np.complex128)
    sb.save("rc2", {"ph_rc": ph_rc})
    merged = Workspace(ps_sb_merge(workdir=ps))
    assert merged.load("rc2")["ph_rc"].dtype == np.complex64  # single next to double gives single


def test_directories(projects, tmp_path):
    ps, sb = projects
    with pytest.raises(InputError, match="run ps_sb_merge in .*INSAR_20180126"):
        ps_sb_merge(workdir=sb)
    elsewhere = tmp_path / "project"
    elsewhere.mkdir()
    with pytest.raises(InputError, match="not INSAR_yyyymmdd"):
        ps_sb_merge(workdir=elsewhere)
    sb.path.rename(ps.path / "SB")
    with pytest.raises(InputError, match="SMALL_BASELINES is missing"):
        ps_sb_merge(workdir=ps)
    (ps.path / "SMALL_BASELINES").mkdir()
    with pytest.raises(WorkspaceError, match="run steps 1 to 5 there"):
        ps_sb_merge(workdir=ps)
    assert not (ps.path / "MERGED").exists()


def test_different_images(projects):
    ps, sb = projects
    table = sb.load("ps2")
    table["day"][3] += 1
    table["ifgday"] = table["day"][table["ifgday_ix"]]
    sb.save("ps2", table)
    with pytest.raises(InputError, match="same images .* [0-9]+-[A-Z][a-z]{2}-2018, .* are in one only"):
        ps_sb_merge(workdir=ps)
    table["day"] = np.append(table["day"], 737999)
    table["n_image"] += 1
    sb.save("ps2", table)
    with pytest.raises(InputError, match="same images"):
        ps_sb_merge(workdir=ps)
    assert not (ps.path / "MERGED").exists()


def test_modes_are_mixed_up(projects):
    ps, sb = projects
    of_ps, of_sb = dict(ps.load("ps2")), dict(sb.load("ps2"))
    sb.save("ps2", of_ps, append=False)
    with pytest.raises(InputError, match="holds a single-master project, but small baselines"):
        ps_sb_merge(workdir=ps)
    ps.save("ps2", of_sb, append=False)
    with pytest.raises(InputError, match="holds small baselines, but the single-master"):
        ps_sb_merge(workdir=ps)


@pytest.mark.parametrize(("side", "name"), [(0, "la2"), (1, "hgt2"), (0, "bp2"), (1, "pm2")])
def test_missing_files(projects, side, name):
    projects[side].delete(f"{name}.mat")
    with pytest.raises(WorkspaceError, match=f"{name}.mat is missing"):
        ps_sb_merge(workdir=projects[0])
    assert not (projects[0].path / "MERGED" / "ps2.mat").exists()


def test_files_that_do_not_fit(projects):
    ps, sb = projects
    sb.save("hgt2", {"hgt": None})
    with pytest.raises(WorkspaceError, match="'hgt' in .*hgt2.mat has 0 rows, but there are 5 pixels"):
        ps_sb_merge(workdir=ps)
    ps.save("pm2", {"ph_res": np.zeros((6, 7), np.float32)})
    with pytest.raises(WorkspaceError, match="'ph_res' is 6 x 7, but 6 x 4"):
        ps_sb_merge(workdir=ps)
