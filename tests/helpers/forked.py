"""Work in a process of its own."""

import multiprocessing

FORK = multiprocessing.get_context("fork")


def in_child(work):
    """Run ``work`` in a forked process and return its exit code."""
    process = FORK.Process(target=work)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode
