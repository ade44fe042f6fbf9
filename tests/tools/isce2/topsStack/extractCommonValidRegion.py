#!/usr/bin/env python3
"""Stand-in for ISCE2's ``extractCommonValidRegion.py``: what all images have in common."""

import argparse
from pathlib import Path

import standin

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Extract the valid overlap region of the stack")
    parser.add_argument("-m", "--reference", required=True)
    parser.add_argument("-s", "--secondary", required=True)
    options = parser.parse_args()
    standin.slowly()
    standin.faults("extractCommonValidRegion.py")
    images = sorted(Path(options.secondary).iterdir())
    for image in images:
        standin.need(*(path / "burst_01.slc" for path in image.glob("IW*")))
    standin.need(options.reference)
    standin.put(Path(options.secondary).parent / "stack" / "IW1.xml", f"{len(images)} images\n")
