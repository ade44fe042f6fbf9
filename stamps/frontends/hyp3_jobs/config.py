"""Settings of orders to HyP3.

Source: docs/method/jobs.md, section 7.1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from stamps.frontends.jobs.model import JobConfig

__all__ = ["API", "Hyp3Config", "Hyp3_Burst_Config", "Hyp3_S1_Config", "is_trusted"]

#: Where orders go unless another place is named.
API = "https://hyp3-api.asf.alaska.edu"

_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_MOST_IN_CHUNK = 200
_MOST_WORKERS = 32
_WORKERS = 4


@dataclass
class Hyp3Config(JobConfig):
    """What all orders to HyP3 have in common.

    Attributes
    ----------
    earthdata_credentials_pool : mapping or path-like, optional
        User name → password or token of the accounts that pay, in this order; or the file that holds them. Never written.
    credentials_url : str, optional
        Where credentials may go although only a job that somebody else may have made names it. Never written.
    api_url : str
        Where orders go.
    submission_chunk_size : int
        Pairs in one request, 1 to 200.
    pairs : sequence or path-like, optional
        Pairs: two names of granules each, two dates (with ``granules``), for bursts two lists of names; or a file of such
        lines.
    granules : sequence or path-like, optional
        Names of granules, or a file: one name a line, or a result of ``asf_search`` as GeoJSON.
    connections : int, optional
        Each image with that many that follow.
    max_days, max_perp : float, optional
        Longest temporal (days) and perpendicular (m) baseline of a pair.
    area : object, optional
        Four numbers, WKT or a vector file: what all images must cover.
    allow_incomplete : bool
        Order images, too, that do not cover the area.
    exclude_dates : sequence of str
        Dates (yyyymmdd) that are not used.
    name_prefix : str
        Beginning of the names of the jobs at HyP3.
    keep_zip : bool
        Keep the zip files of the products.
    """

    engine: str = "hyp3"
    earthdata_credentials_pool: Mapping[str, str] | str | os.PathLike[str] | None = field(default=None, repr=False)
    credentials_url: str | None = field(default=None, repr=False)
    api_url: str = API
    submission_chunk_size: int = _MOST_IN_CHUNK
    pairs: Any = None
    granules: Any = None
    connections: int | None = None
    max_days: float | None = None
    max_perp: float | None = None
    area: Any = None
    allow_incomplete: bool = False
    exclude_dates: Sequence[str] = ()
    name_prefix: str = "ifg"
    keep_zip: bool = False

    #: Settings that make another product.
    PRODUCT: ClassVar[tuple[str, ...]] = ()
    LOOKS: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in ("pairs", "granules", "area"):
            value = getattr(self, name)
            if isinstance(value, str | os.PathLike) and os.path.exists(value):
                setattr(self, name, os.path.abspath(value))
            elif isinstance(value, os.PathLike):
                setattr(self, name, os.fspath(value))

    @property
    def folder(self) -> Path:
        """The working directory, absolute."""
        return Path(os.path.abspath(self.workdir))

    @property
    def chunk(self) -> int:
        """Pairs in one request; as usual where a job from elsewhere says something that cannot be meant."""
        usable = _whole(self.submission_chunk_size, 1, _MOST_IN_CHUNK)
        return self.submission_chunk_size if usable else _MOST_IN_CHUNK

    @property
    def workers(self) -> int:
        """Questions or downloads at once."""
        wanted = self.max_workers
        return wanted if wanted is not None and _whole(wanted, 1, _MOST_WORKERS) else _WORKERS

    @property
    def product(self) -> dict[str, Any]:
        """Settings that make another product, by name."""
        return {name: getattr(self, name) for name in self.PRODUCT}

    def problems(self) -> list[str]:
        """What is wrong with the settings themselves, whole sentences."""
        return [*self._common_problems(), *self._product_problems()]

    def _common_problems(self) -> Iterator[str]:
        if self.engine != "hyp3":
            yield f"The engine is {self.engine}, but HyP3 computes on its own machines: leave it out."
        if wrong := _wrong_url(self.api_url):
            yield wrong
        if not _whole(self.submission_chunk_size, 1, _MOST_IN_CHUNK):
            yield f"submission_chunk_size is {self.submission_chunk_size}, but 1 to {_MOST_IN_CHUNK} was expected."
        if self.max_workers is not None and not _whole(self.max_workers, 1, _MOST_WORKERS):
            yield f"max_workers is {self.max_workers}, but 1 to {_MOST_WORKERS} was expected."
        if not isinstance(self.name_prefix, str) or not _PREFIX.fullmatch(self.name_prefix):
            yield f"name_prefix is {str(self.name_prefix)[:90]!r}: letters, digits, '_', '-' and '.' are expected, 80 at most."
        if isinstance(self.exclude_dates, str) or not all(
            re.fullmatch(r"\d{8}", str(date)) for date in self.exclude_dates
        ):
            yield f"exclude_dates is {self.exclude_dates!r}, but a list of dates yyyymmdd was expected."

    def _product_problems(self) -> Iterator[str]:
        if self.product.get("looks") not in self.LOOKS:
            yield f"looks is {self.product.get('looks')!r}, but {' or '.join(self.LOOKS)} was expected."
        for name in self.PRODUCT:
            default = type(self).__dataclass_fields__[name].default
            if isinstance(default, bool) and not isinstance(getattr(self, name), bool):
                yield f"{name} is {getattr(self, name)!r}, but true or false was expected."


@dataclass
class Hyp3_S1_Config(Hyp3Config):  # noqa: N801 - the name that users of InSARHub know
    """Interferograms of whole scenes (``INSAR_GAMMA``); defaults as a project needs them.

    Attributes
    ----------
    looks : str
        ``'20x4'`` (pixels of 80 m) or ``'10x2'`` (40 m).
    phase_filter_parameter : float
        0 (no filter) to 1.
    include_look_vectors, include_los_displacement, include_inc_map, include_dem, include_wrapped_phase, \
include_displacement_maps, apply_water_mask : bool
        What the product holds.
    """

    looks: str = "20x4"
    include_look_vectors: bool = True
    include_los_displacement: bool = False
    include_inc_map: bool = True
    include_dem: bool = True
    include_wrapped_phase: bool = False
    apply_water_mask: bool = True
    include_displacement_maps: bool = True
    phase_filter_parameter: float = 0.6

    PRODUCT: ClassVar[tuple[str, ...]] = (
        "looks", "include_look_vectors", "include_los_displacement", "include_inc_map", "include_dem",
        "include_wrapped_phase", "apply_water_mask", "include_displacement_maps", "phase_filter_parameter",
    )  # fmt: skip
    LOOKS: ClassVar[tuple[str, ...]] = ("20x4", "10x2")

    def _product_problems(self) -> Iterator[str]:
        yield from super()._product_problems()
        value = self.phase_filter_parameter
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            yield f"phase_filter_parameter is {value!r}, but a number from 0 to 1 was expected."


@dataclass
class Hyp3_Burst_Config(Hyp3Config):  # noqa: N801 - as above
    """Interferograms of bursts (``INSAR_ISCE_MULTI_BURST``).

    Attributes
    ----------
    looks : str
        ``'20x4'``, ``'10x2'`` or ``'5x1'``.
    apply_water_mask : bool
    single_burst : bool
        Order ``INSAR_ISCE_BURST``, one burst each.
    """

    looks: str = "20x4"
    apply_water_mask: bool = True
    single_burst: bool = False

    PRODUCT: ClassVar[tuple[str, ...]] = ("looks", "apply_water_mask", "single_burst")
    LOOKS: ClassVar[tuple[str, ...]] = ("20x4", "10x2", "5x1")


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _wrong_url(url: object) -> str:
    """What is wrong with an address; empty if nothing is."""
    try:
        parts = urlsplit(str(url))
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"The address {str(url)[:100]!r} of the service cannot be understood."
    if parts.scheme not in ("http", "https") or not host:
        return f"The address {str(url)[:100]!r} of the service is none: it begins with https://."
    if parts.username or parts.password:
        return "The address of the service holds a name or password: give these as credentials, not there."
    if parts.scheme == "http" and host not in _LOCAL:
        return f"The address {url} is not encrypted, and credentials would be readable on the way: write https://."
    return ""


def is_trusted(url: str) -> bool:
    """Whether credentials may go to an address that only a file names: one of ASF, or this machine."""
    if not isinstance(url, str) or _wrong_url(url):
        return False
    host = urlsplit(url).hostname or ""
    return host in _LOCAL or host.endswith(".asf.alaska.edu")
