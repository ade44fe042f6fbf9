"""Step 5: merging of patches (docs/method/merging.md)."""

import numpy as np

from option_cases.lab import Code, set_parameters
from option_cases.lab import Parameter as P
from option_cases.registry import case
from option_cases.weeding import first_of_repeated
from option_cases.written_out import metres_per_degree
from stamps.workspace import Workspace, matfile


@case(P("heading"), P("heading", 12.0))
def heading_turns_the_coordinates(lab):
    """Turned about (180 - heading) degrees, if both extents become smaller."""
    ws = lab.golden(5)
    lonlat = [matfile.read(path)["lonlat"] for path in sorted(ws.path.glob("PATCH_*/ps2.mat"))]
    lonlat = np.concatenate(lonlat)
    turn = np.radians(20)
    metres = (lonlat - lonlat.mean(axis=0)) * [84000, 111000]
    metres = metres @ [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]  # so that turning back helps
    for path in sorted(ws.path.glob("PATCH_*/ps2.mat")):
        patch = Workspace(path.parent)
        n = patch.load("ps2")["n_ps"]
        moved, metres = metres[:n] / [84000, 111000] + [14, 40], metres[n:]
        patch.save("ps2", {"lonlat": moved})
    for heading in (200, 160):
        set_parameters(ws, heading=heading)
        lab.call("ps_merge_patches", workdir=ws)
        ps = ws.load("ps2")
        corners = (ps["lonlat"].max(axis=0) + ps["lonlat"].min(axis=0)) / 2
        plain = (ps["lonlat"] - corners) * metres_per_degree(corners[1])
        angle = np.radians(180 - heading)
        turned = plain @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        smaller = np.all(np.ptp(turned, axis=0) < np.ptp(plain, axis=0))
        assert smaller == (heading == 200), "the case does not show both"
        np.testing.assert_allclose(ps["xy"][:, 1:], turned if smaller else plain, atol=2)


def _all_kept(lonlat, coherence):
    return np.ones(len(lonlat), bool)


@case(
    Code("duplicates", "stamps.legacy.ps_merge_patches.unique_coordinates", _all_kept),
    Code("duplicates", "stamps.legacy.ps_merge_patches.unique_coordinates", first_of_repeated, "wrong"),
)
def duplicates_in_the_merge(lab):
    ws = lab.golden(5)
    patch = ws / "PATCH_1"
    ps, pm = patch.load("ps2"), patch.load("pm2")
    limits = np.array(patch.read_text("patch_noover.in").split(), float)
    inner = np.flatnonzero((ps["ij"][:, 2] < limits[1] - 60) & (ps["ij"][:, 2] > limits[0]))[[5, 50, 90]]
    lonlat, coherence = ps["lonlat"].copy(), pm["coh_ps"].copy()
    lonlat[inner] = lonlat[inner[0]]
    coherence[inner] = 0.5, 0.9, 0.7
    patch.save("ps2", {"lonlat": lonlat})
    patch.save("pm2", {"coh_ps": coherence})
    lab.call("ps_merge_patches", workdir=ws)
    there = {tuple(row) for row in ws.load("ps2")["ij"][:, 1:].tolist()}
    assert [tuple(row) in there for row in ps["ij"][inner, 1:].tolist()] == [False, True, False]
