"""ISCE2 driven by the run files of its stack processor.

Source: docs/method/isce.md.
"""
