"""What the cases of the options work with: projects, calls that a mutant may spoil, comparison with golden files.

A mutant makes the package ignore one option (its default is read, an argument is not passed on) or take it wrongly
(another value is read). It is active only while the function under test runs, never while a case prepares or checks.
"""

import contextlib
import inspect
import sys
from dataclasses import dataclass
from importlib import import_module
from unittest import mock

import numpy as np
import pytest

from stamps.errors import StampsError
from stamps.steps.unwrapping.flow import Unwrapped
from stamps.verify import compare_files, golden
from stamps.workspace import Workspace, parameters

__all__ = ["DEFAULT", "Argument", "Code", "Lab", "Parameter", "set_parameters", "unwrapped_by", "without_solver"]

DEFAULT = object()


# ---------------------------------------------------------------------- mutants


@dataclass(frozen=True)
class Parameter:
    """A parameter that reads as its default (ignored), or as another value (taken wrongly).

    Attributes
    ----------
    option : str
        The parameter.
    value : object
        What is read instead.
    reader : str
        Legacy routine in which alone it is so; empty: in all.
    """

    option: str
    value: object = DEFAULT
    reader: str = ""

    @property
    def kind(self):
        return "ignored" if self.value is DEFAULT else "wrong"

    @property
    def text(self):
        """What the mutant does, in words."""
        value = "default" if self.value is DEFAULT else repr(self.value)
        return f"{self.option} reads {value}{' in ' + self.reader if self.reader else ''}"

    @contextlib.contextmanager
    def active(self):
        original = parameters.Parameters.lookup

        def lookup(self_, name):
            value, full_name = original(self_, name)
            if (full_name or name) != self.option or (self.reader and _legacy_caller() != self.reader):
                return value, full_name
            if self.value is not DEFAULT:
                return self.value, full_name
            known = {row.name: row for row in parameters.table()}.get(self.option)
            if known is None:
                return None, ""
            stored = "n" if self.option == "small_baseline_flag" else self_._files.stored().get("small_baseline_flag")
            return known.default(str(stored).lower() == "y"), full_name

        with mock.patch.object(parameters.Parameters, "lookup", lookup):
            yield


def _legacy_caller():
    """The legacy routine that asks for a parameter."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith("stamps.legacy."):
            return module.rpartition(".")[2]
        frame = frame.f_back
    return ""


@dataclass(frozen=True)
class Argument:
    """An argument that is not passed on (its default is taken), or passed on wrongly.

    Attributes
    ----------
    function, name : str
        Legacy function and its argument; ``options.temp`` is one of the options in a dictionary.
    value : object
        What is passed instead.
    """

    function: str
    name: str
    value: object = DEFAULT

    @property
    def option(self):
        return f"{self.function}({self.name})"

    @property
    def kind(self):
        return "ignored" if self.value is DEFAULT else "wrong"

    @property
    def text(self):
        """What the mutant does, in words."""
        return f"{self.option} is {'not passed on' if self.value is DEFAULT else 'taken as ' + repr(self.value)}"

    @contextlib.contextmanager
    def active(self):
        yield

    def changed(self, function, bound):
        """Change the bound arguments of a call."""
        name, _, key = self.name.partition(".")
        if key:
            options = dict(bound.arguments[name])
            options.pop(key, None)
            bound.arguments[name] = options if self.value is DEFAULT else {**options, key: self.value}
        elif self.value is DEFAULT:
            bound.arguments[name] = inspect.signature(function).parameters[name].default
        else:
            bound.arguments[name] = self.value


@dataclass(frozen=True)
class Code:
    """A piece of the package that is replaced, for options that are neither parameter nor argument.

    Attributes
    ----------
    option : str
        What it makes ineffective.
    target : str
        Dotted name.
    replacement : object
    kind : str
    """

    option: str
    target: str
    replacement: object
    kind: str = "ignored"

    @property
    def text(self):
        """What the mutant does, in words."""
        return f"{self.target.removeprefix('stamps.').removeprefix('legacy.')} is replaced"

    @contextlib.contextmanager
    def active(self):
        with mock.patch(self.target, self.replacement):
            yield


# ---------------------------------------------------------------------- projects and calls


def _legacy(name):
    return getattr(import_module(f"stamps.legacy.{name}"), name)


def set_parameters(ws, **values):
    """Store parameter values as they are, without log."""
    content = {name: value if isinstance(value, str) else _matrix(value) for name, value in values.items()}
    ws.save_raw("parms", {name.rstrip("_"): value for name, value in content.items()})
    return ws


def _matrix(value):
    numbers = np.atleast_2d(np.asarray(value, dtype=np.float64))
    return numbers if numbers.size else np.empty((0, 0))


class Lab:
    """One case at work.

    Parameters
    ----------
    folder : Path
        Empty directory.
    golden_state, golden_dir : callable
        The fixtures.
    mutant : Parameter, Argument, Code or None
    """

    def __init__(self, folder, golden_state, golden_dir, mutant=None):
        self.folder = folder
        self._golden_state, self._golden_dir = golden_state, golden_dir
        self._mutant = mutant

    def golden(self, step, set_name="ps_mini", variant=None, **values):
        """Workspace of a fresh golden state, with parameters set."""
        ws = Workspace(self._golden_state(set_name, step, variant))
        return set_parameters(ws, **values) if values else ws

    @staticmethod
    def plain(name, *arguments, **keywords):
        """Call a legacy function as it is."""
        return _legacy(name)(*arguments, **keywords)

    def call(self, name, *arguments, **keywords):
        """Call a legacy function, under the mutant if there is one.

        The driver works on one patch after the other in this process: a mutant does not reach others.
        """
        function = _legacy(name)
        if name == "stamps":
            keywords.setdefault("cores", 1)
        bound = inspect.signature(function).bind(*arguments, **keywords)
        bound.apply_defaults()
        if isinstance(self._mutant, Argument) and self._mutant.function == name:
            self._mutant.changed(function, bound)
        with self._mutant.active() if self._mutant else contextlib.nullcontext():
            return function(*bound.args, **bound.kwargs)

    def refused(self, error, words, name, *arguments, **keywords):
        """The call must raise an error whose message holds some words."""
        try:
            self.call(name, *arguments, **keywords)
        except StampsError as raised:
            assert isinstance(raised, error) and words in str(raised), f"another error: {raised}"
        else:
            raise AssertionError(f"{name} did not raise {error.__name__}")

    def golden_file(self, name, step, set_name="ps_mini"):
        """Path of a file that a step of a golden set wrote."""
        return self._golden_dir(set_name) / f"step{step}" / name

    def agrees(self, workdir, files, *, step=None, variant=None, set_name="ps_mini", chain=None):
        """Files of a run must be those of a golden step or variant, within the tolerances of the parity tests."""
        folder = self._golden_dir(set_name)
        overlay = folder / f"step{step}" if variant is None else golden.variant(folder, variant).path
        present = golden.overlay_files(overlay)
        if (folder / "INCOMPLETE").exists() and not set(files) <= set(present):
            pytest.skip(f"{folder} holds only decisive files, not all of {', '.join(files)}")
        report = compare_files(
            workdir, {name: present[name] for name in files}, present, name=set_name, chain=chain, partial=True
        )
        assert report.ok, report.text()


def unwrapped_by(stand_in):
    """Let a function of interferogram and costs, which returns phase, take the place of whatever solver is chosen."""
    patches = contextlib.ExitStack()
    patches.enter_context(mock.patch("stamps.legacy.uw_stat_costs.snaphu", stand_in))
    flow = mock.patch("stamps.steps.unwrapping.flow.unwrap", lambda *given: Unwrapped(stand_in(*given), 0, 0.0))
    patches.enter_context(flow)
    return patches


def without_solver():
    """Let the unwrapping keep the wrapped phase: what comes before the solver is what counts, and it is quick."""
    return unwrapped_by(lambda interferogram, *_: np.angle(interferogram).astype(np.float32))
