"""Positions and heights in step 1: candidates without a position are left out of all files, nonsense is refused."""

import json

import numpy as np
import pytest

from helpers import text_project
from helpers.gamma_project import PAIRS, single_master, write_stack
from helpers.gsar_project import write_project as write_gsar
from stamps.errors import InputError
from stamps.legacy.ps_load_initial import ps_load_initial
from stamps.legacy.ps_load_initial_gamma import ps_load_initial_gamma
from stamps.legacy.ps_load_initial_gsar import ps_load_initial_gsar
from stamps.legacy.ps_load_initial_isce import ps_load_initial_isce
from stamps.legacy.sb_load_initial import sb_load_initial
from stamps.legacy.sb_load_initial_gamma import sb_load_initial_gamma
from stamps.workspace import Workspace, findings

BIG = ">f4"


def gamma(tmp_path):
    patch, _ = write_stack(tmp_path / "project", single_master())
    return patch, {"lonlat": "pscands.1.ll", "hgt": "pscands.1.hgt"}, BIG


def gamma_pairs(tmp_path):
    names = [f"{first}_{second}" for first, second in PAIRS]
    patch, _ = write_stack(tmp_path / "project", names)
    return patch, {"lonlat": "pscands.1.ll", "hgt": "pscands.1.hgt"}, BIG


def doris(tmp_path):
    patch, _ = text_project.write_project(tmp_path / "project")
    return patch, {"lonlat": "pscands.1.ll", "hgt": "pscands.1.hgt"}, "<f4"


def doris_pairs(tmp_path):
    patch, files, dtype = doris(tmp_path)
    (tmp_path / "project" / "ifgday.1.in").write_text(
        "".join(f"{text_project.MASTER} {date}\n" for date in text_project.SLAVES)
    )
    return patch, files, dtype


def gsar(tmp_path):
    patch, _ = write_gsar(tmp_path / "project")
    return patch, {"lon": "pscands.1.lon", "lat": "pscands.1.lat", "hgt": "pscands.1.hgt"}, "<f8"


LOADERS = {
    "gamma": (gamma, ps_load_initial_gamma),
    "gamma pairs": (gamma_pairs, sb_load_initial_gamma),
    "doris": (doris, ps_load_initial),
    "doris pairs": (doris_pairs, sb_load_initial),
    "isce": (doris, lambda patch: ps_load_initial_isce(workdir=patch)),
    "gsar": (gsar, ps_load_initial_gsar),
}


def edit(path, dtype, change):
    values = np.fromfile(path, dtype)
    np.asarray(change(values.copy()), dtype).tofile(path)


def positions_of(files):
    return [name for kind, name in files.items() if kind != "hgt"]


@pytest.mark.parametrize("processor", LOADERS)
def test_candidates_without_position_are_left_out_of_all_files(tmp_path, processor):
    """No other candidate changes: the files hold what they hold without the spoilt candidates."""
    write, load = LOADERS[processor]
    patch, files, dtype = write(tmp_path)
    ws = Workspace(patch)
    load(patch)
    clean = {name: ws.load(name) for name in ("ps1", "ph1", "bp1", "hgt1", "da1") if ws.exists(name)}
    n = clean["ps1"]["n_ps"]
    for name in positions_of(files):
        width = 2 if len(positions_of(files)) == 1 else 1
        edit(patch / name, dtype, lambda a, width=width: np.concatenate([np.zeros(3 * width), a[3 * width :]]))
    edit(patch / files["hgt"], dtype, lambda a: np.concatenate([a[:4], [-32768], a[5:]]))
    load(patch)
    found = {name: ws.load(name) for name in clean}
    assert found["ps1"]["n_ps"] == n - 4
    assert any(f"3 of {n} candidates have no coordinates (0/0: 3)" in text for text in findings.collect(ws))
    assert any(f"1 of {n} candidates have no height" in text for text in findings.collect(ws))
    kept = ~np.isin(clean["ps1"]["sort_ix"], [0, 1, 2, 4])
    for name, variables in clean.items():
        for variable, value in variables.items():
            if np.ndim(value) and len(value) == n and variable not in ("sort_ix", "ij", "xy"):
                np.testing.assert_array_equal(found[name][variable], value[kept], variable)
    assert sorted(found["ps1"]["sort_ix"]) == list(range(n))  # those left out stand last, as with NaN in the original
    np.testing.assert_array_equal(found["ps1"]["sort_ix"][: n - 4], clean["ps1"]["sort_ix"][kept])
    assert np.array_equal(found["ps1"]["ij"][:, 0], np.arange(1, n - 3))
    assert np.array_equal(found["ps1"]["ij"][:, 1:], clean["ps1"]["ij"][kept, 1:])
    assert np.ptp(found["ps1"]["xy"][:, 1:], axis=0).max() < 5000


@pytest.mark.parametrize("processor", LOADERS)
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda a: a.byteswap(), ("byte order",)),
        (lambda a: a * 100, ("degrees",)),
        (lambda a: (a - a[0]) * 10000 + a[0], ("pscands.1.",)),
    ],
)
def test_nonsense_candidates_are_refused(tmp_path, processor, spoil, words):
    write, load = LOADERS[processor]
    patch, files, dtype = write(tmp_path)
    edit(patch / positions_of(files)[0], dtype, spoil)
    with pytest.raises(InputError) as caught:
        load(patch)
    assert "pscands.1." in str(caught.value) and all(word in str(caught.value) for word in words), caught.value
    assert not Workspace(patch).exists("ps1") and "\n" not in str(caught.value)


@pytest.mark.parametrize("processor", LOADERS)
def test_swapped_heights_are_refused(tmp_path, processor):
    write, load = LOADERS[processor]
    patch, files, dtype = write(tmp_path)
    edit(patch / files["hgt"], dtype, lambda a: a.byteswap())
    with pytest.raises(InputError, match=r"pscands\.1\.hgt has the other byte order"):
        load(patch)


@pytest.mark.parametrize("processor", LOADERS)
def test_a_patch_without_any_position_is_dropped(tmp_path, processor):
    write, load = LOADERS[processor]
    patch, files, dtype = write(tmp_path)
    for name in positions_of(files):
        edit(patch / name, dtype, lambda a: a * 0)
    load(patch)
    assert Workspace(patch).no_ps_flags()[0] == 1
    assert any("have no coordinates" in text for text in findings.collect(Workspace(patch)))
    for name in positions_of(files):
        width = 2 // len(positions_of(files))
        edit(patch / name, dtype, lambda a, width=width: 14.2 + 1e-4 * (np.arange(a.size) // width))
    load(patch)
    assert findings.collect(Workspace(patch)) == []  # repaired


def test_commands_say_what_they_leave_out(sandbox):
    """Preparation, step 1 and status name the rasters; nothing of the scene's size changes."""
    stack = sandbox.stack()
    for name in ("lon", "lat"):
        path = next((stack / "geo").glob(f"*.{name}"))
        values = np.fromfile(path, BIG).reshape(100, 200)
        values[:2] = 0
        values.tofile(path)
    assert ".lon" in sandbox.prepare(stack).succeeds().output
    outcome = sandbox.run("stamps", "1", "1").succeeds()
    assert "candidates have no coordinates (0/0" in outcome.output
    ps = Workspace(sandbox.project / "PATCH_1").load("ps1")
    assert np.abs(ps["lonlat"]).min() > 1 and np.ptp(ps["xy"][:, 1:], axis=0).max() < 10000


def test_command_refuses_nonsense_in_one_sentence(sandbox):
    stack = sandbox.stack()
    path = next((stack / "geo").glob("*.lon"))
    np.fromfile(path, "<f4").tofile(path.with_suffix(".x"))
    np.fromfile(path, BIG).astype("<f4").tofile(path)
    path.with_suffix(".x").unlink()
    sandbox.prepare(stack).refuses(".lon", "byte order")
    assert not list(sandbox.project.glob("PATCH*"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("share", [0.001, 0.1, 0.45])
def test_the_chain_ends_with_gaps(sandbox, share):
    stack = sandbox.stack()
    empty = np.random.default_rng(3).random((100, 200)) < share
    for pattern, value in (("*.lon", 0), ("*.lat", 0), ("*dem.rdc", -9999)):
        path = next((stack / "geo").glob(pattern))
        values = np.fromfile(path, BIG).reshape(100, 200)
        values[empty] = value
        values.tofile(path)
    sandbox.prepare(stack, "2", "1", "30", "50").succeeds()
    sandbox.run("setparm", "unwrap_grid_size", "50").succeeds()
    outcome = sandbox.run("stamps", "1", "8").succeeds()
    assert "Warning" in outcome.output
    assert json.loads((sandbox.project / "PATCH_1" / findings.FILE).read_text())
