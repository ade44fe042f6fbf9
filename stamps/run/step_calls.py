"""The legacy scripts that make up each step, chosen by the parameters of the project.

Source: docs/method/conventions.md, section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name

from stamps.errors import ParameterError
from stamps.frontends import registry
from stamps.run.plan import merge_skipped
from stamps.run.workers import Workers
from stamps.workspace import Workspace
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

__all__ = ["StepOptions", "loader", "merge", "patch_function", "patch_step", "project_step"]

_INCIDENCE = "inc_angle.raw"


@dataclass(frozen=True)
class StepOptions:
    """What the driver needs to know of the parameters."""

    quick_gamma: bool = True
    reestimate_gamma: bool = True
    small_baselines: bool = False
    processor: str = "snap"
    kriging: bool = False
    restart_gamma: int = 0
    solver: str | None = None

    @classmethod
    def of(cls, parameters: Parameters, restart_gamma: int | None = 0, solver: str | None = None) -> StepOptions:
        """Options from the parameters of a project, the restart flag of step 2 and what unwraps (None: the settings)."""
        return cls(
            quick_gamma=parameters.flag("quick_est_gamma_flag"),
            reestimate_gamma=parameters.flag("select_reest_gamma_flag"),
            small_baselines=parameters.flag("small_baseline_flag"),
            processor=str(parameters.get("insar_processor")).strip().lower(),
            kriging=parameters.flag("scn_kriging_flag"),
            restart_gamma=int(restart_gamma or 0),
            solver=solver,
        )


# ---------------------------------------------------------------------- steps 1 to 5a


def patch_function(step: int, options: StepOptions) -> Callable[[Workspace], object]:
    """The function of a step 1 to 5a, called with a workspace.

    Raises
    ------
    ParameterError
        The parameters ask for something that there is not.
    """
    if step == 1:
        loader(options)  # refused now, not when it is called
        return lambda ws: load(ws, options)
    return patch_step(step, options)


def load(ws: Workspace, options: StepOptions) -> None:
    """Step 1 of a patch, and a look at the phases that came in."""
    from stamps.frontends import candidate_phases

    loader(options)(workdir=ws)
    candidate_phases.examine(ws, big_endian=registry.processor_of(options.processor).big_endian)


def loader(options: StepOptions) -> Callable[..., object]:
    """The loader of the project's processor, called with ``workdir``.

    Raises
    ------
    ParameterError
        The processor is not known, or has no loader of small baselines.
    """
    function = resolve_name(registry.loader_of(options.processor, options.small_baselines))
    return _with_incidence(function) if registry.processor_of(options.processor).takes_incidence else function


def _with_incidence(function: Callable[..., object]) -> Callable[..., object]:
    """A loader that is handed the incidence angles of the whole image, mapped, from above the patch."""
    from stamps.frontends.isce import map_bands

    def with_incidence(workdir: Workspace) -> None:
        folder = Workspace.at(workdir).path.parent
        path = next((p for p in (folder / _INCIDENCE, folder.parent / _INCIDENCE) if p.is_file()), None)
        function(None if path is None else map_bands(path)[0], workdir=workdir)

    return with_incidence


def patch_step(step: int, options: StepOptions) -> Callable[[Workspace], object]:
    """The function of a step 2 to 5a, called with a workspace.

    Raises
    ------
    ParameterError
        The parameters ask for an estimator that there is not.
    """
    if step == 2:
        if not options.quick_gamma:
            raise ParameterError(
                "quick_est_gamma_flag is 'n', but there is only the quick estimator: setparm quick_est_gamma_flag y."
            )
        from stamps.legacy.ps_est_gamma_quick import ps_est_gamma_quick

        return lambda ws: ps_est_gamma_quick(options.restart_gamma, workdir=ws)
    if step == 3:
        from stamps.legacy.ps_select import ps_select

        reest_flag = 0 if options.quick_gamma and options.reestimate_gamma else 1
        return lambda ws: ps_select(reest_flag, workdir=ws)
    if step == 4:
        from stamps.legacy.ps_weed import ps_weed

        if options.small_baselines:
            return lambda ws: ps_weed(0, 1, workdir=ws)
        return lambda ws: ps_weed(workdir=ws)
    from stamps.legacy.ps_correct_phase import ps_correct_phase

    return lambda ws: ps_correct_phase(workdir=ws)


# ---------------------------------------------------------------------- steps 5b to 8


def merge(ws: Workspace, patches: Sequence[str] | None, log: Log) -> str:
    """The part of step 5 in the project directory; returns why it does nothing, else nothing."""
    from stamps.legacy.ps_calc_ifg_std import ps_calc_ifg_std
    from stamps.legacy.ps_merge_patches import ps_merge_patches

    log(f"Directory is {ws.name}")
    skipped = merge_skipped(patches, ws.no_ps_flags)
    if skipped:
        log(skipped)
        return "an earlier step left no pixel"
    if patches is not None:
        ps_merge_patches(workdir=ws)
    ps_calc_ifg_std(workdir=ws)
    return ""


def project_step(ws: Workspace, step: int, options: StepOptions, workers: Workers | None) -> None:
    """One of the steps 6 to 8."""
    if step == 6:
        _unwrapping(ws, options, workers)
    elif step == 7:
        _look_angle_error(ws, options)
    elif options.kriging:
        from stamps.legacy.ps_scn_filt_krig import ps_scn_filt_krig

        ps_scn_filt_krig(workdir=ws)
    else:
        from stamps.legacy.ps_scn_filt import ps_scn_filt

        ps_scn_filt(workdir=ws)


def _unwrapping(ws: Workspace, options: StepOptions, workers: Workers | None) -> None:
    from stamps.legacy.ps_unwrap import ps_unwrap
    from stamps.legacy.sb_invert_uw import check_network, sb_invert_uw

    if options.small_baselines:
        check_network(workdir=ws)  # before the long part
    ps_unwrap(workdir=ws, workers=workers, solver=options.solver)
    if options.small_baselines:
        sb_invert_uw(workdir=ws)


def _look_angle_error(ws: Workspace, options: StepOptions) -> None:
    from stamps.legacy.ps_calc_scla import ps_calc_scla
    from stamps.legacy.ps_smooth_scla import ps_smooth_scla

    if options.small_baselines:
        ps_calc_scla(1, 1, workdir=ws)
        ps_smooth_scla(1, workdir=ws)
        ps_calc_scla(0, 1, workdir=ws)
    else:
        ps_calc_scla(0, 1, workdir=ws)
        ps_smooth_scla(0, workdir=ws)
