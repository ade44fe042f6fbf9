"""Prove that the tests of the options detect what they are for: run each of them under its mutants.

First every case of ``test_options.py`` must pass, then every mutant of ``option_cases`` (the option ignored, or taken
wrongly) must make its case fail. Prints one line for each mutant and ends with status 1 if one survives, if a case
fails without a mutant, or if nothing was run. Cases whose golden set is not there are named as not run.

    python tests/tools/run_mutants.py [-k WORDS] [-n WORKERS] [--markdown FILE]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from option_cases import CASES  # noqa: E402 - the folder of the tests is not installed
from stamps import errors  # noqa: E402

#: What a case may fail with: what it checks, or a complaint of the package. Anything else is a fault of the case.
_DEATHS = {"AssertionError", *errors.__all__}
_HEAD = ("option", "mutant", "test", "killed")


def main(argv=None):
    """Run the command; see the module.

    Returns
    -------
    int
        0 if every mutant that was run was killed.
    """
    arguments = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="stamps-mutants-") as folder:
        plain = _outcomes(arguments, Path(folder) / "plain.xml", mutants=False)
        mutated = _outcomes(arguments, Path(folder) / "mutants.xml", mutants=True)
    rows, faults = _judged(plain, mutated)
    _print(rows)
    for name, outcome in plain.items():
        if outcome not in ("passed", "skipped"):
            faults.append(f"{name} fails without a mutant ({outcome})")
    killed = sum(row[3].startswith("yes") for row in rows)
    options = {row[0] for row in rows if row[3].startswith("yes")}
    print(
        f"{len(rows)} mutants of {len(CASES)} tests: {killed} killed, "
        f"{sum(row[3].startswith('NO') for row in rows)} survive, "
        f"{sum(row[3].startswith('not run') for row in rows)} not run; {len(options)} options held"
    )
    for fault in faults:
        print(f"MUTANTS: {fault}")
    if arguments.markdown:
        Path(arguments.markdown).write_text(_markdown(rows))
    return 1 if faults or not killed else 0


def _outcomes(arguments, report, mutants):
    """Outcome of each test by its name: ``passed``, ``skipped``, or the error's name."""
    environment = {**os.environ, "STAMPS_MUTANTS": "1" if mutants else ""}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--no-header",
        "--tb=no",
        "-m",
        "",
        "-p",
        "no:cacheprovider",
        f"--junitxml={report}",
        str(TESTS / "test_options.py"),
    ]
    command += ["-k", arguments.keyword] if arguments.keyword else []
    command += ["-n", arguments.workers] if arguments.workers else []
    subprocess.run(command, env=environment, cwd=TESTS.parent, stdout=subprocess.DEVNULL, check=False)
    if not report.is_file():
        raise SystemExit("pytest could not run: " + " ".join(command))
    return {test.get("name"): _outcome(test) for test in ElementTree.parse(report).iter("testcase")}


def _outcome(test):
    for kind in ("error", "failure", "skipped"):
        found = test.find(kind)
        if found is not None:
            if kind == "skipped":
                return "skipped"
            text = (found.get("message") or "").partition("\n")[0]
            name = text.partition(":")[0].rpartition(".")[2].strip()
            return f"broken {name}" if kind == "error" else name if name.isidentifier() else "AssertionError"
    return "passed"


def _judged(plain, mutated):
    """Rows of the table and what is wrong."""
    rows, faults = [], []
    for case in CASES:
        for number, mutant in enumerate(case.mutants):
            outcome = mutated.get(f"test_option[{case.name}#{number}]")
            if outcome is None:
                continue
            row = (mutant.option, f"{mutant.kind}: {mutant.text}", case.name)
            if outcome == "skipped" or plain.get(f"test_option[{case.name}]") == "skipped":
                rows.append((*row, "not run"))
            elif outcome not in _DEATHS:
                rows.append((*row, f"NO ({outcome})"))
                faults.append(f"{mutant.text}: {case.name} does not notice ({outcome})")
            else:
                rows.append((*row, f"yes ({outcome})"))
    return sorted(rows), faults


def _print(rows):
    widths = [max(len(row[k]) for row in [_HEAD, *rows]) for k in range(len(_HEAD))]
    for row in [_HEAD, tuple("-" * width for width in widths), *rows]:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _markdown(rows):
    lines = ["| " + " | ".join(_HEAD) + " |", "|" + "---|" * len(_HEAD)]
    lines += ["| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _parser():
    parser = argparse.ArgumentParser(prog="run_mutants.py", description=__doc__.split("\n\n")[0])
    parser.add_argument("-k", dest="keyword", metavar="WORDS", help="only tests that fit (as for pytest)")
    parser.add_argument("-n", dest="workers", metavar="WORKERS", help="worker processes (pytest-xdist)")
    parser.add_argument("--markdown", metavar="FILE", help="write the table there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
