"""Arguments and options that several commands for products have."""

from __future__ import annotations

from stamps.cli.command import Argument, Option, literal

__all__ = ["DATA", "IFG_LIST", "LAT_RG", "LON_RG", "OUT", "REFERENCE", "SEED"]

OUT = Option("--out", "FILE", about="picture to write, .png, .pdf or .svg (default: a window; without a display a PNG)")
REFERENCE = (
    Option("--reference-date", "YYYYMMDD", about="date on which displacements are 0 (default: the master's)"),
    Option(
        "--reference", "N", float, count="+", argument="reference_area",
        about="LON LAT RADIUS in metres, or WEST EAST SOUTH NORTH: what the picture is relative to (default: the parameters')",
    ),
)  # fmt: skip
SEED = Option("--seed", "N", int, "start of the random numbers (0); equal seeds give equal results")

IFG_LIST = Argument("IFG_LIST", literal, "interferograms or images, counted from 1: '[3 5]', 2:6; '[]' the default")
LON_RG = Argument("LON_RG", literal, "longitudes of the part to show: '[14.1 14.3]'")
LAT_RG = Argument("LAT_RG", literal, "latitudes of it")
DATA = Argument("DATA", about="the name of a saved plot, as ps_plot v-d -1 saves ps_plot_v-d")
