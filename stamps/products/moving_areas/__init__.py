"""Areas that move, as polygons with what is said of them: ``stamps areas``, :func:`stamps.areas`.

``hulls`` draws outlines around points, ``found`` describes areas, ``files`` writes them, ``pictures`` shows them.
"""
