"""What a site's SLURM wants of jobs: the user's file ``slurm.toml``.

Source: docs/howto/clusters_and_jobs.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stamps.errors import ParameterError
from stamps.frontends.jobs.hints import hint
from stamps.workspace.plain_files import open_plain
from stamps.workspace.settings_files import user_file

__all__ = ["NAME", "SlurmSettings", "StepSettings", "slurm_settings"]

NAME = "slurm.toml"

_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class StepSettings:
    """What jobs of a step ask for; what is None or empty is not asked for, or follows the step's resources.

    Attributes
    ----------
    partition, account, qos, time, mem : str, optional
        As ``sbatch`` takes them.
    cpus_per_task : int, optional
    extra : tuple of str
        More words of ``sbatch``, each as it stands in a line ``#SBATCH``.
    prologue : str
        Lines of the shell before the task.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    time: str | None = None
    mem: str | None = None
    cpus_per_task: int | None = None
    extra: tuple[str, ...] = ()
    prologue: str = ""


@dataclass(frozen=True)
class SlurmSettings:
    """The whole file.

    Attributes
    ----------
    default : StepSettings
    steps : mapping
        Step -> settings, those of ``default`` where it has none of its own.
    max_submitted : int, optional
        Most jobs of a user that the site takes at once, those that wait included.
    """

    default: StepSettings = StepSettings()
    steps: Mapping[str, StepSettings] = field(default_factory=dict)
    max_submitted: int | None = None

    def of(self, step: str) -> StepSettings:
        """Settings of a step."""
        return self.steps.get(step, self.default)


def slurm_settings(workdir: Path) -> SlurmSettings:
    """The settings of ``slurm.toml`` in a working directory, else in the user's folder, else none.

    Raises
    ------
    ParameterError
        The file is no TOML, or something in it is unknown or cannot be.
    WorkspaceError
        It is a link or no plain file.
    """
    user = user_file()
    for path in (workdir / NAME, *([user.with_name(NAME)] if user else [])):
        if os.path.lexists(path):
            return _understood(path, _read(path))
    return SlurmSettings()


def _read(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(open_plain(path, os.O_RDONLY), "rb") as file:
            return tomllib.loads(file.read(_MOST_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ParameterError(f"{path} cannot be read as TOML ({error}): write it anew.") from None


def _understood(path: Path, content: dict[str, Any]) -> SlurmSettings:
    _check_names(path, content, ("default", "step", "max_submitted"), "the file")
    number = content.get("max_submitted")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 3):
        raise ParameterError(f"{path}: max_submitted is {number!r}, but a whole number from 3 on was expected.")
    default = _step(path, StepSettings(), content.get("default", {}), "[default]")
    inside = content.get("step", {})
    if not isinstance(inside, dict):
        raise ParameterError(f"{path}: step is {inside!r}, but tables [step.NAME] were expected.")
    steps = {name: _step(path, default, table, f"[step.{name}]") for name, table in inside.items()}
    return SlurmSettings(default, steps, number)


def _step(path: Path, base: StepSettings, table: Any, where: str) -> StepSettings:
    if not isinstance(table, dict):
        raise ParameterError(f"{path}: {where} is {table!r}, but a table was expected.")
    _check_names(path, table, StepSettings.__dataclass_fields__, where)
    for name, value in table.items():
        if not _is_fine(name, value):
            raise ParameterError(f"{path}: {name} of {where} is {str(value)[:80]!r}, which it cannot be.")
    changes: dict[str, Any] = {name: tuple(value) if name == "extra" else value for name, value in table.items()}
    return replace(base, **changes)


def _is_fine(name: str, value: object) -> bool:
    """Whether a value is of the right kind, and stays in its line."""
    if name == "cpus_per_task":
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    if name == "extra":
        return isinstance(value, list) and all(isinstance(word, str) and "\n" not in word for word in value)
    return isinstance(value, str) and (name == "prologue" or "\n" not in value)


def _check_names(path: Path, table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    names = list(known)
    for name in table:
        if name not in names:
            meant = hint(name, names, f"there are {', '.join(names)}.")
            raise ParameterError(f"{path}: {where} has an unknown key '{name[:80]}': {meant}")
