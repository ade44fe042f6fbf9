"""Write a message to the log.

Appends to ``STAMPS.log`` of the directory. Source: docs/method/conventions.md, section 5.
"""

from stamps.workspace.log import Log

__all__ = ["logit"]


def logit(message=0, level=0, parent_flag=0, workdir=".", routine="LOGIT"):
    """Log a message to ``STAMPS.log`` and the console.

    Parameters
    ----------
    message : str or int
        The text; 0 (or empty) is the word for start, 1 that for finish.
    level : int or str
        0 file and console, 1 file only, 2 console only, 3 file ``DEBUG.log`` only; a str is another file's name.
    parent_flag : int
        Not 0: the file of the parent directory.
    workdir : path-like or Workspace
        Directory of the log file.
    routine : str
        Name of the routine that speaks.
    """
    if message is None or message == "":
        message = 0
    Log(workdir, routine)(message, level, bool(parent_flag))
