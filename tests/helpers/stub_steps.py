"""Steps that only note what they rest on: runs of the driver in milliseconds, whose results tell everything that went into them.

Every result is a digest of the files that its step read and of the parameters that it used, as those of the real steps depend on
theirs; step 6 reads the look-angle error of an earlier pass, if there is one.
"""

import hashlib
import os
from pathlib import Path

import numpy as np

from stamps.run import step_calls
from stamps.workspace import Workspace, lineage, matfile
from stamps.workspace.parameters import Parameters

__all__ = ["Killed", "StubSteps", "make_project", "tree"]

_PATCH_STEPS = {
    1: (("pscands.1.ij",), ("max_topo_err",), ("ps1", "ph1")),
    2: (("ps1.mat", "ph1.mat"), ("max_topo_err", "filter_grid_size"), ("pm1",)),
    3: (("pm1.mat",), ("density_rand",), ("select1",)),
    4: (("select1.mat", "ps1.mat"), ("weed_standard_dev",), ("weed1", "ps2", "pm2", "ph2")),
    5: (("ps2.mat", "pm2.mat", "ph2.mat"), (), ("rc2",)),
}
_PROJECT_STEPS = {
    6: (("ps2.mat", "rc2.mat", "scla_smooth2.mat"), ("unwrap_grid_size",), ("phuw2",)),
    7: (("phuw2.mat", "ps2.mat"), ("scla_method",), ("scla2", "scla_smooth2")),
    8: (("phuw2.mat", "scla2.mat"), ("scn_wavelength",), ("scn2",)),
}


class Killed(BaseException):
    """The end of a run in the middle of a step."""


class StubSteps(list):
    """Notes of the steps that were finished, as (directory, step).

    Attributes
    ----------
    deadly : tuple or None
        The (directory, step) in which the run is killed, once its files are staged.
    failing : dict
        (directory, step) -> exception that is raised there.
    empty : set
        The (directory, step) pairs that leave no pixel.
    """

    def __init__(self, monkeypatch):
        super().__init__()
        self.deadly, self.failing, self.empty = None, {}, set()
        monkeypatch.setenv("STAMPS_CORES", "1")
        monkeypatch.setattr("os.fsync", lambda descriptor: None)  # these runs do not meet a power failure
        monkeypatch.setattr(matfile, "read", _remembering(matfile.read))
        monkeypatch.setattr(
            step_calls, "loader", lambda settings: lambda workdir: self.do(workdir, 1, *_PATCH_STEPS[1])
        )
        monkeypatch.setattr(
            step_calls, "patch_step", lambda step, settings: lambda ws: self.do(ws, step, *_PATCH_STEPS[step])
        )
        monkeypatch.setattr(
            step_calls, "project_step", lambda ws, step, settings, workers: self.do(ws, step, *_PROJECT_STEPS[step])
        )
        monkeypatch.setattr(step_calls, "merge", self.merge)

    def merge(self, ws, patches, log):
        names = ws.patch_list() if patches is not None else []
        texts = [(ws / name).file("rc2.mat").read_bytes() for name in names] or [b""]
        self.do(ws, "merge", (), ("merge_resample_size",), ("ps2", "rc2") if names else ("ifgstd2",), b"".join(texts))

    def do(self, ws, step, files, names, results, more=b""):
        read = hashlib.sha256(more)
        for file in files:
            read.update(ws.file(file).read_bytes() if ws.has_file(file) else b"none")
        for name in names:
            read.update(repr(Parameters(ws).get(name)).encode())
        for result in results:
            number = int.from_bytes(hashlib.sha256(read.digest() + result.encode()).digest()[:6], "big")
            ws.save(result, {"n_ps": number}, append=False)
        if step in (1, 4):
            ws.version = 1 if step == 1 else 2
        if (ws.name, step) in self.empty:
            flags = ws.no_ps_flags()
            flags[step - 1] = 1
            ws.save_no_ps_flags(flags)
        if (ws.name, step) in self.failing:
            raise self.failing[ws.name, step]
        if (ws.name, step) == self.deadly:
            raise Killed
        self.append((ws.name, step))


def _remembering(read):
    """Read files of parameters, which make up most of the time of these runs, once for each of their states."""
    known = {}

    def recall(path, variables=None):
        status = os.stat(path)
        state = str(path), status.st_mtime_ns, status.st_size, status.st_ino
        if Path(path).name != "parms.mat" or variables is not None:
            return read(path, variables)
        if state not in known:
            known[state] = read(path)
        return dict(known[state])

    return recall


def make_project(folder, n_patches=2):
    """A prepared project with patches of random candidates."""
    ws = Workspace(folder)
    ws.path.mkdir(parents=True)
    ws.write_text("processor.txt", "snap\n")
    ws.write_text("patch.list", "".join(f"PATCH_{k + 1}\n" for k in range(n_patches)))
    for k in range(n_patches):
        (ws.path / f"PATCH_{k + 1}").mkdir()
        (ws / f"PATCH_{k + 1}").write_text("pscands.1.ij", f"{np.random.default_rng(k).integers(1000, size=20)}\n")
    Parameters(ws).fill_defaults()
    return ws


def tree(folder):
    """Content of all files but logs, parameters, and the record of what was made when from what."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and path.name not in ("STAMPS.log", "parms.mat", "localparms.mat", lineage.FILE)
    }
