"""Projects whose series are what a test wants them to be."""

import numpy as np

from helpers import finished_project as finished
from helpers.finished_project import MILLIMETRES

#: Value type whose series are what was put in, relative to the reference.
VALUES = "v"


def dates(n_ifg, interval=12):
    """Datenums of a single-master project of :mod:`helpers.random_project`, or others with an interval."""
    return 737061.0 + interval * np.arange(n_ifg)


def moving(folder, displacement, *, interval=12, master_ix=3, xy=None, heights=None, **parameters):
    """Workspace of a single-master project with these displacements, mm towards the satellite, shape (n, k).

    They become 0 on the date of the master. There is neither noise of the master nor a look-angle error.
    """
    n_ps, n = displacement.shape
    ws = finished.single_master(folder, n_ps=n_ps, n_ifg=n, master_ix=master_ix, **parameters)
    ps = ws.load("ps2")
    day = dates(n, interval)
    ps["day"], ps["master_day"] = day, day[master_ix]
    if xy is not None:
        from stamps.insar.geometry import local2llh

        ps["lonlat"] = local2llh(np.asarray(xy) / 1000, (14.0, 40.0))
        ps["xy"] = np.column_stack([np.arange(1, n_ps + 1), xy]).astype(np.float32)
    ws.save("ps2", ps)
    phase = -(displacement - displacement[:, [master_ix]]) / MILLIMETRES
    ws.save("phuw2", {"ph_uw": phase.astype(np.float32), "msd": np.zeros(n, np.float32)})
    none = np.zeros((n_ps, n), np.float32)
    ws.save(
        "scla2", {"ph_scla": none, "K_ps_uw": np.zeros(n_ps), "C_ps_uw": np.zeros(n_ps, np.float32), "ph_ramp": none}
    )
    if heights is not None:
        ws.save("hgt2", {"hgt": np.asarray(heights, np.float32)})
    return ws
