"""What web clients may ask for: inputs checked by name, type and place before anything is done with them.

Products are names below one folder; no path leads out of it, by no ``..``, link or trick. Addresses are never fetched.

Source: docs/method/service.md, section 4.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from collections.abc import Mapping, Sequence
from importlib import util
from pathlib import Path, PurePosixPath
from typing import Any

from stamps.errors import InputError
from stamps.service.psi_config import PsiSettings
from stamps.service.service_file import NAMES, ServeSettings, psi_settings
from stamps.service.stack_kinds import STACK_KINDS
from stamps.service.typed_settings import checked, shown

__all__ = ["OUTPUTS", "RequestError", "StackRequest", "below", "psi_request", "stack_request", "unwrapped"]

#: Output of the process psi → the product that makes it.
OUTPUTS = {
    "velocity": "ps_output",
    "data": "ps_output",
    "series": "series",
    "csv": "csv",
    "geojson": "geojson",
    "report": "report",
}
#: What is made without being asked for only where this is installed.
_NEEDS = {"geojson": ("pyogrio",), "report": ("jinja2", "matplotlib", "PIL")}

_STACK = {"tag": str, "frontend": str, "products": list[str], "source": str, "aoi": Any, "subswaths": list[str],
          "polarisation": str, "master": str}  # fmt: skip
_PSI = {"stack": str, "parameters": dict[str, Any], "steps": str, "resolution": float, "reference": list[float]}
_MOST_PRODUCTS = 5000


class RequestError(InputError):
    """A request that cannot be done.

    Parameters
    ----------
    message : str
        The sentence.
    status : int
        Of HTTP.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class StackRequest:
    """An order for a stack.

    Attributes
    ----------
    tag : str
        Name of the stack.
    frontend : str
    products : list of str
        Absolute paths.
    settings : dict
        Of the front end.
    """

    def __init__(self, tag: str, frontend: str, products: list[str], settings: dict[str, Any]) -> None:
        self.tag, self.frontend, self.products, self.settings = tag, frontend, products, settings


def unwrapped(inputs: object) -> dict[str, Any]:
    """Inputs without the ``{"value": …}`` that the protocol allows around each.

    Raises
    ------
    RequestError
        They are no set of names, or one is given by its address.
    """
    if not isinstance(inputs, dict):
        raise RequestError(f"inputs is {shown(inputs)}, but names and values were expected.")
    found = {}
    for name, value in inputs.items():
        if isinstance(value, dict) and "href" in value:
            raise RequestError(
                f"The input {str(name)[:80]} is an address, which is not fetched: give the value itself."
            )
        is_value = (
            isinstance(value, dict) and "value" in value and set(value) <= {"value", "mediaType", "encoding", "schema"}
        )
        found[str(name)] = value["value"] if is_value else value
    return found


def _refuse(problems: Sequence[str]) -> None:
    if len(problems) == 1:
        raise RequestError(problems[0])
    if problems:
        raise RequestError(f"{len(problems)} things stand against the request: " + " ".join(problems))


# ---------------------------------------------------------------------- places


def below(root: Path, name: str) -> Path:
    """A file or folder below a folder.

    Parameters
    ----------
    root : Path
    name : str
        Relative; ``.`` is the folder itself.

    Raises
    ------
    RequestError
        The name leads elsewhere, is none, or nothing is there.
    """
    pure = PurePosixPath(name)
    strange = "\0" in name or "\\" in name or "%" in name or not name.isprintable() or len(name) > 1000
    if not name or strange or pure.is_absolute() or ".." in pure.parts or name.startswith("~"):
        raise RequestError(
            f"{name[:200]!r} is no name of a product: give one below the folder of the service's products."
        )
    top, place = os.path.realpath(root), os.path.realpath(os.path.join(root, name))
    if place != top and not place.startswith(top.rstrip(os.sep) + os.sep):
        raise RequestError(f"{name[:200]!r} leads out of the folder of the service's products.")
    if not os.path.exists(place):
        raise RequestError(f"There is no product {name[:200]!r}.", 404)
    _refuse_links_out(top, place, name)
    return Path(place)


def _refuse_links_out(top: str, place: str, name: str) -> None:
    """Refuse links in a folder that lead out of all, and what is neither file nor folder."""
    inside = top.rstrip(os.sep) + os.sep
    paths = [place]
    for folder, folders, files in os.walk(place):
        paths += [os.path.join(folder, one) for one in (*folders, *files)]
    for path in paths:
        real = os.path.realpath(path)
        mode = os.stat(real).st_mode if os.path.exists(real) else 0
        if (real != top and not real.startswith(inside)) or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise RequestError(
                f"{name[:200]!r} holds a link that leads out of the folder of products, or no plain file."
            )


# ---------------------------------------------------------------------- stack


def stack_request(inputs: Mapping[str, Any], serve: ServeSettings) -> StackRequest:
    """The order for a stack that inputs make.

    Raises
    ------
    RequestError
        They cannot be; all that is wrong is told.
    """
    problems: list[str] = []
    given = checked(dict(inputs), _STACK, "inputs", problems)
    tag = given.get("tag") or f"stack-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"
    if not NAMES.fullmatch(tag):
        problems.append(f"tag is {tag[:80]!r}, but letters, digits, '_' and '-' were expected, at most 64.")
    frontend = given.get("frontend") or next(iter(serve.frontends))
    if frontend not in serve.frontends:
        problems.append(f"frontend is '{frontend[:80]}', but one of {', '.join(serve.frontends)} was expected.")
    settings = {**serve.frontends.get(frontend, {}), **_choices(frontend, given, problems)}
    products = _products(given, serve, problems)
    _refuse(problems)
    return StackRequest(tag, frontend, products, settings)


def _products(given: Mapping[str, Any], serve: ServeSettings, problems: list[str]) -> list[str]:
    if serve.products is None:
        problems.append("This service has no folder of products (products in [serve]): no stack can be ordered.")
        return []
    names = given.get("products") or ([given["source"]] if given.get("source") else [])
    if bool(given.get("products")) == bool(given.get("source")) or len(names) > _MOST_PRODUCTS:
        problems.append(
            f"Give either products, at most {_MOST_PRODUCTS} names, or source, the name of a folder of them."
        )
        return []
    found = []
    for name in names:
        try:
            found.append(os.fspath(below(serve.products, name)))
        except RequestError as error:
            problems.append(str(error))
    return found


def _choices(frontend: str, given: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """Settings of the front end from area, subswaths, polarisation and master."""
    area = _area(given["aoi"], problems) if "aoi" in given else None
    swaths, isce = given.get("subswaths"), frontend == "isce"
    if swaths is not None and (frontend == "stripmap" or not swaths or not {*swaths} <= {"IW1", "IW2", "IW3"}):
        problems.append("subswaths must be of IW1, IW2 and IW3, and stripmap images have none.")
        swaths = None
    polarisation = given.get("polarisation")
    if polarisation is not None and polarisation not in ("VV", "HH", "VH", "HV"):
        problems.append(f"polarisation is '{polarisation[:20]}', but VV, HH, VH or HV was expected.")
    master = given.get("master")
    words = () if isce else ("auto", "first", "last", "middle")
    if master is not None and master not in words and not re.fullmatch(r"(?:19|20)[0-9]{6}", master):
        problems.append(
            f"master is '{master[:20]}', but a date (yyyymmdd){' or ' * bool(words)}{', '.join(words)} was expected."
        )
    if isce:
        box = [area[1], area[3], area[0], area[2]] if area else None
        numbers = " ".join(swath[2:] for swath in swaths) if swaths else None
        low = polarisation.lower() if polarisation else None
        found = {"bbox": box, "swaths": numbers, "polarization": low, "reference_date": master}
    else:
        found = {"aoi": area, "swaths": swaths, "polarisation": polarisation, "master": master}
    return (
        {name: value for name, value in found.items() if value is not None and name in STACK_KINDS[frontend].known}
        if (frontend in STACK_KINDS)
        else {}
    )


def _area(value: object, problems: list[str]) -> list[float] | None:
    """West, south, east, north of a list or of the protocol's box."""
    box = value.get("bbox") if isinstance(value, dict) and set(value) <= {"bbox", "crs"} else value
    crs = value.get("crs", "") if isinstance(value, dict) else ""
    numbers = [*box] if isinstance(box, list) else []
    fine = len(numbers) == 4 and all(isinstance(one, int | float) and not isinstance(one, bool) for one in numbers)
    known = crs in ("", "http://www.opengis.net/def/crs/OGC/1.3/CRS84")
    if fine and known and -180 <= numbers[0] < numbers[2] <= 180 and -90 <= numbers[1] < numbers[3] <= 90:
        return [float(one) for one in numbers]
    problems.append(f"aoi is {shown(value)}, but west, south, east and north in degrees were expected (CRS84).")
    return None


# ---------------------------------------------------------------------- psi


def psi_request(inputs: Mapping[str, Any], outputs: object, serve: ServeSettings) -> tuple[str, PsiSettings]:
    """The stack and the settings of a time series that inputs make.

    Parameters
    ----------
    inputs : mapping
    outputs : object
        Names of the outputs that are wanted, as the protocol has them; None for all that can be made here.
    serve : ServeSettings

    Raises
    ------
    RequestError
        They cannot be; all that is wrong is told.
    """
    problems: list[str] = []
    given = checked(dict(inputs), _PSI, "inputs", problems)
    stack = given.pop("stack", "")
    if not NAMES.fullmatch(stack):
        problems.append("stack must be the identifier of a stack: the output of the process stack.")
    given["parameters"] = {**serve.psi.parameters, **given.get("parameters", {})}
    given["products"] = _kinds(outputs, problems)
    settings = psi_settings(given, "inputs", problems, serve.psi) if not problems else serve.psi
    _refuse([problem.removeprefix("inputs: ") for problem in problems])
    return stack, settings


def _kinds(outputs: object, problems: list[str]) -> list[str]:
    """Products that make the outputs."""
    wanted = [*OUTPUTS] if not outputs else [*outputs] if isinstance(outputs, dict | list) else None
    if wanted is None or not all(isinstance(name, str) and name in OUTPUTS for name in wanted):
        problems.append(f"outputs is {shown(outputs)}, but some of {', '.join(OUTPUTS)} were expected.")
        return []
    found = []
    for name in wanted:
        lacking = [module for module in _NEEDS.get(name, ()) if util.find_spec(module) is None]
        if lacking and outputs:
            problems.append(f"The output {name} cannot be made here: {lacking[0]} is not installed.")
        elif not lacking:
            found.append(OUTPUTS[name])
    return list(dict.fromkeys(found))
