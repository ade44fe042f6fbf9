"""What each value type is made of: the one table of recipes.

A recipe is a line of words, carried out from left to right on one array of phases: the first word is a quantity, ``-X``
subtracts a quantity (``-C?``: if it is stored), ``D`` removes ramps, ``M0`` sets the master column to zero (not where
the bands of a correction are shown). The order of the words is that of the original, because single precision and
ramps depend on it; of a wrapped type the words are the phases that turn the phasor.

``U S C N T I E O R K``  unwrapped phase, look-angle error, master noise, spatially correlated noise, troposphere,
ionosphere, tide, oscillator drift, orbital ramps, look-angle coefficient; ``RES`` misfit of the inversion;
``S~ C~ R~``  the smoothed look-angle error, master noise and ramps that unwrapping subtracts.

Source: docs/method/products.md, sections 1 and 2.2 to 2.5.
"""

from __future__ import annotations

__all__ = ["MASTER_IS_ONE", "RECIPES"]

#: Group of value types (:attr:`stamps.products.value_types.ValueType.group`) to names and recipes. Names are lower case;
#: those of ``vs`` are the switches alone.
RECIPES: dict[str, dict[str, str]] = {
    # phases, single master or inverted series
    "series": {
        "u": "U -O",
        "u-d": "U -S -O",
        "u-m": "U -C M0 -O",
        "u-o": "U -O D",
        "u-do": "U -S -O D",
        "u-dm": "U -C -S -O M0",
        "u-dmo": "U -C -S -O D M0",
        "u-dms": "U -N -C -S -O M0",
        "u-dmos": "U -N -C -S -O D M0",
        "u-a": "U -T -O M0",
        "u-da": "U -S -T -O M0",
        "u-ao": "U -T -O M0 D",
        "u-dao": "U -T -S M0 -O D",
        "u-ai": "U -T -I -O M0",
        "u-dai": "U -S -T -I -O M0",
        "u-dait": "U -S -T -I -E -O M0",
        "u-i": "U -I M0 -O",
        "u-di": "U -S -I -O",
        "u-dit": "U -S -I -E -O",
        "u-s": "U -N M0 -O",
        "a": "T",
        "a-o": "T D",
        "i": "I",
        "t": "E",
        "s": "N",
        "m": "C",
        "o": "R",
    },
    # phases, small-baseline interferograms
    "pairs": {
        "usb": "U -O",
        "usb-d": "U -S -O",
        "usb-a": "U -T -O",
        "usb-da": "U -S -T -O",
        "usb-o": "U -O D",
        "usb-do": "U -S -O D",
        "usb-ao": "U -T -O D",
        "usb-dao": "U -S -T -O D",
        "usb-ai": "U -T -I -O",
        "usb-dai": "U -S -T -I -O",
        "rsb": "RES",
        "rsb-o": "RES D",
        "asb": "T",
        "asb-o": "T D",
        "isb": "I",
        "tsb": "E",
    },
    # phasors
    "wrapped": {
        "w": "O",
        "w-a": "O T",
        "w-d": "O S~",
        "w-da": "O S~ T",
        "w-o": "O R",
        "w-do": "O S~+R~",
        "w-dm": "O S~ C~",
        "w-dmo": "O S~ R~ C~",
        "wa": "T",
        "wf": "",
        "p": "",
    },
    # velocities of the single-master series
    "v": {
        "v": "U -O",
        "v-d": "U -O -S -C?",
        "v-o": "U -O D",
        "v-do": "U -O -S D",
        "v-s": "U -O -N",
        "v-so": "U -O -N D",
        "v-ds": "U -O -S -N",
        "v-dso": "U -O -S -N D",
        "v-a": "U -O -T",
        "v-ao": "U -O -T D",
        "v-da": "U -O -S -T",
        "v-dai": "U -O -S -T -I",
        "v-dait": "U -O -S -T -I -E",
        "v-dao": "U -O -S -T D",
        "vt": "E",
        "vi": "I",
        "vdrop": "U -O",
        "vdrop-d": "U -O -S",
        "vdrop-o": "U -O D",
        "vdrop-do": "U -O -S D",
        "vdrop-dos": "U -O -S -N D",
        "vdrop-dao": "U -O -S -T D",
    },
    # velocities straight from small-baseline interferograms
    "vsb": {
        "v": "U -O",
        "v-d": "U -O -S",
        "v-o": "U -O D",
        "v-do": "U -O -S D",
        "v-a": "U -O -T",
        "v-ao": "U -O -T D",
        "v-da": "U -O -S -T",
        "v-dai": "U -O -S -T -I",
        "v-dat": "U -O -S -T -E",
        "v-dait": "U -O -S -T -I -E",
        "v-dao": "U -O -S -T D",
        "vdrop": "U -O",
        "vdrop-d": "U -O -S",
        "vdrop-o": "U -O D",
        "vdrop-do": "U -O -S D",
        "vdrop-dao": "U -O -S -T D",
    },
    # mean velocities and their standard deviations, of the series or the interferograms, by their switches
    "vs": {
        "": "U",
        "d": "U -S",
        "o": "U D",
        "a": "U -T",
        "ao": "U -T D",
        "do": "U -S D",
        "da": "U -S -T",
        "dat": "U -S -T -E",
        "dao": "U -S D -T",
    },
    # look-angle coefficient; heights are no phases
    "d": {"d": "K"},
    "hgt": {"hgt": ""},
}

#: Wrapped types whose phasors of the master become 1.
MASTER_IS_ONE = frozenset({"w-dm", "w-dmo"})
