"""Step 4: weeding (docs/method/weeding.md)."""

import numpy as np

from helpers.synthetic_patch import make_patch
from option_cases.lab import Argument, Code
from option_cases.registry import case
from stamps.errors import ParameterError

__all__ = ["first_of_repeated"]


def first_of_repeated(xy, coherence):
    keep = np.zeros(len(xy), bool)
    keep[np.unique(xy, axis=0, return_index=True)[1]] = True
    return keep


def _none_repeated(xy, coherence):
    return np.ones(len(xy), bool)


@case(
    Code("duplicates", "stamps.legacy.ps_weed.best_of_duplicates", _none_repeated),
    Code("duplicates", "stamps.legacy.ps_weed.best_of_duplicates", first_of_repeated, "wrong"),
)
def duplicates_in_a_patch(lab):
    """Of pixels with the same coordinates the most coherent stays."""
    ws = make_patch(lab.folder, weed_standard_dev=np.inf)[0]
    lab.plain("ps_select", 1, workdir=ws)
    ps, select = ws.load("ps1"), ws.load("select1")
    twins = select["ix"][[10, 20, 30]]
    xy = ps["xy"].copy()
    xy[twins, 1:] = xy[twins[0], 1:]
    ws.save("ps1", {"xy": xy})
    coherence = select["coh_ps2"].copy()
    coherence[[10, 20, 30]] = 0.8, 0.9, 0.7
    ws.save("select1", {"coh_ps2": coherence})
    lab.call("ps_weed", workdir=ws)
    expected = np.ones(len(coherence), bool)
    expected[[10, 30]] = False
    np.testing.assert_array_equal(ws.load("weed1")["ix_weed"], expected)


@case(Argument("ps_weed", "no_weed_adjacent"))
def no_weed_adjacent_overrides_the_parameter(lab):
    ws = lab.golden(3, weed_neighbours="y")
    lab.call("ps_weed", 0, 1, workdir=ws / "PATCH_1")
    lab.agrees(ws.path, ["PATCH_1/weed1.mat"], step=4)


@case(Argument("ps_weed", "no_weed_adjacent"))
def adjacent_pixels_are_weeded_on_request(lab):
    ws = lab.golden(3)
    lab.call("ps_weed", 0, 0, workdir=ws / "PATCH_1")
    lab.agrees(ws.path, ["PATCH_1/weed1.mat"], variant="weed_neighbours")


@case(Argument("ps_weed", "no_weed_noisy"))
def no_weed_noisy(lab):
    ws = lab.golden(3)
    lab.call("ps_weed", 0, 1, 1, workdir=ws / "PATCH_1")
    lab.agrees(ws.path, ["PATCH_1/weed1.mat"], variant="weed_none")


@case(Argument("ps_weed", "all_da_flag"))
def all_da_flag_cannot_be_used(lab):
    ws = make_patch(lab.folder)[0]
    lab.plain("ps_select", 1, workdir=ws)
    lab.refused(ParameterError, "all_da_flag", "ps_weed", 1, workdir=ws)
