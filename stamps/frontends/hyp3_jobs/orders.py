"""What HyP3 is asked to do with a pair, as a task; and whether a job that it has is the same order.

Source: docs/method/jobs.md, section 7.3.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

from stamps.errors import ExternalProgramError, InputError
from stamps.frontends.hyp3_jobs.config import Hyp3_Burst_Config, Hyp3_S1_Config, Hyp3Config
from stamps.frontends.hyp3_jobs.pairs import Pair
from stamps.frontends.jobs.model import Step, Task

__all__ = ["DOWNLOAD", "PROCESS", "granules_of", "is_same", "job_type", "library", "order_of", "steps_of"]

PROCESS, DOWNLOAD = "process", "download"

_GRANULES = ("granules", "reference", "secondary")


def library() -> Any:
    """The module ``hyp3_sdk``.

    Raises
    ------
    ExternalProgramError
        It is not installed.
    """
    try:
        import hyp3_sdk
        import hyp3_sdk.exceptions
        import hyp3_sdk.util
    except ImportError:
        raise ExternalProgramError(
            "Orders to HyP3 need the package hyp3_sdk: install it (pip install 'stamps-insar[hyp3]')."
        ) from None
    return hyp3_sdk


def job_type(config: Hyp3Config) -> str:
    """HyP3's name of what is ordered."""
    if isinstance(config, Hyp3_Burst_Config):
        return "INSAR_ISCE_BURST" if config.single_burst else "INSAR_ISCE_MULTI_BURST"
    return "INSAR_GAMMA"


def _prepared(pair: Pair, config: Hyp3Config) -> dict[str, Any]:
    """The order of a pair, as ``hyp3_sdk`` prepares it."""
    hyp3, name = library().HyP3, f"{config.name_prefix}_{pair.id}"
    reference, secondary = ([one.name for one in side] for side in (pair.reference, pair.secondary))
    if isinstance(config, Hyp3_S1_Config):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of a deprecated setting, which the plan tells
            order: dict[str, Any] = hyp3.prepare_insar_job(reference[0], secondary[0], name=name, **config.product)
        return order
    settings = {key: value for key, value in config.product.items() if key != "single_burst"}
    if job_type(config) == "INSAR_ISCE_BURST":
        order = hyp3.prepare_insar_isce_burst_job(reference[0], secondary[0], name=name, **settings)
    else:
        order = hyp3.prepare_insar_isce_multi_burst_job(reference, secondary, name=name, **settings)
    return order


def steps_of(pairs: list[Pair], config: Hyp3Config) -> tuple[Step, Step]:
    """The steps of a job: what HyP3 does, and what is fetched."""
    process = [
        Task(
            id=pair.id,
            argv=("hyp3", "order", json.dumps(_prepared(pair, config), sort_keys=True)),
            about=", ".join(one.name for one in (*pair.reference[:1], *pair.secondary[:1])),
        )
        for pair in pairs
    ]
    download = [Task(id=pair.id, argv=("hyp3", "download", pair.id)) for pair in pairs]
    return Step(PROCESS, tuple(process)), Step(DOWNLOAD, tuple(download))


def order_of(task: Task) -> dict[str, Any]:
    """The order that a task is.

    Raises
    ------
    InputError
        It is none: somebody else has written the job.
    """
    try:
        order = json.loads(task.argv[2])
        if task.argv[:2] != ("hyp3", "order") or not isinstance(order["job_type"], str):
            raise ValueError
        dict(order["job_parameters"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise InputError(f"The task {task.id} is no order to HyP3: submit under another name.") from None
    return dict(order)


# ---------------------------------------------------------------------- the same order


def is_same(order: Mapping[str, Any], job_kind: str, parameters: Mapping[str, Any] | None) -> bool:
    """Whether a job at HyP3 makes the same product as an order; its name and settings that only HyP3 knows do not matter.

    Parameters
    ----------
    order : mapping
        ``job_type``, ``job_parameters``.
    job_kind : str
    parameters : mapping, optional
        Of the job.
    """
    if job_kind != order["job_type"] or not isinstance(parameters, Mapping):
        return False
    mine = order["job_parameters"]
    return all(_form(name, mine[name]) == _form(name, parameters.get(name, _default(name))) for name in mine)


def granules_of(parameters: Any) -> str:
    """The granules that parameters name, as one text: orders that are the same have the same."""
    told = parameters if isinstance(parameters, Mapping) else {}
    return json.dumps([_form(name, told.get(name)) for name in _GRANULES], default=str)


def _form(name: str, value: Any) -> Any:
    """A value to compare: HyP3 orders granules by their dates."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return sorted(map(str, value)) if name in _GRANULES and isinstance(value, list | tuple) else value


def _default(name: str) -> Any:
    """What HyP3 takes where a setting was not given."""
    return {"looks": "20x4", "phase_filter_parameter": 0.6}.get(name, False)
