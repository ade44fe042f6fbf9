"""Layers of the page that say what the series are made of: kinds of motion, coefficients of a model with their errors.

Source: docs/method/series.md, section 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stamps.products.exports.table import point_table
from stamps.products.quantity_styles import style_of_column
from stamps.products.series_models.choice import ModelChoice
from stamps.products.series_models.fitted import KINDS, fitted
from stamps.products.view.content import Layer

if TYPE_CHECKING:
    from stamps.products.quantities import Project
    from stamps.products.reference_choice import ReferenceChoice

__all__ = ["model_layers"]

#: Coefficients that become layers, each with its error; values on one date and parts of periods do not.
_LINEAR = re.compile(r"velocity|accel|jerk|(step|slope|exp|log)\d+")
_AMPLITUDE = re.compile(r"(ann|p\d+)_amp")
_ERRORS = {"velocity": "vel_sd"}


def model_layers(project: Project, value: str, wanted: Any, choice: ReferenceChoice) -> list[Layer]:
    """Layers of a model that is fitted to the series of the page.

    Parameters
    ----------
    project : Project
    value : str
        Value type of the velocity whose series are shown.
    wanted : ModelChoice, str, dict or True
        As for :func:`stamps.export`.
    choice : ReferenceChoice

    Returns
    -------
    list of Layer
        ``model_ts_type``, ``model_accel``, ``model_accel_sd``, ``model_ann_amp`` … by the names of the columns; values of shape
        (n_ps,), NaN where there is no fit.

    Raises
    ------
    InputError, ParameterError
        The model cannot be.
    """
    model = ModelChoice.read(wanted)
    table = point_table(project, value, n_boot=2, reference_date=choice.date, reference_area=choice.area)
    found = fitted(table, model)
    columns = {field.name: field for field in found.table.fields if field.extra}

    def layer(name: str, referenced: bool = False, error_of: str | None = None) -> Layer:
        column = columns[name]
        values = np.full(project.ps["n_ps"], np.nan)
        values[table.rows] = column.values
        about = columns[error_of or name].meaning.removesuffix(", of the model").partition(":")[0]
        label = f"Model: {'standard error, ' if error_of else ''}{about}"
        style = replace(style_of_column(name, column.unit, label, values), name=f"model_{name}")
        return Layer(style, values, referenced, KINDS if style.palette == "kinds" else ())

    made = []
    if "ts_type" in columns:
        made.append(layer("ts_type"))
    for name, error in _shown(columns):
        made.append(layer(name, bool(_LINEAR.fullmatch(name)) and not model.correlated))
        made.append(layer(error, error_of=name))
    return made


def _shown(columns: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names of the coefficients that are shown, and of their errors."""
    for name in columns:
        if _LINEAR.fullmatch(name) or _AMPLITUDE.fullmatch(name):
            yield name, _ERRORS.get(name, f"{name}_sd")
