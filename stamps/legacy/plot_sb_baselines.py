"""Another name of ``sb_baseline_plot``. Source: docs/method/products.md, section 6."""

from stamps.legacy.sb_baseline_plot import sb_baseline_plot

__all__ = ["plot_sb_baselines"]


def plot_sb_baselines(ix=None, workdir=".", out="baseline_plot.png"):
    """Draw the network of a small-baseline project: see :func:`stamps.legacy.sb_baseline_plot.sb_baseline_plot`."""
    return sb_baseline_plot(ix, workdir=workdir, out=out)
