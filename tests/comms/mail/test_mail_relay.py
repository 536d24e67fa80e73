"""The relay's URL."""

from __future__ import annotations

import pytest

from comms.channels.mail.relay import Auth, Relay, Tls, relay
from comms.errors import Invalid


def test_a_whole_url_is_read() -> None:
    url = "smtp://in%40contoso.com:p%2Fw@relay.contoso.com:2525?starttls=true&auth=login"

    assert relay(f"{url}&connections=16&rate=0.5&timeout=20") == Relay(
        host="relay.contoso.com",
        port=2525,
        tls=Tls.REQUIRED,
        auth=Auth.LOGIN,
        username="in@contoso.com",
        password="p/w",
        connections=16,
        rate=0.5,
        timeout=20.0,
    )


@pytest.mark.parametrize(
    ("url", "port", "tls", "auth"),
    [
        ("smtp://relay", 25, Tls.OFFERED, Auth.NONE),
        ("smtp://relay/", 25, Tls.OFFERED, Auth.NONE),
        ("smtp://u:p@relay", 587, Tls.REQUIRED, Auth.AUTO),
        ("smtp://u@relay?auth=xoauth2", 587, Tls.REQUIRED, Auth.XOAUTH2),
        ("smtp://u:p@relay?starttls=false", 587, Tls.NONE, Auth.AUTO),
        ("smtps://u:p@relay?auth=plain", 465, Tls.IMPLICIT, Auth.PLAIN),
        ("smtps://relay:2465", 2465, Tls.IMPLICIT, Auth.NONE),
        ("smtp://[::1]:1025?starttls=false", 1025, Tls.NONE, Auth.NONE),
    ],
)
def test_what_is_left_out_has_a_safe_default(url: str, port: int, tls: Tls, auth: Auth) -> None:
    read = relay(url)

    assert (read.port, read.tls, read.auth) == (port, tls, auth)
    assert (read.connections, read.rate, read.timeout) == (4, 0.0, 60.0)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must begin with smtp:// or smtps://"),
        ("relay.contoso.com:25", "must begin with smtp:// or smtps://"),
        ("http://relay", "must begin with smtp:// or smtps://"),
        ("smtp://", "names no host"),
        ("smtp://relay:port", "not a URL"),
        ("smtp://relay:99999", "not a URL"),
        ("smtp://[::1", "not a URL"),
        ("smtp://relay/inbox", "between the port and the"),
        ("smtp://relay?conections=4", "no option 'conections'. Known: starttls, auth, connections"),
        ("smtp://relay?rate=1&rate=2", "rate stands there twice"),
        ("smtp://relay?connections=0", "connections is a whole number from 1 to 64, not '0'"),
        ("smtp://relay?connections=65", "from 1 to 64"),
        ("smtp://relay?connections=2.5", "a whole number"),
        ("smtp://relay?connections=", "a whole number"),
        ("smtp://relay?rate=-1", "rate is a number from 0 to 10000, not '-1'"),
        ("smtp://relay?rate=nan", "rate is a number"),
        ("smtp://relay?timeout=0", "timeout is a number from 1 to 600"),
        ("smtp://relay?starttls=yes", "starttls is true or false, not 'yes'"),
        ("smtps://relay?starttls=true", "encrypted from the first byte"),
        ("smtp://u:p@relay?auth=ntlm", "auth is plain, login or xoauth2, not 'ntlm'"),
        ("smtp://relay?auth=plain", "auth=plain needs a user"),
        ("smtp://u@relay", "needs a password, or auth=xoauth2"),
    ],
)
def test_a_wrong_url_names_the_option_and_its_bounds(url: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        relay(url)

    assert refused.value.detail.startswith("SITREP_SMTP_URL: ")
    assert said in refused.value.detail


def test_no_message_and_no_repr_shows_the_password() -> None:
    with pytest.raises(Invalid) as refused:
        relay("smtp://user:hunter2@relay?connections=none")

    assert "hunter2" not in refused.value.detail
    assert "hunter2" not in repr(relay("smtp://user:hunter2@relay"))
