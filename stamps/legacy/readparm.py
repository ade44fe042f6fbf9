"""Read a value from a header file of the processor.

Source: docs/method/loading.md, section 1.
"""

from stamps.frontends.header_values import readparm

__all__ = ["readparm"]
