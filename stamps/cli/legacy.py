"""The table of the legacy commands: each is described here and nowhere else.

A command calls the function of the package that has its name. Products that the original returned to the MATLAB prompt
are printed or drawn, see :mod:`stamps.cli.answers`.
"""

from stamps.cli import answers, plot_help
from stamps.cli.command import Argument, Command, Option, bounds, literal, matrix, text_or_number
from stamps.cli.options import STDOUT

__all__ = ["COMMANDS"]

_OUT = Option(
    "--out", "FILE", about="picture to write, .png, .pdf or .svg (default: a window; without a display a PNG)"
)
_SEED = Option("--seed", "N", int, "start of the random numbers (0); equal seeds give equal results")

# ---------------------------------------------------------------------- preparation

_GRID = (
    Argument("DA_THRESH", about="amplitude dispersion below which a pixel is a candidate (0.4; small baselines 0.6)"),
    Argument("RG_PATCHES", int, "number of patches in range (1)"),
    Argument("AZ_PATCHES", int, "number of patches in azimuth (1)"),
    Argument("RG_OVERLAP", int, "their overlap in range, pixels (50)"),
    Argument("AZ_OVERLAP", int, "their overlap in azimuth, pixels (50)"),
)
_MASK = Argument("MASKFILE", about="one byte per pixel, 0 = use")
_MASTER = Argument("MASTER", about="date of the master image, yyyymmdd")

#: What the programs that read rasters of candidates have in common.
_IN = Argument("IN", about="file of parameters: width (selection: threshold first), then images or rasters, one a line")
_IJ = Argument("IJ", about="candidates: number, line, sample")
_PRECISION = Argument("PRECISION", about="f or s: complex floats or complex shorts")
_BYTESWAP = Argument("BYTESWAP", int, "1: swap bytes")
_BAD_RASTER = 231

_PREPARATION = {
    "mt_prep_snap": Command(
        "Prepare the current directory from a SNAP export: parameters, patches and candidate pixels.",
        (
            _MASTER,
            Argument("DATADIR", about="the export (rslc, diff0, geo, dem; or SMALL_BASELINES, geo, dem)"),
            *_GRID,
            _MASK,
        ),
        required=2,
        status=4,
        example="mt_prep_snap 20180601 /data/export 0.4 3 2 50 200",
    ),
    "mt_prep_gamma": Command(
        "Prepare the current directory from Gamma data (rslc, diff0, geo, dem).",
        (_MASTER, Argument("DATADIR", about="the data (rslc, diff0, geo, dem)"), *_GRID, _MASK),
        required=2,
        status=4,
        example="mt_prep_gamma 20180601 /data/gamma 0.4 3 2",
    ),
    "mt_prep": Command(
        "Prepare a Doris project; run it in INSAR_<master> or its SMALL_BASELINES.",
        _GRID,
        status=4,
        example="mt_prep 0.4 3 2",
    ),
    "mt_prep_isce": Command(
        "Prepare the current directory from an ISCE2 topsStack tree (merged/SLC, geom_reference, baselines).\n"
        "Small baselines if the current directory holds small_baselines.list.",
        (_MASTER, Argument("STACKDIR", about="the tree of topsStack"), *_GRID, _MASK),
        required=2,
        status=4,
        example="mt_prep_isce 20180601 /data/topsstack 0.4 3 2",
    ),
    "mt_extract_info": Command(
        "Write the text files of a Doris project (dates, baselines, look angles, heading).",
        example="mt_extract_info",
    ),
    "mt_extract_cands": Command(
        "Extract the candidates of every patch (without arguments all four parts; 1 on, 0 off).",
        (
            Argument("DOPHASE", int, "1: phases"),
            Argument("DOLONLAT", int, "1: longitudes and latitudes"),
            Argument("DODEM", int, "1: heights"),
            Argument("DOCANDS", int, "1: choose the candidates"),
            _PRECISION,
            _BYTESWAP,
            _MASK,
            Argument("PATCH_LIST", about="file with the names of the patches (patch.list)"),
        ),
        example="mt_extract_cands 1 1 1 0",
    ),
    "calamp": Command(
        "Mean amplitude of every image of LIST, written to OUT as calibration constants.",
        (
            Argument("LIST", about="file with the names of the images"),
            Argument("WIDTH", int, "samples of a line"),
            Argument("OUT", about="parmfile.out"),
            _PRECISION,
            _BYTESWAP,
            _MASK,
        ),
        required=2,
        status=_BAD_RASTER,
        example="calamp calamp.in 400 calamp.out f 1",
    ),
    "selpsc_patch": Command(
        "Select the candidates of one patch by amplitude dispersion (single master).",
        (
            _IN,
            Argument("PATCH_IN", about="limits of the patch"),
            Argument("IJ", about="candidates to write"),
            Argument("DA", about="their amplitude dispersions"),
            Argument("MEAN_AMP", about="mean amplitudes"),
            _PRECISION,
            _BYTESWAP,
            _MASK,
            Argument("MASTERAMP_LIST", about="amplitudes of the masters"),
        ),
        required=2,
        status=_BAD_RASTER,
        example="selpsc_patch selpsc.in PATCH_1/patch.in PATCH_1/pscands.1.ij PATCH_1/pscands.1.da",
    ),
    "selsbc_patch": Command(
        "Select the candidates of one patch by amplitude difference dispersion (small baselines).",
        (
            _IN,
            Argument("PATCH_IN", about="limits of the patch"),
            Argument("IJ", about="candidates to write"),
            Argument("DA", about="their amplitude difference dispersions"),
            Argument("MEAN_AMP", about="mean amplitudes"),
            _PRECISION,
            _BYTESWAP,
            _MASK,
        ),
        required=2,
        status=_BAD_RASTER,
        example="selsbc_patch selsbc.in PATCH_1/patch.in PATCH_1/pscands.1.ij PATCH_1/pscands.1.da",
    ),
    "psclonlat": Command(
        "Longitude and latitude of the candidates.",
        (_IN, _IJ, Argument("OUT", about="pscands.1.ll")),
        required=1,
        status=_BAD_RASTER,
        example="psclonlat psclonlat.in PATCH_1/pscands.1.ij PATCH_1/pscands.1.ll",
    ),
    "pscdem": Command(
        "Height of the candidates.",
        (_IN, _IJ, Argument("OUT", about="pscands.1.hgt"), Argument("PRECISION", about="f or d: floats or doubles")),
        required=1,
        status=_BAD_RASTER,
        example="pscdem pscdem.in PATCH_1/pscands.1.ij PATCH_1/pscands.1.hgt",
    ),
    "pscphase": Command(
        "Interferometric phase of the candidates.",
        (_IN, _IJ, Argument("OUT", about="pscands.1.ph")),
        required=1,
        status=_BAD_RASTER,
        example="pscphase pscphase.in PATCH_1/pscands.1.ij PATCH_1/pscands.1.ph",
    ),
}

# ---------------------------------------------------------------------- processing

_PATCHES_FLAG = Argument("PATCHES_FLAG", about="y: in the patches (default before step 6); n: in this directory alone")
_EST_GAMMA = Argument("EST_GAMMA_PARM", int, "step 2: 0 anew, 1 continue the iteration, 2 stop after the patch phase")
_PATCH_LIST = Argument("PATCH_LIST_FILE", about="names of the patches (patch.list)")

_PROCESSING = {
    "stamps": Command(
        "Run processing steps START (default 1; 0 resumes) to END (default 8):\n"
        "  1 load   2 estimate coherence   3 select   4 weed   5 correct phase, merge patches\n"
        "  6 unwrap   7 look-angle error   8 spatially correlated noise",
        (
            Argument("START", int),
            Argument("END", int),
            _PATCHES_FLAG,
            _EST_GAMMA,
            _PATCH_LIST,
            Argument("PART", int, "1: the patches alone (steps 1 to 5); 2: the merged project alone (from 5 on)"),
        ),
        help_if_bare=True,
        options=(
            Option("--cores", "N", int, "cores to use (default: parameter n_cores; its default 1 stands for all)", None),
            Option(
                "--scheduler", "ADDRESS", str,
                "run the patches on the Dask cluster of this scheduler (tcp://host:8786)", None,
            ),
            Option("--cluster", "slurm", str, "start Dask workers through SLURM", None),
            Option("--restart", about="begin anew where the same run was interrupted, instead of going on at that step"),
            Option("--dry-run", about="change nothing, say what would be done, skipped and overwritten"),
            Option(
                "--json", "FILE", str, "write what was done as JSON (also of a run that fails); the answer of a dry run, too:\n"
                "without FILE it is printed", bare=STDOUT,
            ),
        ),
        example="stamps 1 8 --cores 4\nstamps 0 8 --dry-run",
        call=answers.run_or_plan,
    ),
    "ps_info": Command("List the images with dates, baselines and noise.", kernels=False, example="ps_info"),
    "sb_info": Command(
        "List the small-baseline interferograms with dates, baselines and noise.", kernels=False, example="sb_info"
    ),
    "ps_sb_merge": Command(
        "Combine the PS and the small-baseline selection of a project in MERGED.", example="ps_sb_merge"
    ),
    "sb_find": Command(
        "Choose small-baseline pairs by their expected coherence.",
        (
            Argument("RHO_MIN", float, "least coherence of a pair (0.5)"),
            Argument("DAYS", float, "time span at which the coherence is gone (1500)"),
            Argument("METRES", float, "perpendicular baseline at which it is gone (1070)"),
        ),
        example="sb_find 0.5 1500 1070",
    ),
    "sb_find_consec": Command(
        "Choose as pairs each image with the next N.",
        (Argument("N", int, "number of neighbours (3)"),),
        example="sb_find_consec 3",
    ),
    "sb_find_delaunay": Command(
        "Choose as pairs the Delaunay edges of dates and baselines.", example="sb_find_delaunay"
    ),
    "scla_reset": Command(
        "Delete the look-angle errors of the project and its patches.", (_PATCHES_FLAG,), example="scla_reset y"
    ),
    "stamps_mc_header": Command(
        "Run steps 1 to 5 of the patches in n_cores processes; then: stamps START END [] 0 [] 2.",
        (
            Argument("START", int, "first step (1)"),
            Argument("END", int, "last step (4)"),
            _PATCHES_FLAG,
            _EST_GAMMA,
            _PATCH_LIST,
        ),
        example="stamps_mc_header 1 5",
    ),
    "getparm": Command(
        "Print one parameter (a unique beginning of its name is enough) or all of them.",
        (Argument("NAME"), Argument("PRINTFLAG", int, "0: look it up silently")),
        kernels=False,
        call=answers.print_parameter,
        example="getparm unwrap_grid",
    ),
    "setparm": Command(
        "Set a parameter.",
        (
            Argument("NAME", text_or_number, "a unique beginning is enough; or its number"),
            Argument(
                "VALUE", literal, "a MATLAB literal: 50, y, 'y', [3 8], inf, [] or nan (back to the default)"
            ),
            Argument(
                "FLAG", int,
                "1 create exactly this name, 2 set for this directory only, -1 delete, -2 delete the local value",
            ),
        ),
        kernels=False,
        example="setparm drop_ifg_index '[3 8]'",
    ),
}  # fmt: skip

# ---------------------------------------------------------------------- products

_IFG_LIST = Argument("IFG_LIST", literal, "interferograms or images, counted from 1: '[3 5]', 2:6; '[]' the default")
_LON_RG = Argument("LON_RG", literal, "longitudes of the part to show: '[14.1 14.3]'")
_LAT_RG = Argument("LAT_RG", literal, "latitudes of it")
_DATA = Argument("DATA", about="the name of a saved plot, as ps_plot v-d -1 saves ps_plot_v-d")

#: Arguments of ``ps_plot`` after the value type; each is an option, too.
_PLOT = (
    Argument(
        "PLOT_FLAG", literal,
        "-1 save the values; background: 0 black, 1 white (default), 2 shaded DEM, 3 DEM in three dimensions,\n"
        "4 amplitude, 5 amplitude shining through, 6 white with metres, 7 black with metres",
    ),
    Argument("LIMS", literal, "range of the colours: '[-20 20]'; 0 the default, all but the outer thousandths"),
    Argument("REF_IFG", literal, "0 none, -1 the one before, or an interferogram to subtract"),
    _IFG_LIST,
    Argument("N_X", literal, "panels side by side; 0 as fits"),
    Argument("CBAR_FLAG", literal, "colour bar: 0 beside the panels, 1 none, 2 below"),
    Argument("TEXTSIZE", literal, "points; 0 as fits"),
    Argument("TEXTCOLOR", literal, "name of a colour, or red, green, blue: '[1 0 0]'"),
    _LON_RG,
    _LAT_RG,
    Argument("UNITS", literal, "unit for the colour bar instead of that of the value type"),
)  # fmt: skip
_NETWORK = (
    Argument("IX", literal, "interferograms to draw, counted from 1: '[1 4 7]' (default: those that are not dropped)"),
)

_PLOTS = {
    "ps_plot": Command(
        "Draw, or save, the values of all pixels: phases, velocities, heights and what was estimated.\n"
        "Velocities are positive towards the satellite, unwrapped phases positive away from it, relative to the\n"
        "reference area (parameters ref_centre_lonlat and ref_radius, or ref_lon and ref_lat).",
        (Argument("VALUE_TYPE", about="one of those listed below"), *_PLOT),
        required=1,
        repeats="WORD",
        options=(
            _OUT,
            _SEED,
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
            "ps_plot w --ifg_list 1:4 --ref_ifg -1   # wrapped phase from image to image"
        ),
    ),
    "ps_mean_v": Command(
        "Fit a velocity to every pixel, with a bootstrapped standard deviation, and save both in mv2.mat.\n"
        "(The sign is that of the phase: positive is motion away from the satellite.)",
        (
            _IFG_LIST,
            Argument("N_BOOT", int, "number of bootstrap samples (100)"),
            Argument("SWITCHES", str, "what is removed: '', d, o, a, ao, do, da, dat or dao (as in ps_plot v-do)"),
            Argument("USE_SB", int, "1: from small-baseline interferograms; 0: from the series (default)"),
            Argument("APS_FLAG", literal, "tropospheric correction, as in ps_plot: a_gacos, a_linear, 1 … 41"),
        ),
        options=(_SEED,),
        kernels=False,
        example="ps_mean_v '[]' 500 do",
    ),
    "ps_plot_ifg": Command(
        "Draw a saved plot as it is, without reference.",
        (
            _DATA,
            Argument("BG_FLAG", int, "background, as PLOT_FLAG of ps_plot (1)"),
            Argument("COL_RG", literal, "range of the colours"),
            _LON_RG,
            _LAT_RG,
            Argument("EXT_DATA", about="MAT file with points to compare with (lonlat, ph_disp)"),
        ),
        required=1,
        options=(_OUT,),
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
        options=(_OUT,),
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
        options=(_OUT,),
        kernels=False,
        call=answers.draw_series,
        example="ts_plotdiff -99.123 19.405 -99.060 19.421 300",
    ),
    "ps_baseline_plot": Command(
        "Draw dates and perpendicular baselines of a single-master project.",
        options=(_OUT,),
        kernels=False,
        example="ps_baseline_plot --out baselines.pdf",
    ),
    "sb_baseline_plot": Command(
        "Draw the network of a small-baseline project, coloured by the noise of the interferograms.\n"
        "The picture is baseline_plot.png unless another one is asked for.",
        _NETWORK,
        options=(_OUT,),
        kernels=False,
        example="sb_baseline_plot '[1:10]' --out network.pdf",
    ),
    "plot_sb_baselines": Command(
        "Another name of sb_baseline_plot.",
        _NETWORK,
        options=(_OUT,),
        kernels=False,
        example="plot_sb_baselines",
    ),
}  # fmt: skip

_CLIMS = Argument("CLIMS", literal, "values of the first and the last colour: '[-20 20]'")
_EXPORTS = {
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
            _DATA,
            Argument("STEP", literal, "every STEP-th pixel, chosen at random (1)"),
            Argument("OPACITY", float, "0 invisible to 1 (0.4)"),
            _CLIMS,
            _LON_RG,
            _LAT_RG,
            Argument("STD_CUTOFF", float, "only pixels whose velocity has a smaller standard deviation, mm/yr"),
        ),
        required=2,
        options=(_SEED,),
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
            _DATA,
            Argument("STEP", int, "every STEP-th pixel, beginning with the first (1)"),
        ),
        required=2,
        kernels=False,
        example="ps_plot v-d -1\nps_shapefile velocity ps_plot_v-d",
    ),
}  # fmt: skip

_TOOLS = {
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

#: Name -> command, in the order of work.
COMMANDS = {**_PROCESSING, **_PREPARATION, **_PLOTS, **_EXPORTS, **_TOOLS}
