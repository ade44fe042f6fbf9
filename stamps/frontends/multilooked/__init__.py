"""Stacks of multilooked interferograms in the place of steps 1 to 5.

``doris`` and ``gamma`` find the files of a stack and its baselines, ``pixels`` chooses the pixels, ``project`` writes what step 6
needs.

Source: docs/method/multilooked.md.
"""
