"""Jobs of SNAP from skeletons of products to a prepared project, with the stand-in ``gpt`` on PATH."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.io import loadmat
from scipy.sparse import issparse

from stamps.frontends.processor import Processor
from stamps.simulation.safe_files import write_products
from stamps.simulation.safe_layout import ProductLayout
from stamps.simulation.settings import Settings
from stamps.simulation.stack import simulate

__all__ = ["Scene", "content", "end_all", "images", "job", "make_scene", "tree"]

#: What says when and where something ran.
_ASIDE = ("STAMPS.log", "joined.json", "rsc.txt", "run.json", ".stamps-", "lineage")


@dataclass(frozen=True)
class Scene:
    """A simulated stack and skeletons of its products.

    Attributes
    ----------
    stack, slc : Path
    master : str
    dates : tuple of str
    swaths : tuple of str
    area : list of float
    """

    stack: Path
    slc: Path
    master: str
    dates: tuple[str, ...]
    swaths: tuple[str, ...]
    area: list[float]

    @property
    def secondaries(self) -> list[str]:
        """All dates but the master's."""
        return [date for date in self.dates if date != self.master]


def make_scene(folder: Path, swaths: Sequence[str] = ("IW2",), **changes: Any) -> Scene:
    """Simulate a stack in SNAP's layout, and write its products: two slices a date, of stripmap one."""
    settings = Settings.of_preset("tiny", folder / "stack", layout="snap", quiet=True, **changes)
    simulate(settings)
    slices = 2 if swaths[0].startswith("IW") else 1
    layout = ProductLayout(swaths=tuple(swaths), slices=slices, zipped=True)
    products = write_products(folder / "slc", settings, layout)
    longitude, latitude, width = settings.centre_lon, settings.centre_lat, 0.05 if len(swaths) == 1 else 1.0
    area = [longitude - width, latitude - 0.05, longitude + width, latitude + 0.05]
    master = next((folder / "stack/geo").glob("*.lon")).stem
    return Scene(folder / "stack", folder / "slc", master, tuple(sorted(products)), tuple(swaths), area)


def job(scene: Scene, workdir: Path, processor: str = "Snap_S1", **settings: Any) -> Processor:
    """A job of a scene; ``settings`` win."""
    usual = {
        "products": [str(scene.slc)],
        "aoi": scene.area,
        "master": scene.master,
        "dem": "srtm3",
        "memory": "500M",
        "cpu": 1,
        "snap_home": str(workdir.parent / "snap"),
    }
    if processor == "Snap_S1":
        usual["swaths"] = list(scene.swaths)
    return Processor.create(processor, workdir=str(workdir), **{**usual, **settings})


# ---------------------------------------------------------------------- what is on disk


def tree(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Everything below a folder: time of change, size and digest."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(folder))] = (state.st_mtime_ns, state.st_size, digest)
    return found


def content(workdir: Path) -> dict[str, Any]:
    """What a job has left but its own records: paths in it do not count, and of MAT files only what they hold."""
    found: dict[str, Any] = {}
    for path in sorted(workdir.rglob("*")):
        name = str(path.relative_to(workdir))
        if not path.is_file() or name.startswith("jobs/") or any(part in name for part in _ASIDE):
            continue
        if path.suffix == ".mat":
            variables = {key: value for key, value in loadmat(path).items() if not key.startswith("__")}
            found[name] = {key: _bits(value) for key, value in variables.items()}
        else:
            data = path.read_bytes()
            found[name] = hashlib.sha256(data.replace(os.fsencode(str(workdir)), b"@")).hexdigest()
    return found


def _bits(value: Any) -> tuple[str, tuple[int, ...], bytes]:
    """An array, sparse ones too, as type, shape and bytes."""
    full = value.toarray() if issparse(value) else value
    return full.dtype.str, full.shape, full.tobytes()


def images(folder: Path) -> dict[str, bytes]:
    """Rasters, headers and baselines of a stack in SNAP's layout."""
    places = ("rslc", "diff0", "geo", "dem")
    found = [path for place in places for path in sorted((folder / place).iterdir())]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


# ---------------------------------------------------------------------- killing


def end_all(mark: str) -> int:
    """Kill (SIGKILL) all processes whose environment has a text, and wait until they are gone; their number."""
    killed: set[int] = set()
    while living := {pid for pid in _others() if mark.encode() in _environment(pid)}:
        for pid in living:  # again and again: what is killed may have started another meanwhile
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        killed |= living
        time.sleep(0.02)
    return len(killed)


def _others() -> list[int]:
    return [
        int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit() and int(place.name) != os.getpid()
    ]


def _environment(pid: int) -> bytes:
    """Empty for what has ended."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
