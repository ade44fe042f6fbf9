"""A stand-in for SNAP's Graph Processing Tool ``gpt``, for tests of what drives it.

It reads graphs, refuses what SNAP refuses in SNAP's words (on the standard error, with exit status 1), and writes small
products: DIMAP whose ``.dim`` tells its history, and for ``StampsExport`` the files of a simulated stack. It knows operators and
parameters from ``tests/fixtures/snap_operators.csv`` and nothing of the package ``stamps``.

It needs nothing but Python's standard library, and starts without ``site`` to be quick. What the environment tells it:

``GPT_VERSION``   version of SNAP, 8 to 14 (default 13); before 14 only portable parameters are known, and 8 has no Copernicus DEM
``GPT_STACK``     folder of a simulated single-master stack in SNAP's layout, whose files the exports hold; else they are invented
``GPT_FAULT``     what goes wrong, see :mod:`.faults`
``GPT_DELAY``     seconds that each run takes in the middle of its writing
``GPT_CALLS``     file to which each run appends a line of JSON when it begins, another when it ends
``GPT_ORBITS``    ``local``: only orbit files below the user directory count, nothing can be downloaded
"""
