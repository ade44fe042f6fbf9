"""The shell commands that prepare a project: rasters of processors to candidates."""

from __future__ import annotations

from stamps.cli import answers
from stamps.cli.command import Argument, Command, Option, literal

__all__ = ["PREPARATION"]

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

_MULTILOOKED = (
    Argument("COH_THRESH", float, "coherence that counts, 0 to 1 (0.25)"),
    Argument("IMAGE_FRACTION", float, "part of the interferograms in which a pixel must have it (0.3)"),
    Argument("WEED_ZERO_ELEVATION", about="y: only pixels above height zero (n)"),
)
_FOLDERS = Argument("LIST", about="text file with the folders of the interferograms to use (all)")

_LINK_OPTIONS = (
    Option("--shp", "ks|ad|ttest|glrt|rect", about="test for alike neighbours (ks)"),
    Option("--alpha", "A", float, "its significance; the smaller, the more are accepted (0.0005, ad 0.001)"),
    Option("--half-window", "L S", int, "lines and samples to each side of a pixel (5 11)", count=2),
    Option("--connect", about="only neighbours that are connected to the pixel"),
    Option("--min-coherence", "C", float, "smaller coherences count as 0 (0)"),
    Option("--bandwidth", "W", int, "only pairs that are at most W images apart (all)"),
    Option("--beta", "B", float, "share of the identity in the matrix of coherences (0)"),
    Option("--method", "NAME", about="EVD, EMI, PTA or sequential_EVD, …_EMI, …_PTA (sequential_EMI)"),
    Option("--ministack", "K", int, "images of a mini-stack (10)"),
    Option("--max-compressed", "M", int, "compressed images that are linked with a mini-stack (10)"),
    Option("--datum", about="adjust the mini-stacks to each other at the end"),
    Option("--looks-factor", "F", float, "pixels per independent look (1.3)"),
    Option("--closure", about="write the map of phase closures"),
    Option("--pair-coherence", about="store the median coherence of all pairs"),
    Option("--mask", "MASKFILE", about="one byte per pixel, 0 = use (that of the preparation)"),
    Option(
        "--subset", "L1 L2 S1 S2", int, "first and last line, first and last sample, from 0: only this part", count=4
    ),
    Option("--overwrite", about="begin anew where LINK was made otherwise"),
    Option("--update", about="images have been added: keep the mini-stacks that are complete"),
    Option("--cores", "N", int, "cores to use (default: parameter n_cores; its default 1 stands for all)"),
)

_CSLC_OPTIONS = (
    Option("--area", "W S E N", float, "only this part: west, south, east, north in degrees", count=4),
    Option("--bursts", "ID …", about="only these bursts, as t078_165495_iw3", count="+"),
    Option("--exclude", "DATE …", about="dates (yyyymmdd) to leave out", count="+"),
    Option("--pol", "P", about="polarisation: VV, HH, VH, HV"),
    Option("--frequency", "A|B", about="of NISAR's products (A)"),
    Option("--dem", "FILE", about="heights above the ellipsoid, any raster (default: 0)"),
    Option("--height", "M", float, "height of the baselines' nodes without a DEM, m (0)"),
    Option("--water", "FILE", about="raster of water, which is masked"),
    Option("--water-value", "V", float, "its value of water (1)"),
    Option("--keep-layover", about="do not mask layover and shadow"),
    Option("--allow-mixed", about="combine images of different corrections"),
    Option("--align", about="take out constants between bursts"),
)

PREPARATION = {
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
    "mt_prep_cslc": Command(
        "Prepare the current directory from geocoded, flattened bursts or frames: OPERA CSLC-S1, COMPASS, NISAR GSLC.\n"
        "Small baselines if the current directory holds small_baselines.list.",
        (_MASTER, Argument("FOLDER", about="the folder with the products, static layers included"), *_GRID, _MASK),
        required=2,
        options=_CSLC_OPTIONS,
        status=4,
        example="mt_prep_cslc 20180601 /data/cslc 0.4 3 2 --area 14.85 37.6 15.2 37.9 --dem dem.tif",
    ),
    "mt_link": Command(
        "Link the phases of all pixels of a project prepared for a single master (distributed scatterers): one phase per image\n"
        "from all pairs over alike neighbours, in the folder LINK. A run that was stopped goes on when it is started again.",
        options=_LINK_OPTIONS,
        example="mt_link --cores 4\nmt_link --method EMI --half-window 5 7 --alpha 0.01 --connect --overwrite",
        call=lambda function, values, keywords: function(*values, **keywords) and None,
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
    "mt_ml_select": Command(
        "Load the coherent pixels of multilooked interferograms in the place of steps 1 to 5; go on with step 6.\n"
        "In a directory INSAR_yyyymmdd the interferograms are those of that master, elsewhere small baselines.",
        (*_MULTILOOKED, _FOLDERS),
        kernels=False,
        call=answers.count_pixels,
        example="mt_ml_select 0.4 0.5 y\nstamps 6 8",
    ),
    "mt_ml_select_gamma": Command(
        "Load the coherent pixels of multilooked small-baseline interferograms of Gamma in the place of steps 1 to 5.\n"
        "Run it in SMALL_BASELINES, beside SLC and geo; go on with step 6.",
        (
            *_MULTILOOKED,
            Argument("ENDIAN", about="byte order of the rasters: b big-endian (default), l little-endian"),
            _FOLDERS,
        ),
        kernels=False,
        call=answers.count_pixels,
        example="mt_ml_select_gamma 0.4 0.5 n b",
    ),
    "patch_search": Command(
        "Choose the patches that have a pixel above a height and lie in a box. No patch is touched; their names go to\n"
        "patch_new.list, patch_fail.list (nothing known) and patch_reject_region.list (too low).",
        (
            Argument("PATCH_LIST_FILE", about="names of the patches (patch.list; without it all PATCH_*)"),
            Argument("HGT_THRESHOLD", literal, "metres (-inf); a text, or patches before step 1: only the box counts"),
            Argument("BBOX_SNWE", literal, "south, north, west, east in degrees: '[40.7 40.9 14.0 14.3]'"),
        ),
        kernels=False,
        call=answers.print_patches,
        example="patch_search patch.list 0 '[40.7 40.9 14.0 14.3]'",
    ),
}
