"""When and how the satellites of scenes pass the middle of the area.

Source: docs/method/sentinel1.md, section 5.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from stamps.errors import InputError
from stamps.frontends.sentinel1.acquisitions import Scene
from stamps.frontends.sentinel1.annotation import StateVectors
from stamps.frontends.sentinel1.area import Area
from stamps.frontends.sentinel1.orbit_files import OrbitFile, find_orbit_files, orbit_file_of, read_orbit_file
from stamps.frontends.sentinel1.orbits import Overpass, baseline, consistent, joined, overpass

__all__ = ["Overpasses"]


class Overpasses:
    """The overpasses of scenes over the middle of an area.

    Parameters
    ----------
    scenes : sequence of Scene
    area : Area
    orbit_dir : path-like, optional
        Folder of orbit files, which count more than the annotations.

    Attributes
    ----------
    warnings : list of str
        What could not be read or computed.
    """

    def __init__(self, scenes: Sequence[Scene], area: Area, orbit_dir: str | os.PathLike[str] | None) -> None:
        self.warnings: list[str] = []
        self._lon, self._lat = area.centre
        heights = [annotation.height for scene in scenes for image in scene.images for annotation in image.values()]
        self._height = sum(heights) / len(heights)
        files = find_orbit_files(orbit_dir) if orbit_dir is not None else []
        self._passes = {scene.date: self._pass_of(scene, files) for scene in scenes}

    def _pass_of(self, scene: Scene, files: Sequence[OrbitFile]) -> Overpass | None:
        acquisition = scene.acquisition
        middle = acquisition.start + (acquisition.stop - acquisition.start) / 2
        try:
            told = self._vectors(scene, files)
            vectors = consistent(told)
            if vectors is not told:
                self.warnings.append(
                    f"{scene.date}: the velocities of its orbit do not go with the positions, which are used alone."
                )
            return overpass(vectors, middle, self._lon, self._lat, self._height)
        except InputError as error:
            self.warnings.append(
                f"{scene.date}: its baseline is not known, so the choice of the master (auto) passes it over. {error}"
            )
            return None

    def _vectors(self, scene: Scene, files: Sequence[OrbitFile]) -> StateVectors:
        file = orbit_file_of(scene.acquisition, files)
        if file is not None:
            try:
                return read_orbit_file(file, scene.acquisition)
            except InputError as error:
                self.warnings.append(f"{scene.date}: the orbit of the annotation is taken. {error}")
        return joined([annotation.orbit for image in scene.images for annotation in image.values()])

    def of(self, date: str) -> Overpass | None:
        """The overpass of a date, where it is known."""
        return self._passes[date]

    def baselines(self, master: str, dates: Sequence[str]) -> dict[str, float]:
        """Perpendicular baselines of dates to a master, m; NaN where one of the orbits is not known."""
        reference = self._passes[master]
        return {date: self._baseline(reference, self._passes[date]) for date in dates}

    def _baseline(self, master: Overpass | None, slave: Overpass | None) -> float:
        if master is None or slave is None:
            return float("nan")
        return baseline(master, slave, self._lon, self._lat, self._height)
