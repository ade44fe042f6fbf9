"""The page of :mod:`gpu`: ``docs/gpu.md`` from its figures and the template ``gpu_page.md``."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from gpu_kernels import TOLERANCE
from gpu_steps import STEPS, Shape

__all__ = ["page"]

_TEMPLATE = Path(__file__).with_suffix(".md")
_NOT_MEASURED = "not measured"


def page(result: dict[str, Any], json_name: str) -> str:
    """The page as Markdown.

    Parameters
    ----------
    result : dict
        What :mod:`gpu` has gathered; sections that are not there are named as not run.
    json_name : str
        File with the figures.

    Returns
    -------
    str
    """
    kernels = result.get("kernels", [])
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        date=result["date"],
        json=f"`{json_name}`",
        machine=_machine(result["machine"]),
        source=next((row["input"] for row in kernels if row["input"] != "random"), "not run"),
        tolerance=f"{TOLERANCE:g}",
        kernels=_kernels(kernels),
        parity=_parity(result.get("parity")),
        steps=_steps(result),
        bytes=_bytes(),
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


def _machine(machine: dict[str, Any]) -> str:
    if machine["stand_in"]:
        return (
            f"**No device was at hand ({machine['reason']}).** The kernels, the parity and the steps below went through the\n"
            "versions for CuPy with NumPy in CuPy's place: what they compute is checked; how fast a device is, and whether\n"
            "the real CuPy agrees, has not been measured."
        )
    peak = machine.get("peak_bandwidth")
    by_clock = f", {peak / 1e9:.0f} GB/s by clock and width" if peak else ""
    return (
        f"{machine['device']}, CuPy {machine['cupy']}, CUDA {machine['cuda']}; {machine['cpu']}, {machine['cores']} cores. "
        f"Measured: copy within the device {machine['copy_bandwidth'] / 1e9:.0f} GB/s (read and written{by_clock}), to the "
        f"device {machine['to_device_bandwidth'] / 1e9:.1f} GB/s, from it {machine['to_host_bandwidth'] / 1e9:.1f} GB/s."
    )


def _kernels(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "Not run."
    cells = [
        [
            f"`{row['kernel']}`",
            row["input"],
            "–" if row["error"] is None else f"{row['error']:.1g}",
            f"{row['tolerance']:g}",
            f"{row['agreeing']} of {row['decisions']}",
            "agrees" if row["ok"] else f"**differs** {row['note']}".rstrip(),
        ]
        for row in rows
    ]
    return _table(["kernel", "input", "error", "tolerance", "decisions", ""], cells)


def _parity(parity: dict[str, Any] | None) -> str:
    if parity is None:
        return "Not run."
    verdict = "all agree" if parity["ok"] else "**it fails**: " + "; ".join(parity["faults"])
    return f"{parity['what']}: {parity['compared']} compared, {parity['agreeing']} agree, {parity['seconds']:.0f} s; {verdict}."


def _steps(result: dict[str, Any]) -> str:
    steps, machine = result.get("steps", []), result["machine"]
    if not steps:
        return "Not run."
    done = [row for row in steps if "seconds" in row]
    if machine["stand_in"]:
        ran = " and ".join(str(n) for n in dict.fromkeys(row["candidates"] for row in done))
        return (
            f"The hot parts of steps 2, 3, 4 and 8 ran with the stand-in ({ran} candidates); their seconds say nothing about\n"
            "a device and are not shown. With a device stand here, for 10⁵ and 10⁶ candidates in 30 interferograms: seconds\n"
            "against the compiled kernels on all cores, the share of the bus, the fraction of the device's bandwidth and growth."
        )
    other = result["other"]
    rows = [_step_row(row, other) for row in steps]
    text = (
        f"Hot parts of the steps on {steps[0]['interferograms']} interferograms: `cuda` against `{other}` on {machine['cores']} "
        "cores, medians of runs in turns after one run of each apart. *Bus*: share of the transfers in a run of its own; "
        "*outside*: seconds of the run with cuda outside of kernels, on one core of the processor.\n\n"
    )
    text += _table(["step", "candidates", "cuda", other, "times", "runs", "bus", "outside"], rows)
    text += (
        "\n\nKernel by kernel; *of copy*: bytes of the array operations in the seconds besides transfers, as a fraction of the "
        "copy bandwidth.\n\n"
    )
    text += _table(
        ["step", "candidates", "kernel", "cuda", other, "times", "bus", "moved", "of copy"],
        [cells for row in done for cells in _kernel_rows(row, other)],
    )
    growth = [
        f"step {step}: cuda {two['cuda']:.2f}, {other} {two[other]:.2f}" for step, two in result["growth"].items()
    ]
    return text + "\n\nGrowth exponent between the two sizes: " + ("; ".join(growth) or _NOT_MEASURED) + "."


def _step_row(row: dict[str, Any], other: str) -> list[str]:
    head = [str(row["step"]), f"{row['candidates']:,}".replace(",", " ")]
    if "seconds" not in row:
        return [*head, _NOT_MEASURED, "", "", "", "", ""]
    ours, theirs = row["seconds"]["cuda"], row["seconds"][other]
    bus = sum(kernel["bus"]["seconds"] for kernel in row["kernels"].values()) / ours
    times = [f"{ours:.3f} s", f"{theirs:.3f} s", f"{theirs / ours:.1f}", str(row["runs"])]
    return [*head, *times, f"{min(bus, 1):.0%}", f"{row['outside']['cuda']:.3f} s"]


def _kernel_rows(row: dict[str, Any], other: str) -> list[list[str]]:
    cells = []
    for name, kernel in row["kernels"].items():
        ours, theirs = kernel["seconds"]["cuda"], kernel["seconds"][other]
        moved, fraction = kernel.get("moved"), kernel.get("fraction_of_copy")
        cells.append(
            [
                str(row["step"]),
                f"{row['candidates']:,}".replace(",", " "),
                f"`{name}`",
                f"{ours:.3f} s",
                f"{theirs:.3f} s",
                f"{theirs / ours:.1f}" if ours else "",
                f"{min(kernel['bus']['seconds'] / ours, 1):.0%}" if ours else "",
                f"{moved / 1e9:.1f} GB" if moved else "",
                f"{fraction:.0%}" if fraction else "",
            ]
        )
    return cells


def _bytes() -> str:
    """Bytes at 10⁶ candidates in 30 interferograms."""
    rows = []
    for step in STEPS:
        for name, bytes_of in Shape.about(10**6, 30).traffic(step).items():
            figures = (bytes_of.to_device, bytes_of.to_host, bytes_of.moved, bytes_of.least)
            rows.append([str(step), f"`{name}`", *(f"{figure / 1e9:.2f} GB" for figure in figures)])
    head = ["step, 10⁶ candidates × 30", "kernel", "to the device", "from the device", "moved in its memory", "least"]
    return _table(head, rows)
