"""The shell commands that write products for other programs, and the tools beside the processing."""

from __future__ import annotations

from stamps.cli import answers
from stamps.cli.command import Argument, Command, Option, bounds, cycles, literal, matrix
from stamps.cli.product_arguments import DATA, LAT_RG, LON_RG, SEED

__all__ = ["EXPORTS", "TOOLS"]

_CLIMS = Argument("CLIMS", literal, "values of the first and the last colour: '[-20 20]'")
EXPORTS = {
    "ps_output": Command(
        "Write coordinates, phases, velocities, DEM errors and displacements as text and binary files.\n"
        "The velocity is that of the last plot (ps_plot v-d -1).",
        options=(
            Option(
                "--corrected", about="heights, and the velocity where the original puts its standard deviation, in ps_data.xy"
            ),
        ),
        kernels=False,
        example="ps_plot v-do -1\nps_output",
    ),
    "ps_gescatter": Command(
        "Export a saved plot to Google Earth (KML).",
        (
            Argument("FILE", about="file to write; .kml is added"),
            DATA,
            Argument("STEP", literal, "every STEP-th pixel, chosen at random (1)"),
            Argument("OPACITY", float, "0 invisible to 1 (0.4)"),
            _CLIMS,
            LON_RG,
            LAT_RG,
            Argument("STD_CUTOFF", float, "only pixels whose velocity has a smaller standard deviation, mm/yr"),
        ),
        required=2,
        options=(SEED,),
        kernels=False,
        example="ps_plot v-d -1\nps_gescatter velocity ps_plot_v-d 5 0.6 '[-20 20]'",
    ),
    "gescatter": Command(
        "Write the points of a text file for Google Earth (KML).",
        (
            Argument("FILE", about="file to write; .kml is added"),
            Argument("POINTS", about="text file: longitude, latitude, value in each line, as ps_output writes"),
            _CLIMS,
            Argument("OPACITY", float, "0 invisible to 1 (0.4)"),
            Argument("SCALE", float, "size of the icons (0.4)"),
        ),
        required=2,
        kernels=False,
        call=answers.write_points,
        example="gescatter velocity ps_mean_v.xy '[-20 20]'",
    ),
    "ps_shapefile": Command(
        "Export a saved plot as a point shapefile.",
        (
            Argument("FILE", about="file to write; .shp is added (.gpkg and .geojson are understood, too)"),
            DATA,
            Argument("STEP", int, "every STEP-th pixel, beginning with the first (1)"),
        ),
        required=2,
        kernels=False,
        example="ps_plot v-d -1\nps_shapefile velocity ps_plot_v-d",
    ),
    "ps_export_kmz": Command(
        "Export a saved plot as one coloured picture for Google Earth (KMZ). stamps export kml --overlay does so with the\n"
        "velocity.",
        (
            Argument("FILE", about="file to write; .kmz is added"),
            DATA,
            _CLIMS,
            Argument("OPACITY", float, "0 invisible to 1 (0.8)"),
            Argument("RESOLUTION", float, "size of a cell, degrees (0.005)"),
            Argument("MAX_GAP", int, "cells from a cell that is shown to the next point (1)"),
        ),
        required=2,
        options=(Option("--average", about="the mean of the points in a cell instead of interpolation between points"),),
        kernels=False,
        call=answers.write_picture,
        example="ps_plot v-d -1\nps_export_kmz velocity ps_plot_v-d '[-20 20]'",
    ),
}  # fmt: skip

_MASK = Option("--mask", "MASKFILE", str, "one byte for each pixel of the image, not 0 on water, which cuts regions")
_UNDO = Option(
    "--undo", about="put back the files before the first change (also that of the other command) and invert again"
)
TOOLS = {
    "K2q": Command(
        "Convert look-angle coefficients to errors of the DEM in metres (positive: reality stands above the DEM).",
        (
            Argument("K", literal, "rad per metre of perpendicular baseline: 0.01, '[0.01 -0.02]'"),
            Argument("RANGE_PIXEL", literal, "range samples from 0, one or as many (2300)"),
            Argument("SENSOR", str, "E (ERS, Envisat; default), A (ALOS) or R2U18 (Radarsat-2)"),
        ),
        required=1,
        kernels=False,
        call=answers.print_numbers,
        example="K2q '[0.01 -0.02]' 1200 E",
    ),
    "ps_calc_tca": Command(
        "Estimate a tropospheric correction that is linear in height (a_linear-man in ps_plot).",
        (
            Argument("IFG_LIST", literal, "interferograms to correct, counted from 1: '[3 5]'; the others get zero"),
            Argument("HEIGHT_RANGE", bounds, "heights between which pixels count, m: '[200 900]', or a row for each"),
            Argument("PHASE_RANGE", bounds, "phases between which they count, rad: '[-10 10]', or a row for each"),
        ),
        required=3,
        kernels=False,
        example="ps_calc_tca '[3 5]' '[200 900]' '[-10 10]'\nps_plot v-da a_lman",
    ),
    "ps_load_mean_amp": Command(
        "Make the picture of mean amplitudes that stands behind plots (amp_mean.mat).",
        kernels=False,
        example="ps_load_mean_amp",
    ),
    "ps_load_dem": Command(
        "Read the DEM that stands behind plots (dem.mat), as demparms.in describes it: a line each for file, width,\n"
        "length, longitude and latitude of the upper left corner, posting in degrees, format (i2 or float).",
        kernels=False,
        example="ps_load_dem",
    ),
    "ps_load_info": Command(
        "Read dates and baselines alone (bperp.1.in, day.1.in, master_day.1.in …), to plan a processing.",
        kernels=False,
        example="ps_load_info",
    ),
    "sb_fix_unwrap_manual": Command(
        "Add whole cycles to the pixels inside a polygon in one small-baseline interferogram, and invert again.\n"
        "The files before the first change are kept as phuw_sb2_original.mat and so on.",
        (
            Argument("IFG", int, "interferogram, counted from 1"),
            Argument("CYCLES", int, "cycles to add; negative: to subtract"),
            Argument(
                "POLYGON", matrix,
                "corners, longitude and latitude: '[14.1 40.2; 14.3 40.2; 14.2 40.4]', or a text file of them",
            ),
        ),
        required=3,
        example="sb_fix_unwrap_manual 12 -1 '[14.1 40.2; 14.3 40.2; 14.2 40.4]'",
    ),
    "sb_fix_unwrap_manual_new": Command(
        "Repair a part of small-baseline interferograms by hand and invert again; changes of several calls add up.\n"
        "The files before the first change are kept as phuw_sb2_original.mat and so on, those before the last one as\n"
        "phuw_sb2_previous_temp.mat and so on.",
        options=(
            Option("--ifg", "N", int, "interferogram, counted from 1"),
            Option(
                "--polygon", "CORNERS", matrix,
                "around the pixels that are wrong, as '[14.1 40.2; 14.3 40.2; 14.2 40.4]' or a file",
            ),
            Option("--cycles", "N|closest", cycles, "cycles to add, or for each pixel those closest to the reference (closest)"),
            Option("--reference-polygon", "CORNERS", matrix, "around the pixels that are right, for closest"),
            Option("--all", about="all interferograms, for closest"),
            Option("--reset", about="begin with the phases before the first change; alone: put these back"),
            Option("--undo", about="put back the files as they were before the last change, and nothing else"),
        ),
        kernels=False,
        call=answers.count_phases,
        example=(
            "sb_fix_unwrap_manual_new --ifg 12 --cycles -1 --polygon '[14.1 40.2; 14.3 40.2; 14.2 40.4]'\n"
            "sb_fix_unwrap_manual_new --undo"
        ),
    ),
    "sb_bridge": Command(
        "Move regions of small-baseline interferograms by whole cycles, so that they fit over the shortest bridges, and invert\n"
        "again. The files before the first change are kept as phuw_sb2_original.mat and so on. Before sb_fix_closure.",
        options=(
            Option("--radius", "M", float, "metres around the end of a bridge that are compared (500)"),
            Option("--max-length", "M", float, "longer bridges are not used (5000)"),
            Option("--min-pixels", "N", int, "regions with fewer pixels stay as they are (50)"),
            Option("--ramp", about="remove a plane, fitted to the largest region, while ends are compared"),
            _MASK,
            _UNDO,
        ),
        kernels=False,
        example="sb_bridge --max-length 2000\nsb_bridge --undo",
    ),
    "sb_fix_closure": Command(
        "Close the loops of a small-baseline network in every pixel with as few whole cycles as possible, and invert again.\n"
        "The files before the first change are kept as phuw_sb2_original.mat and so on. Errors that close by themselves, such\n"
        "as those of a whole image, are not seen.",
        options=(
            Option("--weights", "sigma", str, "a cycle costs 1/variance of its interferogram (default: 1)"),
            Option(
                "--region", "y|n", str,
                "the most frequent cycles of a region count for all of it (default: only if loops are noisy)", bare="y",
            ),
            _MASK,
            _UNDO,
        ),
        kernels=False,
        example="sb_fix_closure --weights sigma\nsb_fix_closure --undo",
    ),
    "sb_invert_uw": Command(
        "Invert unwrapped small-baseline interferograms to a series again, as step 6 does at its end.",
        options=(
            Option(
                "--weights", "identity|sigma", str,
                "interferograms count alike, or by the noise of each; those without phase in a pixel are left out there\n"
                "(default: the setting weights, else as the original)",
            ),
        ),
        kernels=False,
        example="sb_invert_uw --weights sigma",
    ),
    "env_oscilator_corr": Command(
        "Show the apparent motion that the drift of Envisat's oscillator makes (plots subtract it by themselves).",
        (
            Argument("ENVISAT_FLAG", str, "y, n: whether the images are Envisat's (default: what the project says)"),
            Argument("FORCED_SM_FLAG", int, "1: for the single-master series of a small-baseline project, too"),
        ),
        kernels=False,
        call=answers.print_oscillator,
        example="env_oscilator_corr y",
    ),
}  # fmt: skip
