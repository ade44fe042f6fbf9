"""``mt_prep_snap``: from a SNAP export to patches of candidates.

Reads an export (``rslc/`` and ``diff0/``, or ``SMALL_BASELINES/``, and ``geo/``; big-endian); writes the project files
``processor.txt``, ``parms.mat``, ``width.txt``, ``len.txt``, ``rsc.txt``, ``calamp.in``, ``calamp.out``, ``selpsc.in``
or ``selsbc.in``, ``pscphase.in``, ``pscdem.in``, ``psclonlat.in``, ``patch.list`` and the folders ``PATCH_<n>``.

Source: spec 02 section 1.
"""

import os

from stamps.legacy.calamp import calamp
from stamps.legacy.mt_extract_cands import mt_extract_cands
from stamps.preparation.checks import Problem, check_export, check_mask, find_export, raise_problems
from stamps.preparation.headers import plain_number
from stamps.preparation.patches import patch_layout
from stamps.preparation.publishing import adopt, check_replaceable, delete_patches, remove_empty_patches
from stamps.workspace import Workspace

__all__ = ["mt_prep_snap"]


def mt_prep_snap(
    master,
    datadir,
    da_thresh=None,
    rg_patches=1,
    az_patches=1,
    rg_overlap=50,
    az_overlap=50,
    maskfile=None,
    workdir=".",
):
    """Prepare a project from a SNAP export.

    The inputs are checked as a whole first. Everything is then written to a scratch folder and takes the place of the
    old state at once: existing ``PATCH_*`` and ``patch.list`` go only when the new ones are complete.

    Parameters
    ----------
    master : int or str
        Date of the master, yyyymmdd.
    datadir : path-like
        Directory of the export. Its path is stored; a relative one starts at ``workdir`` and is stored as absolute.
        With a folder ``SMALL_BASELINES`` it is prepared for small baselines.
    da_thresh : float or str, optional
        Threshold of amplitude dispersion (default 0.4) or amplitude difference dispersion (default 0.6).
    rg_patches, az_patches : int
        Number of patches along range and azimuth.
    rg_overlap, az_overlap : int
        Pixels by which patches reach beyond their cores.
    maskfile : path-like, optional
        Raster of one byte per pixel; only pixels with 0 are used. Relative to ``workdir``.
    workdir : path-like or Workspace
        The project directory.

    Raises
    ------
    InputError
        With all problems of the inputs; ``exit_status`` is 2 if the mask is missing, 3 if there is no ``*.lon``.
    """
    ws = Workspace.at(workdir)
    export = find_export(master, os.path.join(ws.path, datadir))
    mask = None if maskfile is None else os.path.join(ws.path, maskfile)
    counts = {"rg_patches": rg_patches, "az_patches": az_patches, "rg_overlap": rg_overlap, "az_overlap": az_overlap}
    problems = check_export(export)
    problems += [] if mask is None else check_mask(mask, export)
    problems += check_layout(export, counts, da_thresh)
    raise_problems(problems, f"The export {export.datadir}")
    check_replaceable(ws)

    with ws.publish(), ws.scratch() as stage:
        _write_project_files(stage, export)
        calamp("calamp.in", export.width, "calamp.out", "f", 1, mask, workdir=stage)
        _write_selection_list(stage, export, da_thresh)
        _write_patches(stage, export, {name: int(value) for name, value in counts.items()})
        _keep_stale_selection(ws, stage)
        mt_extract_cands(1, 1, 1, 1, "f", 1, mask, workdir=stage)
        summary = _summary(stage, export)
        delete_patches(ws)
        adopt(ws, stage)
        _initialise_parameters(ws, export.small_baselines)
    remove_empty_patches(ws)
    print(summary)


def check_layout(export, counts, da_thresh):
    """Find what is wrong with the arguments.

    Parameters
    ----------
    export : Export
    counts : dict
        ``rg_patches``, ``az_patches``, ``rg_overlap``, ``az_overlap``: whole numbers or their text.
    da_thresh : float, str or None

    Returns
    -------
    list of Problem
    """
    problems = []
    if da_thresh is not None and plain_number(str(da_thresh)) is None:
        problems.append(Problem(f"The threshold da_thresh is '{da_thresh}', but a number was expected."))
    limits = {"rg_patches": (1, export.width), "az_patches": (1, export.length)}
    for name, value in counts.items():
        lowest, highest = limits.get(name, (0, 0))
        token = str(value)
        if not token.isdecimal() or int(token) < lowest:
            problems.append(Problem(f"{name} is '{value}', but a whole number of at least {lowest} was expected."))
        elif highest and int(token) > highest:
            problems.append(Problem(f"{name} is {value}, but the image has only {highest} pixels in this direction."))
    return problems


def _write_project_files(stage, export):
    width = f"{export.width}\n"
    stage.write_text("processor.txt", "snap\n")
    stage.write_text("width.txt", width)
    stage.write_text("len.txt", f"{export.length}\n")
    stage.write_text("rsc.txt", f"{export.header}\n")
    stage.write_text("calamp.in", _lines(export.slcs))
    stage.write_text("pscphase.in", width + _lines(export.interferograms))
    stage.write_text("pscdem.in", width + _lines(export.heights))
    stage.write_text("psclonlat.in", width + _lines([export.longitudes[0], export.latitudes[0]]))


def _write_selection_list(stage, export, da_thresh):
    default = "0.6" if export.small_baselines else "0.4"
    threshold = default if da_thresh is None else str(da_thresh)
    name = "selsbc.in" if export.small_baselines else "selpsc.in"
    stage.write_text(name, f"{threshold}\n{export.width}\n{stage.read_text('calamp.out')}")


def _write_patches(stage, export, counts):
    layout = patch_layout(export.width, export.length, **counts)
    names = [f"PATCH_{number}" for number in range(1, len(layout) + 1)]
    for name, (core, full) in zip(names, layout, strict=True):
        folder = stage / name
        folder.write_text("patch_noover.in", core.text)
        folder.write_text("patch.in", full.text)
    stage.write_text("patch.list", _lines(names))


def _keep_stale_selection(ws, stage):
    """A ``selsbc.in`` of an earlier preparation decides how candidates are selected (a quirk of the original)."""
    if ws.has_file("selsbc.in") and not stage.has_file("selsbc.in"):
        print(
            f"MT_PREP_SNAP: {ws.path / 'selsbc.in'} is left over from small baselines and decides how candidates are "
            "selected; remove it and prepare again if this is not what you want."
        )
        stage.put_file("selsbc.in", ws.file("selsbc.in"))


def _initialise_parameters(ws, small_baselines):
    if small_baselines:
        from stamps.legacy.sb_parms_initial import sb_parms_initial as initialise
    else:
        from stamps.legacy.ps_parms_initial import ps_parms_initial as initialise
    initialise(workdir=ws)


def _summary(stage, export):
    patches = stage.patch_list()
    candidates = [(stage.path / name / "pscands.1.ij.int").stat().st_size // 8 for name in patches]
    kind = "small baselines" if export.small_baselines else f"master {export.master}"
    n_images = len({os.path.basename(name) for name in export.slcs})
    return (
        f"MT_PREP_SNAP: {export.width} samples × {export.length} lines, {n_images} images, "
        f"{len(export.interferograms)} interferograms ({kind})\n"
        f"MT_PREP_SNAP: {sum(candidates)} candidates in {len(patches)} patch{'es' if len(patches) > 1 else ''}: "
        + ", ".join(f"{name} {count}" for name, count in zip(patches, candidates, strict=True))
    )


def _lines(words):
    return "".join(f"{word}\n" for word in words)
