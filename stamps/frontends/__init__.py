"""Preparation: from exported rasters to patches of candidate pixels.

``headers``     text headers (``.par``, ``.base``)
``lists``       the blank-separated list files of the candidate programs and their text outputs
``rasters``     memory-mapped rasters in blocks of lines
``patches``     patch layout
``candidates``  calibration constants and selection
``sampling``    values of rasters at the candidates
``checks``      an export as a whole: what is there and what is wrong with it
``names``       dates in names of files
``header_ranges``, ``header_checks``  what headers may hold; those of an export compared
``positions``, ``geometry_checks``  longitudes, latitudes and heights: gaps and nonsense; their rasters in a sample
``relocation``  list files follow an export that has moved
``project``     the files that every preparation writes
``doris``, ``topsstack``  stacks of Doris and of ISCE2's topsStack
``text_headers``  the text headers (``day.1.in`` …) of Doris and ISCE projects
``registry``    the processors whose data step 1 loads, and their loaders
``publishing``  a new set of patches replaces the old one

Source: spec 02.
"""
