"""Names of the processors whose data step 1 loads: the values of ``insar_processor`` that mean something.

:mod:`stamps.frontends.registry` says which loader each has; here stands only what the files below know of them.
"""

__all__ = ["PROCESSORS"]

PROCESSORS = ("doris", "gamma", "gsar", "hyp3", "isce", "snap")
