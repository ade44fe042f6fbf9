"""``mt_link``: linked phases of all pixels of a prepared project, for distributed scatterers (DS).

The original has no such command. It reads the lists of a single-master preparation (``selpsc.in``, ``pscphase.in``,
``processor.txt``, ``width.txt``, ``len.txt``, ``mask.in``) and the rasters that they name, and writes the folder ``LINK``. For
every pixel the phases of all pairs of images over alike neighbours are reduced to one phase per image.

Source: docs/method/linking.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import stamps
from stamps.errors import InputError, ParameterError
from stamps.frontends.header_values import values_behind
from stamps.frontends.lists import paths_of
from stamps.linking.blocks import Area, Block
from stamps.linking.counts import in_words
from stamps.linking.files import FOLDER, LinkFolder
from stamps.linking.job import Job
from stamps.linking.options import LinkOptions
from stamps.linking.run import run
from stamps.linking.stack import PreparedStack
from stamps.run.workers import Workers, n_cores
from stamps.workspace import Workspace
from stamps.workspace.locks import reserving
from stamps.workspace.log import Log
from stamps.workspace.parameters import Parameters

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["mt_link"]

_FEW_IMAGES = 10


@reserving
def mt_link(
    shp: str = "ks",
    alpha: float | None = None,
    half_window: Sequence[int] | str = (5, 11),
    connect: bool = False,
    min_coherence: float = 0.0,
    bandwidth: int | None = None,
    beta: float = 0.0,
    method: str = "sequential_EMI",
    ministack: int = 10,
    max_compressed: int = 10,
    datum: bool = False,
    looks_factor: float = 1.3,
    closure: bool = False,
    pair_coherence: bool = False,
    mask: StrPath | None = None,
    subset: Sequence[int] | None = None,
    overwrite: bool = False,
    update: bool = False,
    cores: int | None = None,
    workdir: Workspace | StrPath = ".",
) -> LinkFolder:
    """Link the phases of a prepared single-master project.

    A run that was stopped goes on where it was when it is started again with the same options; the files are the same.

    Parameters
    ----------
    shp : {'ks', 'ad', 'ttest', 'glrt', 'rect'}
        Test for alike neighbours: Kolmogorov–Smirnov, Anderson–Darling, Welch's t, likelihood ratio of Rayleigh amplitudes,
        or none (the whole window).
    alpha : float, optional
        Significance of the test, default 0.0005 (``ad``: 0.001). The smaller, the more pixels are accepted.
    half_window : (int, int) or str
        Lines and samples to each side of a pixel.
    connect : bool
        Only neighbours that are connected to the pixel.
    min_coherence : float
        Smaller coherences count as 0.
    bandwidth : int, optional
        Only pairs that are at most so many images apart.
    beta : float
        Share of the identity in the matrix of coherences.
    method : {'sequential_EMI', 'sequential_EVD', 'sequential_PTA', 'EMI', 'EVD', 'PTA'}
        Estimator.
    ministack : int
        Images of a mini-stack.
    max_compressed : int
        Compressed images that are linked with a mini-stack.
    datum : bool
        Adjust the mini-stacks to each other at the end.
    looks_factor : float
        Pixels per independent look.
    closure : bool
        Write the map of phase closures, ``closure.flt``.
    pair_coherence : bool
        Store the median coherence of all pairs in ``link.json``.
    mask : path-like, optional
        Raster of one byte per pixel; only pixels with 0 are used. Relative to ``workdir``; default: that of the preparation.
    subset : (int, int, int, int), optional
        First and last line, first and last sample, from 0: only this part is linked.
    overwrite : bool
        Begin anew where ``LINK`` was made otherwise.
    update : bool
        Images have been added: keep the mini-stacks that are complete.
    cores : int, optional
        Cores to use (default: ``STAMPS_CORES``, ``stamps.toml``, the parameter ``n_cores``, all).
    workdir : path-like or Workspace
        The project directory.

    Returns
    -------
    LinkFolder
        Reads what was written: linked images by date, temporal coherence, number of alike pixels, expected noise.

    Raises
    ------
    InputError
        The project is not prepared for a single master, rasters are missing or do not fit, ``LINK`` was made otherwise, the
        disk is too small.
    ParameterError
        An option has a value that it cannot have.

    Examples
    --------
    >>> from stamps import mt_link
    >>> link = mt_link(half_window=(2, 3))
    >>> link.image(link.master).dtype
    dtype('complex64')
    """
    ws = Workspace.at(workdir)
    options = LinkOptions.of(
        shp=shp, alpha=alpha, half_window=half_window, connect=connect, min_coherence=min_coherence, bandwidth=bandwidth,
        beta=beta, method=method, ministack=ministack, max_compressed=max_compressed, datum=datum, looks_factor=looks_factor,
        closure=closure, pair_coherence=pair_coherence,
    )  # fmt: skip
    stack = PreparedStack.of(ws)
    area = _area(subset, stack)
    chosen = stack.mask if mask is None else os.path.join(ws.path, mask)
    _check_mask(chosen, stack)
    job = Job(ws.path / FOLDER, stack, options, area, None if chosen is None else os.path.abspath(chosen))
    workers = Workers(n_cores(Parameters(ws), cores))
    log = Log(ws, "MT_LINK")
    log.start()
    _say_what(ws, job, log)
    _check_images(job)
    record = run(job, _mapper(workers), stamps.__version__, overwrite=overwrite, update=update)
    for line in in_words(record).splitlines():
        log(line)
    log.finish()
    return LinkFolder(job.folder, record)


def _mapper(workers: Workers) -> Callable[..., Iterator[dict[str, int]]]:
    """The scheduler as :func:`stamps.linking.run.run` calls it."""

    def mapped(
        function: Callable[[Block], dict[str, int]], blocks: Sequence[Block], title: str
    ) -> Iterator[dict[str, int]]:
        return workers.map(
            function,
            blocks,
            lambda block: (block,),
            lambda block: block.name,
            "pixel",
            light=True,
            size_of=lambda block: block.core.size,
            title=title,
        )

    return mapped


def _area(subset: Sequence[int] | None, stack: PreparedStack) -> Area:
    """The part of the image that is linked."""
    if subset is None:
        return Area(0, stack.length, 0, stack.width)
    if len(subset) != 4:
        raise ParameterError(f"subset is {list(subset)}, but first and last line, first and last sample were expected.")
    first_line, last_line, first_sample, last_sample = (int(value) for value in subset)
    for name, first, last, size in (
        ("lines", first_line, last_line, stack.length),
        ("samples", first_sample, last_sample, stack.width),
    ):
        if not 0 <= first <= last < size:
            raise ParameterError(f"subset has {name} {first} to {last}, but the image has 0 to {size - 1}.")
    return Area(first_line, last_line + 1, first_sample, last_sample + 1)


def _check_mask(mask: str | None, stack: PreparedStack) -> None:
    if mask is None:
        return
    expected = stack.width * stack.length
    try:
        size = os.stat(mask).st_size
    except OSError as error:
        raise InputError(f"The mask {mask} cannot be read ({error.strerror}).") from error
    if size != expected:
        raise InputError(
            f"The mask {mask} has {size} bytes, but {stack.width} samples x {stack.length} lines need {expected}: one byte per "
            "pixel."
        )


def _check_images(job: Job) -> None:
    """Stop where an image has no value anywhere in the part that is linked."""
    empty = list(range(job.stack.n_images))
    for first in range(job.subset.first_line, job.subset.end_line, 64):
        lines = slice(first, min(first + 64, job.subset.end_line))
        empty = [k for k in empty if not job.stack.flattened(lines, job.subset.samples, [k]).any()]
        if not empty:
            return
    dates = ", ".join(job.stack.dates[k] for k in empty)
    raise InputError(
        f"The images of {dates} are 0 or no number in all pixels that are linked: take them out of the project (drop_ifg_index "
        "does not act here), or correct them."
    )


def _say_what(ws: Workspace, job: Job, log: Log) -> None:
    """Log what is linked."""
    lines, samples = job.options.window
    size = _window_metres(ws, lines, samples)
    log(f"{job.stack.n_images} images of {job.subset.shape[0]} x {job.subset.shape[1]} pixels, {job.options.method}")
    log(f"Windows of {lines} lines x {samples} samples{size}, alike neighbours by {job.options.shp}")
    if job.stack.n_images < _FEW_IMAGES and job.options.shp != "rect":
        log(
            f"WARNING: with {job.stack.n_images} images the tests for alike neighbours have little power: only brightnesses that "
            "differ by a factor of 4 or more are told apart"
        )


def _window_metres(ws: Workspace, lines: int, samples: int) -> str:
    """Size of the window in words, where the header of the master tells it."""
    if not ws.has_file("rsc.txt"):
        return ""
    header = paths_of(ws.read_text("rsc.txt"), ws.path)
    try:
        along, across = (
            values_behind(header[0], f"{name}_pixel_spacing:", log=False)[0] for name in ("azimuth", "range")
        )
        return f" ({lines * float(along):.0f} m x {samples * float(across):.0f} m in slant range)"
    except (IndexError, ValueError, InputError):
        return ""
