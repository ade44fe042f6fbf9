"""Arguments that several verbs of ``stamps`` have."""

__all__ = ["BACKEND_HELP", "add_workdir"]

BACKEND_HELP = "auto, numpy, pythran or cuda; exceptions as in auto,topofit=cuda (default: STAMPS_BACKEND)"


def add_workdir(parser, what="project directory"):
    """Add ``--workdir`` to the parser of a verb that works in the current directory unless another one is named."""
    parser.add_argument("--workdir", default=".", metavar="DIR", help=f"{what} (default: the current one)")
