"""Prepare the project in a joined export: ``mt_prep_snap`` as a command, with a mask of pixels without position if there is one.

``python -m stamps.frontends.snap.prepare FOLDER MASTER DA_THRESH RG_PATCHES AZ_PATCHES RG_OVERLAP AZ_OVERLAP``

Source: docs/method/snap.md, section 6.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stamps.frontends.snap.join import MASK
from stamps.processes.child import command, environment

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare; the exit status is that of ``mt_prep_snap``."""
    folder, master, *numbers = sys.argv[1:] if arguments is None else arguments
    words = ["mt_prep_snap", master, folder, *numbers]
    words += [MASK] if (Path(folder) / MASK).is_file() else []
    done = subprocess.run(
        command("stamps", *words, "--workdir", folder),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env=environment(),
        cwd=os.sep,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
