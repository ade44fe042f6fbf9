#!/usr/bin/env python3
"""Stand-in for ISCE2's ``invertMisreg.py``: from misregistrations of pairs to those of dates."""

import argparse
from pathlib import Path

import standin

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Estimate the misregistration of each date")
    parser.add_argument("-i", "--input", required=True)
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    standin.slowly()
    standin.faults("invertMisreg.py")
    pairs = sorted(path.parent.name.split("_") for path in Path(options.input).glob("*/*.txt"))
    if not pairs:
        raise IndexError("list index out of range")
    for date in sorted({date for pair in pairs for date in pair}):
        standin.put(Path(options.output) / f"{date}.txt")
