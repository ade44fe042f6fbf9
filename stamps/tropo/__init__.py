"""Tropospheric delay: from the phase itself (linear and power law in height), GACOS delay maps and weather models.

``regression``, ``linear``, ``bands``, ``powerlaw``, ``delay`` and ``soundings`` compute with arrays; ``ztd`` and
``profiles`` read files; ``inputs`` takes from a project what the estimates need and puts their results into
``tca2.mat``. The public functions are ``aps_linear``, ``aps_powerlaw`` and ``aps_gacos``, each in a module of its name,
and those of the weather models (``weather``) in ``aps_weather``.
"""
