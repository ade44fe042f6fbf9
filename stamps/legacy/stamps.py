"""Run the processing steps: the driver of the original.

Steps: 1 load, 2 estimate coherence, 3 select, 4 weed, 5 correct phase, merge patches and estimate interferogram noise,
6 unwrap, 7 estimate look-angle error, 8 filter spatially correlated noise. Steps 1 to 5a work in every patch directory, the rest
in the project directory.

Reads and writes ``no_ps_info.mat``, ``psver.mat``, ``patch.list`` (rewritten without the patches that lost all pixels;
the old one becomes ``patch.list_old``) and what the steps themselves read and write.

Parameters: ``quick_est_gamma_flag``, ``select_reest_gamma_flag``, ``unwrap_method``, ``unwrap_prefilter_flag``,
``small_baseline_flag``, ``insar_processor``, ``scn_kriging_flag``.

Source: spec 00 section 7; Hooper et al. (2007), J. Geophys. Res. 112.
"""

import contextlib

import numpy as np

from stamps import engine, parallel
from stamps.errors import InputError
from stamps.log import Log
from stamps.parameters import Parameters
from stamps.workspace import Workspace

__all__ = ["stamps"]

_PARTS = (0, 1, 2)


def stamps(
    start_step=1,
    end_step=8,
    patches_flag=None,
    est_gamma_parm=0,
    patch_list_file="patch.list",
    part_limitation=0,
    workdir=".",
    *,
    cores=None,
    scheduler=None,
    cluster=None,
):
    """Run steps ``start_step`` to ``end_step``.

    Parameters
    ----------
    start_step, end_step : int
        1 to 8; ``start_step`` 0 resumes every patch where it stands. Empty or None: 1 and 8.
    patches_flag : str, optional
        ``'y'`` work in the patch directories, ``'n'`` in ``workdir`` alone. Default ``'y'`` for a start before step 6.
    est_gamma_parm : int
        Restart flag of step 2 (0 start anew, 1 continue the iteration, 2 stop after the patch phase).
    patch_list_file : str
        File with the patch directories, one a line.
    part_limitation : int
        1 only the part of each patch (steps 1 to 5a), 2 only the rest, 0 both.
    workdir : path-like
        The project directory.
    cores : int, optional
        Cores to use (default: the parameter ``n_cores``, whose default 1 stands for all). Results do not depend on it.
    scheduler, cluster : str, optional
        Run the patches on a Dask cluster: address of its scheduler, or ``'slurm'``.

    Raises
    ------
    StampsError
        In one sentence what is missing or wrong and what to do.
    """
    start, end = _step(start_step, 1), _step(end_step, 8)
    if not (0 <= start <= 8 and 0 <= end <= 8):
        raise InputError(f"Steps {start} to {end} do not exist: give numbers from 1 to 8 (or 0 to resume).")
    part = int(part_limitation or 0)
    if part not in _PARTS:
        raise InputError(f"The part limitation is {part}: give 1 (patches only), 2 (the rest) or 0 (both).")
    ws = Workspace(workdir)
    if not ws.path.is_dir():
        raise InputError(f"{ws.path} is not a directory: give the project directory as --workdir.")
    log = Log(ws, "STAMPS")
    engine.recover(ws, log)
    _banner(log)
    patches_flag = patches_flag or ("y" if start < 6 else "n")
    patches = engine.find_patches(ws, patch_list_file or "patch.list") if _is_yes(patches_flag) else []
    with_patches = bool(patches)
    if with_patches:
        Parameters(ws).fill_defaults()
    log(f"Will process {'patch subdirectories' if with_patches else 'current directory only'}")
    settings = _settings(ws, est_gamma_parm)
    if part != 2:
        folders = [ws / name for name in patches] if with_patches else [ws]
        use = parallel.n_cores(Parameters(ws), cores)
        client = parallel.cluster_client(scheduler, cluster, cores) if scheduler or cluster else None
        with client or contextlib.nullcontext():
            start = engine.run_patches(folders, start, end, settings, use, client)
    if part != 1:
        engine.run_project(ws, start, end, settings, patches if with_patches else None)
    log.finish()


def _step(value, default):
    return default if value is None or np.size(value) == 0 or value == "" else int(value)


def _is_yes(flag):
    return str(flag).strip().lower() == "y"


def _settings(ws, est_gamma_parm):
    parameters = Parameters(ws)
    return engine.Settings(
        quick_gamma=parameters.flag("quick_est_gamma_flag"),
        reestimate_gamma=parameters.flag("select_reest_gamma_flag"),
        small_baselines=parameters.flag("small_baseline_flag"),
        processor=str(parameters.get("insar_processor")).strip().lower(),
        kriging=parameters.flag("scn_kriging_flag"),
        restart_gamma=int(est_gamma_parm or 0),
    )


def _banner(log):
    """Three lines of forty characters, as the original's log starts."""
    log("#" * 40)
    log("#" * 7 + "StaMPS/MTI Version 4.0b6".center(26) + "#" * 7)
    log("#" * 7 + "Beta version, Jun 2018".center(26) + "#" * 7)
    log("#" * 40)
