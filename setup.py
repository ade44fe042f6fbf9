"""Build script: compiles the Pythran kernels where that is possible and installs without them otherwise.

Metadata stands in pyproject.toml. Environment variables:

``STAMPS_NO_COMPILE=1``   never compile
``STAMPS_CXXFLAGS="…"``   extra compiler flags, for example ``-march=native`` (default: portable code, no fast-math)
"""

import contextlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
KERNELS = sorted(path for path in (HERE / "stamps" / "native").glob("_*.py") if path.name != "__init__.py")
FLAGS = ["-O3", "-g0", "-ffp-contract=off"]
#: Kernels of arithmetic that are also built for wide registers, and the flags: chosen at run time (stamps/native/backends.py).
WIDE_KERNELS = ("_arc_noise", "_clap", "_clap_patch", "_coherence_matrices", "_phase_linking", "_topofit")
WIDE_FLAGS = ["-mavx2"]
MOST_COMPILERS = 8  # at once; each takes up to 1 GB


class BuildWithParameters(build_py):
    """Puts the parameter table beside the modules that read it."""

    def run(self):
        super().run()
        if not getattr(self, "editable_mode", False):
            target = Path(self.build_lib) / "stamps" / "parms"
            self.mkpath(str(target))
            for table in sorted((HERE / "parms").glob("*.csv")):
                self.copy_file(str(table), str(target / table.name))


def compiler_works(flags):
    """Whether the C++ compiler builds a shared library from a small program with these flags."""
    compiler = shlex.split(os.environ.get("CXX", "")) or ["g++" if shutil.which("g++") else "c++"]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "probe.cpp"
        source.write_text("#include <vector>\nint main() { std::vector<int> v(1); return v[0]; }\n")
        command = [*compiler, *flags, "-fPIC", "-shared", str(source), "-o", str(Path(folder) / "probe.so")]
        try:
            return subprocess.run(command, capture_output=True, timeout=120, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def why_not_compilable():
    """The reason why this machine cannot or shall not compile, or None."""
    if os.environ.get("STAMPS_NO_COMPILE"):
        return "STAMPS_NO_COMPILE is set"
    if sys.implementation.name != "cpython":
        return "Pythran works with CPython only"
    if not KERNELS:
        return "there are no kernels"
    return None if compiler_works(FLAGS) else "no working C++ compiler was found"


def why_not_compiled():
    """The reason not to compile now, or None."""
    if importlib.util.find_spec("pythran") is None and not os.environ.get("STAMPS_NO_COMPILE"):
        return "Pythran is not installed"
    return why_not_compilable()


def build_requirements():
    """What the build needs besides setuptools: Pythran only where it will be used."""
    # setuptools again: Pythran 0.19 asks for an old one before Python 3.12, which cannot read pyproject.toml
    return [] if why_not_compilable() else ["pythran>=0.15", "numpy>=2", "setuptools>=68"]


def wide_copy(path):
    """The source of a kernel under the name of its build for wide registers, relative to this folder."""
    copy = Path("build") / "wide" / f"{path.stem}_avx2.py"
    (HERE / copy).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, HERE / copy)
    return copy


def extensions():
    """Arguments for setup() that compile the kernels; empty without Pythran or a compiler."""
    reason = why_not_compiled()
    if reason:
        print(
            f"stamps: installing without compiled kernels ({reason}); the NumPy versions will be used.", file=sys.stderr
        )
        return {}
    from pythran.dist import PythranBuildExt, PythranExtension

    flags = [*FLAGS, *shlex.split(os.environ.get("STAMPS_CXXFLAGS", ""))]
    link = []
    if compiler_works([*FLAGS, "-fopenmp"]):
        flags.append("-fopenmp")
        link.append("-fopenmp")
    elif compiler_works([*FLAGS, "-fopenmp-simd"]):  # no threads, but the vector instructions that kernels ask for
        flags.append("-fopenmp-simd")

    class OptionalBuild(PythranBuildExt):
        """A kernel that does not compile is left out with one line instead of stopping the installation."""

        def finalize_options(self):
            super().finalize_options()
            self.parallel = self.parallel or min(os.cpu_count() or 1, MOST_COMPILERS)

        def build_extensions(self):
            for extension in self.extensions:
                with contextlib.suppress(Exception):  # said when the kernel is built
                    extension.sources  # noqa: B018  Pythran's translation to C++ is for one thread, so it comes first
            super().build_extensions()

        def build_extension(self, extension):
            try:
                super().build_extension(extension)
            except Exception as error:
                print(
                    f"stamps: {extension.name} was not compiled ({error}); its NumPy version will be used.",
                    file=sys.stderr,
                )

        def copy_extensions_to_source(self):
            self.extensions = [e for e in self.extensions if Path(self.get_ext_fullpath_built(e)).exists()]
            super().copy_extensions_to_source()

        def get_ext_fullpath_built(self, extension):
            return os.path.join(self.build_lib, self.get_ext_filename(self.get_ext_fullname(extension.name)))

    sources = [(path.relative_to(HERE), flags) for path in KERNELS]
    if compiler_works([*FLAGS, *WIDE_FLAGS]):
        sources += [(wide_copy(path), [*flags, *WIDE_FLAGS]) for path in KERNELS if path.stem in WIDE_KERNELS]
    modules = [
        PythranExtension(
            f"stamps.native.{path.stem}", sources=[str(path)], extra_compile_args=with_flags, extra_link_args=link
        )
        for path, with_flags in sources
    ]
    return {"ext_modules": modules, "cmdclass": {"build_ext": OptionalBuild}}


arguments = extensions()
arguments.setdefault("cmdclass", {})["build_py"] = BuildWithParameters
setup(setup_requires=build_requirements(), **arguments)
