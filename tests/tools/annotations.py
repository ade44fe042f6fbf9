"""The sheet of annotations: how many arguments and results of the package's functions are typed.

``python tests/tools/annotations.py [-v] [ROOM …]`` prints a line for every room (with ``-v`` the names that lack one too); the
last lines are the shares of the whole package. Public: no part of the name, nor of its class or module, begins with one ``_``.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "stamps"


@dataclass(frozen=True)
class Signature:
    """A function or method: where it stands and which of its arguments and results (``return``) have no annotation."""

    room: str
    name: str
    public: bool
    slots: int
    bare: tuple[str, ...]


def _is_private(part: str) -> bool:
    return part.startswith("_") and not (part.startswith("__") and part.endswith("__"))


def _slots(node: ast.FunctionDef | ast.AsyncFunctionDef, method: bool) -> dict[str, bool]:
    """Whether each argument, and the result, is annotated; ``self`` and ``cls`` need not be."""
    static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in node.decorator_list)
    arguments = [*node.args.posonlyargs, *node.args.args]
    arguments = arguments[1:] if method and not static else arguments
    arguments += node.args.kwonlyargs + [each for each in (node.args.vararg, node.args.kwarg) if each]
    slots = {each.arg: each.annotation is not None for each in arguments}
    return {**slots, "return": node.returns is not None or node.name in {"__init__", "__post_init__"}}


def _functions(tree: ast.AST, prefix: str, method: bool) -> Iterator[tuple[str, ast.FunctionDef, bool]]:
    """The functions at the top of a module and the methods of its classes; not those inside other functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node, method
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.", True)
        elif isinstance(node, ast.If | ast.Try):
            yield from _functions(node, prefix, method)


def signatures(package: Path = PACKAGE) -> list[Signature]:
    """Every function of the package, in the order of the files; kernels that Pythran compiles (``native/_*.py``) are left out."""
    found = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts[0] == "native" and parts[-1].startswith("_") and parts[-1] != "__init__":
            continue
        room = parts[0] if len(parts) > 1 else path.stem
        for name, node, method in _functions(ast.parse(path.read_text(encoding="utf-8")), "", False):
            slots = _slots(node, method)
            hidden = any(_is_private(part) for part in (*parts, *name.split(".")))
            bare = tuple(slot for slot, typed in slots.items() if not typed)
            found.append(Signature(room, f"{'.'.join(parts)}:{name}", not hidden, len(slots), bare))
    return found


def share(which: list[Signature]) -> float:
    """The share of annotated arguments and results, 0 to 1; 1 for no function."""
    slots = sum(each.slots for each in which)
    return 1.0 if slots == 0 else 1 - sum(len(each.bare) for each in which) / slots


def main() -> None:
    """Print the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-v", action="store_true", dest="names", help="name the functions that lack annotations")
    parser.add_argument("rooms", nargs="*")
    chosen = parser.parse_args()
    every = [each for each in signatures() if not chosen.rooms or each.room in chosen.rooms]
    print(f"{'room':<12s}  functions  public  annotated  of public")
    for room in sorted({each.room for each in every}):
        own = [each for each in every if each.room == room]
        public = [each for each in own if each.public]
        print(f"{room:<12s}  {len(own):9d}  {len(public):6d}  {100 * share(own):7.1f} %  {100 * share(public):7.1f} %")
        for each in own if chosen.names else []:
            if each.bare:
                print(f"    {'' if each.public else '(private) '}{each.name}: {', '.join(each.bare)}")
    public = [each for each in every if each.public]
    print(f"public: {len(public)} functions, {100 * share(public):.1f} % annotated")
    print(f"all: {len(every)} functions, {100 * share(every):.1f} % annotated")


if __name__ == "__main__":
    main()
