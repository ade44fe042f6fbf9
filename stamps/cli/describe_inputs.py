"""``stamps describe-inputs [STEP]``: files and variables that the steps read and write, checked against a dataset."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stamps.queries import step_inputs
from stamps.workspace import Workspace

if TYPE_CHECKING:
    from stamps._typing import StrPath
    from stamps.queries.step_inputs import DescribedFile, DescribedStep


__all__ = ["main"]


def main(argv: Sequence[str]) -> int:
    """Print the description as text or JSON.

    Returns
    -------
    int
        1 if an input that is there is not as described, or one of the given STEP is missing; else 0.
    """
    parser = argparse.ArgumentParser(
        prog="stamps describe-inputs",
        description="Files and variables that each step reads and writes, with shape, class, unit and meaning. In a project or "
        "with --workdir they are checked: present, class and shape as described, or what is wrong.",
    )
    parser.add_argument("step", nargs="?", type=int, metavar="STEP", help="1 to 8 (default: all)")
    parser.add_argument(
        "--workdir", metavar="DIR", help="project or patch directory (default: the current one, if it is one)"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(argv)
    workdir = options.workdir
    if workdir is None and step_inputs.is_project(Workspace(".")):
        workdir = "."
    steps = step_inputs.describe_inputs(options.step, workdir)
    if options.json:
        print(
            json.dumps(
                {"workdir": workdir and str(Workspace.at(workdir).path), "steps": [step.as_dict() for step in steps]},
                indent=1,
            )
        )
    else:
        print("\n".join(_as_text(steps, workdir)))
    wrong = [file for step in steps for file in step.reads if file.state.startswith("wrong")]
    missing = options.step is not None and any(
        file.state.startswith("missing") for step in steps for file in step.reads
    )
    return 1 if wrong or missing else 0


def _as_text(steps: Sequence[DescribedStep], workdir: Workspace | StrPath) -> list[str]:
    where = (
        f"checked against {Workspace.at(workdir).path}"
        if workdir
        else "not checked: this is no project (give --workdir)"
    )
    lines = [where]
    for step in steps:
        lines += ["", f"Step {step.step}: {step.title}"]
        for title, files in (("reads", step.reads), ("writes", step.writes), ("deletes", step.deletes)):
            if files:
                lines.append(f"  {title}")
            for file in files:
                lines += _file_lines(file)
    problems = [text for step in steps for file in [*step.reads, *step.writes] for text in file.problems]
    if problems:
        lines += ["", "What is missing or wrong:", *(f"  {text}" for text in dict.fromkeys(problems))]
    elif workdir:
        lines += ["", "Everything is as described."]
    return lines


def _file_lines(file: DescribedFile) -> list[str]:
    words = [file.mode, "optional" if file.optional else "", *(_readable(text, file) for text in file.conditions)]
    note = ", ".join(word for word in words if word)
    lines = [f"    {file.place + '/' + file.file:<32s} {file.state:<22s} {note}".rstrip()]
    for item in file.variables:
        unit = f" [{item['unit']}]" if item["unit"] else ""
        lines.append(
            f"      {item['name']:<18s} {item['shape']:<28s} {item['class']:<20s} {item['meaning']}{unit}".rstrip()
        )
    return lines


def _readable(text: str, file: DescribedFile) -> str:
    """A condition in words."""
    words = {
        "patches": "with patches",
        "alone": "without patches",
        "first": "if the run starts here",
        "maybe": "",
        "solver=snaphu": "where SNAPHU unwraps",
        f"file({file.file})": "",
    }
    if text in words:
        return words[text]
    name, _, argument = text.partition("(")
    argument = argument.rstrip(")")
    calls = {
        "file": f"if {argument} is there",
        "nofile": f"without {argument}",
        "above": f"if {argument} is there or above",
        "noabove": f"without {argument}",
        "has": "if {} has {}".format(*(argument.split(":") + [""])[:2]),
        "lacks": "if {} has no {}".format(*(argument.split(":") + [""])[:2]),
    }
    return calls.get(name, text.replace("!=", " other than ").replace("|", " or "))
