"""The journal of a publication: staged files, the plan that names them, and how they get to their places.

A staging folder holds complete files under flat names. Its marker ``COMMIT.json`` maps final names to True (to be put in
place) or False (to be deleted) and appears when everything is there; from then on the change happens, however often it
is interrupted. :class:`stamps.workspace.Workspace` writes and completes such folders.
"""

import contextlib
import os
import shutil

__all__ = ["COMMIT", "STAGING", "discard", "flat", "replay", "sync", "sync_folder"]

STAGING = ".stamps-staging-"
COMMIT = "COMMIT.json"


def flat(name):
    """Name of a staged file, without folders."""
    return str(name).replace(os.sep, "%")


def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path):
    with contextlib.suppress(OSError):  # not every file system can
        sync(path)


def discard(folder):
    """Remove a staging folder; its marker goes first, so that what is left is never put in place again."""
    with contextlib.suppress(OSError):
        (folder / COMMIT).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def replay(staging, directory, plan, durable=True):
    """Put staged files in their places and delete what is to go; harmless when repeated."""
    for name, written in plan.items():
        target = directory / name
        if not written:
            target.unlink(missing_ok=True)
        elif (staging / flat(name)).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / flat(name), target)
    if durable:
        sync_folder(directory)
