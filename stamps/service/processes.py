"""The processes ``stack`` and ``psi`` as the protocol describes them; what they do are jobs (:mod:`stamps.service.orders`).

Source: docs/method/service.md, section 4.
"""

from __future__ import annotations

import copy
from typing import Any

from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError

from stamps import __version__
from stamps.service.service_file import NAMES
from stamps.service.stack_kinds import STACK_KINDS

__all__ = ["PsiProcess", "StackProcess"]


def _input(title: str, schema: dict[str, Any], needed: bool = False) -> dict[str, Any]:
    return {"title": title, "schema": schema, "minOccurs": int(needed), "maxOccurs": 1}


_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": {"type": "string"}}


def _link(title: str, kind: str) -> dict[str, Any]:
    """An output that is a file."""
    return {"title": title, "schema": {"type": "string", "format": "uri", "contentMediaType": kind}}


_STACK: dict[str, Any] = {
    "version": __version__,
    "id": "stack",
    "title": "Stack of interferograms",
    "description": "Coregistered images and interferograms of one area from SLC products, for the process psi.",
    "jobControlOptions": ["async-execute", "dismiss"],
    "keywords": ["InSAR", "StaMPS", "interferograms"],
    "links": [],
    "inputs": {
        "tag": _input(
            "Identifier of the stack; ordered again it takes what is new", {**_TEXT, "pattern": f"^{NAMES.pattern}$"}
        ),
        "frontend": _input("Program that makes the stack", {**_TEXT, "enum": [*STACK_KINDS]}),
        "products": _input("Names of products below the folder of the service", _TEXTS),
        "source": _input("Name of a folder of products, in place of their names", _TEXT),
        "aoi": _input(
            "Area: west, south, east, north in degrees",
            {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        ),
        "subswaths": _input("Subswaths", {"type": "array", "items": {"type": "string", "enum": ["IW1", "IW2", "IW3"]}}),
        "polarisation": _input("Polarisation", {**_TEXT, "enum": ["VV", "HH", "VH", "HV"]}),
        "master": _input("Date of the master (yyyymmdd), or auto, first, last, middle", _TEXT),
    },
    "outputs": {
        "stack": {"title": "Identifier of the stack", "schema": {"type": "string"}},
        "report": {"title": "Master, images, what was left out", "schema": {"type": "object"}},
    },
    "example": {"inputs": {"tag": "etna", "source": "etna", "aoi": [14.85, 37.6, 15.2, 37.9], "subswaths": ["IW2"]}},
}  # fmt: skip

_PSI: dict[str, Any] = {
    "version": __version__,
    "id": "psi",
    "title": "Persistent scatterers",
    "description": "Velocities and time series of a stack, by the steps of StaMPS.",
    "jobControlOptions": ["async-execute", "dismiss"],
    "keywords": ["InSAR", "StaMPS", "persistent scatterers", "time series"],
    "links": [],
    "inputs": {
        "stack": _input("Identifier of the stack", _TEXT, needed=True),
        "parameters": _input("Parameters of StaMPS by their names", {"type": "object"}),
        "steps": _input("First and last step", {**_TEXT, "default": "1 8"}),
        "resolution": _input(
            "Side of the cells in which pixels are averaged, m; 0: all pixels", {"type": "number", "minimum": 0, "default": 100}
        ),
        "reference": _input(
            "Longitude, latitude (degrees) and radius (m) of the reference area",
            {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
        ),
    },
    "outputs": {
        "velocity": _link("Longitude, latitude, velocity (ps_mean_v.xy)", "text/plain"),
        "data": _link("Velocity, height, error of the height (ps_data.xy)", "text/plain"),
        "series": _link("Displacement of each image (ps_u-dm.N.xy)", "application/zip"),
        "csv": _link("Velocities and time series as a table", "text/csv"),
        "geojson": _link("Velocities and time series as GeoJSON", "application/geo+json"),
        "report": _link("Report about the quality", "text/html"),
    },
    "example": {"inputs": {"stack": "etna", "parameters": {"unwrap_grid_size": 100}, "resolution": 100}},
}  # fmt: skip


class _Process(BaseProcessor):
    """A process whose work is done by jobs."""

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        """Never called: the manager orders a job.

        Raises
        ------
        ProcessorExecuteError
            Always.
        """
        raise ProcessorExecuteError(user_msg="This process runs as a job only.")


class StackProcess(_Process):
    """The process ``stack``.

    Parameters
    ----------
    processor_def : dict
        As the library gives it.
    """

    def __init__(self, processor_def: dict[str, Any]) -> None:
        super().__init__(processor_def, copy.deepcopy(_STACK))


class PsiProcess(_Process):
    """The process ``psi``.

    Parameters
    ----------
    processor_def : dict
        As the library gives it.
    """

    def __init__(self, processor_def: dict[str, Any]) -> None:
        super().__init__(processor_def, copy.deepcopy(_PSI))
