"""Parameter files and the log, as they lie on the disk."""

from stamps.workspace import matfile


def log_of(folder, skip=0):
    """Lines of the log without date and time."""
    path = folder / "STAMPS.log"
    lines = path.read_text().splitlines() if path.is_file() else []
    return [line[21:] for line in lines][skip:]


def raw(folder, name="parms"):
    return matfile.read(folder / f"{name}.mat")


def write_raw(folder, content, name="parms"):
    matfile.write(folder / f"{name}.mat", content)
