"""What a user may ask of phase linking, checked.

Source: docs/method/linking.md, sections 2 to 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from stamps.errors import ParameterError

__all__ = ["ESTIMATORS", "METHODS", "TESTS", "LinkOptions"]

#: Tests for alike neighbours.
TESTS = ("ks", "ad", "ttest", "glrt", "rect")
ESTIMATORS = ("EVD", "EMI", "PTA")
METHODS = (*ESTIMATORS, *(f"sequential_{name}" for name in ESTIMATORS))
_ALPHA, _ALPHA_AD = 0.0005, 0.001
_AD_RANGE = (0.001, 0.25)


@dataclass(frozen=True)
class LinkOptions:
    """Options of phase linking.

    Attributes
    ----------
    shp : {'ks', 'ad', 'ttest', 'glrt', 'rect'}
        Test for alike neighbours.
    alpha : float or None
        Its significance; the smaller, the more pixels are accepted. None: 0.0005, for ``ad`` 0.001.
    half_window : (int, int)
        Lines and samples to each side of a pixel.
    connect : bool
        Only neighbours that are connected to the pixel through accepted ones.
    min_coherence : float
        Coherences below this count as 0.
    bandwidth : int or None
        Only pairs of images that are at most so many images apart.
    beta : float
        Share of the identity that the matrix of coherences is mixed with.
    method : str
        One of ``METHODS``.
    ministack : int
        Images of a mini-stack (sequential methods).
    max_compressed : int
        Compressed images of earlier mini-stacks that are linked with the next one.
    datum : bool
        Link the compressed images at the end and adjust the mini-stacks to each other.
    looks_factor : float
        Pixels per independent look.
    closure : bool
        Write the map of phase closures.
    pair_coherence : bool
        Store median coherence matrices.
    """

    shp: str = "ks"
    alpha: float | None = None
    half_window: tuple[int, int] = (5, 11)
    connect: bool = False
    min_coherence: float = 0.0
    bandwidth: int | None = None
    beta: float = 0.0
    method: str = "sequential_EMI"
    ministack: int = 10
    max_compressed: int = 10
    datum: bool = False
    looks_factor: float = 1.3
    closure: bool = False
    pair_coherence: bool = False

    @classmethod
    def of(cls, **given: Any) -> LinkOptions:
        """Options from what a user gave: numbers may be texts.

        Raises
        ------
        ParameterError
            A value is none that the option can have: one sentence.
        """
        values: dict[str, Any] = {
            "shp": _one_of("shp", given.get("shp", cls.shp), TESTS),
            "half_window": _window(given.get("half_window", cls.half_window)),
            "method": _one_of("method", given.get("method", cls.method), METHODS),
            "min_coherence": _number("min_coherence", given.get("min_coherence", 0.0), 0, 1),
            "beta": _number("beta", given.get("beta", 0.0), 0, 1),
            "looks_factor": _number("looks_factor", given.get("looks_factor", cls.looks_factor), 1e-3, 1e6),
            "ministack": _whole("ministack", given.get("ministack", cls.ministack), 3),
            "max_compressed": _whole("max_compressed", given.get("max_compressed", cls.max_compressed), 1),
        }
        values |= {name: bool(given.get(name, False)) for name in ("connect", "datum", "closure", "pair_coherence")}
        width = given.get("bandwidth")
        values["bandwidth"] = None if width is None else _whole("bandwidth", width, 1)
        values["alpha"] = _alpha(values["shp"], given.get("alpha"))
        return cls(**values)

    @property
    def sequential(self) -> bool:
        """Whether the images are linked mini-stack by mini-stack."""
        return self.method.startswith("sequential_")

    @property
    def estimator(self) -> str:
        """``EVD``, ``EMI`` or ``PTA``."""
        return self.method.rpartition("_")[2]

    @property
    def window(self) -> tuple[int, int]:
        """Lines and samples of the window."""
        return 2 * self.half_window[0] + 1, 2 * self.half_window[1] + 1

    def as_dict(self) -> dict[str, Any]:
        """Name -> value, as JSON keeps it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> LinkOptions:
        """The options that :meth:`as_dict` gave."""
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**{name: value for name, value in values.items() if name in known})


def _one_of(name: str, value: object, known: Sequence[str]) -> str:
    for word in known:
        if str(value).lower() == word.lower():
            return word
    raise ParameterError(f"{name} is '{value}', but only {', '.join(known)} exist: choose one of these.")


def _number(name: str, value: Any, lowest: float, highest: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not lowest <= number <= highest:
        raise ParameterError(f"{name} is '{value}', but a number from {lowest:g} to {highest:g} was expected.")
    return number


def _whole(name: str, value: Any, lowest: int) -> int:
    number = _number(name, value, lowest, 1e6)
    if number != int(number):
        raise ParameterError(f"{name} is '{value}', but a whole number of at least {lowest} was expected.")
    return int(number)


def _window(value: Any) -> tuple[int, int]:
    parts = value.replace(",", " ").split() if isinstance(value, str) else list(value)
    if len(parts) != 2:
        raise ParameterError(
            f"half_window is '{value}', but two numbers were expected: lines and samples to each side."
        )
    lines, samples = (_whole("half_window", part, 0) for part in parts)
    if (2 * lines + 1) * (2 * samples + 1) > 65535:
        raise ParameterError(
            f"half_window {lines} {samples} makes a window of more than 65535 pixels: choose a smaller one."
        )
    return lines, samples


def _alpha(test: str, value: Any) -> float:
    if value is None:
        return _ALPHA_AD if test == "ad" else _ALPHA
    if test == "ad":
        return _number("alpha of the Anderson-Darling test", value, *_AD_RANGE)
    return _number("alpha", value, 1e-12, 1)
