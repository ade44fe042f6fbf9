"""What goes wrong on purpose.

``GPT_FAULT`` lists faults, separated by commas: ``kind[:yyyymmdd][@stage]``; ``@/path`` names a file that holds such a list,
which may change between runs. A fault without a date happens to all; stages are ``split``, ``coregister``, ``export``,
``subset`` and ``interferogram``, found from the operators of the graph.

=================  =====================================================================================================
``fail``           an error of Java, exit status 1
``memory``         no more heap, exit status 1
``orbit``          the orbit server does not answer (graphs with ``Apply-Orbit-File``), exit status 1
``dem``            the tiles of heights cannot be downloaded, exit status 1
``silent``         exit status 0 without any output
``hang``           it does not end
``killed``         it is killed (SIGKILL) in the middle of its writing
``half``           images cut short, exit status 0
``half_zero``      images of full size whose end was never written, exit status 0
``zeros``          images of nothing but zeros
``no_data``        a ``.dim`` without its folder of bands
``sizes``          the interferogram has fewer lines than the coregistered pair
``zero_base``      export: baselines of zero; ``nan_base``: NaN
``nan_positions``  export: longitudes of NaN; ``zero_positions``: latitudes of zero
``zero_block``     export: 64 lines and more of zeros within the interferogram
``short``          export: an interferogram cut short
``no_base``        export: no file of baselines
``other_heights``  export: heights that differ from those of the other pairs
=================  =====================================================================================================
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from .errors import Refused
from .graph import Node

__all__ = ["faults_of", "happen_before", "stage_of"]

_STAGES = {
    "StampsExport": "export",
    "Back-Geocoding": "coregister",
    "DEM-Assisted-Coregistration": "coregister",
    "TOPSAR-Split": "split",
    "Interferogram": "interferogram",
    "Subset": "subset",
}


def stage_of(nodes: Iterable[Node]) -> str:
    """Which stage of the chain a graph is."""
    operators = {node.operator for node in nodes}
    return next((stage for operator, stage in _STAGES.items() if operator in operators), "other")


def faults_of(dates: Iterable[str], stage: str) -> frozenset[str]:
    """The faults that happen to a run with these dates."""
    text = os.environ.get("GPT_FAULT", "")
    if text.startswith("@/"):
        file = Path(text[1:])
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
    found = set()
    for item in text.replace("\n", ",").split(","):
        kind_and_date, _, where = item.strip().partition("@")
        kind, _, date = kind_and_date.partition(":")
        if kind and where in ("", stage) and (not date or date in set(dates)):
            found.add(kind)
    return frozenset(found)


def happen_before(faults: frozenset[str], nodes: list[Node]) -> None:
    """Faults that happen before anything is written.

    Raises
    ------
    Refused
        With SNAP's words.
    """
    name = nodes[-2].id if len(nodes) > 1 else nodes[0].id
    if "fail" in faults:
        raise Refused(f"[NodeId: {name}] java.lang.NullPointerException")
    if "memory" in faults:
        raise Refused("Java heap space")
    if "dem" in faults:
        raise Refused(
            f"[NodeId: {name}] Failed to retrieve DEM tiles: java.net.SocketTimeoutException: connect timed out"
        )
    if "silent" in faults:
        print("Executing processing graph\n done.")
        sys.exit(0)
    while "hang" in faults:
        print("Executing processing graph\n....10%", flush=True)
        time.sleep(3600)
