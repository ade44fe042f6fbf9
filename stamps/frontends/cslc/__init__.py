"""Geocoded, flattened, coregistered SLCs to a project: OPERA's CSLC-S1, COMPASS' CSLC, NISAR's GSLC.

Source: docs/method/cslc.md.
"""
