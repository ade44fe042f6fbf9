"""The pairs of a network of linked phases: what is asked for, of the images of a project.

Source: docs/method/linking.md, section 9.2; docs/method/unwrapping_errors.md, section 6.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends import master_header, project_headers
from stamps.frontends.registry import processor_of
from stamps.insar.network_texts import Part, parse_network
from stamps.insar.pair_networks import Images, network_pairs
from stamps.linking.files import LinkFolder
from stamps.linking.stack import PreparedStack
from stamps.matlab.dates import datenum
from stamps.workspace import Workspace
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Request", "pairs_of"]


@dataclass(frozen=True)
class Request:
    """A network as it is asked for.

    Attributes
    ----------
    text : str
    parts : tuple of Part
    """

    text: str
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, network: str | Sequence[str | float], year: float | None = None) -> Request:
        """A network from its text or its words (``'sequential 3'``, ``('sequential', 3)``), with pairs a year apart."""
        text = (
            network
            if isinstance(network, str)
            else " ".join(f"{word:g}" if isinstance(word, float) else str(word) for word in network)
        )
        parts = parse_network(text)
        if year is None:
            return cls(text, parts)
        more = f"year {year:g}"
        return cls(f"{text} + {more}", tuple(dict.fromkeys([*parts, *parse_network(more)])))


def pairs_of(
    request: Request, ws: Workspace, stack: PreparedStack, link: LinkFolder, tcoh: float = 0.0
) -> tuple[NDArray[np.int64], list[str]]:
    """Pairs of images of a network.

    Parameters
    ----------
    request : Request
    ws : Workspace
        The single-master project.
    stack : PreparedStack
    link : LinkFolder
    tcoh : float
        Coherences of pairs are those of pixels with at least this temporal coherence.

    Returns
    -------
    pairs : (n_pair, 2) int64 array
        0-based images, i < j, sorted.
    remarks : list of str
        Sentences about the network.

    Raises
    ------
    InputError, ParameterError
        The network does not connect all images, a list of pairs cannot be read, or coherences of pairs were not stored.
    """
    days = datenum([int(date) for date in stack.dates])
    images = Images(days, _baselines(ws, stack), stack.master_ix, _coherence(link, tcoh))
    return network_pairs(request.parts, images, _lines(request, ws))


def _lines(request: Request, ws: Workspace) -> list[str]:
    """Lines of the list of pairs that is asked for; a relative path starts at the project."""
    name = next((part.file for part in request.parts if part.kind == "list"), "")
    if not name:
        return []
    path = os.path.join(ws.path, name)
    try:
        return read_input(path).splitlines()
    except OSError as error:
        raise InputError(f"The list of pairs {path} cannot be read ({error.strerror}): give its name.") from error


def _baselines(ws: Workspace, stack: PreparedStack) -> NDArray[np.float64]:
    """Perpendicular baselines of the images in the middle of the scene, metres; 0 for the master."""
    if not processor_of(read_input(ws.file("processor.txt")).split()[0]).big_endian:
        return project_headers.read_acquisitions(ws).bperp
    header = master_header.read_header(ws, master_header.header_path(ws / "PATCH_1"))
    line, sample = np.array([stack.length // 2]), np.array([stack.width // 2])
    look, _ = master_header.look_and_incidence(header, sample)
    own = [k for k, date in enumerate(stack.slaves) if date != stack.master]
    paths = [stack.interferograms[k] for k in own]
    values = master_header.perpendicular_baselines(ws, header, paths, line, look, np.float64)[0]
    of_date = dict(zip([stack.slaves[k] for k in own], values.tolist(), strict=True))
    return np.array([of_date.get(date, 0.0) for date in stack.dates])


def _coherence(link: LinkFolder, tcoh: float) -> NDArray[np.float64] | None:
    """Typical coherence of the pairs: medians of the classes of temporal coherence, weighted by their pixels."""
    classes = link.pair_coherence
    if not classes:
        return None
    n = len(link.dates)
    if not isinstance(classes, list) or not all(_is_class(of, n) for of in classes):
        raise InputError(f"{link.path} holds no medians of {n} x {n} pairs: run mt_link --pair-coherence --overwrite.")
    good = [of for of in classes if of["tcoh"][0] >= tcoh - 1e-9 and of["pixels"]] or [classes[-1]]
    weights = np.array([max(of["pixels"], 1) for of in good], np.float64)
    return np.average([np.array(of["median"], np.float64) for of in good], axis=0, weights=weights)


def _is_class(of: Any, n: int) -> bool:
    """Whether a class of temporal coherence is one, with medians of n × n pairs."""
    if not isinstance(of, dict):
        return False
    limits, pixels, median = of.get("tcoh"), of.get("pixels"), of.get("median")
    return (
        _are_numbers(limits, 2)
        and _are_numbers([pixels], 1)
        and isinstance(median, list)
        and len(median) == n
        and all(_are_numbers(row, n) for row in median)
    )


def _are_numbers(values: Any, n: int) -> bool:
    """Whether values are a list of n numbers from 0 on."""
    return (
        isinstance(values, list)
        and len(values) == n
        and all(isinstance(value, int | float) and 0 <= value < 2**63 for value in values)
    )
