"""Shell commands: arguments to calls, errors to one line and an exit status.

``stamps START END …`` and the other legacy names take the legacy positional arguments; ``stamps VERB …`` adds what the original
never had. Heavy imports happen only when a command runs.
"""

import argparse
import os
import sys
from importlib import import_module, metadata

from stamps.commands import BACKEND_HELP
from stamps.errors import StampsError

__all__ = ["main", "run"]


def run(command, argv=None):
    """Run a shell command.

    Parameters
    ----------
    command : str
        Legacy name, ``'stamps'`` and its verbs included.
    argv : list of str, optional
        Arguments (default: those of the process).

    Returns
    -------
    int
        Exit status: 0, that of the error, or the legacy one for wrong usage.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if command == "stamps" and argv and argv[0] in _VERBS:
        function, argv, command = _verb(argv[0]), argv[1:], f"stamps {argv[0]}"
    else:
        function = _legacy(command)
    try:
        return function(argv) or 0
    except StampsError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print(f"{command}: interrupted; what was complete is kept, start it again to go on.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        print(
            f"{command}: out of memory; this step changed nothing. Use more patches or a larger machine.",
            file=sys.stderr,
        )
        return 1


def main(argv=None):
    """Entry point that takes its command name from the program's file name (used by the scripts in ``bin/``)."""
    return run(os.path.basename(sys.argv[0]), argv)


# ---------------------------------------------------------------------- legacy commands

_USAGE = {
    "stamps": (
        "START END [PATCHES_FLAG [EST_GAMMA_PARM [PATCH_LIST_FILE [PART]]]]",
        "Run processing steps START (default 1; 0 resumes) to END (default 8):\n"
        "  1 load   2 estimate coherence   3 select   4 weed   5 correct phase, merge patches\n"
        "  6 unwrap   7 look-angle error   8 spatially correlated noise",
    ),
    "mt_prep_snap": (
        "MASTER DATADIR [DA_THRESH [RG_PATCHES [AZ_PATCHES [RG_OVERLAP [AZ_OVERLAP [MASKFILE]]]]]]",
        "Prepare the current directory from a SNAP export: parameters, patches and candidate pixels.\n"
        "  MASTER      date of the master image, yyyymmdd\n"
        "  DATADIR     the export (rslc, diff0, geo, dem; or SMALL_BASELINES, geo, dem)\n"
        "  DA_THRESH   amplitude dispersion below which a pixel is a candidate (0.4; small baselines 0.6)\n"
        "  RG_PATCHES, AZ_PATCHES   number of patches in range and azimuth (1, 1)\n"
        "  RG_OVERLAP, AZ_OVERLAP   their overlap in pixels (50, 50)\n"
        "  MASKFILE    one byte per pixel, 0 = use",
    ),
    "mt_prep_gamma": (
        "MASTER DATADIR [DA_THRESH [RG_PATCHES [AZ_PATCHES [RG_OVERLAP [AZ_OVERLAP [MASKFILE]]]]]]",
        "Prepare the current directory from Gamma data (rslc, diff0, geo, dem); arguments as for mt_prep_snap.",
    ),
    "mt_prep": (
        "[DA_THRESH [RG_PATCHES [AZ_PATCHES [RG_OVERLAP [AZ_OVERLAP]]]]]",
        "Prepare a Doris project; run it in INSAR_<master> or its SMALL_BASELINES.",
    ),
    "mt_prep_isce": (
        "MASTER STACKDIR [DA_THRESH [RG_PATCHES [AZ_PATCHES [RG_OVERLAP [AZ_OVERLAP [MASKFILE]]]]]]",
        "Prepare the current directory from an ISCE2 topsStack tree (merged/SLC, geom_reference, baselines).\n"
        "  Small baselines if the current directory holds small_baselines.list.",
    ),
    "mt_extract_info": ("", "Write the text files of a Doris project (dates, baselines, look angles, heading)."),
    "mt_extract_cands": (
        "[DOPHASE DOLONLAT DODEM DOCANDS [PRECISION [BYTESWAP [MASKFILE [PATCH_LIST]]]]]",
        "Extract the candidates of every patch (without arguments all four parts; 1 on, 0 off).",
    ),
    "calamp": (
        "LIST WIDTH [OUT [PRECISION [BYTESWAP [MASKFILE]]]]",
        "Mean amplitude of every image of LIST, written to OUT (parmfile.out) as calibration constants.",
    ),
    "selpsc_patch": (
        "IN PATCH_IN [IJ [DA [MEAN_AMP [PRECISION [BYTESWAP [MASKFILE [MASTERAMP_LIST]]]]]]]",
        "Select the candidates of one patch by amplitude dispersion (single master).",
    ),
    "selsbc_patch": (
        "IN PATCH_IN [IJ [DA [MEAN_AMP [PRECISION [BYTESWAP [MASKFILE]]]]]]",
        "Select the candidates of one patch by amplitude difference dispersion (small baselines).",
    ),
    "psclonlat": ("IN [IJ [OUT]]", "Longitude and latitude of the candidates."),
    "pscdem": ("IN [IJ [OUT [PRECISION]]]", "Height of the candidates (PRECISION f or d)."),
    "pscphase": ("IN [IJ [OUT]]", "Interferometric phase of the candidates."),
    "ps_info": ("", "List the images with dates, baselines and noise."),
    "sb_info": ("", "List the small-baseline interferograms with dates, baselines and noise."),
    "ps_sb_merge": ("", "Combine the PS and the small-baseline selection of a project in MERGED."),
    "sb_find": (
        "[RHO_MIN [DAYS [METRES]]]",
        "Choose small-baseline pairs: coherence from RHO_MIN (0.5) on, zero beyond DAYS (1500) and METRES (1070).",
    ),
    "sb_find_consec": ("[N]", "Choose as pairs each image with the next N (3)."),
    "sb_find_delaunay": ("", "Choose as pairs the Delaunay edges of dates and baselines."),
    "scla_reset": ("[PATCHES_FLAG]", "Delete the look-angle errors of the project and its patches (y)."),
    "stamps_mc_header": (
        "[START [END [PATCHES_FLAG [EST_GAMMA_PARM [PATCH_LIST_FILE]]]]]",
        "Run steps 1 to 5 of the patches in n_cores processes; then: stamps START END [] 0 [] 2.",
    ),
    "getparm": ("[NAME [PRINTFLAG]]", "Print one parameter (a unique beginning of its name is enough) or all of them."),
    "setparm": (
        "NAME VALUE [FLAG]",
        "Set a parameter. VALUE is a MATLAB literal: 50, y, 'y', [3 8], inf, [] or nan (back to the default).\n"
        "  FLAG 1 create exactly this name, 2 set for this directory only, -1 delete, -2 delete the local value",
    ),
}

#: Fewest and most positional arguments, exit status for fewer, and the types of the numeric ones.
_ARGUMENTS = {
    "stamps": (0, 6, 2),
    "mt_prep_snap": (2, 8, 4),
    "mt_prep_gamma": (2, 8, 4),
    "mt_prep": (0, 5, 4),
    "mt_prep_isce": (2, 8, 4),
    "mt_extract_info": (0, 0, 2),
    "mt_extract_cands": (0, 8, 2),
    "ps_info": (0, 0, 2),
    "sb_info": (0, 0, 2),
    "ps_sb_merge": (0, 0, 2),
    "sb_find": (0, 3, 2),
    "sb_find_consec": (0, 1, 2),
    "sb_find_delaunay": (0, 0, 2),
    "scla_reset": (0, 1, 2),
    "stamps_mc_header": (0, 5, 2),
    "calamp": (2, 6, 231),
    "selpsc_patch": (2, 9, 231),
    "selsbc_patch": (2, 8, 231),
    "psclonlat": (1, 3, 231),
    "pscdem": (1, 4, 231),
    "pscphase": (1, 3, 231),
    "getparm": (0, 2, 2),
    "setparm": (0, 3, 2),
}

_NUMERIC = {
    "stamps": {0: int, 1: int, 3: int, 5: int},
    "mt_prep_snap": {3: int, 4: int, 5: int, 6: int},
    "mt_prep_gamma": {3: int, 4: int, 5: int, 6: int},
    "mt_prep": {1: int, 2: int, 3: int, 4: int},
    "mt_prep_isce": {3: int, 4: int, 5: int, 6: int},
    "sb_find": {0: float, 1: float, 2: float},
    "sb_find_consec": {0: int},
    "stamps_mc_header": {0: int, 1: int, 3: int},
    "mt_extract_cands": {0: int, 1: int, 2: int, 3: int, 5: int},
    "calamp": {1: int, 4: int},
    "selpsc_patch": {6: int},
    "selsbc_patch": {6: int},
    "getparm": {1: int},
    "setparm": {2: int},
}


_WITHOUT_KERNELS = {"getparm", "setparm"}


def _legacy(command):
    if command not in _USAGE:
        names = ", ".join(_USAGE)
        return lambda argv: _complain(f"{command} is not a command of this package; there are: {names}")

    def call(argv):
        options, arguments = _split(command, argv)
        fewest, most, status = _ARGUMENTS[command]
        if options.help:
            print(_help(command))
            return 0
        if options.version:
            print(f"stamps {_version()}")
            return 0
        if not fewest <= len(arguments) <= most:
            print(_help(command), file=sys.stderr)
            return status
        if command == "stamps" and not arguments:
            print(_help(command))
            return 0
        bad = _not_a_number(command, arguments)
        if bad is not None:
            return _complain(f"{command}: '{bad}' is not a number.\n{_help(command)}")
        kinds = _NUMERIC.get(command, {})
        return _call(command, [kinds.get(i, str)(text) for i, text in enumerate(arguments)], options)

    return call


def _not_a_number(command, arguments):
    """The first argument that should be a number and is not, or None."""
    for i, kind in _NUMERIC.get(command, {}).items():
        if i < len(arguments):
            try:
                kind(arguments[i])
            except ValueError:
                return arguments[i]
    return None


def _call(command, values, options):
    import stamps
    from stamps import matlab_literals
    from stamps.native import backends

    keywords = {name: value for name, value in vars(options).items() if name not in ("help", "version", "backend")}
    if command == "getparm" and values:
        values = [values[0], values[1] if len(values) > 1 else 1]
    elif command == "setparm" and values:
        values = [_name_or_number(values[0]), *(matlab_literals.parse(v) for v in values[1:2]), *values[2:]]
    with backends.selected(getattr(options, "backend", None)):
        getattr(stamps, command)(*values, **keywords)
    return 0


def _name_or_number(text):
    return int(text) if text.isdigit() else text


def _split(command, argv):
    """Options and positional arguments; ``-inf`` and ``-1`` are values, not options."""
    parser = argparse.ArgumentParser(prog=command, add_help=False, allow_abbrev=False)
    parser.add_argument("--workdir", default=".")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--help", "-h", action="store_true")
    if command not in _WITHOUT_KERNELS:
        parser.add_argument("--backend")
    if command == "stamps":
        parser.add_argument("--cores", type=int)
        parser.add_argument("--scheduler")
        parser.add_argument("--cluster")
    options, rest = parser.parse_known_args(argv)
    return options, rest


def _help(command):
    arguments, text = _USAGE[command]
    choice = "" if command in _WITHOUT_KERNELS else " [--backend NAME]"
    lines = [f"usage: {command} {arguments} [--workdir DIR]{choice}", "", text]
    if command == "stamps":
        lines += [
            "",
            "options:",
            "  --cores N            cores to use (default: parameter n_cores; its default 1 stands for all)",
            "  --scheduler ADDRESS  run the patches on the Dask cluster of this scheduler (tcp://host:8786)",
            "  --cluster slurm      start Dask workers through SLURM",
            "  --backend NAME       " + BACKEND_HELP,
        ]
        lines += ["", "verbs: stamps VERB --help", *(f"  {verb:<18s} {about}" for verb, (_, about) in _VERBS.items())]
    return "\n".join(lines)


def _complain(text):
    print(text, file=sys.stderr)
    return 2


def _version():
    try:
        return metadata.version("stamps-insar")
    except metadata.PackageNotFoundError:
        from stamps import __version__

        return __version__


# ---------------------------------------------------------------------- verbs

#: Verb -> module whose ``main(argv)`` runs it and returns the exit status, and what it is for.
_VERBS = {
    "verify": ("stamps.verify.__main__", "compare a run with a reference tree, variable by variable"),
    "report": ("stamps.commands.report", "write a page about the quality of a run"),
    "describe-backends": (
        "stamps.commands.describe_backends",
        "what is compiled, which programs and versions are used",
    ),
}


def _verb(name):
    return import_module(_VERBS[name][0]).main


def _entry(command):
    def entry():
        sys.exit(run(command))

    return entry


# one entry point per command, for the scripts that pip installs
globals().update({name: _entry(name) for name in _USAGE})
