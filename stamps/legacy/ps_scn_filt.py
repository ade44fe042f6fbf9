"""Step 8: spatially-correlated noise (slave atmosphere and orbit error) by filtering in time, then in space.

Reads ``psver``, ``ps2``, ``phuw2``, ``scla2`` if present; writes ``scn2`` (``ph_scn_slave ph_hpt ph_ramp``) anew.
Parameters: ``scn_time_win``, ``scn_deramp_ifg``, ``scn_wavelength``, ``drop_ifg_index``, ``small_baseline_flag``
(``unwrap_grid_size`` is only logged).

The original filters the differences along the arcs of a triangulation and integrates the result by least squares.
Differences of pixel values, filtered with the same weights for all arcs, are differences of the filtered pixel values,
so the integral is exactly these, relative to the first pixel: neither triangulation nor least squares is needed.

Source: docs/method/scn.md, section 1; Hooper et al. (2007), J. Geophys. Res. 112, B07407.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stamps.native.gaussian_smooth import gaussian_smooth
from stamps.steps.scn import high_pass, low_pass_weights, master_column, noise_phase, planes, positive, used_columns
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = ["ps_scn_filt"]


@reserving
def ps_scn_filt(workdir: Workspace | StrPath = ".") -> None:
    """Estimate the spatially-correlated noise of every image.

    Parameters
    ----------
    workdir : path-like or Workspace
        The project directory after steps 6 and 7.
    """
    ws = Workspace.at(workdir)
    log = Log(ws, "PS_SCN_FILT")
    log.start()
    log("Estimating other spatially-correlated noise...", level=2)
    parameters = Parameters(ws)
    parameters.get("unwrap_grid_size", log=True)
    time_win = positive("scn_time_win", parameters.get("scn_time_win", log=True))
    deramp = parameters.get("scn_deramp_ifg", log=True)
    wavelength = positive("scn_wavelength", parameters.get("scn_wavelength", log=True))
    dropped = parameters.indices("drop_ifg_index", log=True)
    small_baselines = parameters.flag("small_baseline_flag", log=True)
    version = ws.version
    ps = ws.load(f"ps{version}")
    used = used_columns(ps, dropped, small_baselines)
    master = int(np.sum(ps["day"] < ps["master_day"]))

    ph_uw = ws.load(f"phuw{version}", ["ph_uw"])["ph_uw"]
    phase = noise_phase(ws, ph_uw, used, version)
    columns = np.flatnonzero(np.isin(used, _deramp_set(deramp, parameters, ps["n_ifg"])))
    ph_ramp = planes(ps["xy"], phase[:, columns])
    phase[:, columns] = phase[:, columns] - ph_ramp

    weights = low_pass_weights(ps["day"][used], time_win, master_column(master, used))
    ph_hpt = high_pass(phase, weights)
    ph_hpt[:, columns] += ph_ramp  # ramps count as noise
    ph_hpt = ph_hpt.astype(np.float32)
    log("Low-pass filtering pixel-pairs in space...", level=2)
    ph_scn = gaussian_smooth(ps["xy"][:, 1:3], ph_hpt, wavelength)
    ph_scn_slave = np.zeros(ph_uw.shape)
    ph_scn_slave[:, used] = ph_scn - ph_scn[0]
    ph_scn_slave[:, master] = 0
    ws.save(f"scn{version}", {"ph_scn_slave": ph_scn_slave, "ph_hpt": ph_hpt, "ph_ramp": ph_ramp}, append=False)
    log.finish()


def _deramp_set(
    value: NDArray[np.float64] | float | str | None, parameters: Parameters, n_ifg: int
) -> NDArray[np.int64]:
    """0-based interferograms to deramp: those listed, or for ``all`` every one."""
    if isinstance(value, str) and value.strip().lower() == "all":
        return np.arange(n_ifg)
    return parameters.indices("scn_deramp_ifg")
