"""Fail unless every kernel that has a Pythran version is compiled: the build itself only warns.

Run with the Python that has the package: ``python packaging/check_kernels.py``.
"""

import sys

from stamps import native


def main():
    """Exit status: 1 if a kernel was not compiled."""
    compiled = native.compiled_kernels()
    missing = [name for name, there in compiled.items() if not there]
    if missing or not compiled:
        print(f"Not compiled: {', '.join(missing) or 'no kernel is known'}.", file=sys.stderr)
        return 1
    print(f"{len(compiled)} of {len(compiled)} kernels are compiled.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
