"""A processed directory to read from: its pixel table, kind, parameters and files."""

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TypeVar

from stamps.errors import ParameterError
from stamps.workspace import Workspace, freshness
from stamps.workspace.directory import Variables
from stamps.workspace.markup import pairs
from stamps.workspace.parameters import Parameters

__all__ = ["ProjectFiles"]

#: The class that was asked to open a directory.
Files = TypeVar("Files", bound="ProjectFiles")


@dataclass(frozen=True, repr=False)
class ProjectFiles:
    """A processed directory: its pixel table, kind, parameters and files."""

    ws: Workspace
    version: int
    ps: Variables
    small_baselines: bool
    parameters: Parameters

    @classmethod
    def at(
        cls: type[Files],
        workdir: PathLike | str | Workspace,
        log: bool = False,
        stale: Callable[[Workspace], object] = freshness.refuse,
    ) -> Files:
        """Open a directory.

        Parameters
        ----------
        workdir : path-like or Workspace
        log : bool
            Let GETPARM say what kind of project it is.
        stale : callable
            Called with the workspace: tells it what to do with files that are out of date (default: refuse them).
        """
        ws = Workspace.at(workdir)
        stale(ws)
        version = ws.version
        parameters = Parameters(ws)
        small_baselines = parameters.flag("small_baseline_flag", log=log)
        return cls(ws, version, ws.load(f"ps{version}"), small_baselines, parameters)

    def __repr__(self) -> str:
        return f"<{self._heading()}>"

    def _repr_html_(self) -> str:
        rows = [(name, self.ps.get(name)) for name in ("n_ps", "n_ifg", "n_image")]
        return pairs([(name, value if value is None else int(value)) for name, value in rows], self._heading())

    def _heading(self) -> str:
        return (
            f"{self.ws.path}: {'small baselines' if self.small_baselines else 'single master'}, version {self.version}"
        )

    def file(self, stem: str, pairs: bool = False) -> str:
        """Name of a file: ``scla2``, or ``scla_sb2`` for interferograms."""
        return f"{stem}{'_sb' if pairs else ''}{self.version}"

    def load(self, stem: str, pairs: bool = False) -> Variables:
        """Read such a file."""
        return self.ws.load(self.file(stem, pairs))

    @property
    def master(self) -> int:
        """0-based column of the master in single-master data."""
        return self.ps["master_ix"]

    @property
    def wavelength(self) -> float:
        """Parameter ``lambda``, metres; ParameterError if it is not known."""
        wavelength = self.parameters.get("lambda")
        if not isinstance(wavelength, float) or not wavelength > 0:
            raise ParameterError(f"The wavelength of {self.ws.path} is not known: set it in m (setparm lambda 0.0555).")
        return wavelength
