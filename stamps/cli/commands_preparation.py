"""The shell commands that prepare a project: rasters of processors to candidates."""

from __future__ import annotations

from stamps.cli.command import Argument, Command

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
