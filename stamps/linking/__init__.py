"""Distributed scatterers: one phase per image and pixel from all pairs of images over alike neighbours.

Neighbours, coherence matrices, estimators, sequences and quality are functions of arrays; ``files`` reads what a run leaves.

Source: docs/method/linking.md.
"""
