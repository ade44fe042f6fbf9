"""Figures that a test wants to see, but not to have as files."""

from pathlib import Path


def caught(monkeypatch):
    """List of the figures that are written from now on; their files are empty."""
    from matplotlib.figure import Figure

    found = []

    def save(figure, path, **_):
        found.append(figure)
        Path(path).touch()

    monkeypatch.setattr(Figure, "savefig", save)
    return found
