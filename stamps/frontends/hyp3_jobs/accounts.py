"""Accounts at HyP3: ``hyp3_sdk`` asks, with time limits, and again where the service stumbles; errors are sentences.

Source: docs/method/jobs.md, section 7.4.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from stamps.errors import InputError
from stamps.frontends.hyp3_jobs.credentials import Login
from stamps.frontends.hyp3_jobs.orders import library

__all__ = ["Account", "Accounts", "RefusedError", "UnavailableError", "retrying_adapter"]

_T = TypeVar("_T")
_PATIENCE = (30, 300)  # s, to connect and between two pieces
_TRIES = 4
_BACK_OFF = 1.0  # s, doubled with each try
_TROUBLE = (429, 500, 502, 503, 504)
_REFUSALS = range(400, 500)
_BUSY = (408, 425, 429, 499)  # of these: not of the order, and but for 429 it may have been heeded
_LONGEST = 400


class UnavailableError(InputError):
    """The service does not answer, or says that it cannot now; ``rejected``: it has surely done nothing."""

    def __init__(self, message: str, rejected: bool = False) -> None:
        super().__init__(message)
        self.rejected = rejected


class RefusedError(InputError):
    """The service refuses; nothing was done."""

    def __init__(self, message: str, status: int, detail: str) -> None:
        super().__init__(message)
        self.status, self.detail = status, detail

    @property
    def is_about_credits(self) -> bool:
        """Whether the account cannot pay."""
        return self.status in (400, 402, 403) and "credit" in self.detail.lower()

    @property
    def is_about_the_account(self) -> bool:
        """Whether another account may be taken."""
        return self.status in (401, 403)


def retrying_adapter() -> Any:
    """What lets a session of ``requests`` ask again, after ever longer pauses, where nothing can be done twice."""
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    return HTTPAdapter(
        max_retries=Retry(
            total=_TRIES,
            backoff_factor=_BACK_OFF,
            status_forcelist=_TROUBLE,
            allowed_methods={"GET"},
            raise_on_status=False,
            respect_retry_after_header=False,  # it may ask for hours
        )
    )


class Account:
    """One account.

    Parameters
    ----------
    login : Login
    url : str
        Address of the service.
    """

    def __init__(self, login: Login, url: str) -> None:
        self.login, self.url = login, url
        self._client: Any = None
        self._opening = threading.Lock()
        self._seen = threading.local()

    # ------------------------------------------------------------------ questions

    @functools.cached_property
    def user(self) -> str:
        """Name of the user, as HyP3 knows it; where that refuses the account, as the login says."""
        try:
            return str(self.ask(lambda client: client.my_info()["user_id"]))
        except RefusedError:
            if not self.login.user:
                raise
            return self.login.user

    def credits(self) -> float | None:
        """Credits that are left; None where there is no limit."""
        left = self.ask(lambda client: client.check_credits())
        if left is not None and (isinstance(left, bool) or not isinstance(left, int | float)):
            raise UnavailableError(
                f"HyP3 tells the credits of {self.login.source} as {str(left)[:40]!r}: try again later."
            )
        return left

    def ask(self, question: Callable[[Any], _T]) -> _T:
        """Put a question to the client of ``hyp3_sdk``.

        Raises
        ------
        RefusedError, UnavailableError
            Whose sentence says why.
        """
        sdk = library()
        from requests import RequestException  # which it needs, too

        self._seen.status = None
        try:
            return question(self._opened())
        except sdk.exceptions.AuthenticationError as error:
            text = f"The login of {self.login.source} is refused ({_short(error)}): check it at https://urs.earthdata.nasa.gov."
            raise RefusedError(text, 401, str(error)) from None
        except (sdk.exceptions.HyP3SDKError, RequestException, OSError) as error:
            raise self._error(error) from None
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise self._error(error) from None

    def _error(self, error: Exception) -> InputError:
        """The sentence of what went wrong."""
        status = getattr(self._seen, "status", None)
        detail = re.sub(r"^<Response \[\d+\]>\s*", "", _short(error))
        if status is None:
            return UnavailableError(
                f"There is no connection to {self.url} ({type(error).__name__}): check the network."
            )
        if status in (401, 403) and "credit" not in detail.lower():
            text = f"HyP3 refuses {self.login.source} ({status}: {detail}): check it, and that it has not expired."
            return RefusedError(text, status, detail)
        if status in _REFUSALS and status not in _BUSY:
            return RefusedError(f"HyP3 refuses ({status}): {detail}", status, detail)
        if status < 400:
            return UnavailableError(f"HyP3 answered with something that cannot be understood ({type(error).__name__}).")
        return UnavailableError(f"HyP3 does not answer now (HTTP {status}): try again later.", status in (429, 503))

    # ------------------------------------------------------------------ the client

    def _opened(self) -> Any:
        """The client, signed in."""
        with self._opening:
            if self._client is None:
                login = self.login
                if login.token:
                    client = library().HyP3(self.url, token=login.token)
                else:
                    client = library().HyP3(self.url, username=login.user, password=login.password)
                self._client = self._careful(client)
            return self._client

    def _careful(self, client: Any) -> Any:
        """A client that waits only so long, asks again, and takes no other credentials from anywhere."""
        session = client.session
        session.request = functools.partial(session.request, timeout=_PATIENCE)
        session.auth = _as_it_is
        session.hooks["response"].append(self._note)
        for scheme in ("https://", "http://"):
            session.mount(scheme, retrying_adapter())
        return client

    def _note(self, response: Any, *_: Any, **__: Any) -> None:
        self._seen.status = response.status_code


def _as_it_is(request: Any) -> Any:
    """A request with the header that the session has: ``~/.netrc`` is not looked at."""
    return request


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:_LONGEST]


class Accounts(Sequence[Account]):
    """All accounts, in the order in which they pay.

    Parameters
    ----------
    logins : sequence of Login
    url : str
    """

    def __init__(self, logins: Sequence[Login], url: str) -> None:
        self._accounts = [Account(login, url) for login in logins]

    def __getitem__(self, index: Any) -> Any:
        return self._accounts[index]

    def __len__(self) -> int:
        return len(self._accounts)

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts)

    def ask(self, user: str, question: Callable[[Any], _T]) -> _T:
        """Ask with the account of a user, else with another: jobs can be seen by all.

        Raises
        ------
        RefusedError, UnavailableError
            As :meth:`Account.ask`; a refusal of the account itself only if all are refused.
        """
        order = sorted(self._accounts, key=lambda account: account.login.user != user)
        for account in order[:-1]:
            try:
                return account.ask(question)
            except RefusedError as error:
                if not error.is_about_the_account:
                    raise
        return order[-1].ask(question)
