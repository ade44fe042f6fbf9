"""The rooms of the package and what imports what: ``python tests/tools/rooms.py`` prints the sheet.

Imports are read from the source, lazy ones included, and those that only a type checker does; the latter can form no ring of
modules. A room is a sub-package; ``errors``, ``_typing``, ``external`` and the package's own files are at home everywhere or
above everything.
"""

import ast
import functools
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "stamps"

#: What every room may import.
EVERYWHERE = {"errors", "environment", "_typing", "stamps"}

#: Room -> rooms that it may import, beside itself and those of ``EVERYWHERE``. The order is that of the floors, from below.
MAY_IMPORT = {
    "matlab": set(),
    "native": {"matlab", "external"},
    "insar": {"matlab", "native"},
    "steps": {"insar", "matlab", "native"},
    "analysis": {"insar", "matlab", "native"},
    "workspace": {"matlab"},
    "processes": {"workspace"},
    "external": {"processes", "workspace"},
    "frontends": {"workspace", "processes", "external", "insar", "steps", "matlab", "native"},
    "linking": {"workspace", "processes", "insar", "steps", "matlab", "native", "frontends"},
    "products": {"workspace", "processes", "analysis", "insar", "steps", "matlab", "native", "tropo", "linking"},
    "tropo": {"workspace", "processes", "insar", "steps", "matlab", "native"},
    "workers": {"workspace", "processes", "native"},
    "jobs": {"workspace", "processes", "external", "frontends", "workers"},
    "orders": {"jobs", "workspace", "processes", "external", "frontends", "insar", "matlab"},
    "legacy": {
        "workspace", "processes", "external", "insar", "analysis", "steps", "matlab", "native", "frontends", "linking", "tropo",
        "products", "workers",
    },
    "run": {"workers", "legacy", "frontends", "workspace", "processes", "native", "matlab"},
    "queries": {"workspace", "products", "workers", "run", "frontends", "linking", "native", "matlab", "insar", "external"},
    "drivers": {"run", "workers", "queries", "workspace", "processes", "native"},
    "verify": {"workspace", "processes", "products", "external", "matlab", "insar", "steps", "workers", "legacy", "run"},
    "report": {"workspace", "products", "verify", "queries", "run", "matlab", "insar", "steps"},
    "simulation": {"workspace", "processes", "insar", "matlab", "products", "report", "legacy", "frontends"},
    "service": None,
    "cli": None,
}  # fmt: skip

WHY = {
    "matlab": "MATLAB's numerics know no files, no parameters",
    "native": "kernels know no files, no parameters",
    "insar": "what every step shares takes arrays only: no workspace, no log, no parameter",
    "analysis": "models of results take arrays only: no workspace, no log, no parameter",
    "steps": "the science of a step takes arrays only, and nothing from another step's inside",
    "workspace": "a directory and its files; it computes no science",
    "frontends": "they end at candidates and never call a legacy script",
    "linking": "it takes stacks and candidates from the front ends, and ends at candidates, too",
    "products": "products only read: what legacy scripts and they share belongs below both",
    "tropo": "delays are computed from arrays and files, never through legacy scripts or products",
    "workers": "they start processes and know neither steps nor science",
    "legacy": "a legacy script loads, calls and saves; of what runs it, it knows the workers only",
    "queries": "they read, and know no legacy script",
    "jobs": "the jobs of front ends know commands, and nothing of what these do",
    "orders": "front ends that drive other programs end in commands; a preparation is one of these",
    "drivers": "the drivers of the original start runs and hold nothing else",
    "run": "a run knows legacy steps and front ends, but no science",
}


@functools.cache
def modules():
    """Dotted name -> path, of all modules of the package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _is_for_checkers(node):
    """Whether a statement is ``if TYPE_CHECKING:``."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _statements(tree, with_types):
    """The nodes of a module; without types, those that only a type checker reads are left out."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        if with_types or not _is_for_checkers(node):
            left.extend(ast.iter_child_nodes(node))


@functools.cache
def imports(with_types=True):
    """Module -> modules of the package that it imports, anywhere in its text (without types: when it runs)."""
    known = modules()
    found = {name: set() for name in known}
    for name, path in known.items():
        for node in _statements(ast.parse(path.read_text(encoding="utf-8")), with_types):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names if alias.name.split(".")[0] == "stamps"}
            elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "stamps":
                whole = {f"{node.module}.{alias.name}" for alias in node.names}
                found[name] |= (whole & known.keys()) or {node.module}
    return found


#: Modules that stand on another floor than the room they are kept in.
FLOORS = {
    "stamps.frontends.sentinel1.download": "orders",  # a command of its own that reads project.conf
    "stamps.legacy.stamps": "drivers",  # a legacy script that runs the others
    "stamps.legacy.stamps_mc_header": "drivers",
    "stamps.run.workers": "workers",
    "stamps.run.cluster": "workers",
    "stamps.run.slurm": "workers",
    "stamps.run.slurm_queue": "workers",
    "stamps.run.settings": "workers",
    "stamps.run.patch_task": "workers",
}


#: Sub-packages that stand on another floor than the room they are kept in.
SUITES = {
    "stamps.frontends.jobs": "jobs",
    "stamps.frontends.snap": "orders",
    "stamps.frontends.isce_jobs": "orders",
    "stamps.frontends.hyp3_jobs": "orders",
    "stamps.frontends.processor": "orders",
}


def room(module):
    """Room of a module, or the floor it stands on; of the package's own files their name."""
    suite = SUITES.get(".".join(module.split(".")[:3]))
    return FLOORS.get(module) or suite or (module.split(".")[1] if "." in module else "stamps")


def loose():
    """Modules that lie in the package itself, beside its rooms."""
    return sorted(path.stem for path in PACKAGE.glob("*.py") if not path.stem.startswith("__"))


@functools.cache
def broken():
    """(importing module, imported module) where a law is broken."""
    found = []
    for name, others in imports().items():
        allowed = MAY_IMPORT.get(room(name))
        if allowed is None:
            continue
        for other in sorted(others):
            there = room(other)
            fine = there == room(name) or there in EVERYWHERE or there in allowed
            if not fine:
                found.append((name, other))
    return found


def rings():
    """Sets of rooms that import each other in a ring."""
    arrows = defaultdict(set)
    for name, others in imports().items():
        arrows[room(name)] |= {room(other) for other in others} - {room(name)} - EVERYWHERE
    return _strongly_connected(arrows)


def _strongly_connected(arrows):
    reach = {start: _reachable(start, arrows) for start in list(arrows)}
    found = {frozenset(o for o in reach[start] if start in reach.get(o, ())) for start in reach}
    return sorted((sorted(ring) for ring in found if len(ring) > 1), key=len)


def _reachable(start, arrows):
    seen, left = set(), [start]
    while left:
        for other in arrows.get(left.pop(), ()):
            if other not in seen:
                seen.add(other)
                left.append(other)
    return seen


def module_rings():
    """Sets of modules that import each other in a ring when they are loaded or later."""
    return _strongly_connected(imports(with_types=False))


def sheet():
    """Lines of the sheet of rooms."""
    known, arrows = modules(), imports()
    lines = ["room          modules  lines  imports"]
    for name in sorted({room(module) for module in known}):
        mine = [module for module in known if room(module) == name]
        size = sum(len(known[module].read_text(encoding="utf-8").splitlines()) for module in mine)
        others = sorted({room(other) for module in mine for other in arrows[module]} - {name} - EVERYWHERE)
        lines.append(f"{name:12}  {len(mine):7d} {size:6d}  {' '.join(others)}")
    lines += ["", f"loose modules: {len(loose())} ({', '.join(loose())})", f"rings of rooms: {len(rings())} {rings()}"]
    lines += [f"rings of modules: {len(module_rings())}", *(f"  {' '.join(ring)}" for ring in module_rings())]
    laws = broken()
    return [*lines, f"broken laws: {len(laws)}", *(f"  {name} -> {other}" for name, other in laws)]


if __name__ == "__main__":
    print("\n".join(sheet()))
