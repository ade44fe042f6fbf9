#!/usr/bin/env python3
"""Stand-in for ISCE2's ``SentinelWrapper.py``: runs the functions that the settings of a command name."""

import argparse
import array
import sys
from pathlib import Path

import standin


class Command:
    """The arguments of a function."""

    def __init__(self, arguments, faults):
        self.work, self.faults, self.arguments = Path(arguments["work"]), faults, arguments
        self.swaths = arguments["swaths"].split()
        self.esd = arguments["esd"] == "True"
        self.date, self.reference = arguments.get("date", ""), arguments.get("reference", "")

    @property
    def dates(self):
        """Both dates of a pair."""
        return self.arguments["first"], self.arguments["second"]

    def place(self, *names):
        """A path in the working directory."""
        return self.work.joinpath(*names)

    def coregistered(self, date):
        """Folder of a coregistered image."""
        return self.place("reference") if date == self.reference else self.place("coreg_secondarys", date)

    # ------------------------------------------------------------------ the functions

    def topo(self):
        standin.copy_files(standin.tree() / "reference", self.place("reference"))
        for swath in self.swaths:
            standin.put(self.place("reference", f"IW{swath}", "burst_01.slc"))
            for name in ("lat", "lon", "hgt", "los"):
                standin.put(self.place("geom_reference", f"IW{swath}", f"{name}_01.rdr"))

    def unpack(self):
        for swath in self.swaths:
            standin.put(self.place("secondarys", self.date, f"IW{swath}", "burst_01.slc"))

    def computeBaseline(self):
        standin.need(self.place("reference"), self.place("secondarys", self.date))
        name = f"{self.reference}_{self.date}"
        standin.put(self.place("baselines", name, f"{name}.txt"))

    def overlap_geo2rdr(self):
        standin.need(self.place("reference", "overlap"), self.place("secondarys", self.date))
        standin.put(self.place("coreg_secondarys", self.date, "overlap", "azimuth_top_01_02.off"))

    def overlap_resample(self):
        standin.need(self.place("coreg_secondarys", self.date, "overlap", "azimuth_top_01_02.off"))
        standin.put(self.place("coreg_secondarys", self.date, "overlap", "burst_top_01_02.slc"))

    def misreg(self):
        for date in self.dates:
            name = "IW1.xml" if date == self.reference else "burst_top_01_02.slc"
            standin.need(self.coregistered(date) / "overlap" / name)
        for kind in ("azimuth", "range"):
            name = "_".join(self.dates)
            standin.put(self.place("misreg", kind, "pairs", name, f"{name}.txt"))

    def geo2rdr(self):
        standin.need(self.place("geom_reference"), self.place("secondarys", self.date))
        if self.esd:
            standin.need(*(self.place("misreg", kind, "dates", f"{self.date}.txt") for kind in ("azimuth", "range")))
        for swath in self.swaths:
            standin.put(self.place("coreg_secondarys", self.date, f"IW{swath}", "azimuth_01.off"))

    def resample(self):
        for swath in self.swaths:
            standin.need(self.place("coreg_secondarys", self.date, f"IW{swath}", "azimuth_01.off"))
            standin.put(self.place("coreg_secondarys", self.date, f"IW{swath}", "burst_01.slc"))

    def mergeBursts(self):
        standin.need(
            self.place("stack"), *(self.coregistered(self.date) / f"IW{n}" / "burst_01.slc" for n in self.swaths)
        )
        target = self.place("merged", "SLC", self.date)
        standin.copy_files(standin.tree() / "merged" / "SLC" / self.date, target)
        if "half" in self.faults:
            slc = target / f"{self.date}.slc.full"
            slc.write_bytes(slc.read_bytes()[: slc.stat().st_size // 2])
        if self.date == self.reference:
            standin.copy_files(standin.tree() / "merged" / "geom_reference", self.place("merged", "geom_reference"))

    def baselineGrid(self):
        standin.need(self.place("reference"), self.place("secondarys", self.date), self.place("merged", "SLC"))
        target = self.place("merged", "baselines", self.date)
        sources = {date: standin.tree() / "merged" / "baselines" / date / date for date in (self.date, self.reference)}
        if not sources[self.reference].exists():  # the reference of the simulated tree
            standin.copy_files(sources[self.date].parent, target)
            return
        subtract(sources[self.date], sources[self.reference], target / self.date)

    # ------------------------------------------------------------------ interferograms

    def _pair(self, *folders):
        return self.place(*folders, "_".join(self.dates))

    def generate_burst_igram(self):
        standin.need(*(self.coregistered(date) for date in self.dates))
        standin.put(self._pair("interferograms") / "burst_01.int")

    def merge_burst_igram(self):
        standin.need(self._pair("interferograms") / "burst_01.int")
        standin.put(self._pair("merged", "interferograms") / "fine.int")

    def filter_coherence(self):
        standin.need(self._pair("merged", "interferograms") / "fine.int")
        standin.put(self._pair("merged", "interferograms") / "filt_fine.int")

    def unwrap(self):
        standin.need(self._pair("merged", "interferograms") / "filt_fine.int")
        standin.put(self._pair("merged", "interferograms") / "filt_fine.unw")


#: Name of a function in the settings, in small letters as they are read -> what does it.
FUNCTIONS = {
    "topo": Command.topo,
    "unpack": Command.unpack,
    "computebaseline": Command.computeBaseline,
    "overlap_geo2rdr": Command.overlap_geo2rdr,
    "overlap_resample": Command.overlap_resample,
    "misreg": Command.misreg,
    "geo2rdr": Command.geo2rdr,
    "resample": Command.resample,
    "mergebursts": Command.mergeBursts,
    "baselinegrid": Command.baselineGrid,
    "generate_burst_igram": Command.generate_burst_igram,
    "merge_burst_igram": Command.merge_burst_igram,
    "filter_coherence": Command.filter_coherence,
    "unwrap": Command.unwrap,
}


def subtract(path, other, target):
    """The difference of two rasters of float32 with its headers; a raster that is not there counts as zeros."""
    second = array.array("f", other.read_bytes())
    first = array.array("f", path.read_bytes()) if path.exists() else [0.0] * len(second)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(array.array("f", [a - b for a, b in zip(first, second, strict=True)]).tobytes())
    for suffix in (".xml", ".vrt"):
        header = Path(f"{other}{suffix}").read_text()
        Path(f"{target}{suffix}").write_text(header.replace(other.name, target.name))


def main(argv):
    """Run the functions of the settings that the arguments name."""
    parser = argparse.ArgumentParser(description="Run the functions of a configuration file")
    parser.add_argument("-c", "--config", required=True, help="configuration file")
    parser.add_argument("-s", "--start", help="first function")
    parser.add_argument("-e", "--end", help="last function")
    options = parser.parse_args(argv)
    functions = standin.read_config(options.config)
    standin.slowly()
    faults = standin.faults(Path(options.config).name)
    for name, arguments in functions:
        print(f"Running: {name}", flush=True)
        FUNCTIONS[name](Command(arguments, faults))


if __name__ == "__main__":
    main(sys.argv[1:])
