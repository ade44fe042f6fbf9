"""What can be plotted: the value types, and how a name is understood. What each is made of: :mod:`stamps.products.recipes`.

Source: docs/method/products.md, sections 2.2 to 2.5.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from stamps.errors import InputError
from stamps.products.recipes import MASTER_IS_ONE, RECIPES

__all__ = ["ValueType", "known_names"]

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
        What it is made of, see :mod:`stamps.products.recipes`.
    pairs : bool
        Small-baseline interferograms (and the files that belong to them) rather than a single-master series.
    unit : str
    """

    name: str
    group: str
    recipe: str
    pairs: bool
    unit: str = "rad"

    @classmethod
    def named(cls, name: str, small_baselines: bool) -> ValueType:
        """Understand the name of a value type.

        Parameters
        ----------
        name : str
            In a small-baseline project a lower-case ``v`` or ``d`` at the beginning means the interferograms, an
            upper-case one the inverted series. Other names are lower case.
        small_baselines : bool
            Whether the project is one of small baselines.

        Returns
        -------
        ValueType

        Raises
        ------
        InputError
            There is no such type (the nearest ones are named), or projects of small baselines alone have it.
        """
        lower = name.lower()
        if lower in _ATMOSPHERE_TWICE:
            raise InputError(f"{name} would remove the atmosphere of the master twice: plot u-da, or u-dm without 'a'.")
        if lower[:1] == "v" or lower in ("d", "dsb"):
            found = _of_either_set(name, small_baselines)
        else:
            found = _of_one_set(name, small_baselines)
        if found is None:
            raise _unknown(name, small_baselines)
        return found

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

    @property
    def switches(self) -> str:
        """The letters after the dash: what is left out."""
        return self.file_name.partition("-")[2]

    @property
    def master_is_one(self) -> bool:
        """Whether the phasors of the master are set to 1."""
        return self.name in MASTER_IS_ONE


def _of_either_set(name: str, small_baselines: bool) -> ValueType | None:
    """Velocities, their deviations and look-angle coefficients: the case of the first letter tells what of.

    A lower-case one means the interferograms of small baselines.
    """
    lower, pairs = name.lower(), small_baselines and name[:1].islower()
    if lower[0] == "d":
        return ValueType(name, "d", RECIPES["d"]["d"], pairs, "rad/m")
    if lower == "vs" or lower.startswith("vs-"):
        group, key, pairs = "vs", lower[3:], small_baselines and name[:2] == "vs"
    else:
        group, key = "vsb" if pairs else "v", lower
    recipe = RECIPES[group].get(key)
    return None if recipe is None else ValueType(name, group, recipe, pairs, "mm/yr")


def _of_one_set(name: str, small_baselines: bool) -> ValueType | None:
    """Heights and phases, whose names say themselves whether they are of a series or of interferograms."""
    for group, pairs, unit in (
        ("hgt", False, "m"),
        ("wrapped", small_baselines, "rad"),
        ("series", False, "rad"),
        ("pairs", True, "rad"),
    ):
        if name in RECIPES[group]:
            if group == "pairs" and not small_baselines:
                raise InputError(
                    f"{name} exists in small-baseline projects only: plot one of the types u, a, i, t here."
                )
            return ValueType(name, group, RECIPES[group][name], pairs, unit)
    return None


def known_names(small_baselines: bool) -> list[str]:
    """All names that a project, of small baselines or not, can plot, in the order of the tables."""
    names = [*RECIPES["hgt"], *RECIPES["wrapped"], *RECIPES["series"]]
    if small_baselines:
        series = (f"V{name[1:]}" for name in RECIPES["v"])
        names += [*RECIPES["pairs"], *RECIPES["vsb"], *series, "d", "D"]
    else:
        names += [*RECIPES["v"], "d"]
    starts = ("vs", "Vs") if small_baselines else ("vs",)
    return names + [f"{start}-{switches}".rstrip("-") for start in starts for switches in RECIPES["vs"]]


def _unknown(name: str, small_baselines: bool) -> InputError:
    names = known_names(small_baselines)
    near = difflib.get_close_matches(name, names, n=4, cutoff=0.4)
    near = near or difflib.get_close_matches(name.lower(), names, n=4, cutoff=0.4) or ["v-d", "u-dm", "w", "hgt"]
    return InputError(f"'{name}' is not a value type of this project: did you mean {' or '.join(near)}?")
