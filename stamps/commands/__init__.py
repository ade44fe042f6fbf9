"""The verbs of ``stamps``: one module each, whose ``main(argv)`` understands the arguments, calls, prints and returns the
exit status. The table of verbs is in :mod:`stamps.cli`.
"""

__all__ = ["BACKEND_HELP"]

BACKEND_HELP = "auto, numpy, pythran or cuda; exceptions as in auto,topofit=cuda (default: STAMPS_BACKEND)"
