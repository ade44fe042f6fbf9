"""What the pages of ``docs`` show: blocks of code, links, headings."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    if not {"_build", "generated", "modules"} & set(path.relative_to(ROOT).parts)
)
_FENCE = re.compile(r"^(\s*)(`{3,})(.*)$")
_PYTHON = ("python", "{code-cell} ipython3")


class Block(NamedTuple):
    """A block of code.

    Attributes
    ----------
    page : str
        The file, relative to the repository.
    line : int
        Its first line, from 1.
    language : str
        What stands behind the fence.
    text : str
    """

    page: str
    line: int
    language: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """Innermost fenced blocks of a page, without options of directives."""
    found: list[Block] = []
    opened: list[tuple[int, str, str, list[str]]] = []  # line, fence, language, lines
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), 1):
        match = _FENCE.match(line)
        if match and opened and match[2] == opened[-1][1] and not match[3].strip():
            start, _, language, lines = opened.pop()
            found.append(Block(page, start + 1, language, "\n".join(lines)))
        elif match:
            opened.append((number, match[2], match[3].strip(), []))
        elif opened:
            opened[-1][3].append(line)
    assert not opened, f"{page}, line {opened[-1][0]}: a block has no end"
    return found


def shell_lines(page: str) -> list[tuple[int, list[str]]]:
    """Command lines of a page as words: from blocks, from cells that call a shell, and code within sentences."""
    lines: list[tuple[int, str]] = []
    for block in blocks_of(page):
        for number, line in enumerate(_joined(block.text), block.line):
            if block.language in ("", "bash"):
                lines.append((number, line))
            elif block.language in _PYTHON and line.startswith("!"):
                lines.append((number, line[1:]))
    return [(number, words) for number, line in lines for words in _commands(line)]


def _joined(text: str) -> list[str]:
    return text.replace("\\\n", " ").splitlines()


def _commands(line: str) -> list[list[str]]:
    """The simple commands of a line: between ``;``, ``&&``, ``||`` and ``|``, without comments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split, lexer.commenters = True, "#" if re.search(r"(^|\s)#", line) else ""
    try:
        words = list(lexer)
    except ValueError:
        return []  # no command line: a quotation that begins in one line and ends in another
    commands: list[list[str]] = [[]]
    for word in words:
        if word and not set(word) - set(";&|"):
            commands.append([])
        else:
            commands[-1].append(word)
    return [command for command in commands if command]


def python_sources(page: str) -> list[tuple[int, str]]:
    """Python of a page, first line and source, calls of a shell and magics of notebooks left out."""
    found = []
    for block in blocks_of(page):
        if block.language in _PYTHON:
            lines = ["" if re.match(r"[!%:]", line) else line for line in block.text.splitlines()]
            found.append((block.line, "\n".join(lines)))
    return found
