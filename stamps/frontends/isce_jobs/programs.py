"""Where ISCE2's stack processor is, what its programs need in their environment, and how they run in a container.

Source: docs/method/isce.md, section 2.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import ExternalProgramError
from stamps.external import find_program
from stamps.frontends.isce_jobs.config import ISCE_S1_Config
from stamps.workspace.given_paths import listed_paths

__all__ = ["NEEDED", "Programs", "contained", "find_programs", "isce_version"]

#: Programs without which nothing goes.
NEEDED = ("stackSentinel.py", "SentinelWrapper.py")

#: Where the stack processor lies below an installation of ISCE2: in its source, and as conda installs it.
_PLACES = ("contrib/stack/topsStack", "topsStack", "share/isce2/topsStack", "../../share/isce2/topsStack")
_VERSION = "import isce; print(isce.release_version)"
_PATIENCE = 60  # seconds


@dataclass(frozen=True)
class Programs:
    """The stack processor.

    Attributes
    ----------
    generator : str
        ``stackSentinel.py``, with its path but in a container.
    where : str
        Folder, or image, for people.
    home : str
        ISCE_HOME that they need; empty where all is on the PATH.
    path, python : tuple of str
        Folders that they need in front of PATH and PYTHONPATH.
    """

    generator: str
    where: str = ""
    home: str = ""
    path: tuple[str, ...] = ()
    python: tuple[str, ...] = ()

    @property
    def options(self) -> list[str]:
        """Words for :mod:`stamps.frontends.isce_jobs.line`, which runs the commands."""
        words = ["--home", self.home] if self.home else []
        words += [word for folder in self.path for word in ("--path", folder)]
        return words + [word for folder in self.python for word in ("--python", folder)]

    @property
    def environment(self) -> dict[str, str]:
        """All variables of a program that is started here; without the one that hides the modules beside a program."""
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
        variables |= {"ISCE_HOME": self.home} if self.home else {}
        for name, folders in (("PATH", self.path), ("PYTHONPATH", self.python)):
            if folders:
                variables[name] = os.pathsep.join(filter(None, [*folders, variables.get(name, "")]))
        return variables


def find_programs(config: ISCE_S1_Config) -> Programs:
    """The stack processor of an order.

    Parameters
    ----------
    config : ISCE_S1_Config

    Returns
    -------
    Programs

    Raises
    ------
    ExternalProgramError
        It is not there, or what runs containers is not.
    """
    if config.container:
        if find_program(config.container_tool) is None:
            raise ExternalProgramError(f"{config.container_tool} is not on the PATH: install it, or give no container.")
        return Programs(NEEDED[0], config.container)
    found = [find_program(name) for name in NEEDED]
    if found[0] is not None and found[1] is not None:
        return Programs(found[0], str(Path(found[0]).parent))
    for place in _PLACES if config.home else ():
        folder = Path(os.path.normpath(Path(config.home) / place))
        if all((folder / name).is_file() for name in NEEDED):
            return _below_home(folder, config.home)
    missing = next(name for name, path in zip(NEEDED, found, strict=True) if path is None)
    looked = f"below ISCE_HOME ({config.home}/{_PLACES[0]})" if config.home else "ISCE_HOME is not set"
    raise ExternalProgramError(
        f"{missing} of ISCE2's topsStack is neither on the PATH nor in its place, {looked}: set ISCE_HOME, or add "
        "contrib/stack/topsStack to the PATH."
    )


def _below_home(folder: Path, home: str) -> Programs:
    """The programs of a folder, with ISCE2's applications."""
    idle = [name for name in NEEDED if not os.access(folder / name, os.X_OK)]
    if idle:
        raise ExternalProgramError(f"{folder / idle[0]} may not be executed: chmod +x {folder / idle[0]}.")
    path = [str(folder), *(str(Path(home) / name) for name in ("applications", "bin") if (Path(home) / name).is_dir())]
    return Programs(str(folder / NEEDED[0]), str(folder), home, tuple(path), (str(folder), str(folder.parent)))


def contained(config: ISCE_S1_Config, command: Sequence[str], scratch: str = "") -> tuple[str, ...]:
    """A command in the container of an order; as it is where there is none.

    Parameters
    ----------
    config : ISCE_S1_Config
    command : sequence of str
    scratch : str
        A further folder that it must reach, its current one.

    Returns
    -------
    tuple of str
    """
    if not config.container:
        return tuple(command)
    places = _bound_places(config) + [scratch] * bool(scratch)
    if config.container_tool == "docker":
        volumes = [word for place in places for word in ("-v", f"{place}:{place}")] + ["-e", "OMP_NUM_THREADS"]
        return ("docker", "run", "--rm", *volumes, "-w", scratch or str(config.folder), config.container, *command)
    binds = [word for place in places for word in ("--bind", place)]
    return ("apptainer", "exec", *binds, config.container, *command)


def _bound_places(config: ISCE_S1_Config) -> list[str]:
    """Folders that must be there in the container: the working directory, and those of the inputs that are not below it."""
    slcs = listed_paths(config.slc_dir)
    wanted = [
        os.path.dirname(os.path.abspath(path)) if Path(path).suffix.lower() in (".zip", ".safe") else path
        for path in slcs
    ]
    wanted += [config.orbit_dir, os.path.dirname(os.path.abspath(config.dem_path)), str(config.aux)]
    places = [str(config.folder)]
    for place in (os.path.abspath(path) for path in wanted if path):
        if not any(os.path.commonpath([place, there]) == there for there in places):
            places.append(place)
    return places


def isce_version(config: ISCE_S1_Config, programs: Programs) -> str:
    """Version of ISCE2 as its own Python says it; empty where it does not.

    Parameters
    ----------
    config : ISCE_S1_Config
    programs : Programs

    Returns
    -------
    str
    """
    try:
        answer = subprocess.run(
            contained(config, ["python3", "-c", _VERSION]),
            env=programs.environment,
            cwd=os.sep,  # Python looks for modules in the current directory first
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = answer.stdout.strip().splitlines()
    return lines[-1].strip()[:40] if answer.returncode == 0 and lines else ""
