"""Golden sets: where they are, how their overlays are laid over each other, how a variant branches off.

A set is a folder with overlays ``step0`` ... ``step8`` and ``pass2``, each holding only the files that the step
created or changed (names of deleted files in a file ``REMOVED``), and ``variants/<name>`` with a ``variant.json``.
In text files ``@STACK@`` and ``@WORKDIR@`` stand for the stack's path and the project directory. A file
``INCOMPLETE`` in a set says that its overlays hold only decisive files: such a set serves for comparison, but no
state can be built from it.

Source: README of the golden trees.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.environment import variable
from stamps.errors import InputError
from stamps.matlab import literals
from stamps.workspace import matfile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps._typing import StrPath


__all__ = [
    "PASS2",
    "Variant",
    "apply_parameters",
    "build_state",
    "facts",
    "find_set",
    "lay_overlay",
    "overlays",
    "roots",
    "state_files",
    "variant",
    "variants",
]

#: Name of the overlay of the second pass, to be used in place of a step number.
PASS2 = "pass2"

#: Files of an overlay that describe it and are no part of the state.
DESCRIPTIONS = frozenset({"REMOVED", "variant.json", "run.json", "INCOMPLETE"})

_PLACEHOLDERS = (b"@STACK@", b"@WORKDIR@")
_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Variant:
    """A run of a golden set with other options: what ``variant.json`` says.

    Attributes
    ----------
    name : str
        Folder name.
    path : Path
        The overlay.
    after_step : int or None
        The state it branches off; None for a preparation.
    parameters : tuple of (str, str)
        Parameters set and their MATLAB literals.
    start, end : int
        Steps run.
    code : str or None
        Calls made instead of steps.
    environment : str or None
        Environment of the reference run.
    """

    name: str
    path: Path
    after_step: int | None
    parameters: tuple = ()
    start: int = 0
    end: int = 0
    code: str | None = None
    environment: str | None = None
    extra: dict = field(default_factory=dict)


def roots(golden: StrPath | None = None) -> list[Path]:
    """Folders in which golden sets are looked for, in order.

    Parameters
    ----------
    golden : path-like, optional
        Look here only. Default: the environment variable ``STAMPS_GOLDEN``, ``golden`` in the repository, and
        ``shared/golden`` beside the repository.

    Returns
    -------
    list of Path
        Those that exist.
    """
    if golden is not None:
        candidates = [Path(golden)]
    else:
        named = variable("STAMPS_GOLDEN")
        candidates = [Path(named)] if named else []
        candidates += [_REPOSITORY / "golden", _REPOSITORY.parent / "shared" / "golden"]
    return [path.resolve() for path in candidates if path.is_dir()]


def find_set(name: str, golden: StrPath | None = None, *, complete: bool = False, step: int | None = None) -> Path:
    """Folder of a golden set, a complete one first.

    Parameters
    ----------
    name : str
        Name of the set (``'ps_mini'``).
    golden : path-like, optional
        As for :func:`roots`.
    complete : bool
        Pass over sets marked ``INCOMPLETE``.
    step : int or 'pass2', optional
        With ``complete``: an incomplete set will do if its file ``INCOMPLETE`` names this state.

    Raises
    ------
    InputError
        No such set.
    """
    places = roots(golden)
    present = [root / name for root in places if (root / name).is_dir()]
    for path in present:
        if not (path / "INCOMPLETE").exists():
            return path
    for path in present:
        if not complete or (step is not None and str(step) in (path / "INCOMPLETE").read_text().split()):
            return path
    what = "complete golden set" if complete else "golden set"
    looked = ", ".join(str(root) for root in places) or "no existing folder"
    raise InputError(f"No {what} '{name}' was found in {looked}: set STAMPS_GOLDEN to the folder that holds it.")


def facts(name: str) -> dict[str, Any]:
    """What ``golden_sets.json`` records of a set: ``compared`` (least number), ``omitted``, ``simulate``."""
    text = resources.files("stamps.verify").joinpath("golden_sets.json").read_text(encoding="utf-8")
    return json.loads(text).get(name, {})


def overlays(set_path: StrPath, step: int | str) -> list[Path]:
    """Overlays that make up the state after a step, in order.

    Parameters
    ----------
    set_path : path-like
        Folder of the set.
    step : int or 'pass2'
        The step (0 is the preparation).
    """
    set_path = Path(set_path)
    last = 8 if step == PASS2 else int(step)
    folders = [set_path / f"step{k}" for k in range(last + 1)] + ([set_path / PASS2] if step == PASS2 else [])
    present = [folder for folder in folders if folder.is_dir()]
    wanted = folders[-1]
    if wanted not in present or not (set_path / "step0").is_dir():
        raise InputError(f"{set_path} holds no state after step {step}: there is no folder {wanted.name}.")
    return present


def variants(set_path: StrPath) -> list[str]:
    """Names of the variants of a set, sorted."""
    return sorted(path.parent.name for path in Path(set_path).glob("variants/*/variant.json"))


def variant(set_path: StrPath, name: str) -> Variant:
    """Read what ``variant.json`` says.

    Returns
    -------
    Variant
    """
    path = Path(set_path) / "variants" / name
    try:
        content = json.loads((path / "variant.json").read_text())
    except FileNotFoundError:
        raise InputError(
            f"{set_path} has no variant '{name}': choose one of {', '.join(variants(set_path)) or '(none)'}."
        ) from None
    return Variant(
        name=name,
        path=path,
        after_step=content.get("after_step"),
        parameters=tuple((key, value) for key, value in content.get("setparm") or ()),
        start=content.get("start") or 0,
        end=content.get("end") or 0,
        code=content.get("code"),
        environment=content.get("environment"),
        extra=content,
    )


def overlay_files(overlay: StrPath) -> dict[str, Path]:
    """Files of an overlay: relative name -> path, without descriptions."""
    overlay = Path(overlay)
    return {
        path.relative_to(overlay).as_posix(): path
        for path in sorted(overlay.rglob("*"))
        if path.is_file() and path.name not in DESCRIPTIONS
    }


def removed_files(overlay: StrPath) -> list[str]:
    """Names listed in the file ``REMOVED`` of an overlay."""
    listing = Path(overlay) / "REMOVED"
    return listing.read_text().split() if listing.exists() else []


def state_files(layers: Sequence[Path]) -> dict[str, Path]:
    """Files of overlays laid over each other: relative name -> path of the last one."""
    files: dict[str, Path] = {}
    for overlay in layers:
        for name in removed_files(overlay):
            files.pop(name, None)
        files.update(overlay_files(overlay))
    return files


def lay_overlay(overlay: StrPath, target: StrPath, stack: StrPath | None = None) -> None:
    """Copy an overlay over a directory, deleting what its ``REMOVED`` lists.

    Parameters
    ----------
    overlay, target : path-like
        Source and project directory.
    stack : path-like, optional
        Path that replaces ``@STACK@``; without it the placeholder stays.
    """
    target = Path(target)
    for name in removed_files(overlay):
        (target / name).unlink(missing_ok=True)
    for name, source in overlay_files(overlay).items():
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, place)
        _fill_placeholders(place, target, stack)


def build_state(
    set_path: StrPath,
    step: int | None,
    target: StrPath,
    *,
    variant_name: str | None = None,
    stack: StrPath | None = None,
) -> Path:
    """Make the project directory as it was after a step, or before the first step of a variant.

    Parameters
    ----------
    set_path : path-like
        Folder of the set.
    step : int, 'pass2' or None
        The step; with ``variant_name`` None means the step that the variant branches off.
    target : path-like
        Directory to fill (made if it does not exist).
    variant_name : str, optional
        Apply the parameters of this variant.
    stack : path-like, optional
        The stack; default: the folder ``stack`` of the set if there is one.

    Returns
    -------
    Path
        ``target``.
    """
    set_path, target = Path(set_path), Path(target)
    chosen = variant(set_path, variant_name) if variant_name else None
    if step is None:
        step = chosen.after_step if chosen and chosen.after_step is not None else 0
    if stack is None and (set_path / "stack").is_dir():
        stack = set_path / "stack"
    target.mkdir(parents=True, exist_ok=True)
    for overlay in overlays(set_path, step):
        lay_overlay(overlay, target, stack)
    if chosen:
        apply_parameters(target / "parms.mat", chosen.parameters)
    return target


def apply_parameters(path: StrPath, parameters: Sequence[tuple[str, str]]) -> None:
    """Write parameter values, given as MATLAB literals, into ``parms.mat``.

    Parameters
    ----------
    path : path-like
        The parameter file.
    parameters : iterable of (str, str)
        Names and literals.
    """
    if parameters:
        content = matfile.read(path)
        content.update((name, _stored(literal)) for name, literal in parameters)
        matfile.write(path, content)


def _stored(literal: str) -> NDArray[np.float64] | str:
    """Value of a literal as a parameter file holds it."""
    value = literals.parse(literal)
    if isinstance(value, str):
        return value
    numbers = np.atleast_2d(np.asarray(value, dtype=np.float64))
    return numbers if numbers.size else np.empty((0, 0))


def _fill_placeholders(path: Path, target: StrPath, stack: StrPath | None) -> None:
    if path.suffix == ".mat" or path.stat().st_size > 1 << 20:
        return
    content = path.read_bytes()
    if not any(mark in content for mark in _PLACEHOLDERS):
        return
    if stack is not None:
        content = content.replace(b"@STACK@", os.fsencode(Path(stack).resolve()))
    path.write_bytes(content.replace(b"@WORKDIR@", os.fsencode(Path(target).resolve())))
