"""Keys and values of a ``project.conf`` as its lines hold them.

Source: docs/method/sentinel1.md, section 8.
"""

from __future__ import annotations

import codecs
import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import InputError
from stamps.workspace.plain_files import read_input_bytes

__all__ = ["KEYS", "ConfText", "read_conf_text"]

#: The keys of snap2stamps 1.x and 2.x.
KEYS = (
    "PROJECTFOLDER", "GRAPHSFOLDER", "IW1", "MASTER", "MASTERFOLDER", "MASTERSEL", "LONMIN", "LATMIN", "LONMAX", "LATMAX",
    "GPTBIN_PATH", "CPU", "CACHE", "OVERWRITE", "SMARTHDD", "PLOTTING", "SENSOR", "POLARISATION", "EXTDEM", "AOI_MODE", "WKT",
    "AOI_FILE", "autoDownload", "TRACK", "beamMode", "START", "END", "SAT", "ASF_USER", "ASF_PASS", "NPD",
    "SNAP_INSTALLATION_FOLDER", "SNAP_HOME_DIR",
)  # fmt: skip
_KNOWN = {key.upper(): key for key in KEYS}
_MOST_LINES = 10_000
_COMMENT = re.compile(r"\s#.*")
_SECTION = re.compile(r"\[\s*([A-Za-z0-9_ ]+?)\s*\]\s*(?:#.*)?")


@dataclass(frozen=True)
class ConfText:
    """The known keys of a file.

    Attributes
    ----------
    path : Path
    version : int
        2 where there are sections, else 1.
    values : mapping
        Key in capitals to its value without comment and surrounding blanks.
    warnings : tuple of str
        What was passed over; never a value.
    """

    path: Path
    version: int
    values: Mapping[str, str]
    warnings: tuple[str, ...]

    def get(self, key: str) -> str:
        """Value of a key; empty where there is none."""
        return self.values.get(key.upper(), "")

    def place(self, text: str) -> Path:
        """A path of the file; relative ones count from its folder."""
        return self.path.parent / Path(text).expanduser()


def read_conf_text(path: str | os.PathLike[str]) -> ConfText:
    """Read keys and values.

    Raises
    ------
    InputError
        The file cannot be read, is no text, or has none of the keys.
    """
    place = Path(path)
    try:
        content = read_input_bytes(place)
    except OSError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{place} cannot be read ({error.strerror}).") from None
    lines = _decoded(content, place).splitlines()
    if len(lines) > _MOST_LINES:
        raise InputError(f"{place} has {len(lines)} lines, which no project.conf of snap2stamps has.")
    values: dict[str, str] = {}
    warnings: list[str] = []
    version = 1
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if _SECTION.fullmatch(line):
            version = 2
            continue
        _take_line(line, f"{place.name}, line {number}", values, warnings)
    if not values:
        raise InputError(f"{place} has none of the keys of a project.conf of snap2stamps (PROJECTFOLDER, MASTER, …).")
    return ConfText(place, version, values, tuple(warnings))


def _take_line(line: str, where: str, values: dict[str, str], warnings: list[str]) -> None:
    """Add the value of a line. What is passed over is named by its key: a value may be a password."""
    key, equals, rest = line.partition("=")
    key, value = key.strip(), _COMMENT.sub("", rest, count=1).strip()
    if not equals or not key:
        warnings.append(f"{where}: it is not KEY = VALUE and is passed over.")
        return
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    name = key.upper()
    if name not in _KNOWN:
        near = difflib.get_close_matches(name, _KNOWN, n=1)
        hint = f"; is {_KNOWN[near[0]]} meant?" if near else "."
        shown = key if len(key) <= 40 else f"{key[:40]} …"
        warnings.append(f"{where}: {shown} is no key of snap2stamps and is passed over{hint}")
        return
    if name in values and values[name] != value:
        warnings.append(f"{where}: {key} is given again; this line counts.")
    values[name] = value


def _decoded(content: bytes, path: Path) -> str:
    """Text in whatever editors have made of it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    if "\0" in text:
        raise InputError(f"{path} is no text file.")
    return text
