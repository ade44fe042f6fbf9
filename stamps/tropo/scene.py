"""What a project gives to the estimates of tropospheric delay, and where their results go.

Reads ``ps2``, ``phuw2`` and ``scla2`` (small baselines: ``phuw_sb2`` and ``scla_sb2``), ``hgt2``, ``inc2``, ``la2``;
writes ``tca2`` (``tca_sb2``). Parameters: ``small_baseline_flag``, ``drop_ifg_index``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError, NoPixelsError, WorkspaceError
from stamps.insar.geometry import longitude_range, longitudes_between
from stamps.insar.observations import retained
from stamps.insar.regions import inside_polygon
from stamps.matlab.dates import to_yyyymmdd
from stamps.tropo.delay import incidence_from_look
from stamps.tropo.linear import without_height_part
from stamps.workspace import freshness
from stamps.workspace.plain_files import read_input
from stamps.workspace.project import ProjectFiles

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.workspace import Workspace
    from stamps.workspace.log import Log


__all__ = ["SCLA_CHOICES", "Scene", "read_polygon"]

SCLA_CHOICES = ("uncorrelated", "all", "none")
_LITTLE_RELIEF = 100.0  # m; 10 rad/km, an ordinary difference between two days, is then one radian


@dataclass(frozen=True)
class Scene:
    """A project whose interferograms are corrected: pairs of images with a small-baseline network, else slaves and the
    master."""

    project: ProjectFiles

    @classmethod
    def at(cls, workdir: Workspace | StrPath) -> Scene:
        """Open a project directory; what is out of date is used with a warning, as by the steps."""
        return cls(ProjectFiles.at(workdir, stale=freshness.warn))

    @property
    def ws(self) -> Workspace:
        """The workspace."""
        return self.project.ws

    @property
    def xy(self) -> NDArray[np.float64]:
        """Positions of the pixels in m, (n_ps, 2) float64."""
        return self.project.ps["xy"][:, 1:3].astype(np.float64)

    def columns(self) -> NDArray[np.int64]:
        """0-based interferograms that get a correction: neither dropped nor the master's."""
        used = retained(self.project.ps["n_ifg"], self.project.parameters.indices("drop_ifg_index"))
        return used if self.project.small_baselines else used[used != self.project.master]

    def pairs(self) -> NDArray[np.int64]:
        """0-based first and second image of every interferogram, (n_ifg, 2)."""
        ps = self.project.ps
        if self.project.small_baselines:
            return ps["ifgday_ix"]
        return np.column_stack([np.full(ps["n_ifg"], self.project.master), np.arange(ps["n_ifg"])])

    def dates(self) -> NDArray[np.int64]:
        """Dates of the images as yyyymmdd, (n_image,) int64."""
        return to_yyyymmdd(self.project.ps["day"])

    def name(self, ifg: int | np.integer[Any]) -> str:
        """``'3 (20180601-20180613)'`` for the 0-based interferogram 2."""
        first, second = self.dates()[self.pairs()[ifg]]
        return f"{ifg + 1} ({first}-{second})"

    def phase(
        self,
        scla: str = "uncorrelated",
        height: NDArray[np.float64] | None = None,
        used: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.floating[Any]]:
        """Unwrapped phase without the look-angle error, where that is known.

        The look-angle error was estimated with the troposphere in the phase, so that it has swallowed some of the delay
        that goes with height. If all of it were subtracted, the delay would be underestimated by that part, and the part
        would stay in the look-angle error for good. So what goes with height is left in the phase.

        The master's own error ``C_ps_uw`` stays in, too: it contains the troposphere of the master, which the
        correction of every interferogram has to contain.

        Parameters
        ----------
        scla : {'uncorrelated', 'all', 'none'}
            What of the look-angle error to subtract: what does not go with height, all, nothing.
        height, used : ndarray, shape (n_ps,)
            Heights in m and the pixels (bool) that decide what goes with height.

        Returns
        -------
        ndarray, shape (n_ps, n_ifg)
            Radians.
        """
        if scla not in SCLA_CHOICES:
            raise InputError(f"scla is {scla!r}, but one of {', '.join(SCLA_CHOICES)} was expected.")
        pairs = self.project.small_baselines
        phase = self._per_interferogram(self.project.file("phuw", pairs), "ph_uw")
        name = self.project.file("scla", pairs)
        if scla == "none" or not self.ws.exists(name):
            return phase
        ph_scla = self._per_interferogram(name, "ph_scla")
        if scla == "all":
            return phase - ph_scla
        if height is None or used is None:
            raise TypeError("What goes with height needs the heights and the pixels that are used.")
        return phase - without_height_part(ph_scla, height, self.xy, used)

    def observed(
        self, area: ArrayLike | None, exclude: ArrayLike | None, scla: str, log: Log
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.floating[Any]]]:
        """What a correction that goes with height is estimated from.

        Parameters
        ----------
        area, exclude : array_like, optional
            As for :meth:`selected`.
        scla : str
            As for :meth:`phase`.
        log : callable
            Told of heights that differ too little.

        Returns
        -------
        height : ndarray of float64, shape (n_ps,)
            Metres, of all pixels.
        used : ndarray of bool, shape (n_ps,)
            Pixels to estimate from.
        phase : ndarray, shape (number of these pixels, number of :meth:`columns`)
            Radians.
        """
        height, used = self.height(), self.selected(area, exclude)
        phase = self.phase(scla, height, used)[np.ix_(used, self.columns())]
        self.check_relief(height, used, log)
        return height, used, phase

    def _per_interferogram(self, file: str, variable: str) -> NDArray[np.float32]:
        value = self.ws.load(file, [variable])[variable]
        expected = (self.project.ps["n_ps"], self.project.ps["n_ifg"])
        if np.shape(value) != expected:
            raise WorkspaceError(
                f"{self.ws.path / file}.mat: '{variable}' has the shape {np.shape(value)}, but there are {expected[0]} pixels "
                f"and {expected[1]} interferograms: run steps 6 and 7 again (stamps 6 7)."
            )
        return value

    def height(self) -> NDArray[np.float64]:
        """Heights in m, (n_ps,) float64; WorkspaceError if the project has none."""
        height = self.ws.load_optional(self.project.file("hgt")).get("hgt")
        if height is None or len(height) != self.project.ps["n_ps"]:
            raise WorkspaceError(
                f"{self.ws.path / self.project.file('hgt')}.mat has no heights of the {self.project.ps['n_ps']} pixels: its "
                "preparation had no DEM; give it one and run steps 1 to 5 again."
            )
        return height.astype(np.float64)

    def incidence(self, degrees: float | None = None) -> NDArray[np.float64]:
        """Incidence angles in radians.

        Parameters
        ----------
        degrees : float, optional
            One angle for all pixels, in place of those of the project.

        Returns
        -------
        ndarray of float64, shape (n_ps,)
            From ``inc2``, else from ``la2`` and the mean incidence angle of ``ps2``, else that mean everywhere.

        Raises
        ------
        WorkspaceError
            The project knows none of them.
        """
        n_ps = self.project.ps["n_ps"]
        if degrees is not None:
            if not 0 <= degrees < 85:
                raise InputError(f"The incidence angle is {degrees:g} degrees, but 0 to 85 was expected.")
            if 0 < degrees < np.pi / 2:
                raise InputError(
                    f"The incidence angle is {degrees:g} degrees, which none of a radar is: give it in degrees, not radians."
                )
            return np.full(n_ps, np.radians(float(degrees)))
        mean = self.project.ps.get("mean_incidence")
        inc = self.ws.load_optional(self.project.file("inc")).get("inc")
        if inc is not None and len(inc) == n_ps and np.all(inc > 0):
            return inc.astype(np.float64)
        look = self.ws.load_optional(self.project.file("la")).get("la")
        if look is not None and len(look) == n_ps and np.all(look > 0):
            return incidence_from_look(look, mean)
        if mean is not None:
            return np.full(n_ps, float(mean))
        raise WorkspaceError(
            f"{self.ws.path} knows no incidence angle (inc2.mat, la2.mat): give one in degrees (--incidence 39)."
        )

    def selected(self, area: ArrayLike | None = None, exclude: ArrayLike | None = None) -> NDArray[np.bool_]:
        """Pixels from which a correction is estimated.

        Parameters
        ----------
        area : array_like, shape (4,) or (m, 2), optional
            Bounds (western and eastern longitude, smallest and largest latitude) or corners of a polygon, degrees.
        exclude : array_like, optional
            The same of an area that is left out, for instance because it deforms.

        Returns
        -------
        ndarray of bool, shape (n_ps,)

        Raises
        ------
        NoPixelsError
            No pixel is left.
        """
        lonlat = self.project.ps["lonlat"]
        selected = np.ones(len(lonlat), bool)
        if area is not None:
            selected &= _inside(lonlat, area)
        if exclude is not None:
            selected &= ~_inside(lonlat, exclude)
        if not selected.any():
            raise NoPixelsError(
                f"None of the {len(lonlat)} pixels of {self.ws.path} is in the area that should be used: it should be in "
                "degrees, longitude before latitude."
            )
        return selected

    def check_relief(self, height: NDArray[np.float64], used: NDArray[np.bool_], log: Log) -> None:
        """Warn of heights that differ too little to tell delay from chance or deformation."""
        low, high = np.nanpercentile(height[used], [5, 95])
        if high - low < _LITTLE_RELIEF:
            log(
                f"Warning: 90 % of the heights lie within {high - low:.0f} m: what goes with height may be chance or "
                "deformation; compare with delay maps (stamps tropo gacos)"
            )

    def full(self, columns: NDArray[np.int64], values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Values of some interferograms among zeros for the others, (n_ps, n_ifg) float32."""
        result = np.zeros((self.project.ps["n_ps"], self.project.ps["n_ifg"]), np.float32)
        result[:, columns] = values
        return result

    def save(self, variables: Mapping[str, NDArray[Any]]) -> None:
        """Add variables to ``tca2.mat`` or ``tca_sb2.mat``; the other corrections in it stay."""
        self.ws.save(self.project.file("tca", self.project.small_baselines), variables)


def _inside(lonlat: NDArray[np.float64], area: ArrayLike) -> NDArray[np.bool_]:
    area = np.asarray(area, np.float64)
    if area.shape == (4,):
        west, east = longitude_range(area[:2])
        south, north = area[2:]
        if not (west < east and south < north):
            raise InputError(
                f"The bounds {' '.join(f'{x:g}' for x in area)} should be smallest and largest longitude (179.9 -179.9: over the "
                "antimeridian), smallest and largest latitude."
            )
        return longitudes_between(lonlat[:, 0], (west, east)) & (lonlat[:, 1] >= south) & (lonlat[:, 1] <= north)
    if area.ndim != 2 or area.shape[1] != 2 or len(area) < 3:
        raise InputError(
            "An area should be four bounds or at least three corners with longitude and latitude in degrees."
        )
    return inside_polygon(lonlat, area)


def read_polygon(path: StrPath) -> NDArray[np.float64]:
    """Corners of a polygon from a text file with longitude and latitude in every line.

    Returns
    -------
    ndarray of float64, shape (m, 2)
        Degrees.

    Raises
    ------
    InputError
        The file is missing or has other content.
    """
    try:
        lines = read_input(path).replace(",", " ").splitlines()
        corners = np.array([[float(x) for x in line.split()] for line in lines if line.split("#")[0].strip()])
    except OSError as error:
        raise InputError(f"The polygon {path} cannot be read ({error.strerror}).") from error
    except ValueError:
        corners = np.zeros(0)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise InputError(f"The polygon {path} should have three or more lines with longitude and latitude in degrees.")
    return corners
