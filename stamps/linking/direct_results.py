"""What steps 1 to 5 would leave of linked pairs, without running them: ``stamps 6 8`` follows.

Linked phases have been filtered and selected already. Look-angle errors and the phase of the master are therefore 0, the
coherence is that of linking, and the phase is that of the pairs.

Source: docs/method/linking.md, section 9.1.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import master_header
from stamps.frontends.candidate_phases import keep_pixels
from stamps.frontends.registry import loader_of
from stamps.insar.phase import unit_modulus
from stamps.linking.kinds import Kinds, kinds_of
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["write_results"]

#: Files of step 1 -> those of step 5 that hold the same.
_SAME = {"ph1": "ph2", "bp1": "bp2", "la1": "la2", "hgt1": "hgt2", "inc1": "inc2"}
#: Processors whose angles follow from the header of the master.
_BY_HEADER = ("gamma", "snap")
#: Rasters that loaders search in the folders above a patch.
_RASTERS = ("baselineGRID_*", "inc_angle.raw*", "look_angle.raw*")


def write_results(project: Workspace, folder: Workspace, patch: str, master_ix: int) -> None:
    """Write the files of version 2 of a small-baseline project whose only patch is the whole image.

    Parameters
    ----------
    project : Workspace
        The single-master project, which may hold rasters of angles and baselines.
    folder : Workspace
        The small-baseline project, complete but for them; its folder of the patch keeps the candidates alone.
    patch : str
        Name of the patch.
    master_ix : int
        0-based image that the linked phases refer to.

    Raises
    ------
    InputError
        No candidate is left.
    """
    before = {path.name for path in (folder / patch).path.iterdir()}
    processor = folder.read_text("processor.txt").strip()
    loaded = folder / patch
    with _rasters_linked(project, folder):
        load = resolve_name(loader_of(processor, small_baselines=True))
        load(workdir=loaded)
    _require(loaded.exists("ps1"))
    has_phase = (loaded.load("ph1")["ph"] != 0).all(axis=1)
    _require(bool(has_phase.any()))
    if not has_phase.all():  # step 6 needs a phase in every pair
        keep_pixels(loaded, has_phase)
    ps = loaded.load("ps1")
    ps.pop("sort_ix", None)
    kinds = kinds_of(loaded, ps["ij"])
    assert kinds is not None, "written with the candidates"
    nothing = np.zeros(ps["n_ps"])
    with folder.publish():
        folder.save("ps2", ps)
        for one, two in _SAME.items():
            if loaded.exists(one):
                folder.save(two, loaded.load(one))
        if processor in _BY_HEADER:  # of small baselines the loader stores the look angle alone
            header = master_header.read_header(loaded, master_header.header_path(loaded))
            incidence = master_header.look_and_incidence(header, ps["ij"][:, 2].astype(np.int64))[1]
            folder.save("inc2", {"inc": incidence})
        folder.save("rc2", {"ph_rc": np.asfortranarray(unit_modulus(loaded.load("ph1")["ph"])), "ph_reref": None})
        quality = {
            "ph_patch": None,
            "K_ps": nothing,
            "C_ps": nothing,
            "coh_ps": kinds.tcoh.astype(np.float64),
            "ph_res": None,
        }
        folder.save("pm2", quality)
        folder.save("ifgstd2", {"ifg_std": _noise(kinds, ps["ifgday_ix"], master_ix)})
        folder.save_no_ps_flags(np.zeros(5))
        folder.version = 2
    for path in loaded.path.iterdir():
        if path.name not in before:
            path.unlink()


def _require(any_pixel: bool) -> None:
    if not any_pixel:
        raise InputError(
            "No candidate has a position and a phase, so that there is nothing to unwrap: lower --tcoh or --min-shp."
        )


def _noise(kinds: Kinds, ifgday_ix: NDArray[np.int64], master_ix: int) -> NDArray[np.float32]:
    """Median noise of the pixels in every pair, degrees: sqrt(sigma_i² + sigma_j²), 0 for the master's part."""
    known = kinds.sigma[np.isfinite(kinds.sigma) & (kinds.sigma > 0)]
    median = float(np.median(known)) if known.size else 1.0
    of_pair = np.sqrt((np.asarray(ifgday_ix) != master_ix).sum(axis=1))
    return np.degrees(median * of_pair).astype(np.float32)


@contextlib.contextmanager
def _rasters_linked(project: Workspace, folder: Workspace) -> Iterator[None]:
    """Context in which rasters of the project stand beside those of the scratch folder."""
    place: Any = folder.path
    made = []
    try:
        for pattern in _RASTERS:
            for path in project.path.glob(pattern):
                os.symlink(path, place / path.name)
                made.append(place / path.name)
        yield
    finally:
        for path in made:
            path.unlink()
