"""Stacks by the front ends that make them: settings, products in a folder that grows, what is in a finished stack.

Source: docs/method/service.md, section 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from stamps.errors import InputError, StampsError
from stamps.frontends.jobs.model import JobConfig
from stamps.frontends.processor import Processor
from stamps.service.typed_settings import typed
from stamps.workspace.plain_files import read_json

__all__ = ["STACK_KINDS", "Stack", "StackKind", "finished_stack"]

_BY_SERVICE = "the service says it"
_OF_COMMON = ("workdir", "saved_job_path", "dry_run", "processor")


@dataclass(frozen=True)
class Stack:
    """What is in a finished stack.

    Attributes
    ----------
    master : str
    images : tuple of str
        All dates, that of the master, too, ascending.
    folder : str
        From the working directory on; empty: the working directory itself.
    """

    master: str
    images: tuple[str, ...]
    folder: str


@dataclass(frozen=True)
class StackKind:
    """A kind of stack.

    Attributes
    ----------
    processor : str
        As :meth:`stamps.frontends.processor.Processor.create` knows it.
    frontend : str
        Name of the front end, and of the job.
    module, config : str
        Where the class of the settings is.
    products : str
        The setting that takes the products.
    own : tuple of str
        Settings that a user of the service does not give.
    command : str
        What prepares a project.
    listed : callable
        Products in a folder with their dates.
    stack : callable
        What is in the stack of a working directory.
    """

    processor: str
    frontend: str
    module: str
    config: str
    products: str
    own: tuple[str, ...]
    command: str
    listed: Callable[[Path], dict[Path, str]]
    stack: Callable[[Path], Stack]

    @property
    def config_class(self) -> type[JobConfig]:
        """Class of the settings."""
        found: type[JobConfig] = getattr(import_module(self.module), self.config)
        return found

    @property
    def known(self) -> dict[str, Any]:
        """Settings that can be given, and their types."""
        return typed(self.config_class, (*_OF_COMMON, self.products, *self.own))

    @property
    def never(self) -> dict[str, str]:
        """Settings that there are, but which the service makes."""
        return dict.fromkeys((*_OF_COMMON, self.products, *self.own), _BY_SERVICE)

    def processor_of(self, workdir: Path, products: Sequence[str], settings: Mapping[str, Any]) -> Processor:
        """The job of a stack."""
        given = {**settings, "workdir": os.fspath(workdir), self.products: list(products)}
        return Processor.create(self.processor, name=self.frontend, **given)


def _sentinel1(source: Path) -> dict[Path, str]:
    from stamps.frontends.sentinel1.acquisitions import date_in_name
    from stamps.frontends.sentinel1.containers import find_products

    if not any(source.iterdir()):
        return {}
    try:
        return {path: date_in_name(path) for path in find_products([source])}
    except InputError:  # there is none yet
        return {}


def _stripmap(source: Path) -> dict[Path, str]:
    from stamps.frontends.snap.stripmap_images import find_images

    if not any(source.iterdir()):
        return {}
    return {image.path: date for date, image in find_images([source]).items()}


def _snap_stack(workdir: Path) -> Stack:
    from stamps.frontends.snap.join import RECORD
    from stamps.frontends.snap.snap_toml import read_snap_toml

    master = str(read_snap_toml(workdir).get("master") or "")
    if not master:
        raise InputError(f"There is no stack in {workdir}.")
    folder = f"INSAR_{master}"
    try:
        record = read_json(workdir / folder / RECORD)
        dates = tuple(sorted({master, *map(str, record["dates"])}))
    except (OSError, ValueError, KeyError, TypeError, StampsError) as error:
        raise InputError(f"The stack {workdir / folder} is not complete ({error}): submit its job again.") from None
    return Stack(master, dates, folder)


def _isce_stack(workdir: Path) -> Stack:
    from stamps.frontends.isce_jobs.existing import existing_stack
    from stamps.frontends.isce_jobs.ordering import read_order

    order = read_order(workdir)
    there = existing_stack(workdir)
    if there is None or not (workdir / "merged").is_dir():
        raise InputError(f"There is no stack in {workdir}.")
    return Stack(order.master, tuple(sorted({order.master, *order.dates, *there.dates})), "")


_SNAP_OWN = ("notes", "troubles", "sources", "given_up", "master_split")

#: Name -> kind.
STACK_KINDS: Mapping[str, StackKind] = {
    "snap": StackKind("Snap_S1", "snap", "stamps.frontends.snap.config", "Snap_S1_Config", "products", _SNAP_OWN, "mt_prep_snap",
                      _sentinel1, _snap_stack),
    "stripmap": StackKind("Snap_Stripmap", "snap", "stamps.frontends.snap.config", "Snap_Stripmap_Config", "products", _SNAP_OWN,
                          "mt_prep_snap", _stripmap, _snap_stack),
    "isce": StackKind("ISCE_S1", "isce", "stamps.frontends.isce_jobs.config", "ISCE_S1_Config", "slc_dir",
                      ("project", "workflow", "pairs"), "mt_prep_isce", _sentinel1, _isce_stack),
}  # fmt: skip


def finished_stack(kind: str, workdir: Path) -> Stack:
    """What is in the stack of a working directory.

    Raises
    ------
    InputError
        There is none, or it is not complete.
    """
    return STACK_KINDS[kind].stack(workdir)
