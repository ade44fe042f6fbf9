"""Optional libraries of the exports, imported when they are needed."""

from importlib import import_module

from stamps.errors import InputError

__all__ = ["library"]


def library(name, kind):
    """Import a library.

    Parameters
    ----------
    name : str
        Module.
    kind : str
        What needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    InputError
        It is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise InputError(
            f"Exports of kind {kind} need {name.split('.')[0]}, which is not installed: pip install "
            "'stamps-insar[export]', or export csv, which needs nothing."
        ) from None
