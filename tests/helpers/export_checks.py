"""What exports in several formats are held to."""

import json

import numpy as np

from helpers import finished_project as finished

WITHOUT = 4  # pixel without coherence
CENTRE, RADIUS = [14.012, 40.009], 500


def check_metadata(table, facts):
    assert facts["sign_convention"] == "displacement along the line of sight, positive towards the satellite"
    assert facts["reference"] == table.metadata["reference"] and "within 500 m" in facts["reference"]
    dates = facts["dates"] if isinstance(facts["dates"], list) else json.loads(facts["dates"])
    assert dates == [date.isoformat() for date in table.dates]
    parameters = facts["parameters"] if isinstance(facts["parameters"], dict) else json.loads(facts["parameters"])
    assert parameters["ref_radius"] == "500" and parameters["small_baseline_flag"] in ("y", "'y'", "n", "'n'")


def gridded(table, left, top, step_lon, step_lat, shape, values):
    """Means of the pixels in the cells, cell by cell."""
    row = np.floor((top - table.lonlat[:, 1]) / step_lat).astype(int)
    column = np.floor((table.lonlat[:, 0] - left) / step_lon).astype(int)
    result = np.full(shape, np.nan)
    for i, j in set(zip(row.tolist(), column.tolist(), strict=True)):
        here = values[(row == i) & (column == j) & np.isfinite(values)]
        result[i, j] = here.mean() if here.size else np.nan
    return result


def exported_project(network, place):
    """A finished project (``single_master`` or ``small_baselines``) with a reference circle and a pixel without coherence."""
    ws = getattr(finished, network)(place, ref_centre_lonlat=CENTRE, ref_radius=RADIUS, platform="SENTINEL-1A")
    coherence = ws.load("pm2")["coh_ps"]
    coherence[WITHOUT] = np.nan
    ws.save("pm2", {"coh_ps": coherence})
    ws.save("inc2", {"inc": np.linspace(0.6, 0.7, 60)})
    return ws
