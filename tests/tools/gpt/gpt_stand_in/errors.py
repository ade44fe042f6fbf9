"""What ends a run with exit status 1."""

from __future__ import annotations


class Refused(Exception):
    """SNAP would refuse it; the text is what it says."""
