"""Stacks whose truth is known, in the layouts of the processors, and runs against it."""
