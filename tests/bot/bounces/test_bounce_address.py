"""Where the letterbox is: what the URL may say, and that a mistake never shows the password."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.bounces.address import GraphBox, ImapBox, Tls, box
from comms.errors import Invalid


def test_an_imap_folder_is_named_whole() -> None:
    found = box(
        "imaps://bounces%40contoso.com:p%2Fw@imap.contoso.com/INBOX/Back?done=Done&every=30"
    )

    assert found == ImapBox(
        host="imap.contoso.com",
        port=993,
        tls=Tls.IMPLICIT,
        user="bounces@contoso.com",
        password="p/w",
        folder="INBOX/Back",
        done="Done",
        every=timedelta(seconds=30),
    )
    assert "p/w" not in repr(found)


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("imap://u:p@h", 143, Tls.STARTTLS),
        ("imap://u:p@h?starttls=true", 143, Tls.STARTTLS),
        ("imap://u:p@h:1143?starttls=false", 1143, Tls.NONE),
        ("imaps://u:p@h", 993, Tls.IMPLICIT),
    ],
)
def test_a_password_is_encrypted_unless_it_is_said_not_to(url: str, port: int, tls: Tls) -> None:
    found = box(url)

    assert isinstance(found, ImapBox)
    assert (found.port, found.tls, found.folder) == (port, tls, "INBOX")


def test_a_mailbox_in_microsoft_365_is_an_address() -> None:
    assert box("graph://bounces@contoso.com/archive?done=deleteditems") == GraphBox(
        user="bounces@contoso.com", folder="archive", done="deleteditems"
    )


def test_a_token_takes_the_place_of_the_password() -> None:
    found = box("imaps://bounces%40contoso.com@outlook.office365.com/INBOX?auth=xoauth2")

    assert isinstance(found, ImapBox)
    assert found.has_token


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("pop3://u:hunter2@h", "begin with imaps"),
        ("imaps://h/INBOX", "names no user"),
        ("imaps://u@h", "needs a password"),
        ("imaps://u:hunter2@h?auth=magic", "auth is password or xoauth2"),
        ("imaps://u:hunter2@h?starttls=true", "leave starttls out"),
        ("imap://u:hunter2@h?starttls=maybe", "true or false"),
        ("imaps://u:hunter2@h?evry=5", "no option 'evry'"),
        ("imaps://u:hunter2@h?every=1", "every is 5 to 3600 seconds"),
        ("imaps://u:hunter2@h?every=5&every=6", "stands there twice"),
        ("imaps://u:hunter2@h:port/", "not a URL"),
        ("imaps://", "names no host"),
        ("graph://u:hunter2@contoso.com", "neither a password nor a port"),
        ("graph://contoso.com", "not an e-mail address"),
        ("graph://u@contoso.com?auth=xoauth2", "no option 'auth'"),
    ],
)
def test_what_is_wrong_is_named_and_the_password_is_not(url: str, why: str) -> None:
    with pytest.raises(Invalid, match=r"^SITREP_BOUNCES_URL: ") as refused:
        box(url)

    assert why in refused.value.detail
    assert "hunter2" not in refused.value.detail
