"""Pages that are files of the repository (changelog, contributing), and what only the site needs of pages read elsewhere, too."""

import re
from pathlib import Path

from sphinx.application import Sphinx

__all__ = ["setup"]

_ROOT = Path(__file__).resolve().parents[2]
_METHOD = (
    "conventions", "parameters", "preparation", "loading", "coherence", "selection", "weeding", "merging", "unwrapping",
    "unwrapping_errors", "scla", "scn", "products", "linking", "sentinel1",
)  # fmt: skip
#: Page of the site -> file of the repository whose text it shows.
_SHARED = {"changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md"}
_LINK = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")
_TEXT_LINK = re.compile(r"\[([^\]\n]+)\]\((\.\./[^)\s#]+\.md)(#[^)\s]*)?\)")


def relinked(text: str) -> str:
    """Links of a file of the repository's root as seen from the folder ``docs``."""

    def seen(match: re.Match[str]) -> str:
        target = match[1]
        own = {file: f"{page}.md" for page, file in _SHARED.items()}
        return (
            f"]({own.get(target) or (target.removeprefix('docs/') if target.startswith('docs/') else f'../{target}')})"
        )

    return _LINK.sub(seen, text)


def downloadable(text: str, folder: Path) -> str:
    """Links to texts outside of the site as links to the files, which go with it.

    Parameters
    ----------
    text : str
        Markdown.
    folder : Path
        Where the page stands.
    """

    def linked(match: re.Match[str]) -> str:
        inside = (folder / match[2]).resolve().is_relative_to(_ROOT / "docs")
        return match[0] if inside else f"{{download}}`{match[1].strip('`')} <{match[2]}>`"

    return _TEXT_LINK.sub(linked, text)


def method_pages() -> list[str]:
    """Pages of the method: those of the steps in their order, then the others by name."""
    there = {path.stem for path in (_ROOT / "docs" / "method").glob("*.md")} - {"index"}
    return [*(page for page in _METHOD if page in there), *sorted(there - {*_METHOD})]


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    if page in _SHARED:
        app.env.note_dependency(str(_ROOT / _SHARED[page]))
        source[0] = relinked((_ROOT / _SHARED[page]).read_text(encoding="utf-8"))
    elif page == "method/index":  # a table of contents would be noise where the page is read as a file
        source[0] += "\n".join(["\n```{toctree}", ":hidden:", "", *method_pages(), "```\n"])
    source[0] = downloadable(source[0], Path(app.env.doc2path(page)).parent)


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx read these pages."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
