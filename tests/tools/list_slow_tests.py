"""Write ``slow_tests.txt`` anew from measured durations: ``python tests/tools/list_slow_tests.py LOG [--seconds 0.45]``.

LOG is the output of ``pytest -m "not exhaustive" --durations=0 --durations-min=0.05``. A module whose tests share an expensive
fixture is listed as a whole: else the first of its quick tests would pay for it.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

PLACE = Path(__file__).resolve().parents[1] / "slow_tests.txt"
_LINE = re.compile(r"\s*([\d.]+)s (call|setup)\s+(\S+?::.*?)\s*$")
_EXPENSIVE = 5.5  # seconds of one set-up


def slow_tests(log, seconds):
    """Names of tests, and of modules, that take longer than some seconds."""
    took, modules = Counter(), set()
    for line in log.splitlines():
        found = _LINE.match(line)
        if found:
            took[found[3]] += float(found[1])
            if found[2] == "setup" and float(found[1]) > _EXPENSIVE:
                modules.add(found[3].split("::")[0])
    single = {name for name, total in took.items() if total >= seconds and name.split("::")[0] not in modules}
    return sorted(single | modules)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--seconds", type=float, default=0.45)
    arguments = parser.parse_args()
    PLACE.write_text("".join(f"{name}\n" for name in slow_tests(arguments.log.read_text(), arguments.seconds)))
