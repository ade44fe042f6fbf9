"""``python -m stamps.simulate DATADIR``: the simulator (:mod:`stamps.simulation`) under the name of its command."""

import sys

from stamps.simulation.command import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
