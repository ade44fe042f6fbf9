"""The MAT files of a directory: read, compared with their description, and written with exact classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stamps.errors import WorkspaceError
from stamps.workspace import contents, freshness, matfile
from stamps.workspace.border import inward
from stamps.workspace.missing_files import again, missing
from stamps.workspace.publication import Publication

if TYPE_CHECKING:
    from stamps.workspace import Workspace

__all__ = ["MatFiles", "Variables"]


class Variables(dict[str, Any]):
    """Variables of one file: a dict whose missing keys are explained with the file's name."""

    def __init__(self, source: Path, content: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__(content)
        self.source = source

    def __missing__(self, name: str) -> Any:
        raise WorkspaceError(
            f"{self.source} has no variable '{name}': the file is incomplete or of another version; "
            "run the step that writes it again."
        )


class MatFiles:
    """The MAT files of a directory; its names are without ``.mat``.

    Parameters
    ----------
    ws : Workspace
        The directory: tells of what is read, and may refuse it.
    publication : Publication
        Where what is written goes.
    """

    def __init__(self, ws: Workspace, publication: Publication) -> None:
        self._ws = ws
        self._publication = publication

    def load(self, name: str, variables: Iterable[str] | None, fitting: bool) -> Variables:
        """:meth:`stamps.workspace.Workspace.load`."""
        file, ws = _mat(name), self._ws
        self._check_there(name)
        published = file not in self._publication.staged
        if ws.on_load is not None and published:
            ws.on_load(name)
        wanted = None if variables is None else set(variables)
        raw = matfile.read(ws.file(file), wanted)
        source = ws.path / file
        self._check(source, name, raw, wanted, fitting)
        if published:
            freshness.refuse_placeholder(ws, name, raw)
        return Variables(source, {key: inward(source, name, key, value) for key, value in raw.items()})

    def load_raw(self, name: str) -> Variables:
        """Variables in MATLAB's own form."""
        self._check_there(name)
        return Variables(self._ws.path / _mat(name), matfile.read(self._ws.file(_mat(name))))

    def save_raw(self, name: str, variables: Mapping[str, Any], append: bool) -> None:
        """:meth:`stamps.workspace.Workspace.save_raw`."""
        with self._publication.publish():
            content = dict(variables)
            if append and self._ws.exists(name):
                kept = [key for key in self.variables_of(name) if key not in content]
                if kept:
                    content = {**matfile.read(self._ws.place_of(_mat(name)), kept), **content}
            with self._publication.writing(_mat(name)) as path:
                matfile.write(path, content)

    def variables_of(self, name: str) -> list[str]:
        """Names of the variables; empty if there is no such file."""
        return matfile.names(self._ws.place_of(_mat(name))) if self._ws.exists(name) else []

    def headers_of(self, name: str) -> dict[str, matfile.Header]:
        """Shape and class of the variables; empty if there is no such file."""
        return matfile.headers(self._ws.place_of(_mat(name))) if self._ws.exists(name) else {}

    def _check_there(self, name: str) -> None:
        if not self._ws.exists(name):
            raise WorkspaceError(missing(self._ws, name))

    def _check(self, source: Path, name: str, raw: dict[str, Any], wanted: set[str] | None, fitting: bool) -> None:
        """Compare what was read with the description of the file and with the pixel table of the directory."""
        ws, table = self._ws, "ps1" if name.endswith("1") else "ps2"
        known = contents.dimensions(ws.place_of(_mat(table)), lambda: again(ws, table)) if fitting else {}
        contents.check(source, name, raw, known, lambda: again(ws, name), wanted, ws.name.startswith("PATCH_"))


def _mat(name: str) -> str:
    return f"{name}.mat"
