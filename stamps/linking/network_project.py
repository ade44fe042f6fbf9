"""A small-baseline project out of linked phases: chosen pairs of images, at PS and DS.

What a preparation for small baselines would leave is written to a folder below the single-master project, so that steps 1 to 8
run there as they are. Interferograms need not exist: step 1 reads no more than their names and baselines.

Source: docs/method/linking.md, section 9.1.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.errors import InputError
from stamps.frontends.headers import header_numbers
from stamps.frontends.names import baseline_file
from stamps.frontends.project import initialise_parameters
from stamps.frontends.rasters import line_blocks
from stamps.frontends.registry import loader_of, processor_of
from stamps.insar.phase import unit_modulus
from stamps.linking.direct_results import write_results
from stamps.linking.files import FOLDER, LinkFolder
from stamps.linking.phases import pair_of
from stamps.linking.stack import PreparedStack
from stamps.workspace import Workspace
from stamps.workspace.patch_limits import Patch, read_patch
from stamps.workspace.plain_files import read_input

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RECORD", "NetworkProject", "check_target"]

#: File that says that a folder was made here, and how.
RECORD = "network.json"
_COPIED = ("processor.txt", "width.txt", "len.txt", "rsc.txt", "pscdem.in", "psclonlat.in", "mask.in")
#: Text headers of Doris and ISCE projects.
_HEADERS = (
    "day.1.in",
    "master_day.1.in",
    "bperp.1.in",
    "heading.1.in",
    "lambda.1.in",
    "look_angle.1.in",
    "slc_osfactor.1.in",
)
_FIELDS = ("initial_baseline(TCN):", "initial_baseline_rate:")


def check_target(ws: Workspace, name: str) -> Workspace:
    """The folder of a network below a project, if it may be written.

    Parameters
    ----------
    ws : Workspace
        The single-master project.
    name : str

    Returns
    -------
    Workspace

    Raises
    ------
    InputError
        It is not below the project, or holds something else.
    """
    path = Path(ws.path, name)
    if path.resolve().parent != Path(ws.path).resolve() or path.name.startswith((".", "PATCH_")) or path.name == FOLDER:
        raise InputError(f"The network must be a folder right below {ws.path}, but '{name}' was given: give a name.")
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / RECORD).is_file())):
        raise InputError(
            f"{path} holds something else than a network of linked phases: name another folder, as in --workdir NETWORK."
        )
    loader_of(ws.read_text("processor.txt").strip(), small_baselines=True)
    return Workspace(path)


@dataclass(frozen=True)
class NetworkProject:
    """Files of the folder but the candidates, written to a scratch folder of the single-master project.

    Attributes
    ----------
    ws, stage : Workspace
        The single-master project, and a scratch folder that becomes part of it.
    name : str
        The folder.
    stack : PreparedStack
    link : LinkFolder
    pairs : (n_pair, 2) int array
        0-based images, i < j.
    """

    ws: Workspace
    stage: Workspace
    name: str
    stack: PreparedStack
    link: LinkFolder
    pairs: NDArray[np.int64]

    @property
    def folder(self) -> Workspace:
        """Where the project is written."""
        return self.stage / self.name

    @property
    def dates(self) -> list[tuple[str, str]]:
        """Both dates of each pair."""
        return [(self.stack.dates[i], self.stack.dates[j]) for i, j in self.pairs]

    def write(self, patches: dict[str, Patch], options: dict[str, Any]) -> None:
        """Write lists, headers, parameters and what each patch has besides its candidates."""
        folder = self.folder
        for name in _COPIED:
            if self.ws.has_file(name):
                folder.write_text(name, self.ws.read_text(name))
        place = self.stage.path / FOLDER / "pairs"  # for now: see settle
        paths = [str(place / f"{one}_{other}.diff") for one, other in self.dates]
        folder.write_text("pscphase.in", _lines([self.stack.width, *paths]))
        folder.write_text("small_baselines.list", _lines(f"{one} {other}" for one, other in self.dates))
        self._write_selection(folder)
        folder.write_text("patch.list", _lines(patches))
        for name, limits in patches.items():
            self._write_patch(name, limits)
        if processor_of(self.ws.read_text("processor.txt")).big_endian:
            self._write_baselines()
        else:
            self._write_headers(folder)
        self._write_parameters(folder)
        folder.file("STAMPS.log").unlink(missing_ok=True)  # the log of the folder goes on
        folder.write_text(RECORD, json.dumps({**options, "pairs": self.dates}, indent=1) + "\n")

    def _write_parameters(self, folder: Workspace) -> None:
        """Those of the network that was there before, else the defaults of small baselines."""
        before = self.ws.file(f"{self.name}/parms.mat")
        if before.is_file():
            folder.put_file("parms.mat", before)
        else:
            initialise_parameters(folder, small_baselines=True)

    def _write_patch(self, name: str, limits: Patch) -> None:
        """Limits of a patch, and what else is known where it is a patch of the single-master project."""
        self.folder.write_text(f"{name}/patch.in", limits.text)
        core, amplitudes = self.ws.file(f"{name}/patch_noover.in"), self.ws.file(f"{name}/mean_amp.flt")
        same = self.ws.has_file(f"{name}/patch.in") and read_patch(self.ws.file(f"{name}/patch.in")) == limits
        self.folder.write_text(f"{name}/patch_noover.in", read_input(core) if same and core.is_file() else limits.text)
        if same and amplitudes.is_file():
            shutil.copyfile(amplitudes, self.folder.file(f"{name}/mean_amp.flt"))

    def _write_selection(self, folder: Workspace) -> None:
        """Calibrated images, two a pair, with the threshold of the single-master project."""
        images = [self.stack.slcs[k] for pair in self.pairs for k in pair]
        lines = [f"{self.stack.slcs[k]} {float(self.stack.constants[k]):g}" for pair in self.pairs for k in pair]
        threshold = read_input(self.ws.file("selpsc.in")).split()[0]
        folder.write_text("calamp.in", _lines(images))
        folder.write_text("calamp.out", _lines(lines))
        folder.write_text("selsbc.in", _lines([threshold, self.stack.width, *lines]))

    def _write_baselines(self) -> None:
        """Baseline files of the pairs: that of the master with the second image minus that with the first."""
        numbers = {date: np.zeros((2, 3)) for date in self.stack.dates}
        for date, path in self.stack.interferogram_of.items():
            if date != self.stack.master:
                file = baseline_file(path)
                numbers[date] = np.array([header_numbers(file, field, 3) for field in _FIELDS])
        for one, other in self.dates:
            rows = (numbers[other] - numbers[one]).tolist()
            text = "".join(f"{field} {a!r} {b!r} {c!r}\n" for field, (a, b, c) in zip(_FIELDS, rows, strict=True))
            self.stage.write_text(f"{FOLDER}/pairs/{one}_{other}.base", text)

    def _write_headers(self, folder: Workspace) -> None:
        """Text headers; rasters of angles and baselines are found in the folder above."""
        grids = sorted(path.name for path in self.ws.path.glob("bperp_*.1.in"))
        for name in (*_HEADERS, *grids):
            if self.ws.has_file(name):
                folder.write_text(name, self.ws.read_text(name))
        folder.write_text("ifgday.1.in", _lines(f"{one} {other}" for one, other in self.dates))

    def write_results(self) -> None:
        """What steps 1 to 5 would leave."""
        write_results(self.ws, self.folder, "PATCH_1", self.stack.master_ix)

    def settle(self) -> None:
        """Let the list of interferograms name the place that they will have."""
        text = self.folder.read_text("pscphase.in")
        self.folder.write_text("pscphase.in", text.replace(f"{self.stage.path}{os.sep}", f"{self.ws.path}{os.sep}"))

    def delete_patches(self, target: Workspace) -> None:
        """Delete the patches that an older network has left in the folder; call inside ``ws.publish()``."""
        for path in sorted(target.path.glob("PATCH_*/*")):
            if path.is_file() and not (self.folder.path / path.relative_to(target.path)).exists():
                self.ws.delete(str(path.relative_to(self.ws.path)))

    def advice(self, direct: bool) -> list[str]:
        """What to do next."""
        steps = "6 8" if direct else "1 8"
        number = f"{len(self.pairs)} pairs of {self.stack.n_images} images"
        return [f"{number} stand in {self.name}: go on there with stamps {steps}."]

    def write_interferograms(self) -> None:
        """Rasters of the pairs: linked phases where there are, else raw ones."""
        folder = self.stage.path / FOLDER / "pairs"
        folder.mkdir(parents=True, exist_ok=True)
        samples = slice(0, self.stack.width)
        for path in (folder / f"{one}_{other}.diff" for one, other in self.dates):
            path.write_bytes(b"")
        for lines in line_blocks(slice(0, self.stack.length), samples, (1 << 21) // self.stack.n_images):
            images = self.stack.flattened(lines, samples)
            is_linked = np.asarray(self.link.estimator[lines]) != 0
            line, sample = np.nonzero(is_linked)
            for k, date in enumerate(self.stack.dates):
                phasors = self.link.linked_values(date, line + lines.start, sample)
                images[k][is_linked] = np.abs(images[k][is_linked]) * unit_modulus(phasors)
            for (i, j), (one, other) in zip(self.pairs, self.dates, strict=True):
                with open(folder / f"{one}_{other}.diff", "ab") as file:
                    file.write(pair_of(images[i], images[j]).astype(self.stack.complex_type).tobytes())


def _lines(words: Any) -> str:
    return "".join(f"{word}\n" for word in words)
