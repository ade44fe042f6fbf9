"""What the stand-ins for ISCE2's stack processor share: settings of a command, injected faults, small files for rasters.

They compute nothing: each command refuses to work if what the command before it should have left is missing, and leaves what the
next one looks for. The last ones copy their date from a tree that the simulator wrote (``--layout isce``).

Environment::

    ISCE2_TREE    that tree
    ISCE2_FAULT   faults, KIND@PATTERN with commas between; the pattern (of the shell) is that of the name of the settings or of
                  the program: traceback0@config_fullBurst_geo2rdr_20200115. Kinds: traceback0 (a traceback, exit status 0),
                  traceback, exit1, nothing (exit status 0 and no output), half (half of an output), hang, kill
    ISCE2_SECONDS how long each command takes
"""

import configparser
import fnmatch
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

__all__ = ["copy_files", "faults", "need", "put", "read_config", "refuse", "slowly", "tree", "write_config"]


def refuse(text, status=1):
    """End with a sentence."""
    print(text, flush=True)
    sys.exit(status)


def need(*paths):
    """End as the programs do where something that they read is missing: with a traceback."""
    for path in paths:
        if not Path(path).exists():
            raise FileNotFoundError(f"[Errno 2] No such file or directory: '{path}'")


def put(path, text="made\n"):
    """Write a small file in place of a raster."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def tree():
    """The simulated tree whose rasters the last commands hand out."""
    place = os.environ.get("ISCE2_TREE", "")
    if not place:
        refuse("ISCE2_TREE names no simulated tree")
    return Path(place)


def copy_files(source, target):
    """Copy the files of a folder of the simulated tree."""
    need(source)
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        shutil.copyfile(path, target / path.name)


def write_config(path, functions):
    """Write the settings of a command: functions in order, each with its arguments."""
    lines = ["[Common]", ""]
    for number, (name, arguments) in enumerate(functions, 1):
        lines += [f"[Function-{number}]", f"{name} :", *(f"{key} : {value}" for key, value in arguments.items()), ""]
    put(path, "\n".join(lines))


def read_config(path):
    """Functions with their arguments, as :func:`write_config` wrote them."""
    parser = configparser.RawConfigParser(delimiters=(":",))
    if not parser.read(path):
        raise FileNotFoundError(f"[Errno 2] No such file or directory: '{path}'")
    found = []
    for section in sorted((name for name in parser.sections() if name.startswith("Function-")), key=_number):
        (name, _), *arguments = parser.items(section)
        found.append((name, dict(arguments)))
    return found


def _number(section):
    return int(re.search(r"\d+", section)[0])


def slowly():
    """Take the time that a command is told to take."""
    time.sleep(float(os.environ.get("ISCE2_SECONDS", "0")))


def faults(name):
    """Kinds of faults that are wanted of a command: those before its work happen at once."""
    wanted = [word.split("@", 1) for word in os.environ.get("ISCE2_FAULT", "").split(",") if word]
    kinds = {kind for kind, pattern in wanted if fnmatch.fnmatch(name, pattern)}
    if "exit1" in kinds:
        print("reading orbits", flush=True)
        refuse(f"ERROR: Could not find a suitable orbit for {name}")
    if "traceback" in kinds:
        raise ValueError(f"not enough values to unpack for {name}")
    if "traceback0" in kinds:
        print(
            f'Traceback (most recent call last):\n  File "{sys.argv[0]}", line 1, in <module>\n    main()', flush=True
        )
        print(f"isceobj.Location.OffsetError: No valid offsets for {name}\nCleaning up", flush=True)
        sys.exit(0)
    if "kill" in kinds:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hang" in kinds:
        time.sleep(3600)
    if "nothing" in kinds:
        print("Nothing to do", flush=True)
        sys.exit(0)
    return kinds
