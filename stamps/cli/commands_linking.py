"""The shell commands of distributed scatterers."""

from __future__ import annotations

from stamps.cli.command import Command, Option

__all__ = ["LINKING"]

LINKING = {
    "mt_add_ds": Command(
        "Put distributed scatterers (DS), linked by mt_link, beside the persistent ones (PS) among the candidates.\n"
        "Then run the steps as ever: stamps 1 8.",
        options=(
            Option("--tcoh", "X", float, "least temporal coherence of a DS (0.6)"),
            Option("--min-shp", "N", int, "least number of alike pixels of a DS (20)"),
            Option("--keep-ps", "X", float, "candidates with a smaller amplitude dispersion stay PS (0.25)"),
            Option("--step", "A R", int, "keep one DS in a cell of A lines x R samples (1 1: all)", count=2),
            Option("--da", "WHAT", about="dispersion of DS: sigma (bound of the phase noise), tcoh or raw (sigma)"),
            Option(
                "--network",
                "KIND …",
                about="a small-baseline project of these pairs instead: single, sequential N, delaunay …,\n"
                "tree, coherent C, list FILE (docs/method/linking.md, section 9.2)",
                count="+",
            ),
            Option("--year", "D", float, "with a network: also pairs 365 days apart, to within D"),
            Option("--direct", about="with a network: skip steps 1 to 5; go on with stamps 6 8", default=False),
            Option(
                "--write-interferograms", about="with a network: write its rasters, LINK/pairs/*.diff", default=False
            ),
            Option("--off", about="PS only, as the preparation has left them", default=False),
        ),
        kernels=False,
        example="mt_add_ds --tcoh 0.7 --step 2 3\nmt_add_ds --network sequential 3 --direct",
    ),
}
