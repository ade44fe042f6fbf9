"""Small exports of pairs as ``gpt`` leaves them, made of a simulated stack; a DIMAP product without SNAP."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

__all__ = ["dates_of", "dimap", "export_pairs"]


def dates_of(stack: Path) -> tuple[str, tuple[str, ...]]:
    """Master and secondaries of a simulated stack in SNAP's layout."""
    pairs = sorted(path.stem.split("_") for path in (stack / "diff0").glob("*.diff"))
    return pairs[0][0], tuple(secondary for _, secondary in pairs)


def export_pairs(stack: Path, workdir: Path) -> tuple[str, tuple[str, ...]]:
    """Lay a simulated stack out as exports of pairs, ``export/<master>_<secondary>/``; master and secondaries."""
    master, secondaries = dates_of(stack)
    for date in secondaries:
        pair = workdir / "export" / f"{master}_{date}"
        for folder in ("geo", "dem"):
            shutil.copytree(stack / folder, pair / folder)
        names = [f"rslc/{one}.rslc{end}" for one in (master, date) for end in ("", ".par")]
        for name in (*names, *(f"diff0/{master}_{date}.{end}" for end in ("diff", "diff.par", "base"))):
            (pair / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(stack / name, pair / name)
    return master, secondaries


def dimap(path: Path, width: int = 12, length: int = 200, bands: Sequence[str] = ("i_VV", "q_VV")) -> Path:
    """Write a DIMAP product of float32 bands, with a virtual one besides."""
    data = path.with_suffix(".data")
    data.mkdir(parents=True)
    files, infos = [], []
    for number, band in enumerate(bands):
        (data / f"{band}.hdr").write_text("ENVI\n")
        np.arange(1, width * length + 1).astype(">f4").tofile(data / f"{band}.img")
        href = f'<DATA_FILE_PATH href="{data.name}/{band}.hdr"/>'
        files.append(f"<Data_File>{href}<BAND_INDEX>{number}</BAND_INDEX></Data_File>")
        infos.append(_info(number, band, ""))
    infos.append(_info(len(bands), "Intensity", "<VIRTUAL_BAND>true</VIRTUAL_BAND>"))
    size = f"<NCOLS>{width}</NCOLS><NROWS>{length}</NROWS><NBANDS>{len(bands) + 1}</NBANDS>"
    path.write_text(
        f"<Dimap_Document><Raster_Dimensions>{size}</Raster_Dimensions><Data_Access>{''.join(files)}</Data_Access>"
        f"<Image_Interpretation>{''.join(infos)}</Image_Interpretation></Dimap_Document>"
    )
    return path


def _info(number: int, band: str, more: str) -> str:
    return (
        f"<Spectral_Band_Info><BAND_INDEX>{number}</BAND_INDEX><BAND_NAME>{band}</BAND_NAME>"
        f"<DATA_TYPE>float32</DATA_TYPE>{more}</Spectral_Band_Info>"
    )
