"""``mt_extract_cands``: candidates of all patches with position, height and phase.

Reads ``patch.list``, ``selpsc.in`` or ``selsbc.in``, ``psclonlat.in``, ``pscdem.in``, ``pscphase.in``; writes
``pscands.1.*`` and ``mean_amp.flt`` in each patch.

Source: spec 02 section 3.
"""

from collections import Counter

from stamps.errors import InputError
from stamps.frontends.publishing import adopt
from stamps.frontends.sampling import read_positions, sample_lonlat, sample_phases, sample_values
from stamps.legacy.selpsc_patch import selpsc_patch
from stamps.legacy.selsbc_patch import selsbc_patch
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving

__all__ = ["mt_extract_cands"]


@reserving
def mt_extract_cands(
    dophase=1,
    dolonlat=1,
    dodem=1,
    docands=1,
    precision="f",
    byteswap=0,
    maskfile=None,
    patch_list=None,
    workdir=".",
    kept=None,
    survey=None,
):
    """Extract the candidates of all patches.

    All files appear together when the last patch is complete; an error or a kill leaves the old ones.

    Parameters
    ----------
    dophase, dolonlat, dodem, docands : int
        1: extract phases, positions, heights; select the candidates. 0: leave what is there.
    precision : {'f', 's'}
        SLCs of complex float32 or complex int16.
    byteswap : int
        1: big-endian SLCs, 0: little-endian.
    maskfile : path-like, optional
        Raster of one byte per pixel; only pixels with 0 are selected. Relative to the project directory.
    patch_list : path-like, optional
        File with one patch folder per line (default ``patch.list``).
    workdir : path-like or Workspace
        The project directory.
    kept : stamps.frontends.amplitudes.KeptAmplitudes, optional
        Amplitudes that ``calamp`` in the same process has kept; forgotten when the candidates are selected.
    survey : stamps.frontends.raster_survey.RasterSurvey, optional
        Takes what is strange about the interferograms at the candidates.

    Notes
    -----
    ``selsbc.in`` decides: if it exists, candidates are selected for small baselines, even in a single-master project
    where it is a left-over (a quirk of the original).

    Raises
    ------
    InputError
        A list, a patch or a raster is missing or malformed.
    """
    ws = Workspace.at(workdir)
    patches = _patches(ws, patch_list or "patch.list")
    mask = None if maskfile is None else ws.file(maskfile)
    not_finite, n_candidates = Counter(), 0
    with ws.publish(), ws.scratch() as stage:
        for name in patches:
            (stage / name).path.mkdir(parents=True)
            if docands:
                _select(ws, ws / name, stage / name, precision, byteswap, mask, kept)
        if kept is not None:
            kept.clear()
        for name in patches:
            folder, new = ws / name, stage / name
            if dolonlat or dodem or dophase:
                line, sample = read_positions((new if docands else folder).file("pscands.1.ij"), bool(docands))
            if dolonlat:
                sample_lonlat(ws.file("psclonlat.in"), ws.path, line, sample, new.file("pscands.1.ll"))
            if dodem:
                sample_values(ws.file("pscdem.in"), ws.path, line, sample, new.file("pscands.1.hgt"))
            if dophase:
                order = None if survey is None else survey.order
                found = sample_phases(ws.file("pscphase.in"), ws.path, line, sample, new.file("pscands.1.ph"), order)
                not_finite.update(found)
                n_candidates += line.size
        if survey is not None:
            survey.note_candidates(not_finite, n_candidates)
        adopt(ws, stage)


def _select(ws, folder, new, precision, byteswap, mask, kept):
    small_baselines = ws.has_file("selsbc.in")
    program = selsbc_patch if small_baselines else selpsc_patch
    program(
        ws.file("selsbc.in" if small_baselines else "selpsc.in"),
        folder.file("patch.in"),
        precision=precision,
        byteswap=byteswap,
        maskfile=mask,
        workdir=new,
        kept=kept,
    )


def _patches(ws, list_file):
    if not ws.has_file(list_file):
        raise InputError(f"{ws.path / list_file} is missing: run the preparation (mt_prep_snap …) first.")
    patches = ws.patch_list(list_file)
    absent = [name for name in patches if not (ws.path / name / "patch.in").is_file()]
    if absent:
        raise InputError(f"{ws.path / list_file} names patches without patch.in: {', '.join(absent)}.")
    return patches
