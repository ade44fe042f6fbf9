"""Tables that are made from the code when the site is built: commands, verbs, functions, parameters, exports.

Each is a function that returns Markdown; :mod:`generated_tables` lets pages show them.
"""

import inspect
import json
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import stamps
from stamps.cli.command import Argument, Command
from stamps.cli.legacy import COMMANDS
from stamps.cli.program import _VERBS
from stamps.products.exports import FORMATS
from stamps.queries.legacy_scripts import LegacyScript, legacy_scripts
from stamps.workspace.parameters import Parameter, table

__all__ = ["TABLES", "additions", "call_of", "commands", "exports", "functions", "not_ported", "parameters", "verbs"]

#: Where a call cannot be read off the example of the command: at the prompt of MATLAB, in Python.
_CALLS = {
    "gescatter": ("gescatter('velocity',lon,lat,v)", 'gescatter("velocity", lon, lat, v)'),
    "ps_plot_tca": ("ps_plot_tca(aps,'a_gacos')", 'ps_plot_tca(aps, "a_gacos")'),
    "ps_plot_ica": ("ps_plot_ica(ica,'i_as')", 'ps_plot_ica(ica, "i_as")'),
    "sb_fix_unwrap_manual": (
        "(corners clicked in a figure)",
        "sb_fix_unwrap_manual(12, -1, [[14.1, 40.2], [14.3, 40.2], [14.2, 40.4]])",
    ),
    "sb_fix_unwrap_manual_new": (
        "(interferogram and corners asked for in figures)",
        "sb_fix_unwrap_manual_new(12, [[14.1, 40.2], [14.3, 40.2], [14.2, 40.4]], -1)",
    ),
    "profiler": (
        "profiler(v,lonlat,[14.10 40.80],[14.25 40.86],15,200,'mm/yr')",
        'profiler(v, None, [14.1, 40.8], [14.25, 40.86], 15, 200, "mm/yr")',
    ),
    "ps_export_kmz": (
        "ps_export_kmz('velocity',lonlat,v,'clims',[-20 20])",
        'ps_export_kmz("velocity", None, "ps_plot_v-d", [-20, 20])',
    ),
}
#: Verb of ``stamps`` -> the call that does the same.
_VERB_CALLS = {
    "status": "status()",
    "estimate": 'estimate_needs(datadir="/data/export")',
    "export": 'export("gpkg")',
    "profile": "profile((14.1, 40.8), (14.25, 40.86))",
    "decompose": 'decompose("ascending", "descending")',
    "gnss": 'gnss("stations.csv")',
    "model": 'model("gpkg", classify=True)',
    "areas": 'areas("gpkg")',
    "components": 'components("csv")',
    "tropo": "aps_linear()",
    "hyp3": "",
    "isce": "",
    "cslc": "",
    "snap": "",
    "jobs": "",
    "service": "",
    "relocate": 'relocate("/data/export")',
    "verify": 'verify("INSAR", "INSAR_before")',
    "view": "view()",
    "describe-inputs": "describe_inputs(6)",
    "report": "",
    "describe-backends": "",
    "list-legacy": 'list_legacy("ps_select")',
    "completion": "",
    "settings": "",
}
#: Functions that a step runs.
_STEPS = {
    1: "ps_load_initial ps_load_initial_gamma ps_load_initial_gsar ps_load_initial_isce sb_load_initial "
    "sb_load_initial_gamma sb_load_initial_isce",
    2: "ps_est_gamma_quick clap_filt ps_topofit",
    3: "ps_select clap_filt_patch",
    4: "ps_weed",
    5: "ps_correct_phase ps_merge_patches ps_calc_ifg_std",
    6: "ps_unwrap uw_3d uw_grid_wrapped uw_interp uw_sb_unwrap_space_time uw_sb_smooth_unwrap uw_stat_costs "
    "uw_unwrap_from_grid wrap_filt gradient_filt sb_invert_uw",
    7: "ps_calc_scla ps_smooth_scla",
    8: "ps_scn_filt ps_scn_filt_krig",
}


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else "–"


# ---------------------------------------------------------------------- commands


def words_of(name: str, command: Command) -> list[str]:
    """Words of the first line of an example that calls the command itself, without options."""
    lines = (shlex.split(line, comments=True) for line in command.example.splitlines())
    words = next(words for words in lines if words[0] == name)
    options = [k for k, word in enumerate(words) if word.startswith("--")]
    return words[: options[0]] if options else words


def _values(name: str, command: Command) -> list[tuple[str, Any]]:
    """Words of the example and what the command reads from them."""
    arguments: list[Argument] = list(command.arguments)
    words = words_of(name, command)[1:]
    readers = [argument.read for argument in arguments]
    return [(word, readers[min(k, len(readers) - 1)](word)) for k, word in enumerate(words)]


def _in_python(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return "[" + ", ".join(map(_in_python, value)) + "]"
    return json.dumps(int(value) if isinstance(value, float) and value == int(value) else value)


def call_of(name: str, command: Command) -> tuple[str, str]:
    """The example of a command as a call of MATLAB and as one of Python."""
    if name in _CALLS:
        return _CALLS[name]
    values = _values(name, command)
    # numbers that the original takes as texts (numbers of patches, thresholds) are numbers in calls
    values = [(word, float(word) if re.fullmatch(r"-?\d+(\.\d+)?", word) else value) for word, value in values]
    matlab = ",".join(f"'{value}'" if isinstance(value, str) else word for word, value in values)
    return f"{name}({matlab})", f"{name}({', '.join(_in_python(value) for _, value in values)})"


def _original(name: str, command: Command) -> str:
    """How the original is called: at the prompt of MATLAB or, scripts and programs, of a shell."""
    script = next((row for row in legacy_scripts() if row.script == name), None)
    if script is None or script.language == "new":
        return "–"
    return _code(call_of(name, command)[0] if script.language == "MATLAB" else shlex.join(words_of(name, command)))


def commands() -> str:
    """Every legacy command with its example in the original, in the shell and in Python."""
    rows = []
    for name, command in COMMANDS.items():
        about = _escaped(re.split(r"(?<=\.)\s|:\n", command.about)[0].replace("\n", " "))
        shell, call = shlex.join(words_of(name, command)), call_of(name, command)[1]
        target = f"[`{name}`]{{#command-{name}}}<br>{about}"
        rows.append((target, _original(name, command), _code(shell), _python(name, call)))
    return _table(("command", "original", "shell", "Python"), rows)


def _python(name: str, call: str) -> str:
    role = "mod" if inspect.ismodule(getattr(stamps, name, None)) else "func"
    return f"{{py:{role}}}`{call} <stamps.{name}>`" if call else "–"


def verbs() -> str:
    """The verbs of ``stamps``, which the original never had."""
    rows = []
    for verb, (_, about) in _VERBS.items():
        call = _VERB_CALLS.get(verb, "")
        rows.append((_code(f"stamps {verb}"), _python(call.partition("(")[0], call), _escaped(about)))
    return _table(("shell", "Python", "what it does"), rows)


def _scripts() -> dict[str, LegacyScript]:
    return {row.script: row for row in legacy_scripts()}


def functions() -> str:
    """Functions of the original that have no command of their own, in alphabetical order."""
    steps = {name: step for step, names in _STEPS.items() for name in names.split()}
    scripts, rows = _scripts(), []
    for name in stamps.__all__:
        if name in COMMANDS or name not in scripts:
            continue
        parameters = inspect.signature(getattr(stamps, name)).parameters
        taken = [p.name for p in parameters.values() if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
        taken = taken[: taken.index("workdir")] if "workdir" in taken else taken
        call = f"{name}({', '.join(taken)})"
        step = f"`stamps {steps[name]} {steps[name]}`" if name in steps else "–"
        pages = ", ".join(f"[{page}](method/{page}.md)" for page in scripts[name].pages)
        rows.append((_python(name, call), step, _escaped(scripts[name].purpose), pages))
    return _table(("original and Python", "step that runs it", "what it does", "method"), rows)


def additions() -> str:
    """Public functions that neither the original nor the table of verbs names."""
    known = {*COMMANDS, *_scripts(), *(call.partition("(")[0] for call in _VERB_CALLS.values())}
    rows = []
    for name in stamps.__all__:
        if name not in known:
            about = (getattr(stamps, name).__doc__ or "").strip().splitlines()[0]
            rows.append((_python(name, f"{name}()"), _escaped(about)))
    return _table(("Python", "what it does"), rows)


def not_ported() -> str:
    """Scripts of the original that are not there, and why."""
    families: dict[str, list[LegacyScript]] = {}
    for row in legacy_scripts():
        if not row.ported:
            families.setdefault(row.reason, []).append(row)
    rows = [
        (", ".join(_code(row.script) for row in family), _escaped(family[0].purpose), _escaped(reason))
        for reason, family in families.items()
    ]
    return _table(("original", "what it does", "why it is not here"), rows)


def _escaped(text: str) -> str:
    """A sentence as Markdown: double back quotes of docstrings are code, nothing else is markup."""
    parts = text.replace("``", "`").split("`")
    return "`".join(part if k % 2 else re.sub(r"([*<\[\]])", r"\\\1", part) for k, part in enumerate(parts))


# ---------------------------------------------------------------------- parameters

#: Title of a group of parameters, what their column of steps begins with, pages of the method.
_GROUPS = (
    ("Project", ("", "all", "driver"), "parameters"),
    ("Step 2: coherence", ("2",), "coherence"),
    ("Step 3: selection", ("3",), "selection"),
    ("Step 4: weeding", ("4",), "weeding"),
    ("Step 5: correction and merging", ("5",), "merging"),
    ("Step 6: unwrapping", ("6",), "unwrapping"),
    ("Step 7: look-angle error", ("7",), "scla"),
    ("Step 8: spatially correlated noise", ("8",), "scn"),
    ("Plots, velocities, exports", ("products",), "products"),
    ("Runs", ("helper",), "conventions"),
)


def _first_step(row: Parameter) -> str:
    first = row.steps.split(",")[0].split("-")[0].strip()
    return first


def _steps_of(row: Parameter) -> set[str]:
    """Steps and words of the column ``steps``; ``6-8`` are three steps."""
    found: set[str] = set()
    for part in filter(None, (part.strip() for part in row.steps.split(","))):
        first, _, last = part.partition("-")
        found |= {str(k) for k in range(int(first), int(last) + 1)} if first.isdigit() and last else {part}
    return found


def _expected(row: Parameter) -> str:
    """The column ``expected`` in words."""
    words = re.sub(r"^number (\S+\|)", r"\1", row.expected)
    for pattern, text in (
        (r"^flag$", "`y` or `n`"),
        (r"^list whole (\S+)\.\.(\S+)", r"list of whole numbers from \1 (`[]`: none)"),
        (r"^whole (\S+)\.\.(\S+)", r"whole number, \1 to \2"),
        (r"^number (\S+)\.\.(\S+)", r"\1 to \2"),
        (r"^pair$", "two numbers"),
    ):
        words = re.sub(pattern, text, words)
    if "|" in words:
        words = ", ".join(f"`{name}`" for name in words.split("|"))
    return words or "–"


def _default(literal: str) -> str:
    return _code(literal.strip("'"))


def _row(row: Parameter) -> tuple[str, ...]:
    small_baselines = _default(row.default_sb) if row.default_sb != row.default_ps else ""
    unit = {"km^-2": "km⁻²"}.get(row.unit, row.unit)
    name = f"[`{row.name}`]{{#{row.name}}}"
    return name, _default(row.default_ps), small_baselines, unit, row.meaning, _expected(row), row.steps


def parameters() -> str:
    """All parameters: a table for each step, with a target for each parameter."""
    text = []
    for title, starts, page in _GROUPS:
        rows = [row for row in table() if _first_step(row) in starts]
        text += [f"## {title}\n", f"Formulas and files: [Method]({'method/' + page}.md).\n"]
        text.append(
            _table(("name", "default", "small baselines", "unit", "meaning", "values", "used in"), map(_row, rows))
        )
        also = [row.name for row in table() if row not in rows and set(starts) & _steps_of(row)]
        if also:
            text.append("Used here, too: " + ", ".join(f"[`{name}`](#{name})" for name in also) + ".\n")
    return "\n".join(text)


def exports() -> str:
    """Kinds of ``stamps export``."""
    rows = []
    for name, kind in FORMATS.items():
        needs = ", ".join(kind.libraries) or "–"
        rows.append(
            (
                _code(f"stamps export {name}"),
                _escaped(kind.about),
                kind.suffixes[0] if kind.suffixes else "folder",
                needs,
            )
        )
    return _table(("shell", "what it is for", "file", "needs"), rows)


# ---------------------------------------------------------------------- their names

TABLES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "verbs": verbs,
    "functions": functions,
    "additions": additions,
    "not_ported": not_ported,
    "parameters": parameters,
    "exports": exports,
}
