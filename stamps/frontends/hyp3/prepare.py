"""Products of HyP3 in a folder -> a merged small-baseline project.

Nothing is written before all products have been read and judged; then all files appear at once.

Source: docs/method/hyp3.md.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stamps.errors import InputError, NoPixelsError, ParameterError
from stamps.frontends.hyp3.arguments import UNWRAPPINGS, Request, request_of
from stamps.frontends.hyp3.baselines import Network, misfits, network_of
from stamps.frontends.hyp3.lattice import CommonGrid, common_grid
from stamps.frontends.hyp3.pixels import Choice, choose, exclude_without_geometry, gained, survey
from stamps.frontends.hyp3.products import Product, all_names, belonging, found_products, listed, unused
from stamps.frontends.hyp3.writing import Conversion, check_directory, incidence, write_project
from stamps.frontends.patch_files import local_coordinates
from stamps.workspace import Workspace, findings
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["UNWRAPPINGS", "Prepared", "prepare_hyp3"]

_MANY_PIXELS = 3_000_000
_ANGLE_MISFIT = 3.0  # degrees; a sphere, heights and the swaths of bursts make up for less
_ROUTINE = "HYP3"
_TAGS = ("unw_phase", "corr", "dem", "lv_theta", "inc_map_ell", "conncomp", "water_mask", "wrapped_phase")
_NEXT = {"keep": "stamps 7 8", "repair": "stamps 6 8", "redo": "stamps 6 8"}


@dataclass(frozen=True)
class Prepared:
    """What a conversion made.

    Attributes
    ----------
    workdir : Path
        The project directory.
    n_pixels, n_pairs, n_images : int
    master : str
        Date, YYYYMMDD.
    lines : tuple of str
        What there is to say to people, notes and warnings included.
    next_command : str
        What to run next in the project directory.
    """

    workdir: Path
    n_pixels: int
    n_pairs: int
    n_images: int
    master: str
    lines: tuple[str, ...]
    next_command: str


def prepare_hyp3(
    folder: StrPath,
    *,
    workdir: StrPath = ".",
    area: Sequence[float] | None = None,
    coherence: float = 0.3,
    every: int = 1,
    exclude: Sequence[str] = (),
    master: str | None = None,
    water: bool = False,
    unwrap: str = "repair",
    tolerance: float = 5.0,
) -> Prepared:
    """Make a merged project of small baselines from the products in a folder; all of it or nothing.

    Parameters
    ----------
    folder : path-like
        Holds the unpacked products, one folder each.
    workdir : path-like
        The project directory; made where it does not exist.
    area : (lon, lat, lon, lat), optional
        Two opposite corners, degrees; only pixels between them.
    coherence : float
        Least mean coherence over the interferograms, 0 to 1.
    every : int
        Keep each so-manieth line and sample of the common grid.
    exclude : sequence of str
        Dates (YYYYMMDD) or pairs (YYYYMMDD_YYYYMMDD) that are left out.
    master : str, optional
        Date, YYYYMMDD; default: the image of most interferograms, of these the nearest to the middle.
    water : bool
        Leave out what the water masks of the products call water.
    unwrap : {'repair', 'keep', 'redo'}
        What becomes of the products' unwrapping: its errors are repaired, it is trusted, it is done anew.
    tolerance : float
        Misfit of the baseline of a pair, m, above which it is named.

    Returns
    -------
    Prepared

    Raises
    ------
    InputError
        Products are missing, damaged or do not belong together, or nothing is left.
    ParameterError
        An argument is out of range.
    """
    request = request_of(
        area=area,
        coherence=coherence,
        every=every,
        exclude=exclude,
        master=master,
        water=water,
        unwrap=unwrap,
        tolerance=tolerance,
    )
    ws = Workspace.at(workdir)
    check_directory(ws)
    products = _products(Path(folder), request)
    network = network_of(products, request.master)
    grid, notes = common_grid(products, _TAGS, request.area, request.every)
    wrong = misfits(network, request.tolerance)
    left = unused(Path(folder), request.exclusions.keeps)
    warnings = [*left, *notes, *(_misfit_line(products, network, k, metres) for k, metres in wrong)]
    made, table = _conversion(ws, products, network, grid, request)
    warnings += _angles_line(made)
    lines = (*_summary(made), *table, *(f"Warning: {text}" for text in warnings), *_advice(made, request))
    _publish(ws, made, [_finding(made, k, metres) for k, metres in wrong])
    return Prepared(
        workdir=ws.path,
        n_pixels=made.pixels.n_ps,
        n_pairs=len(products),
        n_images=len(network.dates),
        master=network.dates[network.master_ix],
        lines=lines,
        next_command=_NEXT[request.unwrap],
    )


def _products(folder: Path, request: Request) -> list[Product]:
    """The products that are used, whole and belonging together."""
    unknown = request.exclusions.unknown(all_names(folder))
    if unknown:
        raise ParameterError(f"{listed(unknown)} cannot be excluded, because no product in {folder} is of it.")
    products = found_products(folder, request.exclusions.keeps, ("water_mask",) if request.water else ())
    if not products:
        raise InputError(f"All products in {folder} are excluded: exclude fewer.")
    belonging(products)
    return products


def _conversion(
    ws: Workspace, products: Sequence[Product], network: Network, grid: CommonGrid, request: Request
) -> tuple[Conversion, list[str]]:
    """Pixels in their order, and the table of what leaving out interferograms would gain."""
    found = survey(products, grid, request.water, request.unwrap == "redo")
    reference = int((network.pairs == network.master_ix).any(axis=1).argmax())
    exclude_without_geometry(found, products[reference], reference, grid)
    table = gained(products, found, request.coherence)
    try:
        pixels = choose(found, grid, Choice(request.coherence, request.area))
    except NoPixelsError as error:
        raise NoPixelsError(" ".join([str(error), *(line.strip() for line in table)])) from None
    local = local_coordinates(pixels.lonlat, products[reference].metadata.heading, Log(ws, _ROUTINE))
    return Conversion(products, grid, found, network, pixels.ordered(local.rows), local, request.unwrap), table


def _publish(ws: Workspace, made: Conversion, found: Sequence[str]) -> None:
    os.makedirs(ws.path, exist_ok=True)
    with ws.reserved(), ws.publish():
        write_project(ws, made)
        log = Log(ws, _ROUTINE)
        log(f"{len(made.products)} interferograms, {made.pixels.n_ps} pixels")
        findings.record(ws, "hyp3", found)


# ---------------------------------------------------------------------- what is said


def _summary(made: Conversion) -> list[str]:
    name, grid, dates = made.products[0].name, made.grid, made.network.dates
    turned = [product.name.pair for product in made.products if product.name.turned]
    lines = [
        f"{len(made.products)} products {name.type}, {len(dates)} images {dates[0]} … {dates[-1]}, master "
        f"{dates[made.network.master_ix]}",
        f"Common grid: {grid.extent.lines} lines, {grid.extent.samples} samples of {grid.spacing[0]:g} m, EPSG:{grid.epsg}"
        + (f", each {grid.step}th used" if grid.step > 1 else ""),
        f"{made.pixels.n_ps} pixels are valid in all interferograms and coherent enough",
    ]
    if turned:
        lines.append(f"{len(turned)} pairs with the older image second were turned: {listed(turned)}")
    return lines


def _misfit_line(products: Sequence[Product], network: Network, pair: int, metres: float) -> str:
    return (
        f"The baseline of {products[pair].name.text}, {network.bperp[pair]:.1f} m, differs by {metres:.1f} m from what the "
        "other pairs say: its sign or the product is wrong, or a pair's that closes a loop with it "
        f"(--exclude {products[pair].name.pair})."
    )


def _angles_line(made: Conversion) -> list[str]:
    """A sentence where the angles are not those of the slant ranges, as of other units or of the other leg."""
    product = made.products[made.reference]
    angle = math.degrees(float(np.median(incidence(made))))
    least, most = (math.degrees(product.metadata.incidence(r)) for r in (product.metadata.near, product.metadata.far))
    if least - _ANGLE_MISFIT <= angle <= most + _ANGLE_MISFIT:
        return []
    return [
        f"The pixels have an incidence of {angle:.1f} degrees by {product.raster(product.angle_tag).name}, but the slant "
        f"ranges of its text file say {least:.1f} to {most:.1f}: one of them is wrong, and so are angles and errors of heights."
    ]


def _finding(made: Conversion, pair: int, metres: float) -> str:
    """The same for runs of the steps, which can leave the interferogram out."""
    return (
        f"The baseline of interferogram {pair + 1} ({made.products[pair].name.pair}) differs by {metres:.1f} m from what the "
        f"other pairs say: prepare again without it, or leave it out ({findings.leave_out([pair + 1])})."
    )


def _advice(made: Conversion, request: Request) -> list[str]:
    lines = []
    if made.pixels.n_ps > _MANY_PIXELS:
        lines.append(
            f"These are many pixels: each second line and sample (--every {2 * request.every}) leaves a quarter of them."
        )
    if request.unwrap == "redo":
        without = [p.name.pair for p in made.products if not p.raster("wrapped_phase").is_file()]
        if without:
            lines.append(f"The unwrapped phase is wrapped again where there is no wrapped_phase: {listed(without)}")
    return lines
