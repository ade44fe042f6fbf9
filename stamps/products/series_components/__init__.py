"""Series of a project as maps times courses: ``stamps components``, :func:`stamps.components`.

``found`` decomposes the table of the exports and says what a component may be, ``files`` writes, ``pictures`` draws.
"""
