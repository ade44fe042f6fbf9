"""The files of a merged project from products of HyP3.

Source: docs/method/hyp3.md, section 6.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from stamps.errors import InputError
from stamps.frontends.hyp3.baselines import Network
from stamps.frontends.hyp3.lattice import CommonGrid
from stamps.frontends.hyp3.pixels import Pixels, Survey, values_at
from stamps.frontends.hyp3.products import Product
from stamps.frontends.patch_files import Candidates
from stamps.insar.constants import SPEED_OF_LIGHT
from stamps.insar.network import used_images
from stamps.insar.phase import reference_mean
from stamps.matlab.dates import datenum
from stamps.matlab.linalg import lscov
from stamps.workspace import Workspace
from stamps.workspace.file_variables import file_variables
from stamps.workspace.parameters import Parameters
from stamps.workspace.variables import MADE_BY_COMMAND, WRITTEN_BY_STEP

__all__ = ["CSV", "PROCESSOR", "Conversion", "check_directory", "incidence", "write_project"]

PROCESSOR = "hyp3"
#: What is known of each product, for people and for the weather models.
CSV = "hyp3.csv"
_CSV_COLUMNS = (
    "product", "first", "second", "turned", "baseline_m", "utc_s", "mean_coherence", "valid_fraction",
)  # fmt: skip
WAVELENGTH = SPEED_OF_LIGHT / 5.405000454334349e9  # m, of Sentinel-1; the products do not say it
_PLATFORM = "Sentinel-1"
#: Results that no table names: plots, intermediate files of step 6, copies of phases, corrections.
_MADE = re.compile(r"(?:ps_plot_|uw_|phuw|tmp_scla).*|mean_v|(?:tca|ica|aps|tide)(?:_bands)?(?:_sb)?2")
_TEXTS = ("snaphu.conf", "snaphu.in", "snaphu.costinfile", "snaphu.out", "snaphu.log")


@dataclass(frozen=True)
class Conversion:
    """All that the files are made of; pixels in the order of ``local``.

    Attributes
    ----------
    products : sequence of Product
    grid : CommonGrid
    found : Survey
    network : Network
    pixels : Pixels
    local : Candidates
        Local coordinates.
    unwrap : str
        ``keep``, ``repair`` or ``redo``.
    """

    products: Sequence[Product]
    grid: CommonGrid
    found: Survey
    network: Network
    pixels: Pixels
    local: Candidates
    unwrap: str

    @property
    def reference(self) -> int:
        """The product that heights, angles and ranges are taken from: the first of the master."""
        return int(np.flatnonzero((self.network.pairs == self.network.master_ix).any(axis=1))[0])


def check_directory(ws: Workspace) -> None:
    """Refuse a directory that holds a project of another kind.

    Raises
    ------
    InputError
    """
    if ws.path.exists() and not ws.path.is_dir():
        raise InputError(f"{ws.path} is not a directory: give the project directory as --workdir.")
    if not ws.path.is_dir():
        return
    processor = ws.read_text("processor.txt").strip() if ws.has_file("processor.txt") else ""
    patches = sorted(path.name for path in ws.path.glob("PATCH_*"))
    if processor not in ("", PROCESSOR) or patches or (not processor and any(ws.path.glob("*[12].mat"))):
        what = f"processor.txt says {processor}" if processor else "it has patches or results of steps"
        raise InputError(f"{ws.path} holds a project of another kind ({what}): choose an empty directory (--workdir).")


def write_project(ws: Workspace, made: Conversion) -> None:
    """Write all files of the project in place of an earlier conversion; call inside ``ws.publish()``."""
    _delete_old(ws)
    ws.write_text("processor.txt", f"{PROCESSOR}\n")
    ws.write_text("width.txt", f"{made.grid.extent.samples}\n")
    ws.write_text("len.txt", f"{made.grid.extent.lines}\n")
    ws.write_text(CSV, _table(made))
    _write_parameters(ws, made)
    ws.version = 2
    inc = incidence(made)
    ws.save("ps2", _pixel_table(made, inc), append=False)
    ws.save("hgt2", {"hgt": _static(made, "dem").astype(np.float64)}, append=False)
    ws.save("la2", {"la": _look_angle(made, inc)}, append=False)
    ws.save("inc2", {"inc": inc}, append=False)
    ws.save("pm2", {"coh_ps": made.pixels.coherence}, append=False)
    baselines = made.network.bperp.astype(np.float32)
    ws.save("bp2", {"bperp_mat": np.tile(baselines, (made.pixels.n_ps, 1))}, append=False)
    _write_phases(ws, made)


def _delete_old(ws: Workspace) -> None:
    """Results of an earlier conversion and of what came after it: other pixels. Files of the user stay."""
    known = {*WRITTEN_BY_STEP, *MADE_BY_COMMAND}.union(*(variable.files for variable in file_variables()))
    stale = [path.name for path in ws.path.glob("*.mat") if path.stem in known or _MADE.fullmatch(path.stem)]
    ws.delete(*stale, *_TEXTS)


def _write_parameters(ws: Workspace, made: Conversion) -> None:
    parameters = Parameters(ws)
    parameters.start_afresh(small_baselines=True)
    parameters.set("heading", made.products[made.reference].metadata.heading, 1)
    parameters.set("lambda", WAVELENGTH, 1)
    parameters.set("platform", _PLATFORM, 1)
    if made.unwrap == "repair":
        parameters.set("unwrap_hold_good_values", "y", 1)


def _pixel_table(made: Conversion, inc: npt.NDArray[np.float64]) -> dict[str, object]:
    network, pixels, n_ps = made.network, made.pixels, made.pixels.n_ps
    number = np.arange(1, n_ps + 1)
    days = network.day
    return {
        "ij": np.column_stack([number, pixels.line, pixels.sample]).astype(np.float64),
        "lonlat": made.local.lonlat,
        "xy": np.column_stack([number, made.local.xy]).astype(np.float32),
        "bperp": network.bperp,
        "day": days,
        "master_day": datenum(int(network.dates[network.master_ix])),
        "master_ix": network.master_ix,
        "ifgday": days[network.pairs],
        "ifgday_ix": network.pairs,
        "n_ifg": len(network.pairs),
        "n_image": len(network.dates),
        "n_ps": n_ps,
        "ll0": made.local.ll0,
        "mean_incidence": float(inc.mean()),
        "mean_range": made.products[made.reference].metadata.centre,
    }


def _static(made: Conversion, tag: str) -> npt.NDArray[np.float32]:
    """A raster of the reference product at the pixels."""
    return values_at(made.products[made.reference], made.reference, tag, made.grid, made.pixels)


def incidence(made: Conversion) -> npt.NDArray[np.float64]:
    """Angle of incidence on a horizontal surface, rad."""
    tag = made.products[made.reference].angle_tag
    angle = _static(made, tag).astype(np.float64)
    return np.pi / 2 - angle if tag == "lv_theta" else angle


def _look_angle(made: Conversion, inc: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Look angles over a sphere, rad."""
    metadata = made.products[made.reference].metadata
    return np.arcsin(np.sin(inc) * metadata.earth_radius / (metadata.earth_radius + metadata.height))


# ---------------------------------------------------------------------- phases


def _write_phases(ws: Workspace, made: Conversion) -> None:
    """``ph2``, ``rc2`` and what the unwrapping of the products becomes; one large array after the other."""
    unw = _gathered(made, "unw_phase")
    if not np.isfinite(unw).all():
        raise InputError("The unwrapped phase of a product changed while it was read: try again.")
    ws.save("rc2", {"ph_rc": _wrapped(made, unw), "ph_reref": None}, append=False)
    ws.save("ph2", {"ph": _with_coherence(made, unw)}, append=False)
    if made.unwrap != "redo":
        ws.save("phuw_sb2", {"ph_uw": unw, "msd": np.zeros(unw.shape[1], np.float32)}, append=False)
    if made.unwrap == "keep":
        _invert(ws, made.network, unw)


def _gathered(made: Conversion, tag: str) -> npt.NDArray[np.float32]:
    """Phases of all products at the pixels, of the newer image minus the older one; (n_ps, n_ifg)."""
    result = np.empty((made.pixels.n_ps, len(made.products)), np.float32, order="F")
    for number, product in enumerate(made.products):
        result[:, number] = product.sign * values_at(product, number, tag, made.grid, made.pixels)
    return result


def _wrapped(made: Conversion, unw: npt.NDArray[np.float32]) -> npt.NDArray[np.complex64]:
    """Phasors: of the wrapped phase where it is to be unwrapped anew and is there, else of the unwrapped one."""
    result = np.empty(unw.shape, np.complex64, order="F")
    for number, product in enumerate(made.products):
        phase = unw[:, number]
        if made.unwrap == "redo" and product.raster("wrapped_phase").is_file():
            phase = product.sign * values_at(product, number, "wrapped_phase", made.grid, made.pixels)
            if not np.isfinite(phase).all():
                raise InputError(f"{product.raster('wrapped_phase')} changed while it was read: try again.")
        result[:, number] = np.exp(1j * phase.astype(np.float64))
    return result


def _with_coherence(made: Conversion, unw: npt.NDArray[np.float32]) -> npt.NDArray[np.complex64]:
    """Phasors whose modulus is the coherence."""
    result = np.empty(unw.shape, np.complex64, order="F")
    for number, product in enumerate(made.products):
        coherence = values_at(product, number, "corr", made.grid, made.pixels)
        result[:, number] = coherence * np.exp(1j * unw[:, number].astype(np.float64))
    return result


def _invert(ws: Workspace, network: Network, unw: npt.NDArray[np.float32]) -> None:
    """The time series, as ``sb_invert_uw`` makes it: all pairs alike, the mean of all pixels as reference."""
    phase = unw - reference_mean(unw, np.arange(len(unw)))
    matrix, every = network.design, np.arange(len(network.pairs))
    design, images, _ = used_images(matrix, every, network.master_ix)
    covariance = np.eye(len(every))
    series = np.zeros((len(unw), len(network.dates)), np.float32)
    series[:, images] = lscov(design, phase.astype(np.float64).T, covariance=covariance).T
    of_images = np.zeros((len(network.dates),) * 2)
    of_images[np.ix_(images, images)] = linalg.inv(design.T @ linalg.solve(covariance, design, assume_a="pos"))
    predicted = series @ matrix.T.astype(np.float32)
    ws.save("phuw2", {"ph_uw": series, "unwrap_ifg_index_sm": np.union1d(images, [network.master_ix])}, append=False)
    ws.save("phuw_sb_res2", {"ph_res": predicted, "sb_cov": covariance, "sm_cov": of_images}, append=False)


# ---------------------------------------------------------------------- the table of products


def _table(made: Conversion) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    for product, mean, valid in zip(made.products, made.found.mean, made.found.valid, strict=True):
        name, older = product.name, product.name.older
        row = [name.text, f"{older:%Y%m%d}", f"{name.newer:%Y%m%d}", "yn"[not name.turned], f"{product.bperp:.4f}"]
        writer.writerow([*row, f"{product.metadata.utc:.6f}", f"{mean:.4f}", f"{valid:.4f}"])
    return text.getvalue()
