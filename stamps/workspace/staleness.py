"""Which files can be out of date, because of which inputs, and what to say of one that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stamps.workspace.lineage import step_of

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["PRODUCT", "Stale", "counts", "is_judged"]

#: In place of a step: what is made from the results of the steps.
PRODUCT = 9

#: Corrections: estimated from unwrapped phases once, then used by steps 6 and 7 themselves.
_CORRECTIONS = ("tca", "ica", "aps", "tide")

#: Files of step 6 through which its parts talk to each other.
_INTERMEDIATE = ("uw_grid", "uw_interp", "uw_space_time", "uw_phaseuw", "phuw_loops2", "phuw_good2")

_COMMANDS = (
    ("mv", "run ps_mean_v again"),
    ("mean_v", "plot the velocity again (ps_plot v-d -1)"),
    ("ps_plot_ts_", "plot the time series again (ps_plot v-d ts)"),
    ("ps_plot_", "plot it again"),
    ("tca", "make it again (stamps tropo METHOD, ps_calc_tca)"),
)


@dataclass(frozen=True)
class Stale:
    """A file that is out of date.

    Attributes
    ----------
    path : Path
    root : str
        The input, or the input of an input, that is another one now.
    direct : bool
        Whether the file itself was made from it.
    gone : bool
        Whether it is not there any more.
    first, last : int
        Steps to run again; 9 stands for what no step makes.
    """

    path: Path
    root: str
    direct: bool
    gone: bool
    first: int
    last: int

    @property
    def reason(self) -> str:
        """What it was made from, in words."""
        verb = "was made from" if self.direct else "goes back to"
        if self.gone:
            return f"{verb} {self.root}, which is not there any more"
        return f"{verb} another {self.root} than the one that is there now"

    @property
    def todo(self) -> str:
        """What to do, in words."""
        command = next((text for start, text in _COMMANDS if self.path.name.startswith(start)), "make it again")
        if self.first == PRODUCT:
            return command
        steps, end = _steps(self.first, min(self.last, 8)), "" if self.last < PRODUCT else f", then {command}"
        return f"run {steps} again (stamps {self.first} {min(self.last, 8)}){end}"

    def __str__(self) -> str:
        return f"{self.path} {self.reason}: {self.todo}."


def _steps(first: int, last: int) -> str:
    return f"step {first}" if first == last else f"steps {first} {'and' if last == first + 1 else 'to'} {last}"


def is_judged(name: str) -> bool:
    """Whether a file can be out of date: what the steps and some commands make, not copies or files of the user."""
    return step_of(name) is not None or name.startswith(tuple(start for start, _ in _COMMANDS))


def counts(name: str, source: str) -> bool:
    """Whether an input makes a file out of date when it changes.

    Parameters
    ----------
    name, source : str
        File and input.

    Returns
    -------
    bool
    """
    stem, origin = name.removesuffix(".mat"), source.rpartition("/")[2].removesuffix(".mat")
    step = step_of(origin)
    if source == name or step is None or origin in _INTERMEDIATE:
        return False
    if stem.startswith(_CORRECTIONS):
        return step <= 5
    own, pairs, of_pairs = step_of(stem), "_sb" in stem, "_sb" in origin
    if own == step == 7:  # look-angle errors of the series and of the interferograms do not depend on each other
        return pairs == of_pairs
    if own == step == 6 and pairs and not of_pairs:  # the series comes from the interferograms
        return False
    return own is None or step <= own
