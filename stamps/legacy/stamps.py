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

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stamps import __version__
from stamps.errors import StampsError
from stamps.native import backends
from stamps.processes import children, scratch
from stamps.run import cluster as clusters
from stamps.run import continuation, engine
from stamps.run.continuation import Decision
from stamps.run.plan import Run, check_parameters, plan_run
from stamps.run.request import Request
from stamps.run.run_report import Reporter, RunReport
from stamps.run.settings import Settings, settings_of
from stamps.run.step_calls import StepOptions
from stamps.run.workers import n_cores
from stamps.workspace import Workspace, findings
from stamps.workspace.console import log_on_console
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from stamps.queries.dry_run import RunPlan

__all__ = ["stamps"]


@log_on_console(unless_configured=True)
def stamps(
    start_step: float | None = 1,
    end_step: float | None = 8,
    patches_flag: str | None = None,
    est_gamma_parm: int | None = 0,
    patch_list_file: str | None = "patch.list",
    part_limitation: int | None = 0,
    workdir: str | os.PathLike[str] = ".",
    *,
    cores: int | None = None,
    scheduler: str | None = None,
    cluster: str | None = None,
    backend: str | Mapping[str, str] | None = None,
    unwrap: str | None = None,
    dry_run: bool = False,
    restart: bool = False,
) -> RunReport | RunPlan:
    """Run steps ``start_step`` to ``end_step``.

    Parameters
    ----------
    start_step, end_step : int
        1 to 8; ``start_step`` 0 resumes every patch where it stands, 5.5 merges the patches without correcting them again
        (``stamps(5.5, 5.5)`` as ``stamps(5, 5, part_limitation=2)``). Empty or None: 1 and 8.
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
        Cores to use (default: the settings, then the parameter ``n_cores``, whose default 1 stands for all). Results do not
        depend on it.
    scheduler, cluster : str, optional
        Run the patches on a Dask cluster: address of its scheduler, or ``'slurm'`` (default: the settings).
    backend : str or mapping, optional
        Versions of the kernels: ``'numpy'``, or ``{"default": "auto", "topofit": "cuda"}`` (default: the settings).
    unwrap : str, optional
        What unwraps in step 6: ``'flow'`` or ``'snaphu'`` (default: the settings, then ``flow``).
    dry_run : bool
        Change nothing; say what would be done, skipped and overwritten.
    restart : bool
        Begin anew where the same run was interrupted, instead of going on at its first unpublished step.

    Returns
    -------
    stamps.run.run_report.RunReport or stamps.queries.dry_run.RunPlan
        What was done: the state of each step with seconds and files (``report.as_dict()`` for JSON). Of a dry run the plan;
        its text is ``str(plan)``.

    Raises
    ------
    StampsError
        In one sentence what is missing or wrong and what to do; its attribute ``report`` tells what had been done.

    Examples
    --------
    >>> from stamps import stamps
    >>> stamps(6, 8)  # doctest: +SKIP
    >>> plan = stamps(6, 8, dry_run=True)
    >>> plan.fails
    False
    """
    ws = Workspace(workdir)
    steps = (start_step, end_step, patches_flag, patch_list_file, part_limitation)
    if dry_run:
        from stamps.queries.dry_run import plan_of

        return plan_of(ws, *steps, est_gamma_parm=est_gamma_parm, cores=cores, restart=restart, unwrap=unwrap)
    reporter = Reporter(ws)
    with reporter.attached():
        run = plan_run(ws, *steps)
        settings = settings_of(ws, backend=backend, cores=cores, cluster=cluster, scheduler=scheduler, solver=unwrap)
        with (
            ws.reserved(shared=not run.in_project),
            backends.selected(settings.wanted_backend),
            children.ending_with_run(),
        ):
            _prepare(ws)
            run = plan_run(ws, *steps)  # again: an interrupted run may have left a newer patch list to be put in place
            asked = continuation.request_of(run, patches_flag, patch_list_file, est_gamma_parm)
            _run(ws, run, asked, restart, reporter, settings, cores)
    return reporter.report()


def _prepare(ws: Workspace) -> None:
    """Complete or discard what earlier runs have left."""
    scratch.clean()
    engine.recover(ws, Log(ws, "STAMPS"))


def _run(
    ws: Workspace,
    run: Run,
    asked: Request,
    restart: bool,
    reporter: Reporter,
    settings: Settings,
    n_jobs: int | None,
) -> None:
    """Decide where to begin, and run the steps."""
    log = Log(ws, "STAMPS")
    _banner(log)
    if run.patches:
        Parameters(ws).fill_defaults()
    decision = continuation.decide(ws, run, asked, restart)
    log(f"Will process {'patch subdirectories' if decision.run.patches else 'current directory only'}")
    if decision.sentence:
        log(decision.sentence, 2)
    check_parameters(ws, decision.run)
    options = StepOptions.of(Parameters(ws), asked.restart_gamma, settings.solver)
    with decision.recorded(ws):
        try:
            with reporter.at_work(decision):
                _process(ws, decision, options, reporter, settings, n_jobs)
        except StampsError:
            findings.repeat(ws, log)  # what is strange about the input may be the reason
            raise
        findings.repeat(ws, log)
        log.finish()


def _process(
    ws: Workspace,
    decision: Decision,
    options: StepOptions,
    reporter: Reporter,
    settings: Settings,
    n_jobs: int | None,
) -> None:
    """The steps, here or on a cluster (``n_jobs``: how many workers SLURM is asked for)."""
    run, record = decision.run, decision.record
    start, cores = run.start, n_cores(Parameters(ws), settings.cores)
    with clusters.workers(cores, settings.scheduler, settings.cluster, n_jobs) as workers:
        if run.in_patches:
            ticket = record.ticket(ws)
            start = engine.run_patches(run.folders(ws), start, run.end, options, workers, ticket, reporter.failures)
        if run.in_project:
            with reporter.in_project():
                engine.run_project(ws, start, run.end, options, run.patches, workers, record)


def _banner(log: Log) -> None:
    """Three lines of forty characters, as the original's log starts."""
    log("#" * 40)
    log("#" * 7 + "StaMPS/MTI Version 4.0b6".center(26) + "#" * 7)
    log("#" * 7 + "Beta version, Jun 2018".center(26) + "#" * 7)
    log("#" * 40)
    log(
        f"This is stamps-insar {__version__}, a port of StaMPS to Python", 1
    )  # the file only: it says what made the results
