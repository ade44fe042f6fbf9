"""Mean velocity of every pixel and its standard deviation from bootstrapping.

Reads ``psver``, ``ps2``, ``phuw2`` (``unwrap_ifg_index_sm``) or ``phuw_sb2``, ``ifgstd2`` or ``phuw_sb_res2`` and, as
the switches say, ``scla2 tca2 tide2`` or ``scla_sb2 tca_sb2 tide_sb2``; adds to ``mv2`` the variables ``n_boot
subtract_switches mean_v mean_v_std``. Parameters: ``small_baseline_flag``, ``drop_ifg_index``, ``lambda`` and those of
the reference area.

Source: docs/method/products.md, section 1; Efron and Tibshirani (1986), Statistical Science 1, 54-75.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.products.mean_velocity import displacements_of
from stamps.products.quantities import Choice, Project, Quantities
from stamps.products.reference_pixels import announced_reference_pixels
from stamps.products.velocity import bootstrap_std, mean_velocity
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["ps_mean_v"]


def ps_mean_v(
    ifg_list: ArrayLike | None = None,
    n_boot: int = 100,
    subtract_switches: str = "",
    use_sb: int = 0,
    aps_flag: float | str = 1,
    workdir: Workspace | StrPath = ".",
    seed: int = 0,
) -> None:
    """Fit a velocity to every pixel.

    Parameters
    ----------
    ifg_list : array_like of int, optional
        Interferograms (images of an inverted series) to use, counted from 1; default: all retained.
    n_boot : int
        Number of bootstrap samples.
    subtract_switches : str
        ``'d'`` look-angle error, ``'o'`` orbital ramps, ``'a'`` troposphere, ``'t'`` tide, in one of the combinations
        ``'' d o a ao do da dat dao``.
    use_sb : int
        1: from small-baseline interferograms; 0: from the single-master series.
    aps_flag : int or str
        Tropospheric correction.
    workdir : path-like or Workspace
    seed : int
        Start of the random numbers; equal seeds give equal standard deviations.

    Raises
    ------
    InputError
        The switches are unknown, or too few interferograms are left.
    WorkspaceError
        A file is missing.

    Notes
    -----
    ``mean_v`` in mm/yr has the sign of the phase: positive is motion away from the satellite, where ``ps_plot('v')``
    shows motion towards it as positive.

    Examples
    --------
    >>> from stamps import ps_mean_v
    >>> from stamps.workspace import Workspace
    >>> ps_mean_v(n_boot=20, subtract_switches="d")
    >>> mv = Workspace(".").load("mv2")
    >>> mv["mean_v"].shape, mv["mean_v_std"].shape
    ((2140,), (2140,))
    """
    project = Project.at(workdir)
    log = Log(project.ws, "PS_MEAN_V")
    log.start()
    pairs = bool(use_sb) and project.small_baselines
    quantities = Quantities(project, Choice(aps=aps_flag), pairs)
    seen = displacements_of(quantities, subtract_switches, ifg_list, announced_reference_pixels)
    mean_v = mean_velocity(*seen)
    log(f"Estimating the standard deviation from {int(n_boot)} bootstrap samples", level=2)
    mean_v_std = bootstrap_std(*seen, int(n_boot), seed)
    project.ws.save(
        f"mv{project.version}",
        {
            "n_boot": int(n_boot),
            "subtract_switches": str(subtract_switches).strip(),
            "mean_v": mean_v,
            "mean_v_std": mean_v_std,
        },
    )
    log.finish()
