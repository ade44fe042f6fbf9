#!/usr/bin/env python3
"""Stand-in for ISCE2's ``stackSentinel.py``: writes ``configs/`` and ``run_files/`` for the dates of a folder of products."""

import argparse
import os
import re
import sys
import zipfile
from pathlib import Path

import standin

PRODUCT = re.compile(
    r"(S1[A-D])_IW_SLC__1S[SD][HV]_(\d{8})T(\d{6})_(\d{8})T(\d{6})_\d{6}_[0-9A-F]{6}_[0-9A-F]{4}\.(SAFE|zip)\Z"
)
ORBIT = re.compile(r"(S1[A-D])_OPER_AUX_(?:POE|RES)ORB_OPOD_\d{8}T\d{6}_V(\d{8}T\d{6})_(\d{8}T\d{6})\.EOF\Z")


def understood(argv):
    """The options; as those of the original."""
    parser = argparse.ArgumentParser(
        description="Preparing the directory structure and config files for stack processing"
    )
    add = parser.add_argument
    add("-H", "--hh", action="store_true", help="display detailed help information")
    add("-s", "--slc_directory", dest="slc_dirname", required=True, help="directory with all Sentinel SLCs")
    add("-o", "--orbit_directory", dest="orbit_dirname", required=True, help="directory with all orbits")
    add("-a", "--aux_directory", dest="aux_dirname", required=True, help="directory with all aux files")
    add("-w", "--working_directory", dest="work_dir", default="./", help="working directory")
    add("-d", "--dem", required=True, help="path of the DEM file")
    add("-p", "--polarization", default="vv", help="SAR data polarization")
    add("-W", "--workflow", default="interferogram", choices=("slc", "correlation", "interferogram", "offset"))
    add("-n", "--swath_num", dest="swath_num", default="1 2 3", help="A list of swaths to be processed")
    add("-b", "--bbox", default=None, help="Lat/Lon Bounding SNWE")
    add("-t", "--text_cmd", default="", help="text command to be added to the beginning of each line of the run files")
    add("-x", "--exclude_dates", default=None, help="list of the dates to be excluded, seperated by comma")
    add("-i", "--include_dates", default=None, help="list of the dates to be included, seperated by comma")
    add("-m", "--reference_date", default=None, help="Directory with reference acquisition")
    add("-C", "--coregistration", default="NESD", choices=("geometry", "NESD"))
    add("-O", "--num_overlap_connections", type=int, default=3)
    add("-e", "--esd_coherence_threshold", default="0.85")
    add("-c", "--num_connections", default="1")
    add("--num_proc", type=int, default=1, help="number of tasks running in parallel in each run file")
    options = parser.parse_args(argv)
    if options.num_proc < 1:
        parser.error("--num_proc must be positive")
    return options


def safe_files(options):
    """Date -> products; only zip files if there is one."""
    folder = Path(options.slc_dirname)
    found = sorted(folder.glob("S1*_IW_SLC*.zip")) or sorted(folder.glob("S1*_IW_SLC*.SAFE"))
    if not found:
        standin.refuse(f"No SAFE file found in {folder}")
    excluded = options.exclude_dates.split(",") if options.exclude_dates else []
    included = options.include_dates.split(",") if options.include_dates else None
    dates = {}
    for path in found:
        match = PRODUCT.match(path.name)
        if match is None:
            raise ValueError(f"{path.name} is no name of a product")
        if match[2] not in excluded and (included is None or match[2] in included):
            check_product(path, options)
            check_orbit(match, options)
            dates.setdefault(match[2], []).append(path)
    return dict(sorted(dates.items()))


def check_product(path, options):
    """A product must hold the polarisation in all swaths that are wanted, as far as it has these."""
    if path.suffix == ".zip":
        names = [name.split("/", 1)[-1] for name in zipfile.ZipFile(path).namelist()]
    else:
        names = [str(inside.relative_to(path)) for inside in path.rglob("*")]
    if "manifest.safe" not in names:
        raise KeyError(f"There is no item named 'manifest.safe' in {path.name}")
    for swath in options.swath_num.split():
        if not any(re.match(rf"annotation/s1.-iw{swath}-slc-{options.polarization}-", name) for name in names):
            standin.refuse(f"No annotation xml file found for IW{swath} {options.polarization} in {path}")


def check_orbit(match, options):
    """Some orbit file must cover the product; the original would try to fetch one."""
    start, stop = f"{match[2]}T{match[3]}", f"{match[4]}T{match[5]}"
    for name in os.listdir(options.orbit_dirname):
        orbit = ORBIT.match(name)
        if orbit and orbit[1] == match[1] and orbit[2] < start and stop < orbit[3]:
            return
    standin.refuse(f"Failed to find orbits for tref {match[2]}T{match[3]}")


class Stack:
    """Dates, reference, and what is in the working directory already."""

    def __init__(self, options):
        self.options, self.work = options, Path(options.work_dir).absolute()
        self.products = safe_files(options)
        dates = list(self.products)
        self.reference = options.reference_date or dates[0]
        there = self.work / "coreg_secondarys"
        self.there = sorted(path.name for path in there.iterdir()) if there.is_dir() else []
        if not self.there and self.reference not in dates:
            standin.refuse(f"reference date {self.reference} was not found among {dates}")
        self.secondaries = [date for date in dates if date != self.reference and date not in self.there]
        if self.there:
            self.check_update(dates)
        self.images = sorted({self.reference, *self.secondaries, *self.there})

    def check_update(self, dates):
        """An update unpacks the last images of the stack again, to compare the new ones with them."""
        if not self.secondaries:
            standin.refuse("All acquisitions are already coregistered: no new acquisition; exiting")
        last = [date for date in self.there if date != self.reference][-2 * self.options.num_overlap_connections :]
        for date in last:
            if date not in dates:
                standin.refuse(f"{date}: the SAFE file is needed for an update of the stack and is not there")

    def neighbours(self, count):
        """Pairs of each image with those after it that concern a new one."""
        pairs = [(a, b) for k, a in enumerate(self.images) for b in self.images[k + 1 : k + 1 + count]]
        return [pair for pair in pairs if {*pair} & {*self.secondaries}]


class Writer:
    """Run files in their order."""

    def __init__(self, stack):
        self.stack, self.number = stack, 0
        self.work, self.options = stack.work, stack.options
        self.common = {
            "work": self.work,
            "swaths": self.options.swath_num,
            "esd": self.options.coregistration == "NESD",
        }

    def run_file(self, name, commands):
        """Write a run file of command lines."""
        self.number += 1
        lines, several = [], self.options.num_proc > 1
        for number, command in enumerate(commands, 1):
            lines.append(self.options.text_cmd + command + (" &" if several else ""))
            if several and (number % self.options.num_proc == 0 or number == len(commands)):
                lines += ["wait", ""]
        standin.put(self.work / "run_files" / f"run_{self.number:02d}_{name}", "".join(f"{line}\n" for line in lines))

    def configured(self, name, function, jobs):
        """Write a run file of commands with settings: (name of the settings, arguments)."""
        commands = []
        for label, arguments in jobs:
            config = self.work / "configs" / f"config_{label}"
            standin.write_config(config, [(function, {**self.common, **arguments})])
            commands.append(f"SentinelWrapper.py -c {config}")
        self.run_file(name, commands)

    def of_dates(self, name, label, function, dates):
        """One command for each date."""
        self.configured(
            name, function, [(f"{label}_{date}", {"date": date, "reference": self.stack.reference}) for date in dates]
        )

    def of_pairs(self, name, label, function, pairs):
        """One command for each pair of dates."""
        jobs = [(f"{label}_{a}_{b}", {"first": a, "second": b, "reference": self.stack.reference}) for a, b in pairs]
        self.configured(name, function, jobs)


def write(stack):
    """All run files of the workflow."""
    writer, work, new = Writer(stack), stack.work, stack.secondaries
    if not stack.there:
        writer.configured("unpack_topo_reference", "topo", [("reference", {"reference": stack.reference})])
    writer.of_dates("unpack_secondary_slc", "secondary", "unpack", new)
    writer.of_dates("average_baseline", "baseline", "computeBaseline", new)
    if stack.options.coregistration == "NESD":
        writer.run_file("extract_burst_overlaps", [f"subsetReference.py -m {work}/reference -g {work}/geom_reference"])
        writer.of_dates("overlap_geo2rdr", "overlap_geo2rdr", "overlap_geo2rdr", new)
        writer.of_dates("overlap_resample", "overlap_resample", "overlap_resample", new)
        writer.of_pairs("pairs_misreg", "misreg", "misreg", stack.neighbours(stack.options.num_overlap_connections))
        inverted = [
            f"invertMisreg.py -i {work}/misreg/{kind}/pairs/ -o {work}/misreg/{kind}/dates/"
            for kind in ("azimuth", "range")
        ]
        writer.run_file("timeseries_misreg", inverted)
    writer.of_dates("fullBurst_geo2rdr", "fullBurst_geo2rdr", "geo2rdr", new)
    writer.of_dates("fullBurst_resample", "fullBurst_resample", "resample", new)
    writer.run_file(
        "extract_stack_valid_region", [f"extractCommonValidRegion.py -m {work}/reference -s {work}/coreg_secondarys"]
    )
    writer.of_dates("merge_reference_secondary_slc", "merge", "mergeBursts", stack.images)
    if stack.options.workflow == "slc":
        writer.of_dates(
            "grid_baseline", "baselinegrid", "baselineGrid", [date for date in stack.images if date != stack.reference]
        )
        return
    pairs = stack.neighbours(
        len(stack.images) if stack.options.num_connections == "all" else int(stack.options.num_connections)
    )
    for name in ("generate_burst_igram", "merge_burst_igram", "filter_coherence", "unwrap"):
        writer.of_pairs(name, name, name, pairs)


def main(argv):
    """Check what is given, and write."""
    options = understood(argv)
    print(f"stackSentinel.py: reading {options.slc_dirname}", flush=True)
    standin.faults("stackSentinel.py")
    work = Path(options.work_dir)
    if (work / "run_files").exists():
        standin.refuse(f"{work / 'run_files'} folder exists: remove or rename it and run again.")
    standin.need(options.dem, f"{options.dem}.xml", options.aux_dirname, options.orbit_dirname)
    if options.bbox is not None:
        south, north, west, east = (float(word) for word in options.bbox.split())
        if not (south < north and west < east):
            raise ValueError(f"the bounding box {options.bbox} is empty")
    write(Stack(options))
    print("Done.", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
