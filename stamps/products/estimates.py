"""What the original keeps in files on its way to values: here it is computed from what is stored, and not kept.

A command that stores it as the original does hands over estimates of its own.
"""

import numpy as np

from stamps.insar.corrections import invertible_method, ionospheric_correction, tropospheric_correction
from stamps.insar.network import connected_network, invert_correction
from stamps.products.mean_velocity import displacements_of
from stamps.products.quantities import Project, Quantities
from stamps.products.reference_pixels import announced_reference_pixels
from stamps.products.velocity import bootstrap_std

__all__ = ["Estimates"]


class Estimates:
    """Series of corrections that small-baseline interferograms have, and standard deviations of velocities."""

    def troposphere(self, project: Project, aps: int | str) -> np.ndarray | None:
        """Tropospheric correction of the inverted series.

        Parameters
        ----------
        project : Project
            Of small baselines, with ``tca_sb2``.
        aps : int or str

        Returns
        -------
        ndarray of float32, shape (n_ps, n_image), or None
            Radians, in the order of a stored matrix, so that sums are the same; None: it stands in ``tca2``.

        Raises
        ------
        InputError
            The network is not connected, or the master has no correction.
        ParameterError
            The correction cannot be inverted.
        """
        network, used = self._network(project)
        method = invertible_method(aps)
        correction, _, _ = tropospheric_correction(project.load("tca", pairs=True), method.number)
        return np.asfortranarray(invert_correction(correction, project.ps, network, used, "tropospheric"))

    def ionosphere(self, project: Project, iono: int | str) -> np.ndarray | None:
        """Ionospheric correction of the inverted series, from ``ica_sb2``; see :meth:`troposphere`."""
        network, used = self._network(project)
        correction, _, _ = ionospheric_correction(project.load("ica", pairs=True), iono)
        return np.asfortranarray(invert_correction(correction, project.ps, network, used, "ionospheric"))

    def deviation(
        self, quantities: Quantities, switches: str, ifg_list: np.ndarray | None, n_boot: int, seed: int
    ) -> np.ndarray:
        """Bootstrapped standard deviation of the mean velocity.

        Parameters
        ----------
        quantities : Quantities
        switches, ifg_list
            As for :func:`stamps.products.mean_velocity.displacements_of`.
        n_boot, seed : int
            As for :func:`stamps.products.velocity.bootstrap_std`.

        Returns
        -------
        ndarray of float32, shape (n_ps,)
            mm/yr.
        """
        seen = displacements_of(quantities, switches, ifg_list, announced_reference_pixels)
        return bootstrap_std(*seen, n_boot, seed)

    @staticmethod
    def _network(project: Project) -> tuple[np.ndarray, np.ndarray]:
        return connected_network(project.ps, project.parameters.indices("drop_ifg_index"), project.ws.path)
