"""Tropospheric delay: from the phase itself (linear and power law in height) and from GACOS delay maps.

``regression``, ``linear``, ``bands``, ``powerlaw``, ``delay`` and ``soundings`` compute with arrays; ``ztd`` and
``profiles`` read files; ``inputs`` takes from a project what the estimates need and puts their results into
``tca2.mat``. The public functions are ``aps_linear``, ``aps_powerlaw`` and ``aps_gacos``, each in a module of its name.
"""
