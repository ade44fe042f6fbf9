"""Texts of the skeletons of Sentinel-1 products: manifests, annotations, files of precise orbits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stamps.insar.constants import SPEED_OF_LIGHT, WGS84_FIRST_ECCENTRICITY_SQUARED
from stamps.insar.orbits import locate
from stamps.simulation.circular_orbits import CircularOrbit
from stamps.simulation.geometry import Geometry
from stamps.simulation.plan import StackPlan
from stamps.simulation.safe_layout import BURST_CYCLE, LINE_TIME, LINES_PER_BURST, ProductLayout, Take

__all__ = ["annotation_text", "instant", "manifest_text", "orbit_file_text"]

_COLUMNS, _SAMPLES = 5, 24000
_VECTORS_EVERY, _VECTORS_BEYOND = 10, 65  # s
#: Incidence angles of the edges of each subswath, less that of the scene's centre in the middle one, degrees.
_INCIDENCES = {"IW1": (-8.6, -2.6), "IW2": (-2.9, 2.9), "IW3": (2.6, 7.2)}
_STRIPMAP_INCIDENCES = (-3.0, 3.0)


def instant(time: dt.datetime) -> str:
    """A time as products write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f")


def _later(take: Take, seconds: float) -> dt.datetime:
    return take.passage + dt.timedelta(seconds=round(seconds, 6))


# ---------------------------------------------------------------------- the manifest


def manifest_text(
    take: Take,
    layout: ProductLayout,
    piece: int,
    *,
    polarisations: Sequence[str],
    processed: dt.datetime,
    footprint: npt.NDArray[np.float64],
) -> str:
    """Text of ``manifest.safe``: only what describes the product.

    Parameters
    ----------
    take : Take
    layout : ProductLayout
    piece : int
        Number of the slice, from 0.
    polarisations : sequence of str
    processed : datetime
        End of the processing.
    footprint : ndarray, shape (n, 2)
        Longitudes and latitudes of the corners.
    """
    start, stop = (instant(_later(take, seconds)) for seconds in layout.ends(piece))
    mode = "SM" if layout.stripmap else "IW"
    version = "003.40" if layout.burst_ids else "003.20"
    objects = {
        "processing": f'<safe:processing name="SLC Processing" start="{instant(processed - dt.timedelta(minutes=9))}" '
        f'stop="{instant(processed)}"><safe:facility name="Simulator"><safe:software name="Sentinel-1 IPF" '
        f'version="{version}"/></safe:facility></safe:processing>',
        "platform": "<safe:platform><safe:familyName>SENTINEL-1</safe:familyName>"
        f"<safe:number>{take.platform[2]}</safe:number><safe:instrument><safe:extension><s1sarl1:instrumentMode>"
        f"<s1sarl1:mode>{mode}</s1sarl1:mode>{_repeated('swath', layout.swaths)}"
        "</s1sarl1:instrumentMode></safe:extension></safe:instrument></safe:platform>",
        "measurementOrbitReference": _orbit_reference(take, layout, piece),
        "generalProductInformation": "<s1sarl1:standAloneProductInformation>"
        f"<s1sarl1:missionDataTakeID>{take.data_take}</s1sarl1:missionDataTakeID>"
        f"{_repeated('transmitterReceiverPolarisation', polarisations)}"
        "<s1sarl1:productComposition>Slice</s1sarl1:productComposition><s1sarl1:productType>SLC</s1sarl1:productType>"
        f"<s1sarl1:sliceProductFlag>true</s1sarl1:sliceProductFlag><s1sarl1:sliceNumber>{piece + 3}</s1sarl1:sliceNumber>"
        f"<s1sarl1:totalSlices>{layout.slices + 5}</s1sarl1:totalSlices></s1sarl1:standAloneProductInformation>",
        "acquisitionPeriod": f"<safe:acquisitionPeriod><safe:startTime>{start}</safe:startTime>"
        f"<safe:stopTime>{stop}</safe:stopTime></safe:acquisitionPeriod>",
        "measurementFrameSet": "<safe:frameSet><safe:frame><safe:footPrint "
        'srsName="http://www.opengis.net/gml/srs/epsg.xml#4326"><gml:coordinates>'
        f"{' '.join(f'{lat:.6f},{lon:.6f}' for lon, lat in footprint)}"
        "</gml:coordinates></safe:footPrint></safe:frame></safe:frameSet>",
    }
    body = "".join(
        f'    <metadataObject ID="{name}"><metadataWrap><xmlData>{text}</xmlData></metadataWrap></metadataObject>\n'
        for name, text in objects.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" '
        'xmlns:safe="http://www.esa.int/safe/sentinel-1.0" xmlns:s1="http://www.esa.int/safe/sentinel-1.0/sentinel-1" '
        'xmlns:s1sarl1="http://www.esa.int/safe/sentinel-1.0/sentinel-1/sar/level-1" '
        'xmlns:gml="http://www.opengis.net/gml" version="esa/safe/sentinel-1.0/sentinel-1/sar/level-1/slc/standard/iwdp">\n'
        f"  <metadataSection>\n{body}  </metadataSection>\n</xfdu:XFDU>\n"
    )


def _repeated(name: str, values: Sequence[str]) -> str:
    return "".join(f"<s1sarl1:{name}>{value}</s1sarl1:{name}>" for value in values)


def _orbit_reference(take: Take, layout: ProductLayout, piece: int) -> str:
    start, stop = (take.orbits(layout, offset) for offset in layout.ends(piece))
    numbers = "".join(
        f'<safe:{name} type="{end}">{values[k]}</safe:{name}>'
        for k, name in enumerate(("orbitNumber", "relativeOrbitNumber"))
        for end, values in (("start", start), ("stop", stop))
    )
    return (
        f"<safe:orbitReference>{numbers}<safe:cycleNumber>1</safe:cycleNumber><safe:extension><s1:orbitProperties>"
        f"<s1:pass>{'ASCENDING' if take.ascending else 'DESCENDING'}</s1:pass></s1:orbitProperties></safe:extension>"
        "</safe:orbitReference>"
    )


# ---------------------------------------------------------------------- an annotation


def annotation_text(
    plan: StackPlan, take: Take, layout: ProductLayout, piece: int, *, swath: str, polarisation: str
) -> tuple[str, npt.NDArray[np.float64]]:
    """Text of an annotation file and the corners of its image as longitudes and latitudes, shape (4, 2)."""
    bursts = [
        burst
        for burst in range(piece * layout.bursts, (piece + 1) * layout.bursts)
        if burst not in layout.missing_bursts.get(take.date, ())
    ]
    grid = _Grid(plan, take, layout, swath, bursts, piece)
    start, stop = layout.ends(piece)
    first = instant(_later(take, grid.times[0]))
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<product>\n'
        f"<adsHeader><missionId>{take.platform}</missionId><productType>SLC</productType><polarisation>{polarisation}"
        f"</polarisation><mode>{'SM' if layout.stripmap else 'IW'}</mode><swath>{swath}</swath><startTime>{first}"
        f"</startTime><stopTime>{instant(_later(take, grid.times[-1]))}</stopTime><absoluteOrbitNumber>"
        f"{take.orbits(layout, start)[0]}</absoluteOrbitNumber>"
        f"<missionDataTakeId>{take.data_take}</missionDataTakeId></adsHeader>\n"
        f"<generalAnnotation><productInformation><pass>{'Ascending' if take.ascending else 'Descending'}</pass>"
        f"<radarFrequency>{Geometry.frequency:.15e}</radarFrequency></productInformation>"
        f"{_orbit_list(take, start, stop)}</generalAnnotation>\n"
        f"<imageAnnotation><imageInformation><productFirstLineUtcTime>{first}</productFirstLineUtcTime>"
        f"<slantRangeTime>{2 * grid.ranges[0] / SPEED_OF_LIGHT:.15e}</slantRangeTime><azimuthTimeInterval>{LINE_TIME:.15e}"
        "</azimuthTimeInterval></imageInformation></imageAnnotation>\n"
        f"{_burst_list(take, layout, swath, bursts)}{grid.text()}</product>\n"
    )
    return text, grid.corners()


def _vector(name: str, values: npt.NDArray[np.float64]) -> str:
    x, y, z = values
    return f"<{name}><x>{x:.6f}</x><y>{y:.6f}</y><z>{z:.6f}</z></{name}>"


def _vector_times(take: Take, start: float, stop: float) -> list[dt.datetime]:
    """Whole tens of seconds from before the start to after the stop."""
    first = _later(take, start - _VECTORS_BEYOND).replace(microsecond=0)
    first -= dt.timedelta(seconds=first.second % _VECTORS_EVERY)
    count = int((stop - start + 2 * _VECTORS_BEYOND) / _VECTORS_EVERY) + 2
    return [first + dt.timedelta(seconds=_VECTORS_EVERY * k) for k in range(count)]


def _states(take: Take, times: list[dt.datetime]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    position, velocity, _ = take.orbit.state([(time - take.passage).total_seconds() for time in times])
    return position, velocity


def _orbit_list(take: Take, start: float, stop: float) -> str:
    times = _vector_times(take, start, stop)
    rows = "".join(
        f"<orbit><time>{instant(time)}</time><frame>Earth Fixed</frame>{_vector('position', position)}"
        f"{_vector('velocity', velocity)}</orbit>\n"
        for time, position, velocity in zip(times, *_states(take, times), strict=True)
    )
    return f'<orbitList count="{len(times)}">\n{rows}</orbitList>'


def _burst_list(take: Take, layout: ProductLayout, swath: str, bursts: list[int]) -> str:
    if layout.stripmap:
        return '<swathTiming><linesPerBurst>0</linesPerBurst><burstList count="0"/></swathTiming>\n'
    rows = []
    for burst in bursts:
        time = instant(_later(take, layout.offset(swath, burst)))
        number = take.burst_id(layout, burst)
        ident = (
            f'<burstId absolute="{take.absolute_orbit * 2100 + burst}">{number}</burstId>' if layout.burst_ids else ""
        )
        rows.append(
            f"<burst><azimuthTime>{time}</azimuthTime><azimuthAnxTime>{take.since_node(layout, swath, burst):.9e}"
            f"</azimuthAnxTime><sensingTime>{time}</sensingTime>{ident}</burst>\n"
        )
    return (
        f"<swathTiming><linesPerBurst>{LINES_PER_BURST}</linesPerBurst><samplesPerBurst>{_SAMPLES}</samplesPerBurst>"
        f'<burstList count="{len(bursts)}">\n{"".join(rows)}</burstList></swathTiming>\n'
    )


class _Grid:
    """Geolocation grid of an image: the first lines of its bursts and the last line."""

    def __init__(
        self, plan: StackPlan, take: Take, layout: ProductLayout, swath: str, bursts: list[int], piece: int
    ) -> None:
        geometry, centre = plan.geometry, np.degrees(plan.geometry.incidence[plan.settings.samples // 2])
        low, high = _STRIPMAP_INCIDENCES if layout.stripmap else _edges(layout, swath)
        near, far = (_slant_range(geometry, np.radians(centre + edge)) for edge in (low, high))
        self.ranges = np.linspace(near, far, _COLUMNS)
        self.samples = np.linspace(0, _SAMPLES - 1, _COLUMNS).round().astype(int)
        if layout.stripmap:
            start, stop = layout.ends(piece)
            self.times = np.linspace(start, stop, 4)
            self.lines = np.round((self.times - self.times[0]) / LINE_TIME).astype(int)
        else:
            starts = [layout.offset(swath, burst) for burst in bursts]
            self.times = np.array([*starts, starts[-1] + BURST_CYCLE])
            self.lines = LINES_PER_BURST * np.arange(len(self.times))
            self.lines[-1] -= 1
        self.take, self.orbit = take, take.orbit
        self.lonlat, self.incidence = _located(self.orbit, *np.meshgrid(self.times, self.ranges, indexing="ij"))

    def corners(self) -> npt.NDArray[np.float64]:
        """Longitudes and latitudes of the corners, shape (4, 2)."""
        return self.lonlat[[0, 0, -1, -1], [0, -1, -1, 0]]

    def text(self) -> str:
        """The grid as the annotation holds it."""
        rows = []
        for i, (time, line) in enumerate(zip(self.times, self.lines, strict=True)):
            for k, (slant, sample) in enumerate(zip(self.ranges, self.samples, strict=True)):
                lon, lat = self.lonlat[i, k]
                rows.append(
                    f"<geolocationGridPoint><azimuthTime>{instant(_later(self.take, float(time)))}</azimuthTime>"
                    f"<slantRangeTime>{2 * slant / SPEED_OF_LIGHT:.12e}</slantRangeTime><line>{line}</line><pixel>{sample}"
                    f"</pixel><latitude>{lat:.9f}</latitude><longitude>{lon:.9f}</longitude><height>0.0</height>"
                    f"<incidenceAngle>{self.incidence[i, k]:.6f}</incidenceAngle></geolocationGridPoint>\n"
                )
        return (
            f'<geolocationGrid><geolocationGridPointList count="{len(rows)}">\n{"".join(rows)}'
            "</geolocationGridPointList></geolocationGrid>\n"
        )


def _edges(layout: ProductLayout, swath: str) -> tuple[float, float]:
    """Incidence angles of a subswath less that of the scene's centre, which lies in the middle of the middle one; degrees."""
    shift = sum(_INCIDENCES[layout.middle_swath]) / 2
    low, high = _INCIDENCES[swath]
    return low - shift, high - shift


def _slant_range(geometry: Geometry, incidence: float) -> float:
    earth, orbit = geometry.earth_radius, geometry.sar_radius
    return float(-earth * np.cos(incidence) + np.sqrt(orbit**2 - (earth * np.sin(incidence)) ** 2))


def _located(
    orbit: CircularOrbit, times: npt.NDArray[np.float64], ranges: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitudes and latitudes, shape (n, m, 2), and incidence angles, (n, m), in degrees."""
    point = locate(orbit, times.ravel(), ranges.ravel(), 0.0)
    x, y, z = point.T
    lat = np.arctan2(z, np.hypot(x, y) * (1 - WGS84_FIRST_ECCENTRICITY_SQUARED))  # exact on the ellipsoid
    lon = np.arctan2(y, x)
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    ray = orbit.state(times.ravel())[0] - point
    cosine = np.sum(up * ray, axis=1) / np.linalg.norm(ray, axis=1)
    degrees = np.degrees(np.stack([lon, lat], axis=1))
    return degrees.reshape(*times.shape, 2), np.degrees(np.arccos(cosine)).reshape(times.shape)


# ---------------------------------------------------------------------- a file of orbits


def orbit_file_text(take: Take, *, kind: str, first: dt.datetime, last: dt.datetime, beyond: float) -> str:
    """Text of an EOF file: state vectors every 10 s around the passage.

    Parameters
    ----------
    take : Take
    kind : str
        ``POEORB`` or ``RESORB``.
    first, last : datetime
        The validity that it states.
    beyond : float
        Seconds before and after the passage that have state vectors.
    """
    times = _vector_times(take, -beyond, beyond)
    rows = []
    for time, position, velocity in zip(times, *_states(take, times), strict=True):
        values = "".join(
            f'<{name} unit="{unit}">{value:.6f}</{name}>'
            for name, unit, value in (
                *zip("XYZ", ("m",) * 3, position, strict=True),
                *zip(("VX", "VY", "VZ"), ("m/s",) * 3, velocity, strict=True),
            )
        )
        rows.append(
            f"<OSV><UTC>UTC={instant(time)}</UTC><Absolute_Orbit>+{take.absolute_orbit}</Absolute_Orbit>{values}"
            "<Quality>NOMINAL</Quality></OSV>\n"
        )
    return (
        '<?xml version="1.0" ?>\n<Earth_Explorer_File xmlns="http://eop-cfi.esa.int/CFI"><Earth_Explorer_Header>'
        f"<Fixed_Header><File_Type>AUX_{kind}</File_Type><Validity_Period><Validity_Start>UTC={instant(first)[:19]}"
        f"</Validity_Start><Validity_Stop>UTC={instant(last)[:19]}</Validity_Stop></Validity_Period></Fixed_Header>"
        f'</Earth_Explorer_Header>\n<Data_Block type="xml"><List_of_OSVs count="{len(times)}">\n{"".join(rows)}'
        "</List_of_OSVs></Data_Block></Earth_Explorer_File>\n"
    )
