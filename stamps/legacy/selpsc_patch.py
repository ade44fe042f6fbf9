"""``selpsc_patch``: candidate pixels of a patch by amplitude dispersion (single master).

Reads ``selpsc.in`` (threshold, width, SLCs with constants), ``patch.in`` and the SLCs; writes ``pscands.1.ij``,
``pscands.1.ij.int``, ``pscands.1.ij0``, ``pscands.1.da`` and ``mean_amp.flt``.

Source: docs/method/preparation.md, section 5.2; Ferretti, Prati & Rocca (2001).
"""

from stamps.frontends.candidate_programs import selpsc_patch

__all__ = ["selpsc_patch"]
