"""The phases that plots are made of: unwrapped phase and corrections, read when a recipe asks for them.

Recipes are those of :mod:`stamps.products.recipes`.
Source: docs/method/products.md, sections 2.4 to 2.6, and its introduction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, WorkspaceError
from stamps.insar.corrections import IONO_VARIABLE, ionospheric_correction, tropo_method, tropospheric_correction
from stamps.insar.geometry import continuous
from stamps.insar.observations import retained
from stamps.products.deramping import deramped
from stamps.products.oscillator import is_envisat, oscillator_drift
from stamps.workspace.project import ProjectFiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stamps.insar.corrections import TropoMethod
    from stamps.workspace.directory import Variables


__all__ = ["Choice", "Project", "Quantities", "evaluate", "matrix_of"]

#: The only corrections that come in bands.
_BANDED = {2: "ph_tropo_powerlaw_ifg_", 11: "K_tropo_powerlaw_ifg_"}


@dataclass(frozen=True, repr=False)
class Project(ProjectFiles):
    """A processed directory, with what its interferograms and their wavelength mean."""

    def n_columns(self, pairs: bool) -> int:
        """Number of small-baseline interferograms, or of images of a series (a single master's interferograms)."""
        return self.ps["n_ifg"] if pairs or not self.small_baselines else self.ps["n_image"]

    def retained_ifgs(self) -> NDArray[np.int64]:
        """0-based interferograms without those of ``drop_ifg_index``."""
        return retained(self.ps["n_ifg"], self.parameters.indices("drop_ifg_index"))

    def series_columns(self) -> NDArray[np.int64]:
        """0-based columns of the single-master series that were unwrapped, the master included."""
        if not self.small_baselines:
            return self.retained_ifgs()
        stored = self.ws.load_optional(f"phuw{self.version}", ["unwrap_ifg_index_sm"]).get("unwrap_ifg_index_sm")
        return np.arange(self.ps["n_image"]) if stored is None else stored

    def covariance(self, pairs: bool) -> NDArray[np.floating[Any]] | None:
        """Covariance of the interferograms, or of the images of an inverted series.

        Parameters
        ----------
        pairs : bool
            Small-baseline interferograms.

        Returns
        -------
        ndarray, shape (n, n), or None
            Squared radians; single for a single master. None: nothing is known.
        """
        n = self.n_columns(pairs)
        if self.small_baselines:
            variable = "sb_cov" if pairs else "sm_cov"
            content = self.ws.load_optional(f"phuw_sb_res{self.version}", [variable])
            return None if content.get(variable) is None else matrix_of(content, variable, n, "interferograms", (n,))
        content = self.ws.load_optional(self.file("ifgstd"))
        if content.get("ifg_std") is None:
            return None
        ifg_std = matrix_of(content, "ifg_std", n, "interferograms", (1,))[:, 0]
        single = ifg_std.dtype.type
        return np.diag((ifg_std * single(np.pi) / single(181)) ** 2)  # 181 it is

    @property
    def lonlat(self) -> NDArray[np.float64]:
        """Longitude and latitude of the pixels in degrees, (n_ps, 2) float64, without a jump at the antimeridian: within
        180 degrees of the middle of the scene, which lies in -180 … 180. What is stored counts as its rasters did."""
        return continuous(self.ps["lonlat"])

    @property
    def usual_velocity(self) -> str:
        """Value type of the velocity without look-angle error that products show unless another one is asked for."""
        return "V-d" if self.small_baselines else "v-d"

    @property
    def millimetres(self) -> float:
        """Displacement in mm for one radian, λ·1000/(4π)."""
        return self.wavelength * 1000 / (4 * np.pi)

    def displacement(self, phase: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Displacement towards the satellite in mm, each operation in the class of the phase (radians)."""
        return -phase * self.wavelength * 1000 / (4 * np.pi)


@dataclass(frozen=True)
class Choice:
    """Which corrections are meant: tropospheric and ionospheric method, 0-based column whose bands are shown."""

    aps: Any = 0
    iono: Any = 0
    band: int | None = None


class Quantities:
    """Phases by the letter that recipes use, in radians, each read once.

    Parameters
    ----------
    project : Project
    choice : Choice
    pairs : bool
        Of small-baseline interferograms rather than of the single-master series.
    known : dict of str to ndarray, optional
        Quantities, by letter, that are not to be read.
    """

    def __init__(
        self, project: Project, choice: Choice, pairs: bool, known: Mapping[str, np.ndarray] | None = None
    ) -> None:
        self.project, self.choice, self.pairs = project, choice, pairs
        self._known: dict[str, NDArray[Any] | None] = dict(known or {})

    def __getitem__(self, letter: str) -> NDArray[np.floating[Any]] | None:
        """The quantity, shape (n_ps, n) or (n_ps, 1); None where there is nothing to subtract."""
        if letter not in self._known:
            parts = letter.split("+")
            value = self._read(parts[0])
            for part in parts[1:]:
                value = _sum(value, self._read(part))
            self._known[letter] = value
        return self._known[letter]

    def present(self, letter: str) -> NDArray[Any]:
        """The quantity where it cannot be absent; WorkspaceError if it is."""
        value = self[letter]
        if value is None:
            raise WorkspaceError(f"{self.project.ws.path} has no quantity {letter}, which this value type shows.")
        return value

    def has_master_noise(self) -> bool:
        """Whether C was estimated."""
        return "C_ps_uw" in self.project.ws.variables_of(self.project.file("scla"))

    def _read(self, letter: str) -> NDArray[np.floating[Any]] | None:
        value = getattr(self, _READERS[letter])()
        if self.choice.band is not None and letter != "T" and value is not None and value.shape[1] > 1:
            value = value[:, [self.choice.band]]
        return value

    def _variable(self, stem: str, variable: str, pairs: bool | None = None) -> NDArray[np.floating[Any]]:
        """One variable of a file, two-dimensional, as long as the pixels, with one column or one for each image."""
        pairs = self.pairs if pairs is None else pairs
        return self._checked(self.project.load(stem, pairs), variable, (1, self.project.n_columns(pairs)))

    def _checked(self, content: Variables, variable: str, columns: tuple[int, ...] = ()) -> NDArray[np.floating[Any]]:
        return matrix_of(content, variable, self.project.ps["n_ps"], "pixels", columns)

    def _corrections(self, stem: str, variables: Sequence[str]) -> Variables:
        """Content of a file of corrections whose named variables, as far as they are there, fit the pixels and images."""
        content = self.project.load(stem, self.pairs)
        for name in variables:
            if name in content:
                self._checked(content, name, (self.project.n_columns(self.pairs),))
        return content

    def unwrapped(self) -> NDArray[np.float32]:
        """U."""
        return self._variable("phuw", "ph_uw")

    def look_angle_phase(self) -> NDArray[np.float32]:
        """S."""
        return self._variable("scla", "ph_scla")

    def look_angle_coefficient(self) -> NDArray[np.floating[Any]]:
        """K."""
        return self._variable("scla", "K_ps_uw")

    def master_noise(self) -> NDArray[np.float32]:
        """C."""
        return self._variable("scla", "C_ps_uw", pairs=False)

    def ramps(self) -> NDArray[np.floating[Any]]:
        """R; InputError if none were estimated."""
        if not self.project.parameters.flag("scla_deramp"):
            raise InputError(
                "Orbital ramps were not estimated, because scla_deramp is 'n': set it to 'y' and run step 7 again "
                "(setparm scla_deramp y, stamps 7 7)."
            )
        return self._variable("scla", "ph_ramp")

    def smoothed(self, variable: str) -> NDArray[np.floating[Any]]:
        """S~, C~, R~: what was subtracted before unwrapping."""
        return self._variable("scla_smooth", variable, pairs=self.project.small_baselines)

    def smoothed_phase(self) -> NDArray[np.float32]:
        """S~."""
        return self.smoothed("ph_scla")

    def smoothed_master_noise(self) -> NDArray[np.float32]:
        """C~."""
        return self.smoothed("C_ps_uw")

    def smoothed_ramps(self) -> NDArray[np.floating[Any]]:
        """R~."""
        self.ramps()
        return self.smoothed("ph_ramp")

    def spatially_correlated_noise(self) -> NDArray[np.floating[Any]]:
        """N."""
        return self._variable("scn", "ph_scn_slave", pairs=False)

    def troposphere(self) -> NDArray[np.floating[Any]]:
        """T, or the bands of one interferogram."""
        method = chosen_tropo(self.choice.aps)
        if self.choice.band is not None:
            return self._bands(method, self.choice.band)
        correction, _, _ = tropospheric_correction(self._corrections("tca", method.variables), method.number)
        return correction

    def _bands(self, method: TropoMethod, band: int) -> NDArray[np.floating[Any]]:
        if method.number not in _BANDED:
            raise InputError("'ifg i' shows the bands of the power law: name the correction 'a_p' or 'a_pk', too.")
        content = self.project.load("tca_bands", self.pairs)
        return self._checked(content, f"{_BANDED[method.number]}{band + 1}")

    def ionosphere(self) -> NDArray[np.floating[Any]]:
        """I."""
        method = chosen_iono(self.choice.iono)
        correction, _, _ = ionospheric_correction(self._corrections("ica", [IONO_VARIABLE]), method)
        return correction

    def tide(self) -> NDArray[np.floating[Any]]:
        """E; WorkspaceError if there is none."""
        name = self.project.file("tide", self.pairs)
        if not self.project.ws.exists(name):
            raise WorkspaceError(
                f"{self.project.ws.path / name}.mat is missing: write the phase of the tides there, as 'ph_tide' in "
                "radians, pixels x interferograms, or leave 't' out of the value type."
            )
        return self._variable("tide", "ph_tide")

    def oscillator(self) -> NDArray[np.float64] | None:
        """O; None unless the images are Envisat's."""
        project = self.project
        envisat = is_envisat(project.ws, project.parameters)
        drift, _ = oscillator_drift(project.ps, project.parameters, project.small_baselines and self.pairs, envisat)
        return drift if drift.any() else None

    def closure(self) -> NDArray[np.float64]:
        """Misfit of the inverted series on the retained interferograms, zero on the others; double."""
        used = self.project.retained_ifgs()
        unwrapped = self.unwrapped()
        residual = np.zeros(unwrapped.shape)
        misfit = self._checked(self.project.load("phuw_sb_res"), "ph_res", (self.project.n_columns(True),))
        residual[:, used] = unwrapped[:, used] - misfit[:, used]
        return residual


def matrix_of(content: Variables, variable: str, n_rows: int, what: str, columns: tuple[int, ...] = ()) -> NDArray[Any]:
    """A variable of a file as a matrix of numbers that fits the project.

    Parameters
    ----------
    content : Variables
    variable : str
    n_rows : int
        Rows that it must have.
    what : str
        What stands in the rows, for messages: ``'pixels'``.
    columns : tuple of int
        Numbers of columns that it may have; empty: any.

    Returns
    -------
    ndarray, shape (n_rows, k)

    Raises
    ------
    WorkspaceError
        It is missing, empty, a text, or of another shape.
    """
    value = content[variable]
    is_matrix = isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "fciub"
    found = len(value) if is_matrix else 0 if value is None or isinstance(value, str) else 1
    if found != n_rows or not is_matrix:
        said = "is a text, no numbers" if isinstance(value, str) else f"is for {found} {what}"
        raise WorkspaceError(
            f"{content.source}: '{variable}' {said}, but there are {n_rows}: run the step that writes it again."
        )
    value = value[:, np.newaxis] if value.ndim == 1 else value
    if columns and value.shape[1] not in columns:
        raise WorkspaceError(
            f"{content.source}: '{variable}' has {value.shape[1]} columns, but {' or '.join(str(n) for n in columns)} belong to "
            "this project: run the step that writes it again."
        )
    return value


_READERS = {
    "U": "unwrapped",
    "S": "look_angle_phase",
    "C": "master_noise",
    "N": "spatially_correlated_noise",
    "T": "troposphere",
    "I": "ionosphere",
    "E": "tide",
    "O": "oscillator",
    "R": "ramps",
    "K": "look_angle_coefficient",
    "S~": "smoothed_phase",
    "C~": "smoothed_master_noise",
    "R~": "smoothed_ramps",
    "RES": "closure",
}


def chosen_tropo(method: Any) -> TropoMethod:
    """The tropospheric correction that was named; InputError if none was."""
    if method is None or (not isinstance(method, str) and np.size(method) == 1 and method == 0):
        raise InputError("Say which tropospheric correction is meant: add its name, as in ps_plot v-da a_gacos.")
    return tropo_method(method)


def chosen_iono(method: Any) -> int:
    """The ionospheric correction that was named; InputError if none was."""
    if method is None or (not isinstance(method, str) and np.size(method) == 1 and method == 0):
        raise InputError("Say which ionospheric correction is meant: add 'i_as' to the arguments.")
    return method


def evaluate(words: Sequence[str], quantities: Quantities) -> NDArray[Any]:
    """Carry out a recipe.

    Parameters
    ----------
    words : list of str
        See :mod:`stamps.products.recipes`.
    quantities : Quantities

    Returns
    -------
    ndarray, shape (n_ps, n)
        Radians; single if an operand is single.
    """
    project, value = quantities.project, quantities.present(words[0])
    for word in words[1:]:
        if word == "D":
            value, _ = deramped(project.ps, value, workdir=project.ws)
        elif word == "M0":
            value = value if quantities.choice.band is not None else _without_master(value, project)
        elif word != "-C?":
            value = subtract(value, quantities[word[1:]])
        elif quantities.has_master_noise():
            value = subtract(value, quantities["C"])
    return value


def _sum(value: NDArray[Any] | None, other: NDArray[Any] | None) -> NDArray[Any] | None:
    """Sum of two quantities, where None is nothing."""
    if value is None or other is None:
        return other if value is None else value
    return value + other


def subtract(value: NDArray[Any], other: NDArray[Any] | None) -> NDArray[Any]:
    """Difference in MATLAB's class: single if an operand is single. None subtracts nothing."""
    if other is None:
        return value
    dtype = np.float32 if np.float32 in (value.dtype, other.dtype) else np.float64
    return value.astype(dtype, copy=False) - other.astype(dtype, copy=False)


def _without_master(value: NDArray[Any], project: Project) -> NDArray[Any]:
    value = value.copy()
    value[:, project.master] = 0
    return value
