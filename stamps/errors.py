"""The errors that users meet: one small family, each message one whole sentence."""

__all__ = [
    "ExternalProgramError",
    "InputError",
    "NoPixelsError",
    "ParameterError",
    "StampsError",
    "WorkspaceError",
]


class StampsError(Exception):
    """Base of all errors that the package raises on purpose.

    The message says what is wrong, where, what was expected and what to do. Command-line programs print it
    as one line and exit with ``exit_status``.
    """

    exit_status = 1


class InputError(StampsError):
    """An input file, raster or argument is missing, damaged or inconsistent."""


class WorkspaceError(StampsError):
    """A file of the project directory is missing, damaged or cannot be written."""


class ParameterError(StampsError):
    """A parameter is unknown, ambiguous or has an unusable value."""


class ExternalProgramError(StampsError):
    """An external program (``triangle``, ``snaphu``) or the solver of OR-Tools is missing or failed."""


class NoPixelsError(StampsError):
    """No pixel is left to work on."""
