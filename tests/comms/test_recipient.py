"""What an import takes and what it refuses, with the line and the reason."""

from __future__ import annotations

import pytest

from comms.errors import Invalid
from comms.recipient import Recipient, Refused, checked, sorted_out


@pytest.mark.parametrize(
    "email",
    ["a@x.org", "first.last+tag@sub.x.org", "o'brien@x.org", "jürgen@bücher.example", "A@X.ORG"],
)
def test_ordinary_addresses_are_taken_as_they_are(email: str) -> None:
    assert checked(Recipient(email=f" {email} ")).email == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "@x.org",
        "a@",
        "a@b@c",
        "a b@x.org",
        "a@x.org\r\nBcc: all@x.org",
        "a@x.org\x00",
        "<a@x.org>",
        "a@x.org,b@x.org",
        "a;b@x.org",
        '"a"@x.org',
        "a\u2028@x.org",
        "a" * 250 + "@x.org",
        "a" * 65 + "@x.org",
        "ü" * 33 + "@x.org",  # 66 octets
        "a" * 320,
        "a@" + "x" * 64 + ".org",
        "a@x..org",
        "a@-x.org",
        "a@x_y.org",
        "a..b@x.org",
        ".a@x.org",
        "a.@x.org",
        "a\u202egro.x@x.org",
        "a\ud800@x.org",
        "a@[127.0.0.1]",
        "=?utf-8?q?=0D=0ABcc?=@x.org",
        "a%0d%0aBcc: b@x.org",
    ],
)
def test_what_could_break_a_header_or_an_envelope_is_refused(email: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked(Recipient(email=email))
    assert caught.value.pointer == "/email"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"language": "german"}, "is not a language"),
        ({"time_zone": "Mars/Base"}, "is not a time zone"),
        ({"channels": ("mail", "sms")}, "sms"),
        ({"name": "x" * 201}, "At most 200"),
    ],
)
def test_other_fields_are_checked_too(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        checked(Recipient(email="a@x.org", **wrong))  # type: ignore[arg-type]


def test_a_whole_line_is_put_in_order() -> None:
    given = Recipient(
        email=" a@x.org ",
        name=" Ada\r\nLovelace ",
        language="de-CH",
        time_zone="Europe/Zurich",
        channels=("teams", " mail "),
    )

    assert checked(given) == Recipient(
        email="a@x.org",
        name="Ada Lovelace",
        language="de-CH",
        time_zone="Europe/Zurich",
        channels=("teams", "mail"),
    )


def test_an_import_takes_the_good_lines_and_names_the_others() -> None:
    refused: list[Refused] = []
    lines = [
        (2, Recipient(email="a@x.org", name="First")),
        (3, Recipient(email="nobody")),
        (4, Recipient(email="A@X.org", name="Second")),
        (7, Recipient(email="b@x.org")),
    ]

    taken = list(sorted_out(lines, refused))

    assert [(one.email, one.name) for one in taken] == [("a@x.org", "First"), ("b@x.org", "")]
    assert refused == [
        Refused(line=3, reason="'nobody' is not a mail address."),
        Refused(line=4, reason="A@X.org is on line 2 too."),
    ]
