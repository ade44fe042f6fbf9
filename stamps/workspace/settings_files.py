"""Settings files: ``stamps.toml`` of a project and that of the user, as they are written.

What the settings mean, and which of them counts, is known by :mod:`stamps.run.settings`. A project may come from somebody else:
its file is read only if it is a plain one.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stamps.errors import ParameterError
from stamps.workspace.plain_files import open_plain

__all__ = ["NAME", "SettingsFile", "present_files", "user_file"]

NAME = "stamps.toml"

#: A larger file holds something else.
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class SettingsFile:
    """A settings file.

    Attributes
    ----------
    path : Path
    of_project : bool
        Whether it belongs to a project, not to the user.
    """

    path: Path
    of_project: bool

    def read(self) -> dict[str, Any]:
        """Its content.

        Raises
        ------
        ParameterError
            It is no TOML; the message has the line.
        WorkspaceError
            That of a project is a link or no plain file.
        """
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
        try:
            return tomllib.loads(self._text())
        except UnicodeDecodeError as error:
            raise ParameterError(f"{self.path} is not UTF-8 text (byte {error.start}): write it anew.") from None
        except RecursionError:
            raise ParameterError(f"{self.path} is nested too deeply: write it anew.") from None
        except tomllib.TOMLDecodeError as error:
            found = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.DOTALL)
            reason = found[1] if found else str(error)
            line = found[2] if found and found[2] else str(max(self._text().count("\n"), 1))
            raise ParameterError(f"{self.path}, line {line}: this is no TOML ({reason}): correct it.") from None

    def place(self, name: str, table: str = "") -> str:
        """Where a key stands, for messages: file and line."""
        inside = ""
        for number, line in enumerate(self._text().splitlines(), 1):
            if header := re.match(r"\s*\[\s*([^\]]*?)\s*\]", line):
                inside = header[1].strip("\"'")
                if (not table and inside == name) or (table and f"{table}.{name}" == inside):
                    return f"{self.path}, line {number}"
            key = re.match(r"\s*((?:[\w.-]|\"[^\"]*\"|'[^']*')+)\s*=", line)
            found = ".".join(part.strip("\"'") for part in key[1].split(".")) if key else None
            wanted = (name, f"{table}.{name}") if inside == table else (f"{table}.{name}",)
            if found in wanted or (found and not table and not inside and found.startswith(f"{name}.")):
                return f"{self.path}, line {number}"
        return self.place(table) if table else str(self.path)

    def _text(self) -> str:
        """The text, as TOML wants its line ends."""
        try:
            descriptor = open_plain(self.path, os.O_RDONLY) if self.of_project else os.open(self.path, os.O_RDONLY)
            with open(descriptor, "rb") as file:
                content = file.read(_MOST_BYTES + 1)
        except OSError as error:
            reason = error.strerror or error
            raise ParameterError(f"{self.path} cannot be read ({reason}): make it readable, or remove it.") from None
        if len(content) > _MOST_BYTES:
            raise ParameterError(f"{self.path} is larger than 1 MiB, and so none of settings: remove it.")
        return content.decode("utf-8-sig").replace("\r\n", "\n")


def present_files(directory: str | os.PathLike[str]) -> list[SettingsFile]:
    """The settings files that count in a directory, the nearest first; a patch has that of its project."""
    folder = Path(os.path.abspath(directory))
    project = folder.parent if folder.name.startswith("PATCH_") and not (folder / NAME).is_file() else folder
    user = user_file()
    places = [SettingsFile(project / NAME, True), *([] if user is None else [SettingsFile(user, False)])]
    return [file for file in places if os.path.lexists(file.path)]


def user_file() -> Path | None:
    """Where the settings file of the user belongs: ``$XDG_CONFIG_HOME/stamps`` or ``~/.config/stamps``; None without a home."""
    named = os.environ.get("APPDATA" if sys.platform == "win32" else "XDG_CONFIG_HOME", "")
    if os.path.isabs(named):
        return Path(named) / "stamps" / NAME
    try:
        return Path.home() / ".config" / "stamps" / NAME
    except RuntimeError:  # neither HOME nor an entry of the user database
        return None
