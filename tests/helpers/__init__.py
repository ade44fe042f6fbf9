"""What tests share: projects in a known state, stand-ins, records, trouble. ``from helpers import random_project``.

=======================  ====================================================================================================
projects before step 1   ``text_project`` (Doris, ISCE), ``gamma_project``, ``gsar_project``, ``gacos_maps``; ``tiny_stacks``
                         and ``prepared_layouts`` (simulated, in every processor's layout)
projects after a step    ``synthetic_patch`` (2), ``two_patches`` (4), ``random_project`` (4 to 7), ``delayed_project`` (6,
                         with a known delay), ``finished_project`` (8), ``run_projects`` (golden sets, run by the program)
in the place of others   ``stub_steps`` (steps that only note what they rest on), ``fake_cupy`` and ``cupy_stand_in`` (CuPy
                         without a GPU), ``file_record`` (notes what a run reads and writes)
trouble                  ``sandbox`` (where a hostile case is tried), ``damaged_variables``, ``spoilt_golden``,
                         ``injected_faults`` and ``killed_run`` (processes whose writes fail, or that die)
=======================  ====================================================================================================
"""
