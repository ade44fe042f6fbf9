"""``mt_extract_cands``: candidates of all patches with position, height and phase.

Reads ``patch.list``, ``selpsc.in`` or ``selsbc.in``, ``psclonlat.in``, ``pscdem.in``, ``pscphase.in``; writes
``pscands.1.*`` and ``mean_amp.flt`` in each patch.

Source: docs/method/preparation.md, section 3.
"""

from stamps.frontends.candidate_programs import mt_extract_cands

__all__ = ["mt_extract_cands"]
