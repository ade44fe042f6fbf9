"""Pages to look at: the parity report of two trees and the quality report of one run.

``parity``, ``parity_pictures``
    a run against a reference: statistics of every variable, gates, maps
``quality``, ``sections``, ``unwrapping``, ``run``
    one run alone, section by section
``differences``, ``samples``, ``timings``, ``figures_of_merit``
    the numbers: pure functions of arrays and logs
``drawing``, ``page``, ``templates/``
    pictures, and the page they stand on
"""

from stamps.report.parity import parity_report, write_parity_report
from stamps.report.quality import quality_report, write_quality_report

__all__ = ["parity_report", "quality_report", "write_parity_report", "write_quality_report"]
