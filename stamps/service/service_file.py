"""The file of a service: stacks that are watched, and what the web processes may use; checked as a whole.

Source: docs/method/service.md, section 1.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import ParameterError, StampsError
from stamps.service.psi_config import PsiSettings, settings_problems
from stamps.service.stack_kinds import STACK_KINDS
from stamps.service.typed_settings import checked, shown, typed
from stamps.workspace.settings_files import SettingsFile

if TYPE_CHECKING:
    from stamps._typing import StrPath

__all__ = ["NAMES", "ServeSettings", "Service", "WatchedStack", "read_service"]

#: What a stack can be called: a part of the names of jobs, and of addresses.
NAMES = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")

#: Settings that name a file or folder: relative to the file of the service.
_PLACES = ("orbit_dir", "gpt", "snap_folder", "snap_home", "aux_dir", "dem_path", "isce_home", "mask")


@dataclass(frozen=True)
class Trigger:
    """When a time series is made.

    Attributes
    ----------
    min_images : int
        Fewest images of a stack.
    new_images : int
        Fewest images that the last time series has not.
    min_days : float
        Fewest days since the last time series was begun.
    """

    min_images: int = 20
    new_images: int = 1
    min_days: float = 0.0


@dataclass(frozen=True)
class WatchedStack:
    """A stack that is watched.

    Attributes
    ----------
    name : str
        Of its folder, and GEP's tag.
    frontend : str
        One of :data:`stamps.service.stack_kinds.STACK_KINDS`.
    source : Path
        Folder that grows.
    workdir : Path
        Where everything of it is.
    settings : mapping
        Of the front end.
    trigger : Trigger
    psi : PsiSettings
    """

    name: str
    frontend: str
    source: Path
    workdir: Path
    settings: Mapping[str, Any]
    trigger: Trigger
    psi: PsiSettings


@dataclass(frozen=True)
class ServeSettings:
    """What the web processes may use.

    Attributes
    ----------
    host, port : str, int
    url : str
        Address under which clients see the service (a proxy's); empty: that of host and port.
    title : str
    products : Path, optional
        Folder below which all products of requests lie; without it no stacks can be ordered.
    most_jobs : int
        Jobs at work at once; more are refused.
    most_kilobytes : int
        Size of a request, KiB.
    frontends : mapping
        Front end → settings that its stacks have; requests can name no others.
    psi : PsiSettings
        Where requests say nothing.
    """

    host: str = "127.0.0.1"
    port: int = 5000
    url: str = ""
    title: str = "Stacks and time series"
    products: Path | None = None
    most_jobs: int = 8
    most_kilobytes: int = 1024
    frontends: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"snap": {}})
    psi: PsiSettings = PsiSettings()


@dataclass(frozen=True)
class Service:
    """The whole file.

    Attributes
    ----------
    path : Path
    root : Path
        Folder of the stacks.
    interval, settle : float
        Seconds between two passes, and for which a product must not have changed.
    retries : int
        How often a failed job is tried again.
    stacks : tuple of WatchedStack
    serve : ServeSettings
    """

    path: Path
    root: Path
    interval: float = 600.0
    settle: float = 600.0
    retries: int = 1
    stacks: tuple[WatchedStack, ...] = ()
    serve: ServeSettings = ServeSettings()


_TOP = {
    "root": str,
    "interval": float,
    "settle": float,
    "retries": int,
    "stack": list[dict[str, Any]],
    "serve": dict[str, Any],
}
_STACK = {"name": str, "frontend": str, "source": str, "settings": dict[str, Any], "trigger": dict[str, Any],
          "psi": dict[str, Any]}  # fmt: skip
_SERVE = {"host": str, "port": int, "url": str, "title": str, "products": str, "most_jobs": int, "most_kilobytes": int,
          "psi": dict[str, Any], **dict.fromkeys(STACK_KINDS, dict[str, Any])}  # fmt: skip


def read_service(path: StrPath) -> Service:
    """Read and check the file of a service.

    Raises
    ------
    ParameterError
        It is missing, no TOML, or something in it cannot be; all that is wrong is told at once.
    """
    place = Path(os.path.abspath(path))
    table = SettingsFile(place, False).read()
    problems: list[str] = []
    top = checked(
        _without_tables(table), {k: v for k, v in _TOP.items() if k not in ("stack", "serve")}, "The file", problems
    )
    root = _folder(place, top.get("root", "."))
    service = Service(
        place,
        root,
        _number(top, "interval", 600.0, 1.0, problems),
        _number(top, "settle", 600.0, 0.0, problems),
        int(_number(top, "retries", 1, 0, problems)),
    )
    stacks = _stacks(table.get("stack", []), service, problems)
    serve = _serve(table["serve"], place, problems) if "serve" in table else ServeSettings()
    if root.exists() and not root.is_dir():
        problems.append(f"root is {root}, which is no folder.")
    _refuse(place, problems)
    return replace(service, stacks=tuple(stacks), serve=serve)


def _without_tables(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in ("stack", "serve")}


def _refuse(path: Path, problems: list[str]) -> None:
    if len(problems) == 1:
        raise ParameterError(f"{path}: {problems[0]}")
    if problems:
        listed = "".join(f"\n  - {problem}" for problem in problems)
        raise ParameterError(f"{path} cannot be used, {len(problems)} things stand against it:{listed}")


def _folder(path: Path, given: str) -> Path:
    """A path of the file: relative ones begin at its folder."""
    return Path(os.path.abspath(path.parent / os.path.expanduser(given)))


def _number(table: Mapping[str, Any], name: str, default: float, least: float, problems: list[str]) -> float:
    value = float(table.get(name, default))
    if not least <= value <= 1e9:
        problems.append(f"{name} is {value:g}, but a number from {least:g} on was expected.")
    return value


# ---------------------------------------------------------------------- stacks


def _stacks(tables: object, service: Service, problems: list[str]) -> list[WatchedStack]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"stack is {shown(tables)}, but tables [[stack]] were expected.")
        return []
    found = [_stack(table, number, service, problems) for number, table in enumerate(tables, 1)]
    counts = Counter(stack.name.lower() for stack in found if stack.name)
    problems += [f"There are {count} stacks of the name {name}." for name, count in counts.items() if count > 1]
    return found


def _stack(table: dict[str, Any], number: int, service: Service, problems: list[str]) -> WatchedStack:
    name = table.get("name")
    where = f"the stack {name[:64]}" if isinstance(name, str) else f"stack {number}"
    given = checked(table, _STACK, where, problems)
    for key in ("name", "frontend", "source"):
        if key not in table:
            problems.append(f"{where} has no {key}.")
    name = given.get("name", "")
    if name and not NAMES.fullmatch(name):
        problems.append(f"{name[:80]!r} cannot be the name of a stack (letters, digits, '_' and '-', at most 64).")
    frontend = given.get("frontend", "")
    source = _folder(service.path, given.get("source", "."))
    settings = _settings(frontend, given.get("settings", {}), where, service.path, problems)
    trigger = _trigger(given.get("trigger", {}), where, problems)
    psi = psi_settings(given.get("psi", {}), f"psi of {where}", problems)
    return WatchedStack(name, frontend, source, service.root / (name or "unnamed"), settings, trigger, psi)


def _settings(frontend: str, table: object, where: str, path: Path, problems: list[str]) -> dict[str, Any]:
    """Settings of a front end, with its own checks of what they are."""
    if frontend not in STACK_KINDS:
        if frontend:
            problems.append(
                f"The frontend of {where} is '{frontend[:80]}', but one of {', '.join(STACK_KINDS)} was expected."
            )
        return {}
    kind = STACK_KINDS[frontend]
    found = checked(table, kind.known, f"settings of {where}", problems, kind.never)
    for name in _PLACES:
        if found.get(name):
            found[name] = str(_folder(path, found[name]))
    dem = found.get("dem")
    if isinstance(dem, str) and ("/" in dem or dem.lower().endswith((".tif", ".tiff"))):
        found["dem"] = str(_folder(path, dem))
    aoi = found.get("aoi")
    if isinstance(aoi, str) and _folder(path, aoi).is_file():
        found["aoi"] = str(_folder(path, aoi))
    try:
        kind.config_class(**found)
    except (StampsError, TypeError, ValueError) as error:
        problems.append(f"The settings of {where} cannot be used ({error}).")
    return found


def _trigger(table: object, where: str, problems: list[str]) -> Trigger:
    found = Trigger(**checked(table, typed(Trigger), f"trigger of {where}", problems))
    for name, least in (("min_images", 2), ("new_images", 1), ("min_days", 0)):
        if getattr(found, name) < least:
            problems.append(
                f"{name} of the trigger of {where} is {getattr(found, name):g}, but at least {least} was expected."
            )
    return found


def psi_settings(table: object, where: str, problems: list[str], base: PsiSettings | None = None) -> PsiSettings:
    """Settings of a time series from a table; what is wrong is added to the problems.

    Parameters
    ----------
    table : object
    where : str
        For messages.
    problems : list of str
    base : PsiSettings, optional
        Where the table says nothing.
    """
    found = replace(base or PsiSettings(), **checked(table, typed(PsiSettings), where, problems))
    problems += [f"{where}: {problem}" for problem in settings_problems(found)]
    return found


# ---------------------------------------------------------------------- the web processes


def _serve(table: object, path: Path, problems: list[str]) -> ServeSettings:
    given = checked(table, _SERVE, "serve", problems)
    if not 0 <= given.get("port", 5000) <= 65535:
        problems.append(f"port of serve is {given['port']}, but a number up to 65535 was expected.")
    for name, most in (("most_jobs", 10_000), ("most_kilobytes", 65_536)):
        if not 1 <= given.get(name, 1) <= most:
            problems.append(f"{name} of serve is {given[name]}, but a number from 1 to {most} was expected.")
    if given.get("url") and not re.fullmatch(r"https?://[^\s?#\"'<>]+", given["url"]):
        problems.append(
            f"url of serve is '{given['url'][:80]}', but an address like https://example.org/insar was expected."
        )
    kinds = {name: given.pop(name) for name in [*STACK_KINDS] if name in given}
    frontends = {name: _settings(name, kinds[name], f"serve.{name}", path, problems) for name in kinds}
    psi = psi_settings(given.pop("psi", {}), "serve.psi", problems)
    products = _folder(path, given.pop("products")) if "products" in given else None
    if products is not None and not products.is_dir():
        problems.append(f"products of serve is {products}, which is no folder.")
    return ServeSettings(**given, products=products, frontends=frontends or {"snap": {}}, psi=psi)
