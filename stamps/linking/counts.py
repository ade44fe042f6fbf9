"""What a run of phase linking has found, in numbers.

Source: docs/method/linking.md, section 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from stamps.linking.blocks import Area
from stamps.linking.estimators import FELL_BACK, NONE
from stamps.linking.files import N_BINS
from stamps.linking.job import Job

__all__ = ["in_words", "pixel_counts"]

_LINES = 256


def pixel_counts(job: Job) -> dict[str, Any]:
    """Numbers of pixels of a finished run.

    Returns
    -------
    dict
        ``pixels`` of the subset, ``valid``, ``linked``, ``fell_back``, ``fewer_than_images`` (alike pixels, so that a coherence
        matrix is singular), ``mean_n_shp`` and ``tcoh_histogram`` (per 0.05) of the linked ones.
    """
    histogram = np.zeros(N_BINS, np.int64)
    valid = linked = fell_back = few = total = 0
    area = job.subset
    for first in range(area.first_line, area.end_line, _LINES):
        part = Area(first, min(first + _LINES, area.end_line), area.first_sample, area.end_sample)
        n_shp = job.raster("shp.u16").read(part).astype(np.int64)
        code, tcoh = job.raster("estimator.u8").read(part), job.raster("tcoh.flt").read(part)
        is_linked = code != NONE
        valid += int(np.count_nonzero(n_shp))
        linked += int(np.count_nonzero(is_linked))
        fell_back += int(np.count_nonzero(code == FELL_BACK))
        few += int(np.count_nonzero(is_linked & (n_shp < job.stack.n_images)))
        total += int(n_shp[is_linked].sum())
        # tcoh is float32: 0.35 and the like belong to the bin above
        histogram += np.bincount(np.clip((tcoh[is_linked] * N_BINS).astype(int), 0, N_BINS - 1), minlength=N_BINS)
    return {
        "pixels": area.size,
        "valid": valid,
        "linked": linked,
        "fell_back": fell_back,
        "fewer_than_images": few,
        "mean_n_shp": round(total / linked, 2) if linked else 0.0,
        "tcoh_histogram": histogram.tolist(),
    }


def in_words(record: dict[str, Any]) -> str:
    """The numbers of ``link.json`` in a few lines."""
    counts, histogram = record["counts"], np.array(record["counts"]["tcoh_histogram"])
    linked = counts["linked"]
    if not linked:
        return f"No pixel of {counts['pixels']} has an alike neighbour ({counts['valid']} are valid in all images)."
    above = [100 * histogram[round(limit * N_BINS) :].sum() / linked for limit in (0.5, 0.6, 0.7)]
    lines = [
        f"{linked} of {counts['pixels']} pixels linked ({counts['valid']} valid), {counts['mean_n_shp']:.0f} alike pixels each; "
        f"{100 * counts['fell_back'] / linked:.1f} % fell back to EVD.",
        f"Temporal coherence above 0.5, 0.6, 0.7: {above[0]:.1f} %, {above[1]:.1f} %, {above[2]:.1f} % of the linked pixels.",
    ]
    if counts["fewer_than_images"]:
        lines.append(
            f"{100 * counts['fewer_than_images'] / linked:.1f} % have fewer alike pixels than there are images."
        )
    if record["log"]:
        last = record["log"][-1]
        lines.append(f"{last['seconds']:.0f} s, {last['pixels_per_second']:.0f} pixels per second.")
    return "\n".join(lines)
