"""Sentinel-1 SLC products: what their metadata say, acquisitions of slices, bursts, coverage, orbits, the master.

Source: docs/method/sentinel1.md.
"""
