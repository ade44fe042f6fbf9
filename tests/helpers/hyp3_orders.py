"""Granules, searches and orders for HyP3's stand-in."""

import json
from datetime import date, timedelta

from stamps.frontends import Processor
from stamps.frontends.hyp3_jobs import accounts, ordering
from tools.hyp3_server import Hyp3Server

TOKEN = "token-of-alice"


def days(count, step=12):
    first = date(2020, 1, 3)
    return [(first + timedelta(days=step * k)).strftime("%Y%m%d") for k in range(count)]


def scene(day, platform="A", hour="05", orbit=None, polarization="DV"):
    """Name of a scene; all of one track."""
    cycle = (date(int(day[:4]), int(day[4:6]), int(day[6:])) - date(2020, 1, 3)).days * 175 / 12
    number = round(30633 + cycle) if orbit is None else orbit
    return f"S1{platform}_IW_SLC__1S{polarization}_{day}T{hour}1207_{day}T{hour}1234_{number:06d}_038293_AB01"


def burst(day, number="093117", swath="IW2", polarization="VV"):
    return f"S1_{number}_{swath}_{day}T051207_{polarization}_AB01-BURST"


def feature(name, bperp=None, box=(14.0, 40.0, 15.0, 41.0), level="SLC"):
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    told = {"sceneName": name, "processingLevel": level}
    told |= {} if bperp is None else {"perpendicularBaseline": bperp}
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": told}


def write_search(path, features):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


class Orders:
    """A server, a working directory, and processors for them."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.server = folder, Hyp3Server()
        monkeypatch.setenv("EARTHDATA_TOKEN", TOKEN)
        monkeypatch.setenv("HOME", str(folder / "nobody"))
        for name in ("EARTHDATA_USERNAME", "EARTHDATA_PASSWORD"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(accounts, "_BACK_OFF", 0.01)
        monkeypatch.setattr(ordering, "_SETTLE", 0.2)
        monkeypatch.setattr(ordering, "_PAUSES", (0.01, 0.02))

    def pairs(self, count):
        """Consecutive pairs of scenes."""
        found = days(count + 1)
        return [[scene(one), scene(two)] for one, two in zip(found, found[1:], strict=False)]

    def made(self, pairs=3, kind="Hyp3_S1", name=None, **settings):
        pairs = self.pairs(pairs) if isinstance(pairs, int) else pairs
        given = {"workdir": str(self.folder), "api_url": self.server.url, "pairs": pairs, **settings}
        return Processor.create(kind, name=name, **given)

    def paid(self):
        """Names of all jobs that were ever paid for."""
        return sorted(name for _, name in self.server.paid)
