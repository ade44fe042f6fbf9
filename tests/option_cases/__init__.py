"""Every option of the method: the case that fails if it is ignored, and the mutants that prove it.

A case is a function of a :class:`option_cases.lab.Lab`: it prepares a project in which the option matters, calls a
legacy function through ``lab.call``, and checks the result against golden files or a formula that
:mod:`option_cases.written_out` spells out. Its mutants are data: ``run_mutants.py`` runs the case under each of them,
and it must fail. ``golden_variants.GOLDEN`` and ``troposphere.TROPO`` are tables from which cases are made. Parameters
without a case stand in ``ELSEWHERE``.
"""

from option_cases import (  # noqa: F401 - they register their cases
    driver,
    gamma,
    golden_variants,
    look_angle,
    merging,
    noise,
    selection,
    troposphere,
    unwrapping,
    weeding,
)
from option_cases.registry import CASES, Case

__all__ = ["CASES", "ELSEWHERE", "Case"]

#: Parameters that no step of the processing uses, with the reason why there is no case here.
ELSEWHERE = {
    "Created": "a date, read by nobody",
    "unwrap_alpha": "unused in the original, too (docs/method/parameters.md, section 1)",
    "ref_velocity": "products",
    "plot_dem_posting": "products",
    "plot_scatterer_size": "products",
    "plot_pixels_scatterer": "products",
    "plot_color_scheme": "products",
    "shade_rel_angle": "products",
    "lonlat_offset": "products",
    "platform": "products",
}
