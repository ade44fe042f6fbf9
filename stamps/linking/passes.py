"""The work on one block: alike neighbours, linked phases, quality.

Images that are linked at once need one pass over the blocks (:func:`link_block`). Sequential linking needs one for the
neighbours, one for each mini-stack, because all compressed images of a mini-stack come before the next one, and one that
refers the phases to the master and finds out how good they are.

What a block writes does not depend on other blocks of the same pass, and doing it again writes the same.

Source: docs/method/linking.md, sections 2 to 7.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stamps.linking.blocks import Block, pixels_at_once
from stamps.linking.estimators import link, moduli, unit
from stamps.linking.neighbours import alike_pixels, window_offsets
from stamps.linking.pairs import PairCounts
from stamps.linking.quality import mean_closure, phase_deviation, temporal_coherence
from stamps.linking.sequences import compressed_before, compression
from stamps.native.coherence_matrices import coherence_matrices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.linking.job import Job

__all__ = ["finish_block", "find_neighbours", "link_block", "link_mini_stack"]


@dataclass
class _Pixels:
    """The pixels of a block: values of a stack of images, and which pixels are alike.

    Attributes
    ----------
    values : (m + 1, 2n) float32 array
        As :func:`stamps.native.coherence_matrices.coherence_matrices` takes them.
    centres : (p,) int64 array
    offsets : (w,) int64 array
    bits : (p, ceil(w / 8)) uint8 array
    n_shp : (p,) int64 array
    """

    values: NDArray[np.float32]
    centres: NDArray[np.int64]
    offsets: NDArray[np.int64]
    bits: NDArray[np.uint8]
    n_shp: NDArray[np.int64]

    @classmethod
    def of(cls, job: Job, block: Block, images: NDArray[np.complex64], bits: NDArray[np.uint8]) -> _Pixels:
        """Pixels of a block from images with its margins, (n, lines, samples), and bits of its core."""
        n = len(images)
        values = np.zeros((block.around.size + 1, 2 * n), np.float32)
        values[:-1, :n] = images.real.reshape(n, -1).T
        values[:-1, n:] = images.imag.reshape(n, -1).T
        offsets = window_offsets(job.options.half_window) @ np.array([block.around.shape[1], 1])
        bits = bits.reshape(block.core.size, -1)
        return cls(values, block.centres, offsets, bits, np.bitwise_count(bits).sum(axis=1, dtype=np.int64))

    @property
    def n_images(self) -> int:
        """Number of images."""
        return self.values.shape[1] // 2

    def own(self, pixels: NDArray[np.int64]) -> NDArray[np.complex64]:
        """Values of some pixels themselves, (p, n)."""
        rows, n = self.values[self.centres[pixels]], self.n_images
        return rows[:, :n] + 1j * rows[:, n:]

    def batches(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.complex64], NDArray[np.float32]]]:
        """Pixels with neighbours, a few at a time: their numbers, coherence matrices and mean powers."""
        linked = np.flatnonzero(self.n_shp >= 2)
        step = pixels_at_once(self.n_images)
        for first in range(0, linked.size, step):
            pixels = linked[first : first + step]
            yield pixels, *coherence_matrices(self.values, self.centres[pixels], self.offsets, self.bits[pixels])


# ---------------------------------------------------------------------- passes


def link_block(job: Job, block: Block) -> dict[str, int]:
    """Link all images at once and write all that belongs to a block.

    Returns
    -------
    dict
        ``isolated``: images without coherence, counted over the pixels.
    """
    images, valid = job.valid_images(block)
    bits = alike_pixels(np.abs(images), valid, block.inner, job.options)
    pixels = _Pixels.of(job, block, images, bits)
    master = job.stack.master_ix
    phasors = _own_phasors(pixels, master)
    code = np.zeros(block.core.size, np.uint8)
    result = _Quality.empty(job, pixels)
    isolated = 0
    for batch, matrices, powers in pixels.batches():
        found = link(matrices, pixels.own(batch), master, job.options.estimator, job.options)
        phasors[batch], code[batch] = found.phasors, found.code
        isolated += found.isolated
        result.add(job, pixels, batch, matrices, powers, phasors[batch])
    job.raster("shp.u16").write(block.core, pixels.n_shp)
    job.raster("estimator.u8").write(block.core, code)
    result.write(job, block, phasors)
    return {"isolated": isolated}


def find_neighbours(job: Job, block: Block) -> dict[str, int]:
    """Write the alike neighbours of the pixels of a block and their number."""
    images, valid = job.valid_images(block)
    bits = alike_pixels(np.abs(images), valid, block.inner, job.options)
    job.neighbours.write(block.core, bits)
    job.raster("shp.u16").write(block.core, np.bitwise_count(bits).sum(axis=-1, dtype=np.int64))
    return {}


def link_mini_stack(job: Job, number: int, block: Block) -> dict[str, int]:
    """Link the images of a mini-stack with the compressed images before it, in one block.

    Writes phasors relative to the first image of the stack in the place of the linked images, the compressed image, the
    temporal coherence of the mini-stack and the codes of the estimator.
    """
    images = job.plan[number]
    before = compressed_before(number, job.options.max_compressed)
    stack = np.concatenate(
        [
            np.array([job.compressed(k).read(block.around) for k in before]).reshape(-1, *block.around.shape),
            job.images(block.around, images),
        ]
    ).astype(np.complex64)
    stack *= job.raster("shp.u16").read(block.around) > 0
    pixels = _Pixels.of(job, block, stack, job.neighbours.read(block.core))
    phasors, fit = _own_phasors(pixels, 0), np.zeros(block.core.size, np.float32)
    code = np.zeros(block.core.size, np.uint8) if number == 0 else job.raster("estimator.u8").read(block.core).ravel()
    isolated = 0
    for batch, matrices, _ in pixels.batches():
        found = link(matrices, pixels.own(batch), 0, job.options.estimator, job.options)
        phasors[batch] = found.phasors
        code[batch] = np.maximum(code[batch], found.code)
        isolated += found.isolated
        fit[batch] = temporal_coherence(matrices, found.phasors)
    own = pixels.own(np.arange(block.core.size))[:, len(before) :]
    job.compressed(number).write(block.core, compression(own, phasors[:, len(before) :]))
    job.fit(number).write(block.core, fit)
    job.raster("estimator.u8").write(block.core, code)
    for k, column in zip(images, phasors[:, len(before) :].T, strict=True):
        job.image(k).write(block.core, column)
    return {"isolated": isolated}


def finish_block(job: Job, block: Block) -> dict[str, int]:
    """Refer the phases of a block to the master and write amplitudes and quality.

    The phasors of the mini-stacks stand where the result goes; they are kept in a temporary file until the block is finished.
    """
    phasors = _mini_stack_phasors(job, block)
    if job.options.datum and len(job.plan) > 1:
        phasors *= _datum(job, block)
    phasors *= np.conj(phasors[:, [job.stack.master_ix]])
    images, _ = job.valid_images(block)
    pixels = _Pixels.of(job, block, images, job.neighbours.read(block.core))
    result = _Quality.empty(job, pixels)
    for batch, matrices, powers in pixels.batches():
        result.add(job, pixels, batch, matrices, powers, phasors[batch])
    fits = np.array([job.fit(number).read(block.core) for number in range(len(job.plan))])
    job.raster("tcoh_avg.flt").write(block.core, fits.mean(axis=0, dtype=np.float64))
    result.write(job, block, phasors)
    return {}


# ---------------------------------------------------------------------- parts


def _own_phasors(pixels: _Pixels, reference: int) -> NDArray[np.complex64]:
    """Phases of the pixels themselves relative to an image, (p, n); 0 for pixels that are not valid."""
    own = pixels.own(np.arange(len(pixels.centres)))
    phasors = unit(own) * np.conj(unit(own[:, [reference]]))
    return (phasors * (pixels.n_shp > 0)[:, None]).astype(np.complex64)


def _mini_stack_phasors(job: Job, block: Block) -> NDArray[np.complex64]:
    """Phasors relative to the first image, (p, n), as the mini-stacks left them."""
    path = job.kept_phasors(block.number)
    if path.exists():
        return np.load(path)
    n = job.stack.n_images
    phasors = np.array([job.image(k).read(block.core).ravel() for k in range(n)]).T
    if job.kept:
        valid = (phasors != 0)[:, :1]
        phasors = np.where(valid | (phasors != 0), unit(phasors), 0).astype(np.complex64)
        phasors[:, : job.kept_images] *= np.conj(phasors[:, :1])
    beside = path.with_suffix(".new")
    with open(beside, "wb") as file:
        np.save(file, phasors)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    return phasors


def _datum(job: Job, block: Block) -> NDArray[np.complex64]:
    """Adjustment of the images of each mini-stack, (p, n): the linked phases of the compressed images."""
    numbers = range(len(job.plan))
    stack = np.array([job.compressed(number).read(block.around) for number in numbers])
    pixels = _Pixels.of(job, block, stack, job.neighbours.read(block.core))
    found = np.ones((block.core.size, len(stack)), np.complex64)
    for batch, matrices, _ in pixels.batches():
        found[batch] = link(matrices, pixels.own(batch), 0, job.options.estimator, job.options).phasors
    return np.repeat(found, [len(images) for images in job.plan], axis=1)


@dataclass
class _Quality:
    """Amplitudes and quality of the pixels of a block: arrays (p,) and (p, n)."""

    amplitudes: NDArray[np.float32]
    tcoh: NDArray[np.float32]
    sigma: NDArray[np.float32]
    closure: NDArray[np.float32]
    pairs: PairCounts

    @classmethod
    def empty(cls, job: Job, pixels: _Pixels) -> _Quality:
        """Of pixels without neighbours: their own amplitudes, no quality."""
        p = len(pixels.centres)
        own = np.abs(pixels.own(np.arange(p)))
        tcoh, sigma, closure = np.zeros((3, p), np.float32)
        pairs = PairCounts.empty(pixels.n_images if job.options.pair_coherence else 0)
        return cls(own, tcoh, sigma, closure, pairs)

    def add(
        self,
        job: Job,
        pixels: _Pixels,
        batch: NDArray[np.int64],
        matrices: NDArray[np.complex64],
        powers: NDArray[np.float32],
        phasors: NDArray[np.complex64],
    ) -> None:
        """Find out about a batch of pixels."""
        looks = pixels.n_shp[batch] / job.options.looks_factor
        self.amplitudes[batch] = np.sqrt(powers)
        self.tcoh[batch] = temporal_coherence(matrices, phasors)
        self.sigma[batch] = phase_deviation(moduli(matrices, job.options)[0], looks, job.stack.master_ix)
        if job.options.closure:
            self.closure[batch] = mean_closure(matrices)
        if job.options.pair_coherence:
            self.pairs.add(np.abs(matrices), self.tcoh[batch])

    def write(self, job: Job, block: Block, phasors: NDArray[np.complex64]) -> None:
        """Write it and the linked images; the phase of the master is exactly 0."""
        phasors[:, job.stack.master_ix] = np.abs(phasors[:, job.stack.master_ix])
        for k in range(job.stack.n_images):
            job.image(k).write(block.core, self.amplitudes[:, k] * phasors[:, k])
        job.raster("tcoh.flt").write(block.core, self.tcoh)
        job.raster("sigma.flt").write(block.core, self.sigma)
        if job.options.closure:
            job.raster("closure.flt").write(block.core, self.closure)
        if job.options.pair_coherence:
            self.pairs.write(job.scratch(f"pairs_{block.number}.npy"))
