"""What the system says when it cannot go on, in the words of a user: full disks, limits, missing permissions."""

from __future__ import annotations

import errno
import signal

__all__ = ["incomplete", "reason_of", "refused_by_system", "remedy", "signal_name"]

#: What is to be done about an error of the system.
_REMEDIES: dict[int | None, str] = {
    errno.ENOSPC: "the disk is full: free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up: free some space and run the same command again",
    errno.EFBIG: "a file would be larger than the system allows: raise the limit (ulimit -f) and run the same command again",
    errno.EIO: "the disk cannot be read or written: check it (dmesg), then run the same command again",
    errno.EACCES: "no permission: change the permissions or work in another directory",
    errno.EPERM: "no permission: change the permissions or work in another directory",
    errno.EROFS: "the file system is read-only: work in another directory",
    errno.ENAMETOOLONG: "the name is longer than the system allows: use a shorter one",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n) and run the same command again",
    errno.ENFILE: "too many files are open on this machine: close other programs and run the same command again",
    errno.EAGAIN: "no more processes or threads can be started: raise the limit (ulimit -u) or use fewer cores (--cores)",
    errno.ENOMEM: "out of memory: use more patches, fewer cores or a larger machine",
    errno.ESTALE: "the network drive has lost the file: check that it is mounted and run the same command again",
    errno.ELOOP: "links lead in a circle: correct them",
    errno.ENOENT: "it is not there; if a directory was renamed or removed meanwhile, run the same command again where it is now",
}

_NO_THREADS = "start new thread"
_NO_MAPPING = ("failed to map segment", "annot allocate memory")


def reason_of(error: OSError) -> str:
    """Why the system refused, in a few words and with the file's name.

    Parameters
    ----------
    error : OSError

    Returns
    -------
    str
    """
    said = error.strerror or str(error) or type(error).__name__
    return f"{said}: {error.filename}" if error.filename is not None else said


def refused_by_system(error: BaseException) -> str | None:
    """One sentence for an error that comes from the system, not from the program; None for another.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    str or None
    """
    text = str(error)
    if isinstance(error, OSError) and (error.errno in _REMEDIES or incomplete(error)):
        return f"{reason_of(error)}; {remedy(error)}."
    if isinstance(error, MemoryError):
        return "out of memory; this step changed nothing. Use more patches, fewer cores or a larger machine."
    if isinstance(error, RuntimeError) and _NO_THREADS in text:
        return f"{_REMEDIES[errno.EAGAIN]}; what was complete is kept."
    if isinstance(error, ImportError) and any(words in text for words in _NO_MAPPING):
        return f"{text}; {_REMEDIES[errno.ENOMEM]}."
    return None


def incomplete(error: OSError) -> bool:
    """Whether an OSError without a number is NumPy's: it could write less than it was asked to."""
    return error.errno is None and "requested and" in str(error)


def remedy(error: OSError) -> str:
    """What is wrong and what is to be done about an OSError, in a few words."""
    return _REMEDIES[errno.ENOSPC if incomplete(error) else error.errno]


def signal_name(number: int) -> str:
    """Name of a signal with its usual reason: ``SIGKILL (out of memory?)``."""
    name = signal.Signals(number).name if number in signal.valid_signals() else f"signal {number}"
    reasons = {
        "SIGKILL": "out of memory?",
        "SIGXFSZ": "a file larger than the limit, ulimit -f",
        "SIGXCPU": "ulimit -t",
    }
    return f"{name} ({reasons[name]})" if name in reasons else name
