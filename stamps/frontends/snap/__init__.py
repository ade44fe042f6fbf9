"""SNAP driven from Sentinel-1 or stripmap products to an export: graphs, runs of ``gpt``, their checks.

Source: docs/method/snap.md.
"""
