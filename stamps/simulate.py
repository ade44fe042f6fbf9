"""``python -m stamps.simulate DATADIR``: the simulator (:mod:`stamps.simulation.stack`) under the name of its command."""

import sys

from stamps.simulation.stack import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
