"""The shell commands of processing: the driver, the choice of pairs, parameters."""

from __future__ import annotations

from stamps.cli import answers
from stamps.cli.command import Argument, Command, Option, literal, step, text_or_number
from stamps.cli.options import STDOUT

__all__ = ["PROCESSING"]

_PATCHES_FLAG = Argument("PATCHES_FLAG", about="y: in the patches (default before step 6); n: in this directory alone")
_EST_GAMMA = Argument("EST_GAMMA_PARM", int, "step 2: 0 anew, 1 continue the iteration, 2 stop after the patch phase")
_PATCH_LIST = Argument("PATCH_LIST_FILE", about="names of the patches (patch.list)")

PROCESSING = {
    "stamps": Command(
        "Run processing steps START (default 1; 0 resumes) to END (default 8):\n"
        "  1 load   2 estimate coherence   3 select   4 weed   5 correct phase, merge patches\n"
        "  6 unwrap   7 look-angle error   8 spatially correlated noise",
        (
            Argument("START", step, "5.5: merge the patches alone, as PART 2 from step 5 on"),
            Argument("END", step),
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
            Option(
                "--unwrap", "flow|snaphu", str,
                "what unwraps in step 6: a minimum-cost flow (default) or the program SNAPHU", None,
            ),
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
