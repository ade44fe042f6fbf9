"""The shell commands that draw: maps, series, networks, corrections."""

from __future__ import annotations

from stamps.cli import answers, plot_help
from stamps.cli.command import Argument, Command, Option, literal
from stamps.cli.product_arguments import DATA, IFG_LIST, LAT_RG, LON_RG, OUT, REFERENCE, SEED

__all__ = ["PLOTS"]


#: Arguments of ``ps_plot`` after the value type; each is an option, too.
_PLOT = (
    Argument(
        "PLOT_FLAG", literal,
        "-1 save the values; background: 0 black, 1 white (default), 2 shaded DEM, 3 DEM in three dimensions,\n"
        "4 amplitude, 5 amplitude shining through, 6 white with metres, 7 black with metres",
    ),
    Argument("LIMS", literal, "range of the colours: '[-20 20]'; 0 the default, all but the outer thousandths"),
    Argument("REF_IFG", literal, "0 none, -1 the one before, or an interferogram to subtract"),
    IFG_LIST,
    Argument("N_X", literal, "panels side by side; 0 as fits"),
    Argument("CBAR_FLAG", literal, "colour bar: 0 beside the panels, 1 none, 2 below"),
    Argument("TEXTSIZE", literal, "points; 0 as fits"),
    Argument("TEXTCOLOR", literal, "name of a colour, or red, green, blue: '[1 0 0]'"),
    LON_RG,
    LAT_RG,
    Argument("UNITS", literal, "unit for the colour bar instead of that of the value type"),
)  # fmt: skip
_NETWORK = (
    Argument("IX", literal, "interferograms to draw, counted from 1: '[1 4 7]' (default: those that are not dropped)"),
)

PLOTS = {
    "ps_plot": Command(
        "Draw, or save, the values of all pixels: phases, velocities, heights and what was estimated.\n"
        "Velocities are positive towards the satellite, unwrapped phases positive away from it, relative to the\n"
        "reference area (parameters ref_centre_lonlat and ref_radius, or ref_lon and ref_lat).",
        (Argument("VALUE_TYPE", about="one of those listed below"), *_PLOT),
        required=1,
        repeats="WORD",
        options=(
            OUT,
            SEED,
            *REFERENCE,
            *(Option(f"--{argument.name.lower()}", argument.name, argument.read) for argument in _PLOT),
        ),
        kernels=False,
        more=plot_help.value_types,
        example=(
            "ps_plot v-do                            # map of the velocity, look-angle error and ramps removed\n"
            "ps_plot v-do -1                         # saved in ps_plot_v-do.mat and mean_v.mat, for ps_output\n"
            "ps_plot u-dm 1 0 0 '[3 5]' --out u.png  # two images\n"
            "ps_plot v-d ts                          # velocity and the series behind it, for ts_plot\n"
            "ps_plot v-da a_gacos 4 '[-20 20]'       # troposphere removed, on the amplitude\n"
            "ps_plot w --ifg_list 1:4 --ref_ifg -1   # wrapped phase from image to image\n"
            "ps_plot u-dm --reference-date 20190104 --reference 14.12 40.85 300  # since a date, relative to an area"
        ),
    ),
    "ps_mean_v": Command(
        "Fit a velocity to every pixel, with a bootstrapped standard deviation, and save both in mv2.mat.\n"
        "(The sign is that of the phase: positive is motion away from the satellite.)",
        (
            IFG_LIST,
            Argument("N_BOOT", int, "number of bootstrap samples (100)"),
            Argument("SWITCHES", str, "what is removed: '', d, o, a, ao, do, da, dat or dao (as in ps_plot v-do)"),
            Argument("USE_SB", int, "1: from small-baseline interferograms; 0: from the series (default)"),
            Argument("APS_FLAG", literal, "tropospheric correction, as in ps_plot: a_gacos, a_linear, 1 … 41"),
        ),
        options=(SEED,),
        kernels=False,
        example="ps_mean_v '[]' 500 do",
    ),
    "ps_plot_ifg": Command(
        "Draw a saved plot as it is, without reference.",
        (
            DATA,
            Argument("BG_FLAG", int, "background, as PLOT_FLAG of ps_plot (1)"),
            Argument("COL_RG", literal, "range of the colours"),
            LON_RG,
            LAT_RG,
            Argument("EXT_DATA", about="MAT file with points to compare with (lonlat, ph_disp)"),
        ),
        required=1,
        options=(OUT,),
        kernels=False,
        call=answers.draw_saved,
        example="ps_plot_ifg ps_plot_v-d 4 '[-20 20]' --out velocity.pdf",
    ),
    "ps_plot_tca": Command(
        "Show the tropospheric corrections: which there are, what a file of TRAIN holds, how large one of them is.",
        (
            Argument("FILE", about="tca2 or tca_sb2 (default: what the project has)"),
            Argument("APS_FLAG", literal, "number or name of the correction: 1 … 41, a_gacos"),
        ),
        kernels=False,
        call=answers.print_troposphere,
        example="ps_plot_tca tca2 a_gacos",
    ),
    "ps_plot_ica": Command(
        "Show how large the ionospheric correction is.",
        (
            Argument("FILE", about="ica2 or ica_sb2 (default: what the project has)"),
            Argument("ICA_FLAG", literal, "i_as, i_az or 1 (default): from shifts in azimuth"),
        ),
        kernels=False,
        call=answers.print_ionosphere,
        example="ps_plot_ica ica2 i_as",
    ),
    "ts_plot": Command(
        "Draw the time series of the pixels around a place and the line through it, after ps_plot … ts.\n"
        "Without a place a map is shown to click on.",
        (
            Argument("LON", float, "degrees"),
            Argument("LAT", float, "degrees"),
            Argument("RADIUS", float, "metres around the place (100)"),
        ),
        options=(OUT, *REFERENCE),
        kernels=False,
        call=answers.draw_series,
        example="ps_plot v-do ts\nts_plot -99.123 19.405 300 --out series.png",
    ),
    "ts_plotdiff": Command(
        "Draw the difference of the time series of two places, first minus second, after ps_plot … ts.\n"
        "Without places a map is shown to click on.",
        (
            Argument("LON1", float, "degrees"),
            Argument("LAT1", float, "degrees"),
            Argument("LON2", float, "degrees"),
            Argument("LAT2", float, "degrees"),
            Argument("RADIUS", float, "metres around the places (100)"),
        ),
        options=(OUT, *REFERENCE),
        kernels=False,
        call=answers.draw_series,
        example="ts_plotdiff -99.123 19.405 -99.060 19.421 300",
    ),
    "ps_baseline_plot": Command(
        "Draw dates and perpendicular baselines of a single-master project.",
        options=(OUT,),
        kernels=False,
        example="ps_baseline_plot --out baselines.pdf",
    ),
    "sb_baseline_plot": Command(
        "Draw the network of a small-baseline project, coloured by the noise of the interferograms.\n"
        "The picture is baseline_plot.png unless another one is asked for.",
        _NETWORK,
        options=(OUT,),
        kernels=False,
        example="sb_baseline_plot '[1:10]' --out network.pdf",
    ),
    "plot_sb_baselines": Command(
        "Another name of sb_baseline_plot.",
        _NETWORK,
        options=(OUT,),
        kernels=False,
        example="plot_sb_baselines",
    ),
    "plot_all_ifgs": Command(
        "Draw the raster files of all interferograms side by side (cint.minrefdem_*l.ras).",
        (
            Argument("TYPE", int, "0, the only one"),
            Argument("N_X", int, "tiles side by side; 0 as fits"),
            Argument("TEXTSIZE", float, "points; 0 as fits"),
        ),
        options=(OUT,),
        kernels=False,
        example="plot_all_ifgs 0 6 --out sheet.png",
    ),
    "plot_uw": Command(
        "Draw what step 6 unwraps from: resampled and interpolated phase, gradients, arcs; a picture each.",
        (Argument("IFG_LIST", literal, "interferograms, counted from 1 among those that are unwrapped: '[1 3]' (1)"),),
        options=(OUT,),
        kernels=False,
        example="plot_uw '[1 3]' --out step6.png",
    ),
    "profiler": Command(
        "Draw values along a line, which goes on beyond both places, beside a map. stamps profile ends at them and writes\n"
        "tables.",
        (
            DATA,
            Argument("LON1", float, "degrees"),
            Argument("LAT1", float, "degrees"),
            Argument("LON2", float, "degrees"),
            Argument("LAT2", float, "degrees"),
            Argument("BINS", int, "equal parts of the line (15)"),
            Argument("R", float, "metres on either side (100)"),
            Argument("UNITS", about="of the values, for the picture (rad)"),
        ),
        required=5,
        options=(OUT,),
        kernels=False,
        call=answers.draw_line,
        example="profiler ps_plot_v-d 14.10 40.80 14.25 40.86 15 200 mm/yr --out line.png",
    ),
    "cptcmap": Command(
        "Show the colours of a palette of GMT; pictures take it by setparm plot_color_scheme NAME.cpt.",
        (
            Argument("NAME", about="file, or name in the folder cptfiles, with or without .cpt; showall draws all of them"),
            Argument("NCOL", int, "number of colours (as many as resolve the rows, at most 256)"),
        ),
        required=1,
        options=(Option("--flip", about="reverse the order of the colours"), OUT),
        kernels=False,
        call=answers.print_palette,
        example="cptcmap haxby 16\nsetparm plot_color_scheme haxby.cpt",
    ),
}  # fmt: skip
