"""Who orders: from the environment, ``~/.netrc``, or a pool of accounts. Nothing is asked, nothing is kept.

Source: docs/method/jobs.md, section 7.4.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stamps.errors import InputError
from stamps.frontends.sentinel1.archive import netrc_login
from stamps.workspace.plain_files import check_input

__all__ = ["Login", "find_logins"]

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # a JSON web token
_LONGEST_POOL = 1 << 20


@dataclass(frozen=True)
class Login:
    """How one account signs in.

    Attributes
    ----------
    source : str
        What is named where it is refused.
    user : str
        Empty where only a token is known.
    token, password : str
        One of them.
    """

    source: str
    user: str = ""
    token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def find_logins(pool: Mapping[str, str] | str | os.PathLike[str] | None = None) -> list[Login]:
    """The accounts that may be used, in their order.

    Parameters
    ----------
    pool : mapping or path-like, optional
        Names → passwords or tokens, or a file of them; nothing else is looked at then.

    Returns
    -------
    list of Login
        At least one: the pool, else ``EARTHDATA_TOKEN``, else ``EARTHDATA_USERNAME`` and ``EARTHDATA_PASSWORD``, else
        ``~/.netrc``.

    Raises
    ------
    InputError
        There is none, or the file of the pool can be read by others or not at all.
    """
    if isinstance(pool, str | os.PathLike):
        return _of_pool(_read_pool(os.fspath(pool)), f"the pool {os.fspath(pool)}")
    if pool is not None:
        return _of_pool(pool, "the pool")
    names = ("EARTHDATA_TOKEN", "EARTHDATA_USERNAME", "EARTHDATA_PASSWORD")
    token, user, password = (os.environ.get(name, "").strip() for name in names)
    if token:
        return [Login("EARTHDATA_TOKEN", token=_checked(token, "EARTHDATA_TOKEN"))]
    if user and password:
        return [Login("EARTHDATA_USERNAME", user, password=password)]
    if user or password:
        lacking = names[2] if user else names[1]
        raise InputError(f"{lacking} is not set: both name and password are needed, or EARTHDATA_TOKEN.")
    user, password = netrc_login()
    return [Login("~/.netrc", user, password=password)]


def _checked(secret: str, source: str) -> str:
    """A secret that can be sent; what is wrong is told without it."""
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise InputError(f"{source} holds signs that no token has: copy it anew.")
    return secret


def _of_pool(pool: Mapping[Any, Any], source: str) -> list[Login]:
    """Logins of a pool; a token is told from a password by its three parts."""
    found = []
    for number, (user, secret) in enumerate(pool.items(), 1):
        if not isinstance(user, str) or not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", user):
            raise InputError(f"Entry {number} of {source} has no name of a user: letters, digits, '.', '_' and '-'.")
        if not isinstance(secret, str) or not secret:
            raise InputError(f"{user} in {source} has neither password nor token.")
        where = f"{user} of {source}"
        if _TOKEN.fullmatch(secret):
            found.append(Login(where, user, token=secret))
        else:
            found.append(Login(where, user, password=secret))
    if not found:
        raise InputError(f"There is no account in {source}.")
    return found


def _read_pool(path: str) -> dict[str, Any]:
    """The content of a file of a pool: JSON, or lines ``user:password or token``."""
    try:
        check_input(path)
        with open(path, "rb") as file:
            facts = os.fstat(file.fileno())
            if os.name == "posix" and stat.S_IMODE(facts.st_mode) & 0o077:
                raise InputError(f"The pool {path} can be read by others: protect it (chmod 600 {path}).")
            content = file.read(_LONGEST_POOL + 1)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"The pool {path} cannot be read ({error.strerror}).") from None
    try:
        text = content.decode("utf-8-sig")
        return _entries(text) if len(content) <= _LONGEST_POOL else _fail()
    except (ValueError, RecursionError):  # their texts may hold a secret
        raise InputError(
            f"The pool {path} cannot be understood: lines 'user:password' or 'user:token' are expected, or a JSON object."
        ) from None


def _fail() -> dict[str, Any]:
    raise ValueError


def _entries(text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        document = json.loads(text)
        return document if isinstance(document, dict) else _fail()
    found: dict[str, Any] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            user, sign, secret = line.strip().partition(":")
            if not sign or user.strip() in found:
                _fail()
            found[user.strip()] = secret.strip()
    return found
