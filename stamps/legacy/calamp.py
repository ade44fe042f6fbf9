"""``calamp``: calibration constant (mean amplitude) of each SLC.

Reads a list of SLC paths, one per line; writes the same paths with their constants (``calamp.out``).

Source: docs/method/preparation.md, section 5.1.
"""

from stamps.frontends.candidate_programs import calamp

__all__ = ["calamp"]
