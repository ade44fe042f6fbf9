"""What tests share: projects in a known state, stand-ins, records, trouble. ``from helpers import random_project``.

=======================  ====================================================================================================
stacks, and projects     ``tiny_stacks``, ``prepared_layouts``, ``raster_stacks``, ``ds_stacks``, ``ds_projects`` (simulated);
before step 1            ``text_project`` (Doris, ISCE), ``gamma_project``, ``gsar_project``, ``gacos_maps`` (written by hand);
                         ``preparation_files``, ``parameter_files`` (what lies on the disk)
projects after a step    ``synthetic_patch`` (2), ``two_patches`` (4), ``random_project`` (4 to 7), ``delayed_project`` (6,
                         with a known delay), ``noise_project`` (7), ``finished_project``, ``viewed_project``,
                         ``pictured_project``, ``dateline_scenes`` (8), ``run_projects`` (golden sets, run by the program)
expectations             ``candidates_by_loops``, ``plotted_values``, ``export_checks``, ``stale_results``; ``kernel_arrays``
in the place of others   ``stub_steps``, ``stub_runs`` (steps that only note what they rest on), ``fake_cupy`` and
                         ``cupy_stand_in`` (CuPy without a GPU), ``fresh_backends``,
                         ``file_record`` (notes what a run reads and writes)
other programs, pytest   ``collected``, ``browser`` (Chromium), ``slurm`` (a cluster of one node), ``forked`` (work in a process
                         of its own), ``gpt_stand_in`` (SNAP), ``snap_jobs`` (jobs of it, from products on)
trouble                  ``sandbox`` (where a hostile case is tried), ``damaged_variables``, ``spoilt_golden``,
                         ``injected_faults`` and ``killed_run`` (processes whose writes fail, or that die)
=======================  ====================================================================================================
"""
