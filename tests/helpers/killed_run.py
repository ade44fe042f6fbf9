"""Run one step and die by SIGKILL at a chosen moment: ``python killed_run.py DIR STEP MODE MOMENT``.

``calls N``: at the N-th call of os.replace, os.fsync, os.unlink or shutil.rmtree, that is, while something is being saved.
``seconds T``: after T seconds.
"""

import os
import shutil
import signal
import sys
import threading


def die():
    """The hardest end a process can meet."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(directory, step, mode, moment):
    """Arm the trap and run."""
    if mode == "seconds":
        threading.Timer(float(moment), die).start()
    else:
        left = [int(moment)]

        def armed(function):
            def call(*args, **kwargs):
                left[0] -= 1
                if left[0] <= 0:
                    die()
                return function(*args, **kwargs)

            return call

        for module, name in ((os, "replace"), (os, "fsync"), (os, "unlink"), (shutil, "rmtree")):
            setattr(module, name, armed(getattr(module, name)))
    from stamps import stamps

    stamps(int(step), int(step), workdir=directory)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:5])
