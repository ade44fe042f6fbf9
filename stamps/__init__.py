"""StaMPS in Python: persistent scatterers and small baselines, the commands and files of the original.

Every legacy function is importable from here under its own name and takes ``workdir=`` (default: the current directory)::

    from stamps import stamps, getparm, setparm, mt_prep_snap
    setparm("unwrap_grid_size", 50)
    stamps(1, 8)
"""

from importlib import import_module
from pathlib import Path

__version__ = "0.1.0"

_LEGACY = Path(__file__).parent / "legacy"

#: Functions that the original never had -> their modules.
_ADDED = {
    "aps_gacos": "stamps.tropo.aps_gacos",
    "aps_linear": "stamps.tropo.aps_linear",
    "aps_powerlaw": "stamps.tropo.aps_powerlaw",
    "describe_inputs": "stamps.inputs",
    "estimate_needs": "stamps.estimate",
    "export": "stamps.products.exports",
    "list_legacy": "stamps.legacy_scripts",
    "project_status": "stamps.status",
    "view": "stamps.products.view",
}


def _legacy_names():
    return sorted(path.stem for path in _LEGACY.glob("*.py") if not path.stem.startswith("_"))


def __getattr__(name):
    if not name.startswith("_") and (_LEGACY / f"{name}.py").is_file():
        function = getattr(import_module(f"stamps.legacy.{name}"), name)
        globals()[name] = function
        return function
    if name in _ADDED:
        function = getattr(import_module(_ADDED[name]), name)
        globals()[name] = function
        return function
    raise AttributeError(f"module 'stamps' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_legacy_names(), *_ADDED})
