"""What somebody may have meant who has written a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["hint"]


def hint(name: str, known: Iterable[str], otherwise: str, cutoff: float = 0.6) -> str:
    """End of a sentence about an unknown name: the nearest known one, else ``otherwise``.

    Parameters
    ----------
    name : str
    known : iterable of str
    otherwise : str
        What is said where no known name is near.
    cutoff : float
        How near a name must be, 0 to 1.
    """
    close = difflib.get_close_matches(name, list(known), 1, cutoff)
    return f"did you mean {close[0]}?" if close else otherwise
