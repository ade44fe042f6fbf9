"""A directory and its files: MAT files, publications and their journal, locks, parameters, the log, the records beside them.

The names that all rooms use can be imported from here; their modules are loaded when a name is first used, because commands
start without NumPy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
