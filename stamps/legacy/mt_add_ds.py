"""``mt_add_ds``: distributed scatterers beside the persistent ones among the candidates, or in a network of pairs.

Reads ``LINK/``, ``selpsc.in``, ``pscphase.in``, ``psclonlat.in``, ``pscdem.in`` and the rasters they name; writes ``pscands.1.*``
of the patches (not ``.ij0``), ``pscands.1.ds`` and ``LINK/ds.json``. Steps 1 to 8 then run as they are. With a network it writes
a small-baseline project in a folder of its own and leaves the candidates alone.

Source: docs/method/linking.md, sections 8 and 9.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import InputError
from stamps.frontends.publishing import adopt
from stamps.linking import networks
from stamps.linking.candidates import DsSettings, noise_floor
from stamps.linking.files import FOLDER, LinkFolder
from stamps.linking.kinds import FILE
from stamps.linking.network_project import NetworkProject, check_target
from stamps.linking.patch_candidates import PatchCandidates, limits_of
from stamps.linking.phases import PairPhases, SingleMasterPhases
from stamps.linking.stack import PreparedStack
from stamps.workspace import Workspace
from stamps.workspace.locks import reserved
from stamps.workspace.log import Log
from stamps.workspace.patch_limits import Patch

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["mt_add_ds"]

_ROUTINE = "MT_ADD_DS"
_RECORD = "ds.json"
_NETWORK = "SMALL_BASELINES"


def mt_add_ds(
    tcoh: float = 0.6,
    min_shp: int = 20,
    keep_ps: float = 0.25,
    step: tuple[int, int] = (1, 1),
    da: str = "sigma",
    off: bool = False,
    network: str | Sequence[str | float] | None = None,
    year: float | None = None,
    direct: bool = False,
    write_interferograms: bool = False,
    workdir: Workspace | StrPath = ".",
) -> dict[str, tuple[int, int]]:
    """Put distributed scatterers (DS) beside the persistent ones (PS) among the candidates, or take them out again.

    It starts from rasters, never from its own output: the same options give the same bytes. All files of all patches appear
    together. Nothing of later steps is deleted; patches that step 1 has loaded must be loaded again.

    Parameters
    ----------
    tcoh : float
        Least temporal coherence of a DS.
    min_shp : int
        Least number of alike pixels of a DS.
    keep_ps : float
        Candidates with a smaller amplitude dispersion stay PS, with their own phase, even where they could be DS.
    step : (int, int)
        Lines and samples of the cells of which one DS is kept, counted from the first pixel of the image; (1, 1) keeps all.
    da : {'sigma', 'tcoh', 'raw'}
        What ``pscands.1.da`` holds for DS: the bound of the phase noise (0.05 to 1), √(−2 ln γ) of the temporal coherence γ, or
        the dispersion of the amplitudes.
    off : bool
        PS only, as the preparation has left them.
    network : str or sequence, optional
        Pairs of images instead of the master with all others, ``'sequential 3'`` or ``('sequential', 3)``
        (docs/method/linking.md, section 9.2): a small-baseline project is written, to the folder ``SMALL_BASELINES`` of the
        project or to ``workdir`` itself where that lies in the project; the project's own candidates stay.
    year : float, optional
        With a network: also pairs a year apart, to within so many days.
    direct : bool
        With a network: write what steps 1 to 5 would leave, too, so that ``stamps 6 8`` follows.
    write_interferograms : bool
        With a network: write the interferograms of the pairs, ``LINK/pairs/*.diff``.
    workdir : path-like or Workspace
        The project directory, prepared for a single master and linked by ``mt_link``; with a network also a folder in it.

    Returns
    -------
    dict of str to (int, int)
        Patch -> numbers of PS and DS.

    Raises
    ------
    InputError
        No finished ``LINK``, or one of other rasters or another master; a threshold is out of its range; the project is prepared
        for small baselines; a raster is missing; a network does not connect all images; options that exclude each other.

    Notes
    -----
    Linked phases of neighbours share most of their samples, so that steps 2 and 3 tell noise among DS no longer from signal
    (docs/method/linking.md, section 8.4): ``tcoh`` and ``min_shp`` are the safeguard.
    """
    settings = DsSettings(float(tcoh), int(min_shp), float(keep_ps), (int(step[0]), int(step[1])), str(da))
    ws = Workspace.at(workdir)
    if network is None:
        if direct or write_interferograms or year is not None:
            raise InputError(
                "direct, write_interferograms and year belong to a network: name one (--network sequential 3)."
            )
        return _add(ws, settings, off)
    if off:
        raise InputError("off takes DS out of the candidates, and a network leaves these alone: give one of both.")
    ws, folder = (Workspace(ws.path.parent), ws.path.name) if _is_inside(ws) else (ws, _NETWORK)
    return _add_network(ws, folder, settings, networks.Request.of(network, year), direct, write_interferograms)


def _is_inside(ws: Workspace) -> bool:
    """Whether a folder is the place of a network in a project with linked phases."""
    return not (ws.path / FOLDER).is_dir() and (ws.path.parent / FOLDER).is_dir()


def _add(ws: Workspace, settings: DsSettings, off: bool) -> dict[str, tuple[int, int]]:
    """DS among the candidates of the project, or not any more."""
    with ws.reserved():
        stack = PreparedStack.of(ws)
        link = None if off else _opened(ws, stack)
        log = Log(ws, _ROUTINE)
        log.start()
        with ws.publish(), ws.scratch() as stage:
            job = PatchCandidates(ws, stage, stack, settings, link, limits_of(ws))
            counts = job.write(SingleMasterPhases(ws, stack, link))
            if off:
                ws.delete(f"{FOLDER}/{_RECORD}", *(f"{name}/{FILE}" for name in counts))
            else:
                stage.write_text(f"{FOLDER}/{_RECORD}", _record(job, counts))
            adopt(ws, stage)
        for sentence in [*_sentences(job, counts), *_left_over(ws, counts)]:
            log(sentence)
        log.finish()
    return counts


def _add_network(
    ws: Workspace, name: str, settings: DsSettings, request: networks.Request, direct: bool, interferograms: bool
) -> dict[str, tuple[int, int]]:
    """PS and DS of a network of pairs, as a project of its own."""
    with ws.reserved():
        stack = PreparedStack.of(ws)
        link = _opened(ws, stack)
        target = check_target(ws, name)
        pairs, remarks = networks.pairs_of(request, ws, stack, link, settings.tcoh)
        log = Log(ws, _ROUTINE)
        log.start()
        with _reserved(target), ws.publish(), ws.scratch() as stage:
            project = NetworkProject(ws, stage, name, stack, link, pairs)
            limits = {"PATCH_1": Patch(1, stack.width, 1, stack.length)} if direct else limits_of(ws)
            job = PatchCandidates(ws, stage / name, stack, settings, link, limits)
            counts = job.write(PairPhases(stack, link, pairs))
            project.write(limits, {"network": request.text, "options": asdict(settings)})
            if interferograms:
                project.write_interferograms()
            if direct:
                project.write_results()
            project.settle()
            project.delete_patches(target)
            adopt(ws, stage)
        for sentence in [*_sentences(job, counts), *remarks, *project.advice(direct)]:
            log(sentence)
        log.finish()
    return counts


def _reserved(target: Workspace) -> AbstractContextManager[None]:
    """Context in which no run works in the folder of a network, if there is one."""
    return reserved(target.path, part_of_run=True) if target.path.is_dir() else nullcontext()


def _opened(ws: Workspace, stack: PreparedStack) -> LinkFolder:
    """The linked phases, if they are those of this stack."""
    link = LinkFolder.open(ws.path)
    if link.master != stack.master or tuple(link.dates) != stack.dates or (link.width, link.length) != stack.size:
        raise InputError(
            f"{link.path} was made for the master {link.master}, {len(link.dates)} images of {link.width} x {link.length} "
            f"pixels, but pscphase.in names the master {stack.master}, {stack.n_images} images of {stack.width} x "
            f"{stack.length}: run mt_link --overwrite."
        )
    changed = link.changed_inputs(stack.interferograms)
    if changed:
        more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        raise InputError(
            f"{link.path} was made from other rasters: {changed[0]}{more} has changed; run mt_link --overwrite."
        )
    return link


# ---------------------------------------------------------------------- what is said


def _record(job: PatchCandidates, counts: dict[str, tuple[int, int]]) -> str:
    record: dict[str, Any] = {
        "options": {**asdict(job.settings), "step": list(job.settings.step)},
        "patches": {name: {"ps": n_ps, "ds": n_ds} for name, (n_ps, n_ds) in counts.items()},
        "best_tcoh": round(job.best, 6),
    }
    return json.dumps(record, indent=1) + "\n"


def _sentences(job: PatchCandidates, counts: dict[str, tuple[int, int]]) -> list[str]:
    """Numbers, and warnings about the thresholds."""
    if job.link is None:
        return [f"{name}: {n_ps} PS" for name, (n_ps, _) in counts.items()]
    sentences = [f"{name}: {n_ps} PS and {n_ds} DS" for name, (n_ps, n_ds) in counts.items()]
    settings, floor = job.settings, noise_floor(job.stack.n_images)
    if settings.tcoh < floor:
        sentences.append(
            f"Warning: a temporal coherence of {settings.tcoh:g} selects noise, too: of {job.stack.n_images} images pure noise "
            f"reaches up to {floor:.2f}; take --tcoh {floor:.2f} or more."
        )
    if not any(n_ds for _, n_ds in counts.values()):
        sentences.append(
            f"No pixel is a DS: the best temporal coherence of pixels with {settings.min_shp} alike ones or more is "
            f"{job.best:.2f}, and {settings.tcoh:g} was asked for."
        )
    return sentences


def _left_over(ws: Workspace, counts: dict[str, tuple[int, int]]) -> list[str]:
    """Patches that do not take part, and those that hold results of other candidates."""
    sentences = []
    unlisted = sorted(
        path.parent.name for path in Path(ws.path).glob("PATCH_*/patch.in") if path.parent.name not in counts
    )
    if unlisted:
        sentences.append(
            f"{', '.join(unlisted)} are not in patch.list and stay as they are: name them there to take part."
        )
    loaded = [name for name in counts if (ws / name).exists("ps1")]
    if loaded:
        sentences.append(f"{', '.join(loaded)} hold results of other candidates: run step 1 again (stamps 1 8).")
    return sentences
