"""Positions of candidates of Gamma stacks without a longitude raster, by Gamma's own program ``pt2geo``.

Source: docs/method/preparation.md, section 2.
"""

from __future__ import annotations

import os

from stamps import external
from stamps.errors import ExternalProgramError, InputError
from stamps.frontends.checks import Problem
from stamps.frontends.snap_gamma import dem_headers, find_export, offset_headers
from stamps.frontends.stack import CoregisteredStack
from stamps.workspace import Workspace
from stamps.workspace.plain_files import read_input

__all__ = ["Pt2geo", "positions_by_pt2geo"]

_POINTS, _HEIGHTS = "pscands.1.ij.int", "pscands.1.hgt"
_POSITIONS = ("pt.map", "pscands.1.xy", "pscands.1.ll")  # what pt2geo writes


class Pt2geo:
    """Positions without a longitude raster, by Gamma's own program."""

    def check(self, stack: CoregisteredStack) -> list[Problem]:
        """What is wrong if the program is not there."""
        try:
            external.pt2geo_command()
        except ExternalProgramError as error:
            return [Problem(str(error), error.exit_status)]
        return []

    def compute(self, stage: Workspace, stack: CoregisteredStack) -> None:
        """Longitude and latitude of the candidates of all patches."""
        assert stack.header is not None, "an export without it is refused"
        headers = dem_headers(stack)[0], offset_headers(stack)[0]
        for name in stage.patch_list():
            folder = stage.path / name
            if (folder / _POINTS).stat().st_size == 0:
                (folder / _POSITIONS[-1]).touch()
                continue
            external.pt2geo(folder, _POINTS, stack.header, _HEIGHTS, *headers, _POSITIONS)


def positions_by_pt2geo(ws: Workspace, stage: Workspace) -> None:
    """Longitude and latitude of the candidates in the patches of a scratch folder.

    Parameters
    ----------
    ws : Workspace
        The project, prepared from Gamma's data.
    stage : Workspace
        Scratch folder with ``patch.list``, ``pscands.1.ij.int`` and ``pscands.1.hgt``.

    Raises
    ------
    InputError
        The project names no header of the master.
    ExternalProgramError
        ``pt2geo`` is not there, or failed.
    """
    if not ws.has_file("rsc.txt"):
        raise InputError(f"{ws.path} has neither psclonlat.in nor rsc.txt: prepare it again (mt_prep_gamma …).")
    header = os.path.join(ws.path, read_input(ws.file("rsc.txt")).strip())
    root = os.path.dirname(os.path.dirname(header))
    master = os.path.basename(header)[:8]
    Pt2geo().compute(stage, find_export(master, root, "gamma"))
