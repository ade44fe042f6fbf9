"""What the driver was asked for, and the name of the record that is kept of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["RUN_FILE", "Request"]

#: The record of a run in its project.
RUN_FILE = ".stamps-run.json"


@dataclass(frozen=True)
class Request:
    """What the driver was asked for.

    Attributes
    ----------
    start, end : int
        Range of steps; start 0 resumes by the files.
    in_patches, in_project : bool
        Parts that were wanted.
    divided : bool
        Whether the patch directories were asked for, not the project directory alone.
    list_file : str
    restart_gamma : int
    """

    start: int
    end: int
    in_patches: bool = True
    in_project: bool = True
    divided: bool = True
    list_file: str = "patch.list"
    restart_gamma: int = 0

    @property
    def command(self) -> str:
        """The command that asks for this."""
        part = 0 if self.in_patches and self.in_project else 1 if self.in_patches else 2
        usual = "y" if self.start < 6 else "n"
        flag = "y" if self.divided else "n"
        words = [flag if flag != usual else '""', str(self.restart_gamma), self.list_file, str(part)]
        plain = ['""', "0", "patch.list", "0"]
        while words and words[-1] == plain[len(words) - 1]:
            words.pop()
        return " ".join(["stamps", str(self.start), str(self.end), *words])

    @property
    def steps(self) -> str:
        """How a sentence calls it."""
        if self.start == self.end:
            return f"step {self.end}"
        return f"steps {self.start} to {self.end}" if self.start else f"the steps up to {self.end}"

    @property
    def file(self) -> str:
        """Name of the record: runs that divide the patches among themselves have one for each list."""
        if self.in_project:
            return RUN_FILE
        name = re.sub(r"\W", "-", Path(self.list_file).name)[:80]
        return f"{RUN_FILE.removesuffix('.json')}-{name}.json"

    def repeats(self, other: Request) -> bool:
        """Whether this asks for the same as another request, or (start 0) to resume it."""
        return self == (other if self.start else replace(other, start=0, divided=self.divided))
