"""Delays from weather models: ERA5, ERA-Interim, MERRA, MERRA-2, NARR.

``archive`` finds the files and their times, ``grib`` and ``netcdf`` read them, ``grids`` says where the pixels lie on a grid,
``columns`` checks the fields and completes them below the ground, ``delays`` integrates, ``overpass`` says when the satellite
passed, ``times`` which times a date is interpolated from, ``correction`` puts it all into ``tca2.mat``.

Source: docs/method/weather.md.
"""
