"""Usual ways of working with small baselines are not hindered."""

from functools import partial

import numpy as np
import pytest

from helpers.run_projects import copied, golden_set
from helpers.stale_results import does, plotted, refused, steps
from stamps.legacy.ps_unwrap import ps_unwrap
from stamps.legacy.sb_fix_unwrap_manual import sb_fix_unwrap_manual
from stamps.legacy.sb_invert_uw import sb_invert_uw
from stamps.legacy.setparm import setparm
from stamps.queries.status import project_status
from stamps.verify import golden
from stamps.workspace import Workspace


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Steps 5 to 8 of ``sb_mini`` without resampling by this program."""
    path = golden.build_state(golden_set("sb_mini"), 4, tmp_path_factory.mktemp("sb"))
    setparm("merge_resample_size", 0, workdir=path)
    does(steps(5, 8, cores=1), path)
    return path


@pytest.mark.exhaustive
def test_ways_of_working_with_small_baselines(pairs, tmp_path):
    path = copied(pairs, tmp_path / "project")
    shown = ("u", "v-d", "V-d", "usb-d", "rsb", "D", "d")
    assert project_status(path).stale == ()
    assert "made from" not in does(steps(6, 7), path)
    for value in shown:
        does(plotted(value), path)
    refused(plotted("V-ds"), path, "scn2.mat", "stamps 8 8")
    does(steps(8, 8), path)
    lon, lat = Workspace(path).load("ps2")["lonlat"].T
    corners = [[lon.min(), lat.min()], [np.median(lon), lat.min()], [np.median(lon), lat.max()]]
    does(partial(sb_fix_unwrap_manual, 3, 1, corners), path)
    for value in ("u", "usb", "rsb", "v", "V"):
        does(plotted(value), path)
    refused(plotted("V-d"), path, "scla2.mat", "stamps 7 7")
    does(steps(7, 8), path)
    for value in (*shown, "V-ds"):
        does(plotted(value), path)


@pytest.mark.exhaustive
def test_small_baselines_merged_again(pairs, tmp_path):
    path = copied(pairs, tmp_path / "project")
    does(steps(5, 5, cores=1), path)
    for value in ("u", "V", "V-d"):
        refused(plotted(value), path, "phuw2.mat holds only zeros", "stamps 6 6")
    refused(plotted("D"), path, "scla2.mat", "stamps 6 7")
    does(ps_unwrap, path)
    refused(plotted("V"), path, "phuw2.mat holds only zeros")
    does(sb_invert_uw, path)
    does(plotted("V"), path)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "command",
    [
        ("ps_plot", "v", "-1"), ("ps_mean_v",), ("stamps", "7", "7"), ("stamps", "8", "8"), ("stamps", "7", "8"),
        ("stamps", "export", "csv", "--out", "x.csv"), ("stamps", "export", "kml"), ("stamps", "export", "geotiff"),
        ("stamps", "export", "gpkg"), ("stamps", "export", "mintpy"), ("stamps", "view"), ("stamps", "report"),
        ("stamps", "tropo", "linear"), ("stamps", "tropo", "powerlaw"), ("ps_plot", "u", "-1"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_commands_say_it_in_one_sentence(sandbox, command):
    sandbox.state(4)
    sandbox.run("stamps", "5", "5").succeeds()
    sandbox.run(*command).refuses("phuw2.mat", "run step 6 first (stamps 6 6)")
