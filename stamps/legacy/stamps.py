"""Run the processing steps: the driver of the original.

Steps: 1 load, 2 estimate coherence, 3 select, 4 weed, 5 correct phase, merge patches and estimate interferogram noise,
6 unwrap, 7 estimate look-angle error, 8 filter spatially correlated noise. Steps 1 to 5a work in every patch directory, the rest
in the project directory.

Reads and writes ``no_ps_info.mat``, ``psver.mat``, ``patch.list`` (rewritten without the patches that lost all pixels;
the old one becomes ``patch.list_old``) and what the steps themselves read and write.

Parameters: ``quick_est_gamma_flag``, ``select_reest_gamma_flag``, ``unwrap_method``, ``unwrap_prefilter_flag``,
``small_baseline_flag``, ``insar_processor``, ``scn_kriging_flag``.

Source: docs/method/conventions.md, section 7; Hooper et al. (2007), J. Geophys. Res. 112.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stamps import __version__
from stamps.errors import StampsError
from stamps.native import backends
from stamps.processes import children, scratch
from stamps.run import continuation, engine
from stamps.run.workers import Workers, cluster_client, n_cores
from stamps.workspace import Workspace, findings
from stamps.workspace.console import log_on_console
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.queries.dry_run import RunPlan
    from stamps.run.engine import Run, Settings
    from stamps.run.run_record import RunRecord


__all__ = ["stamps"]


@log_on_console(unless_configured=True)
def stamps(
    start_step: int = 1,
    end_step: int = 8,
    patches_flag: str | None = None,
    est_gamma_parm: int = 0,
    patch_list_file: str | None = "patch.list",
    part_limitation: int = 0,
    workdir: StrPath = ".",
    *,
    cores: int | None = None,
    scheduler: str | None = None,
    cluster: str | None = None,
    backend: str | Mapping[str, str] | None = None,
    dry_run: bool = False,
    restart: bool = False,
) -> RunPlan | None:
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
    backend : str or mapping, optional
        Versions of the kernels: ``'numpy'``, or ``{"default": "auto", "topofit": "cuda"}`` (default: ``STAMPS_BACKEND``).
    dry_run : bool
        Change nothing; say what would be done, skipped and overwritten.
    restart : bool
        Begin anew where the same run was interrupted, instead of going on at its first unpublished step.

    Returns
    -------
    stamps.queries.dry_run.RunPlan or None
        The plan of a dry run; its text is ``str(plan)``.

    Raises
    ------
    StampsError
        In one sentence what is missing or wrong and what to do.
    """
    ws = Workspace(workdir)
    request = (start_step, end_step, patches_flag, patch_list_file, part_limitation)
    if dry_run:
        from stamps.queries.dry_run import plan_of

        return plan_of(ws, *request, est_gamma_parm=est_gamma_parm, cores=cores, restart=restart)
    run = engine.plan_run(ws, *request)
    with ws.reserved(shared=not run.in_project), backends.selected(backend), children.ending_with_run():
        scratch.clean()
        log = Log(ws, "STAMPS")
        engine.recover(ws, log)
        run = engine.plan_run(
            ws, *request
        )  # again: an interrupted run may have left a newer patch list to be put in place
        _banner(log)
        if run.patches:
            Parameters(ws).fill_defaults()
        asked = continuation.request_of(run, patches_flag, patch_list_file, est_gamma_parm)
        decision = continuation.decide(ws, run, asked, restart)
        log(f"Will process {'patch subdirectories' if decision.run.patches else 'current directory only'}")
        if decision.sentence:
            log(decision.sentence, 2)
        engine.check_parameters(ws, decision.run)
        settings = engine.Settings.of(Parameters(ws), est_gamma_parm)
        with decision.recorded(ws):
            try:
                _process(ws, decision.run, decision.record, settings, cores, scheduler, cluster)
            except StampsError:
                findings.repeat(ws, log)  # what is strange about the input may be the reason
                raise
            findings.repeat(ws, log)
            log.finish()
    return None


def _process(
    ws: Workspace,
    run: Run,
    record: RunRecord,
    settings: Settings,
    cores: int | None,
    scheduler: str | None,
    cluster: str | None,
) -> None:
    """The steps, here or on a cluster."""
    start = run.start
    client = cluster_client(scheduler, cluster, cores) if scheduler or cluster else None
    workers = Workers(n_cores(Parameters(ws), cores), client)
    with client or contextlib.nullcontext():
        if run.in_patches:
            start = engine.run_patches(run.folders(ws), start, run.end, settings, workers, record.ticket(ws))
        if run.in_project:
            engine.run_project(ws, start, run.end, settings, run.patches, workers, record)


def _banner(log: Log) -> None:
    """Three lines of forty characters, as the original's log starts."""
    log("#" * 40)
    log("#" * 7 + "StaMPS/MTI Version 4.0b6".center(26) + "#" * 7)
    log("#" * 7 + "Beta version, Jun 2018".center(26) + "#" * 7)
    log("#" * 40)
    log(
        f"This is stamps-insar {__version__}, a port of StaMPS to Python", 1
    )  # the file only: it says what made the results
