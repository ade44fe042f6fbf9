"""The settings of a job of SNAP from the ``project.conf`` of snap2stamps.

Source: docs/method/snap.md, section 9.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stamps.errors import InputError
from stamps.frontends.sentinel1.containers import find_products
from stamps.frontends.snap.conf_text import read_conf_text
from stamps.frontends.snap.config import Snap_S1_Config, Snap_Stripmap_Config, SnapConfig
from stamps.frontends.snap.project_conf import ProjectConf, read_project_conf

if TYPE_CHECKING:
    from stamps._typing import StrPath


__all__ = ["by_key", "config_of_conf", "is_conf", "refuse_before_download"]


def is_conf(products: Sequence[StrPath]) -> bool:
    """Whether the products are named by one ``project.conf``."""
    return len(products) == 1 and os.fspath(products[0]).endswith(".conf")


def config_of_conf(path: StrPath) -> SnapConfig:
    """The settings that a ``project.conf`` comes to; what is wrong with it is told with the plan.

    Raises
    ------
    InputError
        It cannot be read.
    """
    conf = read_project_conf(path)
    kind = Snap_S1_Config if conf.processor == "Snap_S1" else Snap_Stripmap_Config
    config = kind(**conf.keywords())
    config.troubles = list(conf.problems)
    if trouble := _not_downloaded(conf):
        config.troubles.append(trouble)
    if isinstance(config, Snap_S1_Config) and conf.master_split:
        config.master_split = str(conf.master_split)
    elif conf.master_split:
        config.products.append(str(conf.master_split))
    config.sources = _sources(conf)
    return config


def refuse_before_download(path: StrPath) -> None:
    """Stop where a ``project.conf`` asks for downloads and no product is there yet.

    Raises
    ------
    InputError
        With the command that downloads; or the file cannot be read.
    """
    if trouble := _not_downloaded(read_project_conf(path)):
        raise InputError(trouble)


def _not_downloaded(conf: ProjectConf) -> str:
    """What to do where downloads are asked for and no product is there; else nothing."""
    if not conf.download or conf.processor != "Snap_S1":
        return ""
    places = [place for place in conf.products if place.name in ("slaves", "secondaries")]
    try:
        find_products([place for place in places if place.exists()])
    except InputError:
        return (
            f"{conf.path} asks for downloads (autoDownload = Y), and {places[0]} holds no products yet: call "
            f"'stamps snap download {conf.path}' first."
        )
    return ""


def _sources(conf: ProjectConf) -> dict[str, str]:
    """Path to the key of the file that named it."""
    words = read_conf_text(conf.path)
    master = "MASTER" if words.get("MASTER") else "MASTERFOLDER"
    program = "GPTBIN_PATH" if words.get("GPTBIN_PATH") else "SNAP_INSTALLATION_FOLDER"
    named = [(str(path), "PROJECTFOLDER") for path in conf.products if path.parent == conf.folder]
    named += [(str(words.place(words.get(key))), key) for key in (master, "EXTDEM", "AOI_FILE") if words.get(key)]
    named += [(str(conf.gpt), program)] if conf.gpt else []
    return {os.path.abspath(path): f"{conf.path.name}: {key} = {words.get(key)}" for path, key in named}


def by_key(config: SnapConfig, problems: Iterable[str]) -> list[str]:
    """Problems with the paths of a ``project.conf`` told by its keys: all that are not there, each once."""
    used = {*config.products, config.gpt, config.dem, config.aoi if isinstance(config.aoi, str) else None}
    used |= {getattr(config, "master_split", None)}
    places = {os.path.abspath(path) for path in used if path}
    sources = {path: source for path, source in config.sources.items() if path in places}
    gone = {path: source for path, source in sources.items() if not os.path.exists(path)}
    told = []
    for path, source in gone.items():
        if any(path in trouble for trouble in config.troubles):
            continue  # told there, with what helps
        named = "" if source.rstrip("/").endswith(path) else f": {path}"
        told.append(f"{source}{named} does not exist.")
    for problem in problems:
        if problem not in config.troubles and any(path in problem for path in gone):
            continue
        source = next((source for path, source in sources.items() if path in problem), "")
        told.append(f"{problem} It stands in {source}." if source and not problem.startswith(source) else problem)
    return told
