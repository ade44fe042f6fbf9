"""Who orders from HyP3: where credentials come from, which are refused, and that they are written nowhere."""

import os

import pytest

from helpers.hyp3_orders import TOKEN, Orders
from stamps.errors import InputError
from stamps.frontends.hyp3_jobs.config import is_trusted
from stamps.frontends.hyp3_jobs.credentials import find_logins

SECRET = "pass:word with spaces"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("EARTHDATA_TOKEN", "EARTHDATA_USERNAME", "EARTHDATA_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("somebody was asked"))
    monkeypatch.setattr("getpass.getpass", lambda *_: pytest.fail("somebody was asked"))
    return tmp_path


def pool_file(folder, text, mode=0o600):
    path = folder / "pool"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


# ---------------------------------------------------------------------- where from


def test_the_order_of_sources(home, monkeypatch):
    with pytest.raises(InputError, match="no ~/.netrc and no EARTHDATA_TOKEN"):
        find_logins()
    netrc = home / ".netrc"
    netrc.write_text(f"machine urs.earthdata.nasa.gov login nora password {SECRET.split()[0]}\n")
    netrc.chmod(0o600)
    assert [one.user for one in find_logins()] == ["nora"]
    monkeypatch.setenv("EARTHDATA_USERNAME", "ulla")
    with pytest.raises(InputError, match="EARTHDATA_PASSWORD is not set"):
        find_logins()
    monkeypatch.setenv("EARTHDATA_PASSWORD", SECRET)
    assert [(one.user, one.password) for one in find_logins()] == [("ulla", SECRET)]
    monkeypatch.setenv("EARTHDATA_TOKEN", "a.b.c")
    assert [(one.user, one.token) for one in find_logins()] == [("", "a.b.c")]
    pool = {"pia": "x.y.z", "paul": SECRET}
    assert [(one.user, one.token, one.password) for one in find_logins(pool)] == [
        ("pia", "x.y.z", ""),
        ("paul", "", SECRET),
    ]
    assert SECRET not in repr(find_logins(pool)) and "x.y.z" not in repr(find_logins(pool))


def test_files_of_pools(home):
    lines = f"# ours\n\npia : x.y.z\npaul:{SECRET}\n"
    assert [one.user for one in find_logins(pool_file(home, lines))] == ["pia", "paul"]
    assert find_logins(pool_file(home, lines))[1].password == SECRET
    assert [one.token for one in find_logins(pool_file(home, '{"pia": "x.y.z"}'))] == ["x.y.z"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o602])
def test_pools_that_others_can_read_are_refused(home, mode):
    with pytest.raises(InputError, match="chmod 600"):
        find_logins(pool_file(home, "pia:x.y.z\n", mode))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no account"),
        ("very-secret", "cannot be understood"),
        ("{", "cannot be understood"),
        ('["very-secret"]', "cannot be understood"),
        ("pia:very-secret\npia:very-secret\n", "cannot be understood"),
        ("pia:\n", "pia in the pool .* has neither"),
        ('{"pia": 3}', "pia in the pool .* has neither"),
        ("p i a:very-secret", "Entry 1 of the pool .* has no name of a user"),
        ("\x00:very-secret", "has no name of a user"),
    ],
)
def test_pools_that_cannot_be_used(home, text, why):
    with pytest.raises(InputError, match=why) as error:
        find_logins(pool_file(home, text))
    assert "very-secret" not in str(error.value)


def test_pools_that_are_not_files(home):
    os.mkfifo(home / "pipe")
    for name in ("pipe", ".", "missing"):
        with pytest.raises(InputError):
            find_logins(str(home / name))
    with pytest.raises(InputError, match="no account"):
        find_logins({})


def test_tokens_that_were_copied_badly(home, monkeypatch):
    for token in ("a b", "a\nb", "ä.b.c"):
        monkeypatch.setenv("EARTHDATA_TOKEN", token)
        with pytest.raises(InputError, match="copy it anew") as error:
            find_logins()
        assert token not in str(error.value)


def test_a_netrc_that_others_can_read_or_that_is_damaged(home):
    netrc = home / ".netrc"
    netrc.write_text("machine urs.earthdata.nasa.gov login nora very-secret\n")
    netrc.chmod(0o600)
    with pytest.raises(InputError, match="cannot be used") as error:
        find_logins()
    assert "very-secret" not in str(error.value)
    netrc.write_text("machine elsewhere login nora password very-secret\n")
    with pytest.raises(InputError, match="does not know urs.earthdata.nasa.gov"):
        find_logins()


def test_addresses_to_which_credentials_may_go():
    assert all(
        map(is_trusted, ("https://hyp3-api.asf.alaska.edu", "http://127.0.0.1:8000", "https://x.asf.alaska.edu/a"))
    )
    for url in (
        "https://asf.alaska.edu.evil.example",
        "https://evilasf.alaska.edu",
        "http://hyp3-api.asf.alaska.edu",
        "https://me@hyp3-api.asf.alaska.edu",
        "ftp://localhost",
        "",
    ):
        assert not is_trusted(url)


# ---------------------------------------------------------------------- name and password


@pytest.fixture
def earthdata(home, monkeypatch):
    """Earthdata's login and HyP3, as ``responses`` plays them."""
    pytest.importorskip("hyp3_sdk")
    responses = pytest.importorskip("responses")
    orders = Orders(home, monkeypatch)
    monkeypatch.delenv("EARTHDATA_TOKEN")
    with orders.server, responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_passthru(orders.server.url)
        yield orders, mock


def test_name_and_password_sign_in_once_and_pay(earthdata, monkeypatch):
    orders, mock = earthdata
    monkeypatch.setenv("EARTHDATA_USERNAME", "alice")
    monkeypatch.setenv("EARTHDATA_PASSWORD", SECRET)
    mock.add("GET", "https://urs.earthdata.nasa.gov/oauth/authorize", headers={"Set-Cookie": "asf-urs=a.b.c"}, body="")
    orders.server.users = {"": "alice"}  # a cookie instead of a token
    job = orders.made(2)
    assert job.submit().exit_status == 0 and orders.server.paid[0][0] == "alice"
    assert len([call for call in mock.calls if "urs.earthdata" in call.request.url]) == 1
    written = b"".join(path.read_bytes() for path in orders.folder.rglob("*") if path.is_file())
    assert SECRET.encode() not in written and TOKEN.encode() not in written and b'"alice"' in written


def test_a_password_that_is_refused(earthdata, monkeypatch):
    orders, mock = earthdata
    mock.add("GET", "https://urs.earthdata.nasa.gov/oauth/authorize", status=401)
    pool = {"alice": SECRET}
    with pytest.raises(InputError, match="The login of alice of the pool is refused") as error:
        orders.made(1, earthdata_credentials_pool=pool).submit()
    assert SECRET not in str(error.value) and orders.paid() == []


def test_terms_that_were_not_accepted(earthdata):
    orders, mock = earthdata
    place = "https://cumulus.asf.alaska.edu/login"
    told = f"{place}?error_msg=Please%20accept%20the%20EULA&resolution_url=https%3A%2F%2Furs.example%2Faccept"
    mock.add("GET", "https://urs.earthdata.nasa.gov/oauth/authorize", status=302, headers={"Location": told})
    mock.add("GET", place, body="")
    with pytest.raises(InputError, match="Please accept the EULA"):
        orders.made(1, earthdata_credentials_pool={"alice": SECRET}).submit()


def test_one_account_of_a_pool_that_is_refused_does_not_stop_the_others(earthdata):
    orders, mock = earthdata
    mock.add("GET", "https://urs.earthdata.nasa.gov/oauth/authorize", status=401)
    orders.server.users, orders.server.credits = {"b.b.b": "bob"}, {"bob": None}
    job = orders.made(2, earthdata_credentials_pool={"alice": SECRET, "bob": "b.b.b"})
    done = job.submit()
    assert done.exit_status == 0 and [user for user, _ in orders.server.paid] == ["bob", "bob"]
