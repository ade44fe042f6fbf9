"""From processors to candidates: what an export holds, whether it can be right, and its patches of candidate pixels.

``headers``, ``header_values``  text headers (``.par``, ``.base``) of SNAP and Gamma
``header_ranges``, ``header_checks``  what headers may hold; those of an export compared
``text_headers``  the text headers (``day.1.in`` …) of Doris and ISCE projects
``stack``       what a coregistered stack offers: the contract that the following make
``snap_gamma``  stacks of SNAP and Gamma
``doris``, ``doris_geometry``, ``doris_stack``  Doris: result files; orbits to baselines and angles; stacks
``isce``, ``topsstack``, ``topsstack_files``  rasters of ISCE; the tree of ISCE2's topsStack; its stacks
``gsar``        stacks of GSAR
``lists``       the blank-separated list files of the candidate programs and their text outputs
``names``       dates in names of files
``rasters``, ``threads``  rasters in blocks of lines or memory-mapped; reading them at once
``raster_names``, ``raster_statistics``, ``raster_survey``, ``raster_verdicts``  what is strange about rasters
``positions``, ``geometry_checks``  longitudes, latitudes and heights: gaps and nonsense; their rasters in a sample
``checks``      a stack as a whole: what is wrong with it
``patches``     patch layout
``amplitudes``, ``candidates``  calibration constants and selection
``forecast``    how many candidates a stack will give
``sampling``    values of rasters at the candidates
``candidate_programs``  the commands that find and extract candidates, as functions
``project``     from a stack to a project: the files that every preparation writes
``registry``    the processors whose data step 1 loads, and their loaders
``publishing``  a new set of patches replaces the old one
``relocation``  list files follow an export that has moved
``patch_files``, ``master_header``  a prepared patch as arrays: its candidate files; headers of Gamma and SNAP
``text_projects``, ``project_headers``  patches of Doris and ISCE; their headers
``node_grids``, ``pixel_geometry``  coarse grids; baselines and angles at pixels
``candidate_phases``  the phases of the candidates of a patch, examined
``hyp3``        products of HyP3 made a merged project
``jobs``        programs driven task by task: model, folder, runner, engines
``processor``   the front ends that drive programs, from Python

Source: docs/method/preparation.md; docs/method/loading.md.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
