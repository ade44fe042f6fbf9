"""Delay maps with headers as GACOS writes them."""

import numpy as np

LON, LAT, STEP = 13.9, 40.4, 0.000833333  # of the maps' first value


def write_map(folder, date, values, lon=LON, lat=LAT, step=STEP, **header):
    """A map with its header as GACOS writes them."""
    folder.mkdir(exist_ok=True)
    values = np.asarray(values, "<f4")
    values.tofile(folder / f"{date}.ztd")
    fields = {
        "WIDTH": values.shape[1],
        "FILE_LENGTH": values.shape[0],
        "XMIN": 0,
        "XMAX": values.shape[1] - 1,
        "YMIN": 0,
        "YMAX": values.shape[0] - 1,
        "X_FIRST": lon,
        "Y_FIRST": lat,
        "X_STEP": step,
        "Y_STEP": -step,
        "X_UNIT": "degres",
        "Y_UNIT": "degres",
        "Z_OFFSET": 0,
        "Z_SCALE": 1,
        "PROJECTION": "LATLON",
        "DATUM": "WGS84",
        **header,
    }
    lines = [f"{name:<15s}{value}" for name, value in fields.items() if value is not None]
    (folder / f"{date}.ztd.rsc").write_text("\n".join(lines) + "\n")
