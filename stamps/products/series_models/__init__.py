"""Models of the series of a project, and kinds of motion: ``stamps model``, :func:`stamps.model`.

``choice`` says what is asked for, ``fitted`` does it on the table of the exports, ``columns`` are what it adds to that,
``pictures`` draws.
"""
