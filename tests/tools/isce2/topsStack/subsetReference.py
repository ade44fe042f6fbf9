#!/usr/bin/env python3
"""Stand-in for ISCE2's ``subsetReference.py``: the overlaps of the bursts of the reference."""

import argparse
from pathlib import Path

import standin

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Extract the overlap geometry between reference bursts")
    parser.add_argument("-m", "--reference", required=True)
    parser.add_argument("-g", "--geom_reference", required=True)
    options = parser.parse_args()
    standin.slowly()
    standin.faults("subsetReference.py")
    standin.need(options.reference, options.geom_reference)
    standin.put(Path(options.reference) / "overlap" / "IW1.xml")
    standin.put(Path(options.geom_reference) / "overlap" / "lat_top_01_02.rdr")
