"""A service over a simulated scene: its file, products that arrive, passes until nothing is at work."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from helpers.snap_jobs import Scene
from stamps.frontends.jobs.standing import standing
from stamps.frontends.jobs.store import JobFolder, job_folders
from stamps.service.service_file import read_service
from stamps.service.watch import StackReport, pass_over

__all__ = ["WatchedScene"]

_FILE = """\
root = "stacks"
settle = {settle}
retries = {retries}

[[stack]]
name = "etna"
frontend = "snap"
source = "incoming"

[stack.settings]
aoi = {area}
swaths = ["IW2"]
master = "{master}"
dem = "srtm3"
memory = "500M"
cpu = 1
snap_home = "snap"
min_dates = {min_dates}

[stack.trigger]
min_images = {min_images}
new_images = {new_images}
min_days = {min_days}

[stack.psi]
products = {products}
resolution = {resolution}

[stack.psi.parameters]
unwrap_grid_size = 50
"""


class WatchedScene:
    """A service with one stack.

    Parameters
    ----------
    scene : Scene
    folder : Path
    **changes
        Of the file.
    """

    usual = {"settle": 0, "retries": 0, "min_dates": 3, "min_images": 4, "new_images": 1, "min_days": 0,
             "products": '["ps_output"]', "resolution": 0}  # fmt: skip

    def __init__(self, scene: Scene, folder: Path, **changes: object) -> None:
        self.scene, self.folder, self.now = scene, folder, time.time()
        self.source, self.file = folder / "incoming", folder / "service.toml"
        self.workdir = folder / "stacks/etna"
        self.source.mkdir(parents=True)
        self.change(**changes)

    def change(self, **changes: object) -> None:
        """Write the file with other settings."""
        values = {**self.usual, "area": self.scene.area, "master": self.scene.master, **changes}
        self.file.write_text(_FILE.format(**values))

    def arrive(self, *dates: str) -> list[Path]:
        """Let products arrive."""
        names = [path for path in sorted(self.scene.slc.iterdir()) if any(f"_{date}T" in path.name for date in dates)]
        assert names
        return [Path(shutil.copy(path, self.source)) for path in names]

    def look(self, seconds: float = 3600.0) -> StackReport:
        """One pass, an hour after the one before."""
        self.now += seconds
        (report,) = pass_over(read_service(self.file), self.now)
        return report

    def settle(self, most: int = 30) -> StackReport:
        """Passes until neither something is at work nor a pass has ordered something; the first only sees what is there."""
        self.look()
        for _ in range(most):
            before = self.orders()
            report = self.look()
            if not self.wait() and self.orders() == before:
                return report
        raise AssertionError(str(report))

    def wait(self) -> bool:
        """Wait until no job is at work; whether one was."""
        waited = False
        while any(standing(folder).at_work for folder in self.jobs()):
            waited = True
            time.sleep(0.1)
        return waited

    def jobs(self) -> list[JobFolder]:
        """The jobs of the stack."""
        return job_folders(self.workdir) if self.workdir.is_dir() else []

    def orders(self) -> dict[str, list[str]]:
        """Job to what was done with it: ``submit``, ``retry``."""
        return {folder.name: [one.action for one in folder.submissions()] for folder in self.jobs()}

    def latest(self) -> str:
        """Where the link to the newest time series leads."""
        return os.readlink(self.workdir / "latest")
