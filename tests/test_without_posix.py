"""The package without what only POSIX systems have, as on Windows: every module is imported, parameters are set and read."""

import subprocess
import sys
import textwrap

import pytest

#: What Windows lacks: modules, members of ``os`` and of ``signal``.
MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty")
OF_OS = (
    "fork", "forkpty", "fchdir", "fchmod", "fchown", "chown", "lchown", "geteuid", "getuid", "getgid", "getegid", "getppid",
    "killpg", "setsid", "getsid", "getpgid", "mkfifo", "mknod", "nice", "sysconf", "statvfs", "fstatvfs", "getloadavg", "uname",
    "posix_fadvise", "posix_fallocate", "pread", "pwrite", "sched_getaffinity", "register_at_fork", "set_blocking", "wait3",
    "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY",
)  # fmt: skip
OF_SIGNAL = ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGCHLD", "SIGPIPE", "pthread_sigmask", "alarm", "setitimer")

PREPARE = f"""
import sys
# libraries that look at the system when they are loaded and are told of it by their own builds
import numpy, scipy.sparse, h5py, concurrent.futures.process, multiprocessing.util, subprocess, asyncio, tempfile, zipfile
for name in {MODULES}:
    sys.modules[name] = None
import os, signal
for name in {OF_OS}:
    if hasattr(os, name):
        delattr(os, name)
for name in {OF_SIGNAL}:
    if hasattr(signal, name):
        delattr(signal, name)
"""

IMPORT_ALL = """
import importlib, pkgutil
import stamps
optional, failed, seen = {"cupy", "pythran", "triangle"}, [], 0
for found in pkgutil.walk_packages(stamps.__path__, "stamps."):
    if found.name.endswith("__main__") or found.name.rpartition(".")[2].startswith("_"):
        continue  # a program; sources of kernels, which are compiled
    try:
        importlib.import_module(found.name)
        seen += 1
    except ImportError as error:
        if error.name not in optional:
            failed.append(f"{found.name}: {error!r}")
    except Exception as error:
        failed.append(f"{found.name}: {error!r}")
print(seen)
sys.exit("\\n".join(failed) or 0)
"""


def without_posix(code, folder):
    """Standard output of Python code that runs in a process without what only POSIX has."""
    program = PREPARE + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_can_be_imported(tmp_path):
    assert int(without_posix(IMPORT_ALL, tmp_path)) > 250


def test_parameters_are_set_and_read(tmp_path):
    code = """
    from stamps import getparm, setparm
    from stamps.workspace import Workspace, system_locks

    assert not system_locks.available()
    Workspace(".").write_text("processor.txt", "snap")
    getparm()  # makes the file with the defaults
    setparm("unwrap_grid_size", 50)
    print("asked", getparm("unwrap_grid"))
    with Workspace(".").reserved() as ws, ws.publish():
        ws.save("ps1", {"n_ps": 3})
    print(ws.load("ps1")["n_ps"], ws.recover())
    """
    lines = without_posix(code, tmp_path).splitlines()
    assert "asked 50.0" in lines
    assert lines[-1] == "3 []"
    assert not list(tmp_path.glob(".stamps-staging-*"))


@pytest.mark.parametrize("module", MODULES)
def test_the_modules_are_taken_away_indeed(module, tmp_path):
    code = f"""
    try:
        import {module}
        print("there")
    except ImportError:
        print("gone")
    """
    assert without_posix(code, tmp_path) == "gone\n"
