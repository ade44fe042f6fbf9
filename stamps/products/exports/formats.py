"""What can be exported: the formats, their files, their options, what they need."""

from __future__ import annotations

from dataclasses import dataclass, field

from stamps.products.exports.visualizer import LONGEST_NAME

__all__ = ["EGMS_OPTIONS", "FORMATS", "Format"]


@dataclass(frozen=True)
class Format:
    """What can be exported, and how it is written.

    Attributes
    ----------
    module : str
        Module of this package whose ``write(table, path, …)`` writes it.
    suffixes : tuple of str
        Ends of file names, the default first; empty: it is a folder.
    about : str
        What it is for.
    options : tuple of str
        Options that only some formats have.
    name : str
        Default name, instead of ``export_<values>`` and the suffix.
    companions : tuple of str
        Ends of files that belong to an older file of the name and would be wrong for the new one; ``*.x`` takes the
        place of the suffix.
    libraries : tuple of str
        What has to be installed.
    longest : int, optional
        Characters that the name of the file may have.
    tree : str
        A file that is in what is written, where that is a folder with folders, replaced as a whole.
    fixed : bool
        Whether its columns are what another program expects, so that no others can stand in it.
    """

    module: str
    suffixes: tuple[str, ...]
    about: str
    options: tuple[str, ...] = ()
    name: str = ""
    companions: tuple[str, ...] = field(default=())
    libraries: tuple[str, ...] = ()
    longest: int | None = None
    tree: str = ""
    fixed: bool = False


_VECTOR = ("pyogrio", "pyarrow")
#: Options of the format of the European Ground Motion Service.
EGMS_OPTIONS = (
    "track", "burst", "swath", "polarisation", "producer", "height_datum", "geoid_offset", "coherence", "zero", "look_side",
    "cluster_label", "xml", "level", "calibration",
)  # fmt: skip

#: All formats by the name that ``export`` takes.
FORMATS = {
    "csv": Format("csv_table", (".csv",), "table with a line of names, for spreadsheets and scripts"),
    "visualizer": Format("visualizer", (".csv",), "input of StaMPS-Visualizer, alone in its folder input/stusi",
                       name="stamps_tsexport.csv", companions=("-metadata.json",), longest=LONGEST_NAME, fixed=True),
    "gpkg": Format("gpkg", (".gpkg",), "GeoPackage for QGIS, PS-Toolbox, InSAR Explorer",
                 libraries=_VECTOR, companions=("-wal", "-shm", "-journal")),
    "geojson": Format("geojson", (".geojson", ".json"), "GeoJSON for maps on the web", libraries=_VECTOR),
    "shp": Format("shp", (".shp",), "shapefile",
                companions=("*.qix", "*.sbn", "*.sbx", "*.cpg", "*.prj", "*.shx", "*.dbf", "*.qmd", ".xml"),
                libraries=_VECTOR),
    "kml": Format("kml", (".kmz", ".kml"), "points coloured by velocity for Google Earth, with a legend; or a picture (overlay)",
                ("clims", "opacity", "overlay", "resolution", "max_gap"), libraries=("matplotlib",)),
    "geotiff": Format("geotiff", (".tif", ".tiff"), "raster of means, one band for each column", ("resolution",),
                    companions=(".aux.xml", ".ovr", ".msk"), libraries=("rasterio",)),
    "geoparquet": Format("geoparquet", (".parquet", ".geoparquet"), "GeoParquet for GeoPandas, DuckDB, QGIS",
                       libraries=("pyarrow",)),
    "netcdf": Format("netcdf", (".nc",), "NetCDF with the names of CF, for xarray and others",
                   libraries=("xarray", "h5netcdf")),
    "zarr": Format("zarr_store", (".zarr",), "Zarr folder with the names of CF, for xarray", libraries=("xarray", "zarr"),
                 tree=".zgroup"),
    "egms": Format("egms", (".csv",), "CSV of the European Ground Motion Service, basic product (L2a)", EGMS_OPTIONS,
                 name="egms.csv", companions=("-metadata.json", "*.xml"), fixed=True),
    "mintpy": Format("mintpy", (), "folder of HDF5 files for MintPy", ("resolution",), name="mintpy", fixed=True,
                     libraries=("h5py",)),
}  # fmt: skip
