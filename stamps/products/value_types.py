"""What can be plotted: the value types, what each is made of, and how a name is understood.

A recipe is a line of words, carried out from left to right on one array of phases: the first word is a quantity, ``-X``
subtracts a quantity (``-C?``: if it is stored), ``D`` removes ramps, ``M0`` sets the master column to zero (not where
the bands of a correction are shown). The order of the words is that of the original, because single precision and
ramps depend on it.

``U S C N T I E O R K``  unwrapped phase, look-angle error, master noise, spatially correlated noise, troposphere,
ionosphere, tide, oscillator drift, orbital ramps, look-angle coefficient;
``S~ C~ R~``  the smoothed look-angle error, master noise and ramps that unwrapping subtracts.

Source: docs/method/products.md, sections 2.2 to 2.5.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from stamps.errors import InputError

__all__ = ["ValueType", "value_type"]

#: Types of phase, single master or inverted series.
_SERIES = {
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
}

#: Types of phase, small-baseline interferograms.
_PAIRS = {
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
}

#: Wrapped types: the phases that turn the phasor, and whether the master becomes 1.
_WRAPPED = {
    "w": ("O", False),
    "w-a": ("O T", False),
    "w-d": ("O S~", False),
    "w-da": ("O S~ T", False),
    "w-o": ("O R", False),
    "w-do": ("O S~+R~", False),
    "w-dm": ("O S~ C~", True),
    "w-dmo": ("O S~ R~ C~", True),
    "wa": ("T", False),
    "wf": ("", False),
    "p": ("", False),
}

#: Velocities of the single-master series.
_VELOCITIES = {
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
}

#: Velocities straight from small-baseline interferograms.
_PAIR_VELOCITIES = {
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
}

_STD_SWITCHES = ("", "d", "o", "a", "ao", "do", "da", "dat", "dao")
_ATMOSPHERE_TWICE = ("u-dma", "u-dmao")


@dataclass(frozen=True)
class ValueType:
    """A value type as it was understood.

    Attributes
    ----------
    name : str
        As the user wrote it.
    group : str
        ``v`` or ``vsb`` (velocity), ``vs`` (its standard deviation), ``d`` (look-angle coefficient), ``series`` and
        ``pairs`` (phases), ``wrapped``, ``hgt``.
    recipe : str
        What is subtracted, see the module; of a standard deviation its switches.
    pairs : bool
        Small-baseline interferograms (and the files that belong to them) rather than a single-master series.
    unit : str
    master_is_one : bool
        Whether the phasors of the master are set to 1.
    """

    name: str
    group: str
    recipe: str
    pairs: bool
    unit: str = "rad"
    master_is_one: bool = False

    @property
    def file_name(self) -> str:
        """The name in file names: lower case."""
        return self.name.lower()

    @property
    def is_velocity(self) -> bool:
        """Whether a line is fitted to the phases."""
        return self.group in ("v", "vsb")

    @property
    def drops(self) -> bool:
        """Whether one velocity without each interferogram is wanted."""
        return self.is_velocity and self.file_name.startswith("vdrop")

    @property
    def words(self) -> list[str]:
        """The words of the recipe."""
        return self.recipe.split()


def value_type(name: str, small_baselines: bool) -> ValueType:
    """Understand the name of a value type.

    Parameters
    ----------
    name : str
        In a small-baseline project a lower-case ``v`` or ``d`` at the beginning means the interferograms, an
        upper-case one the inverted series. Other names are lower case.
    small_baselines : bool
        Kind of the project.

    Returns
    -------
    ValueType

    Raises
    ------
    InputError
        There is no such type (the nearest ones are named), or the project is of the other kind.
    """
    lower, first = name.lower(), name[:1]
    if lower in _ATMOSPHERE_TWICE:
        raise InputError(f"{name} would remove the atmosphere of the master twice: plot u-da, or u-dm without 'a'.")
    if lower == "vs" or lower.startswith("vs-"):
        switches = lower[3:]
        if switches in _STD_SWITCHES:
            return ValueType(name, "vs", switches, small_baselines and name[:2] == "vs", "mm/yr")
        raise _unknown(name, small_baselines)
    if first in ("v", "V"):
        pairs = small_baselines and first == "v"
        table = _PAIR_VELOCITIES if pairs else _VELOCITIES
        if lower in table:
            return ValueType(name, "vsb" if pairs else "v", table[lower], pairs, "mm/yr")
        raise _unknown(name, small_baselines)
    if lower in ("d", "dsb"):
        pairs = small_baselines and first == "d"
        return ValueType(name, "d", "K", pairs, "rad/m")
    if name == "hgt":
        return ValueType(name, "hgt", "", False, "m")
    if name in _WRAPPED:
        recipe, master_is_one = _WRAPPED[name]
        return ValueType(name, "wrapped", recipe, small_baselines, "rad", master_is_one)
    if name in _SERIES:
        return ValueType(name, "series", _SERIES[name], False)
    if name in _PAIRS:
        if small_baselines:
            return ValueType(name, "pairs", _PAIRS[name], True)
        raise InputError(f"{name} exists in small-baseline projects only: plot one of the types u, a, i, t here.")
    raise _unknown(name, small_baselines)


def known_names(small_baselines: bool) -> list[str]:
    """All names that a project of one kind can plot, in the order of the tables."""
    names = ["hgt", *_WRAPPED, *_SERIES]
    if small_baselines:
        names += [*_PAIRS, *_PAIR_VELOCITIES, *(f"V{name[1:]}" for name in _VELOCITIES), "d", "D"]
    else:
        names += [*_VELOCITIES, "d"]
    starts = ("vs", "Vs") if small_baselines else ("vs",)
    return names + [f"{start}-{switches}".rstrip("-") for start in starts for switches in _STD_SWITCHES]


def _unknown(name: str, small_baselines: bool) -> InputError:
    names = known_names(small_baselines)
    near = difflib.get_close_matches(name, names, n=4, cutoff=0.4)
    near = near or difflib.get_close_matches(name.lower(), names, n=4, cutoff=0.4) or ["v-d", "u-dm", "w", "hgt"]
    return InputError(f"'{name}' is not a value type of this project: did you mean {' or '.join(near)}?")
