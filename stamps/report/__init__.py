"""Pages to look at: the parity report of two trees (:mod:`stamps.report.parity`) and the quality report of one run
(:mod:`stamps.report.quality`).

Numbers are collected apart from pictures and from the page: :mod:`stamps.report.differences`, :mod:`stamps.report.timings` and
:mod:`stamps.report.figures_of_merit` compute, :mod:`stamps.report.drawing` draws, :mod:`stamps.report.page` fills the templates.
"""
