"""Plot, or save, the phases, velocities, heights and estimates of a processed project.

Reads, as the value type asks for, ``psver ps2 ph2 rc2 pm2 hgt2 ifgstd2 uw_grid phuw2 phuw_sb2 phuw_sb_res2 scla2
scla_sb2 scla_smooth2 scla_smooth_sb2 scn2 tca2 tca_sb2 ica2 ica_sb2 tide2 tide_sb2``. Writes ``ps_plot_<value
type>.mat`` (``ph_disp ifg_list``, with ``plot_flag`` -1), ``mean_v.mat`` (``m``, with velocities), ``ps_plot_ts_<value
type>.mat`` and ``ps_plot_ts_matname.txt`` (with ``'ts'``), and pictures. Parameters: ``small_baseline_flag
drop_ifg_index lambda scla_deramp plot_color_scheme plot_scatterer_size plot_pixels_scatterer plot_dem_posting
shade_rel_angle lonlat_offset heading`` and those of the reference area.

Source: docs/method/products.md, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stamps.errors import InputError
from stamps.legacy.ps_load_dem import ps_load_dem
from stamps.legacy.ps_load_mean_amp import ps_load_mean_amp
from stamps.legacy.ps_mean_v import ps_mean_v
from stamps.legacy.ps_setref import ps_setref
from stamps.legacy.sb_invert_aps import sb_invert_aps
from stamps.legacy.sb_invert_iono import sb_invert_iono
from stamps.products.arguments import AMPLITUDE, AMPLITUDE_THROUGH, RELIEF, SHADED, parse_arguments
from stamps.products.estimates import Estimates
from stamps.products.notebook_figure import display_figure, png_of
from stamps.products.quantities import Project, Quantities
from stamps.products.reference_choice import OWN, ReferenceChoice
from stamps.products.referencing import colour_limits, relative_to_ifg, relative_to_pixels
from stamps.products.saving import save_values
from stamps.products.value_types import ValueType
from stamps.products.values import Shown, values_of
from stamps.workspace import Workspace
from stamps.workspace.log import Log

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from stamps._typing import StrPath
    from stamps.products.arguments import PlotRequest
    from stamps.products.values import Values


__all__ = ["Picture", "ps_plot"]


class Picture(NamedTuple):
    """What ``ps_plot`` returns; all None when it saves.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    limits : tuple of float
        Range of colours.
    rmse : ndarray of float64, shape (k,), or None
        Difference from external points, one number for each panel.
    axes : list of matplotlib.axes.Axes
    """

    figure: Figure | None = None
    limits: tuple[float, float] | None = None
    rmse: NDArray[np.float64] | None = None
    axes: list[Axes] | None = None

    def _ipython_display_(self) -> None:
        if self.figure is not None:
            display_figure(self.figure)

    def _repr_png_(self) -> bytes | None:
        return None if self.figure is None else png_of(self.figure)


def ps_plot(
    value_type: NDArray[np.float64] | str,
    *args: Any,
    workdir: Workspace | StrPath = ".",
    out: str | None = None,
    seed: int = 0,
    reference_date: Any = None,
    reference_area: Sequence[float] | None = None,
    **named: ArrayLike,
) -> Picture:
    """Plot or save values of all pixels.

    Parameters
    ----------
    value_type : str or ndarray
        ``'hgt'``, wrapped ``'w'``, ``'w-d'`` …, unwrapped ``'u'``, ``'u-dm'`` …, velocity ``'v'``, ``'v-do'`` …, its
        standard deviation ``'vs'`` …, look-angle error ``'d'``, noise ``'s'``, ``'m'`` …: all names stand in
        :mod:`stamps.products.value_types`. In small-baseline projects ``'v'``, ``'vs'`` and ``'d'`` are those of the
        interferograms, ``'V'``, ``'Vs'``, ``'D'`` those of the inverted series. Or values themselves, one row for
        each pixel.
    *args
        ``plot_flag`` (-1 save, 0 black, 1 white, 2 shaded DEM, 3 DEM in three dimensions, 4 amplitude, 5 amplitude
        shining through, 6 white, 7 black in metres), ``lims``, ``ref_ifg``, ``ifg_list``, ``n_x``, ``cbar_flag``,
        ``textsize``, ``textcolor``, ``lon_rg``, ``lat_rg``, ``units``; interferograms count from 1. Anywhere among them
        the texts ``'ts'`` (time series), a tropospheric correction (``'a_e'``), ``'i_as'`` (ionosphere), ``'ifg 3'``
        (its bands), ``'ext PATH'`` (points to compare with).
    workdir : path-like or Workspace
        Project directory.
    out : path-like, optional
        Picture file (PNG, PDF, SVG). Default: a window, or without a display ``ps_plot_<value type>.png``.
    seed : int
        Start of the random numbers of ``'vs'`` types.
    reference_date : str, int or date, optional
        Date of which phases of images are 0, in the picture (default: the master's); velocities do not depend on it.
    reference_area : sequence of float, optional
        Longitude, latitude and radius (m) of a circle, or west, east, south and north of a box, whose pixels the picture is
        relative to (default: the reference area of the parameters).
    **named
        The positional arguments by name.

    Returns
    -------
    Picture

    Raises
    ------
    InputError
        There is no such value type or option, an interferogram does not exist, or another reference has no meaning there.
    ParameterError
        The reference area holds no pixel.
    WorkspaceError
        A file is missing: the step that writes it was not run.

    Examples
    --------
    >>> from stamps import ps_plot
    >>> from stamps.workspace import Workspace
    >>> ps_plot("v-do", out="velocity.png").axes  # doctest: +ELLIPSIS
    [<...>]
    >>> saved = ps_plot("v-do", -1)  # in ps_plot_v-do.mat, for ps_output and ps_gescatter
    >>> Workspace(".").load("ps_plot_v-do")["ph_disp"].shape  # pixels
    (2140, 1)
    """
    request = parse_arguments(args, named)
    project = Project.at(workdir)
    choice = ReferenceChoice.of(reference_date, reference_area)
    if choice != OWN:
        _refer(request, value_type, choice, project)
    kind, values = values_of(value_type, project, request, seed, StoredEstimates())
    if choice.area is not None and not values.referenced:
        raise InputError(
            f"{value_type} is not relative to a reference area, so another one has no meaning: leave it out (for standard "
            "deviations take stamps export, which estimates them for any area)."
        )
    columns = _columns(values, request)
    # phasors were turned by their reference interferogram when they were read
    ref_ifg = min(request.ref_ifg, 0) if kind is not None and kind.group == "wrapped" else request.ref_ifg
    shown = relative_to_ifg(values.phases, columns, ref_ifg)
    reference = choice.finder(project, ps_setref)(workdir=project.ws) if values.referenced else None
    shown, without = relative_to_pixels(shown, reference)
    picture = Shown(project, kind, values, shown, columns, reference, request, choice)
    log = Log(project.ws, "PS_PLOT")
    for column in without:
        log(f"No reference pixel has a value in column {columns[column] + 1}: it is not referenced", level=2)
    save_values(picture)
    if request.saves:
        return Picture()
    limits = request.lims or colour_limits(shown)
    from stamps.products.plotting import draw

    log(f"Color Range: {limits[0]:g} to {limits[1]:g} {picture.unit}", level=2)
    store_background(project.ws, request.plot_flag)
    return Picture(*draw(picture, limits, out))


def _refer(request: PlotRequest, value_type: Any, choice: ReferenceChoice, project: Project) -> None:
    """Take over the date of another reference as the image that is subtracted; InputError where it has no meaning."""
    if request.saves or request.time_series:
        raise InputError(
            "Another reference is for pictures, not for what ps_plot saves: leave out plot_flag -1 and 'ts', or change the "
            "reference area of the project (setparm ref_centre_lonlat, ref_radius); ts_plot has --reference, too."
        )
    image = choice.image(project)
    if image is None:
        return
    if request.ref_ifg:
        raise InputError("ref_ifg and reference_date both say what is subtracted: leave out one of them.")
    kind = ValueType.named(value_type, project.small_baselines) if isinstance(value_type, str) else None
    if kind is None or kind.group == "pairs" or (kind.group == "wrapped" and kind.pairs):
        raise InputError("Only phases of images have a reference date: interferograms lie between two dates.")
    if kind.group in ("series", "wrapped") and kind.words != ["C"]:  # the master's noise is that of one image
        request.ref_ifg = image + 1


class StoredEstimates(Estimates):
    """The estimates as the original keeps them: in ``tca2``, ``ica2`` and ``mv2``, from where they are read."""

    def troposphere(self, project: Project, aps: float | str) -> None:
        """Bring ``tca2`` of a small-baseline project up to date."""
        sb_invert_aps(aps, workdir=project.ws)

    def ionosphere(self, project: Project, iono: float | str) -> None:
        """Bring ``ica2`` of a small-baseline project up to date."""
        sb_invert_iono(iono, workdir=project.ws)

    def deviation(
        self, quantities: Quantities, switches: str, ifg_list: NDArray[np.int64] | None, n_boot: int, seed: int
    ) -> NDArray[np.float32]:
        """Standard deviation of the mean velocity, which ``mv2`` then holds."""
        project, aps = quantities.project, quantities.choice.aps
        ps_mean_v(ifg_list, n_boot, switches, int(quantities.pairs), aps, workdir=project.ws, seed=seed)
        return project.load("mv")["mean_v_std"]


def store_background(ws: Workspace, plot_flag: int) -> None:
    """Make ``dem.mat`` or ``amp_mean.mat`` where a background needs it and it is not there."""
    if plot_flag in (SHADED, RELIEF) and not ws.exists("dem"):
        ps_load_dem(workdir=ws)
    if plot_flag in (AMPLITUDE, AMPLITUDE_THROUGH) and not ws.exists("amp_mean"):
        ps_load_mean_amp(workdir=ws)


def _columns(values: Values, request: PlotRequest) -> NDArray[np.int64]:
    """0-based columns that are shown."""
    n = values.phases.shape[1]
    if request.ref_ifg > n:
        raise InputError(f"ref_ifg is {request.ref_ifg}, but there are only {n} columns to refer to.")
    if request.ifg_list is None or values.fit is not None:  # of a velocity it chose what is fitted
        return values.columns
    if request.ifg_list.max() > n:
        raise InputError(f"ifg_list holds {request.ifg_list.max()}, but there are only {n} columns to show.")
    return request.ifg_list - 1
