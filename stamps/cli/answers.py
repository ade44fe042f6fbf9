"""What shell commands hand to functions and print of what comes back, where a plain call would not do.

Each takes the function, the positional values and the keywords.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.cli.options import STDOUT

if TYPE_CHECKING:
    import numpy.typing as npt

    from stamps.workspace import Variables

__all__ = [
    "count_phases",
    "count_pixels",
    "draw_line",
    "draw_saved",
    "draw_series",
    "print_ionosphere",
    "print_numbers",
    "print_oscillator",
    "print_palette",
    "print_parameter",
    "print_patches",
    "print_troposphere",
    "run_or_plan",
    "write_picture",
    "write_points",
]


def run_or_plan(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> int:
    """Run steps, or print what a dry run finds; status 1 if the run would stop. Either goes to a JSON file if one is named."""
    file, dry_run = keywords.pop("json", None), bool(keywords.get("dry_run"))
    if file == STDOUT and not dry_run:
        print("stamps: --json needs a file for the report of a run; without one it is for --dry-run.", file=sys.stderr)
        return 2
    place = None if file in (None, STDOUT) else _place_of(file, keywords["workdir"])
    try:
        answer = function(*values, **keywords)
    except BaseException as error:
        report = getattr(error, "report", None)
        if place is not None and report is not None:
            _write_whatever_else(place, report)
        raise
    if place is not None:
        _write_json(place, answer)
    if not dry_run:
        return 0
    if place is None:
        print(json.dumps(answer.as_dict(), indent=1) if file == STDOUT else answer)
    return 1 if answer.fails else 0


def _place_of(file: str, workdir: str) -> Path:
    """Where a report goes; refused before the run rather than after it."""
    from stamps.products.saving import check_place
    from stamps.workspace import Workspace

    place = Workspace.at(workdir).path / file
    check_place(place, "report")
    return place


def _write_json(place: Path, answer: Any) -> None:
    from stamps.products.saving import complete_file

    with complete_file(place, "report") as part:
        part.write_text(json.dumps(answer.as_dict(), indent=1) + "\n", encoding="utf-8", errors="backslashreplace")


def _write_whatever_else(place: Path, report: Any) -> None:
    """Write the report of a run that has failed: why it has is what is told in the end."""
    from stamps.errors import StampsError

    try:
        _write_json(place, report)
    except StampsError as error:
        print(f"stamps: {error}", file=sys.stderr)


def print_parameter(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> int:
    """``getparm NAME`` prints the parameter unless it is told not to; status 1 and a hint for a name that there is not."""
    if len(values) == 1:
        values = [*values, 1]
    value = function(*values, **keywords)
    if values and value is None:
        from stamps.workspace.parameters import hint_at

        print(f"getparm: there is no parameter {values[0]}{hint_at(values[0])}", file=sys.stderr)
        return 1
    return 0


def print_numbers(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Print the numbers of an array, one a line."""
    import numpy as np

    keywords.pop("workdir")
    print("\n".join(f"{number:.6g}" for number in np.ravel(function(*values, **keywords))))


def draw_saved(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Draw a saved plot; print its difference from external points."""
    rmse, _ = function(*values, **keywords)
    if rmse is not None:
        print("RMSE: " + " ".join(f"{number:.4g}" for number in rmse))


def draw_series(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Draw a series; print the velocity of its line.

    The radius is the only one of the arguments that may be left out alone, so the places come in pairs of numbers.
    """
    from stamps.errors import InputError

    places = {"ts_plot": 2, "ts_plotdiff": 4}[function.__name__]
    if values and len(values) < places:
        raise InputError(f"{places // 2} place(s) need {places} numbers, longitude and latitude; {len(values)} given.")
    plot = function(*values, **keywords)
    if hasattr(plot, "line"):
        print(f"{plot.line[1]:.2f} mm/yr towards the satellite, {len(plot.dates)} dates")


def write_points(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Write the points of a text file with longitude, latitude and value in each line."""
    import numpy as np

    from stamps.errors import InputError
    from stamps.workspace import Workspace

    file, points, *rest = values
    path = Workspace.at(keywords["workdir"]).path / points
    try:
        columns = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as lines of longitude, latitude and value: {error}.") from None
    if columns.shape[1] < 3:
        raise InputError(f"{path} has {columns.shape[1]} columns, but longitude, latitude and value were expected.")
    named = dict(zip(("clims", "opacity", "scale"), rest, strict=False))
    print(function(file, *columns.T[:3], **named, **keywords))


def write_picture(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Write a saved plot as a picture of the project's pixels."""
    file, data, *rest = values
    print(function(file, None, data, **dict(zip(("clims", "opacity", "resolution", "max_gap"), _settled(rest), strict=False)),
                   **keywords))  # fmt: skip


def _settled(values: list[Any]) -> list[Any]:
    """Clims first: an empty list stands for the default; what follows is as given."""
    if values and not hasattr(values[0], "__len__"):
        from stamps.errors import InputError

        raise InputError(f"The limits of the colours are {values[0]!r}, but two numbers were expected: '[-20 20]'.")
    return values


def draw_line(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Draw values along a line; print the means."""
    data, lon1, lat1, lon2, lat2, *rest = values
    found = function(data, None, (lon1, lat1), (lon2, lat2), *rest, **keywords)
    print(f"{found.distance.size} points; metres and mean of the bins that have enough of them")
    for centre, mean in zip(found.centre, found.mean, strict=True):
        print(f"{centre:10.1f} {mean:10.4g}")


def print_palette(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Print red, green and blue, 0 to 1, from the lowest colour to the highest."""
    table = function(*values, **keywords)
    if table is None:
        return
    print(f"{len(table.cmap)} colours from {table.lims[0]:g} to {table.lims[1]:g}")
    for colour in table.cmap:
        print("{:.4f} {:.4f} {:.4f}".format(*colour))


def print_patches(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Print the names of the chosen patches, one a line."""
    for name in function(*values, **keywords).new:
        print(name)


def count_pixels(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Load pixels; print how many."""
    print(f"{function(*values, **keywords)} pixels: go on with stamps 6 8")


def count_phases(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Repair phases; print how many have changed."""
    changed = function(*values, **keywords)
    print("put back" if keywords.get("undo") else f"{changed} phases changed")


def print_troposphere(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Print which corrections the file holds, or the size of one of them."""
    from stamps.insar.corrections import tropo_methods

    content = _corrections("tca", values[0] if values else None, keywords["workdir"])
    if len(values) > 1:
        correction, title, number = function(content, values[1])
        _print_sizes(correction, title, number, content)
        return
    print(f"{content.source} holds:")
    held = [method for method in tropo_methods() if all(variable in content for variable in method.variables)]
    for method in held:
        print(f"  {method.number:2d}  {' = '.join(method.names):<34s}  {' + '.join(method.variables)}")
    if not held:
        print("  none of the corrections of TRAIN (all of them: ps_plot --help)")


def print_ionosphere(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Print the size of the ionospheric correction."""
    content = _corrections("ica", values[0] if values else None, keywords["workdir"])
    correction, title, number = function(content, *values[1:])
    _print_sizes(correction, title, number, content)


def print_oscillator(function: Callable[..., Any], values: list[Any], keywords: dict[str, Any]) -> None:
    """Print the drift of Envisat's oscillator across the scene."""
    import numpy as np

    phase, velocity = function(*values, **keywords)
    if not velocity.any():
        print("The images are not Envisat's: nothing is subtracted (parameter platform; or env_oscilator_corr y).")
        return
    print(f"apparent velocity {velocity.min():.2f} to {velocity.max():.2f} mm/yr from near to far range")
    for number, column in enumerate(np.abs(phase).max(axis=0), 1):
        print(f"{number:3d}   up to {column:.3f} rad")


def _corrections(stem: str, name: str | None, workdir: str) -> Variables:
    """Content of the file of corrections that was named, else of the project's own."""
    from stamps.products.quantities import Project
    from stamps.workspace import Workspace

    if name is not None:
        return Workspace.at(workdir).load(name.removesuffix(".mat"))
    project = Project.at(workdir)
    return project.load(stem, project.small_baselines)


def _print_sizes(correction: npt.NDArray[Any], title: str, number: str, content: Variables) -> None:
    """Mean and standard deviation of each interferogram."""
    import numpy as np

    print(f"{content.source}: correction {number}{title}, {len(correction)} pixels")
    for column, (mean, std) in enumerate(zip(np.nanmean(correction, 0), np.nanstd(correction, 0), strict=True), 1):
        print(f"{column:3d}   mean {mean:8.3f} rad   standard deviation {std:7.3f} rad")
