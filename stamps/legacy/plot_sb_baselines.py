"""Another name of ``sb_baseline_plot``. Source: docs/method/products.md, section 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stamps.legacy.sb_baseline_plot import sb_baseline_plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from stamps._typing import StrPath
    from stamps.workspace import Workspace


__all__ = ["plot_sb_baselines"]


def plot_sb_baselines(
    ix: ArrayLike | None = None, workdir: Workspace | StrPath = ".", out: StrPath | None = "baseline_plot.png"
) -> Figure:
    """Draw the network of a small-baseline project: see :func:`stamps.legacy.sb_baseline_plot.sb_baseline_plot`."""
    return sb_baseline_plot(ix, workdir=workdir, out=out)
