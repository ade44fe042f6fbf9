"""``selsbc_patch``: candidate pixels of a patch by amplitude difference dispersion (small baselines).

Reads ``selsbc.in`` (threshold, width, SLCs with constants, two per interferogram), ``patch.in`` and the SLCs; writes
``pscands.1.ij``, ``pscands.1.ij.int``, ``pscands.1.da`` and ``mean_amp.flt``.

Source: docs/method/preparation.md, section 5.3; Hooper (2008).
"""

from stamps.frontends.candidate_programs import selsbc_patch

__all__ = ["selsbc_patch"]
