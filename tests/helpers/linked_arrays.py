"""Phases of a whole array of images linked at once, for comparisons: the steps of ``mt_link`` without its files."""

import functools

import numpy as np

from stamps.linking.estimators import link
from stamps.linking.neighbours import alike_pixels, window_offsets
from stamps.linking.options import LinkOptions
from stamps.linking.quality import temporal_coherence
from stamps.native.coherence_matrices import coherence_matrices


def wrapped(phase):
    """Size of a phase, at most π."""
    return np.abs(np.angle(np.exp(1j * np.asarray(phase, np.float64))))


def rms(error, pixels):
    """Root mean square of phase errors (n, lines, samples) relative to the first image, over the other images and some pixels."""
    relative = wrapped(error[1:, pixels] - error[:1, pixels])
    return float(np.sqrt(np.mean(relative**2)))


def flags_of(slc, options):
    """Alike neighbours, (lines, samples, window lines, window samples) bool."""
    shape = slc.shape[1:]
    everything = slice(0, shape[0]), slice(0, shape[1])
    bits = alike_pixels(np.abs(slc), np.ones(shape, bool), everything, options)
    window = options.window
    return np.unpackbits(bits, axis=-1, count=window[0] * window[1]).astype(bool).reshape(*shape, *window)


class LinkedArrays:
    """Images (n, lines, samples) and their neighbours; what is computed is kept."""

    def __init__(self, slc, flags):
        self.shape = slc.shape[1:]
        self.own = slc.reshape(len(slc), -1).T
        values = np.concatenate([self.own.real, self.own.imag], axis=1)
        values = np.concatenate([values, np.zeros((1, values.shape[1]))]).astype(np.float32)
        window = flags.shape[2:]
        offsets = window_offsets((window[0] // 2, window[1] // 2)) @ np.array([self.shape[1], 1])
        bits = np.packbits(flags.reshape(len(self.own), -1), axis=1)
        self.n_shp = flags.sum(axis=(2, 3)).ravel()
        self.matrices = coherence_matrices(values, np.arange(len(self.own)), offsets, bits)[0]

    @functools.cache  # noqa: B019  a handful of them, as long as the tests of a module
    def link(self, estimator):
        """What the estimator gives with default options, the first image being the reference."""
        return link(self.matrices, self.own, 0, estimator, LinkOptions.of())

    def phase(self, estimator):
        """Linked phases, (n, lines, samples) radians."""
        return np.angle(self.link(estimator).phasors).T.reshape(-1, *self.shape)

    def quality(self, estimator):
        """Temporal coherence, (lines, samples)."""
        return temporal_coherence(self.matrices, self.link(estimator).phasors).reshape(self.shape)

    def reliable(self, estimator):
        """Pixels with more neighbours than images and a quality that noise does not reach, (lines, samples) bool."""
        return (self.quality(estimator) >= 0.4) & (self.n_shp.reshape(self.shape) > self.own.shape[1])
