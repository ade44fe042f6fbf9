"""Events that are marked in the time series of a page: a date and a word."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from stamps.errors import InputError
from stamps.products.reference_choice import date_of

__all__ = ["Event", "events_of"]


@dataclass(frozen=True, order=True)
class Event:
    """Something that happened on a day.

    Attributes
    ----------
    date : datetime.date
    label : str
        Empty where it has no name.
    """

    date: datetime.date
    label: str = ""


def events_of(values: Iterable[Any], dates: Sequence[datetime.date]) -> list[Event]:
    """Take events as a caller gives them.

    Parameters
    ----------
    values : iterable
        Texts such as ``'2019-07-06'`` or ``'2019-07-06=earthquake'``, dates, or pairs of a date and a name.
    dates : sequence of datetime.date
        Of the images.

    Returns
    -------
    list of Event
        Ascending.

    Raises
    ------
    InputError
        A value is no event, lies outside of the series, or is given twice.
    """
    events = sorted(_event(value) for value in ([values] if isinstance(values, str) else values))
    first, last = min(dates), max(dates)
    for event in events:
        if not first <= event.date <= last:
            raise InputError(
                f"The event {event.date} lies outside of the series, which is of {first} to {last}: give a date in between."
            )
    for event, following in pairwise(events):
        if following.date == event.date:
            raise InputError(f"Two events are given for {event.date}: give one, with one name.")
    return events


def _event(value: Any) -> Event:
    date, label = value, ""
    if isinstance(value, str):
        date, _, label = value.partition("=")
    elif isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise InputError(f"event is {value!r}, but a date and a name were expected.")
        date, label = value
    return Event(date_of(date, "event"), str(label).strip())
