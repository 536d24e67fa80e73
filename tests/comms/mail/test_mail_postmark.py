"""Postmarks: a letter that comes back is known by a mark that nobody else can make."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.channels.mail.message import Letter
from comms.channels.mail.postmark import Mark, Postmarks, marks_in, return_path
from comms.errors import Invalid
from tests.comms.mail.letters import NOW, SENDER, delivery, letter
from tests.comms.mail.relays import OK, Relayed, serving
from tests.comms.mail.sending import BOTH, STATEMENT, people, sending

OURS = Postmarks(b"k" * 32)
THEIRS = Postmarks(b"x" * 32)
SENT = delivery(41)


def test_a_mark_is_found_in_a_message_id_and_is_ours() -> None:
    [mark] = marks_in(f"<{OURS.of(SENT)}@contoso.example>")

    assert mark.delivery == 41
    assert OURS.is_ours(mark, key=SENT.key)


def test_a_mark_is_found_in_a_return_path() -> None:
    path = return_path("bounces+{token}@contoso.example", option="X")

    [mark] = marks_in(path.of(OURS.of(SENT)))

    assert OURS.is_ours(mark, key=SENT.key)


def test_a_mark_made_with_another_key_is_not_ours() -> None:
    [mark] = marks_in(THEIRS.of(SENT))

    assert not OURS.is_ours(mark, key=SENT.key)


def test_a_mark_moved_to_another_delivery_is_not_ours() -> None:
    [mark] = marks_in(OURS.of(SENT))

    assert not OURS.is_ours(replace(mark, delivery=42), key=SENT.key)
    assert not OURS.is_ours(mark, key=delivery(42).key)


@given(st.text(alphabet="0123456789abcdef.", max_size=60))
def test_a_guessed_mark_is_not_ours(guess: str) -> None:
    assert not any(OURS.is_ours(mark, key=SENT.key) for mark in marks_in(guess))


@given(st.text())
def test_whatever_is_not_a_mark_is_none(text: str) -> None:
    assert all(isinstance(mark, Mark) for mark in marks_in(text))


def test_every_attempt_bears_the_same_mark() -> None:
    assert OURS.of(SENT._replace(attempt=3)) == OURS.of(SENT)


def test_a_letter_bears_its_mark_as_its_message_id() -> None:
    filled = Letter(letter("stakeholders"), sender=SENDER, at=NOW, mark=OURS.of).filled(SENT, {})

    assert f"Message-ID: <{OURS.of(SENT)}@{SENDER.domain}>".encode() in filled


@pytest.mark.parametrize(
    "path",
    [
        "",
        "nobody",
        "{token}@contoso.example",
        "bounces+{token}",
        "bounces+{token}.x@contoso.example",
        "b" * 30 + "+{token}@contoso.example",  # 64 characters before the '@'
        "boun ces+{token}@contoso.example",
        "bounces+{token}@contoso.example\r\nX: 1",
        "bounces+{token}@@contoso.example",
    ],
)
def test_a_return_path_that_no_letter_can_come_back_to_is_refused(path: str) -> None:
    with pytest.raises(Invalid, match=r"^SITREP_MAIL_RETURN_PATH is not an address"):
        return_path(path, option="SITREP_MAIL_RETURN_PATH")


def test_a_return_path_has_a_domain_in_ascii() -> None:
    path = return_path("bounces+{token}@müller.example", option="X")

    assert path.of("1.ab") == "bounces+1.ab@xn--mller-kva.example"


@BOTH
async def test_each_letter_comes_back_to_a_path_of_its_own(pipelining: bool) -> None:
    path = return_path("bounces+{token}@contoso.example", option="X")
    paths = await _paths(pipelining, postmarks=OURS, back_to=path)

    assert sorted(paths) == sorted(path.of(OURS.of(one)) for one in people(5))


@BOTH
async def test_letters_come_back_to_one_path_where_it_has_no_place_for_a_mark(
    pipelining: bool,
) -> None:
    path = return_path("bounces@contoso.example", option="X")

    assert set(await _paths(pipelining, postmarks=OURS, back_to=path)) == {path.after}


@BOTH
async def test_without_a_path_letters_come_back_to_the_sender(pipelining: bool) -> None:
    assert set(await _paths(pipelining)) == {SENDER.address}


async def _paths(pipelining: bool, **differs: object) -> list[str]:
    """The envelope senders that a server sees of five letters."""
    paths: list[str] = []

    def mail(sender: str) -> str:
        paths.append(sender)
        return OK

    async with (
        serving(Relayed(mail=mail, pipelining=pipelining)) as relayed,
        sending(relayed.relay(), **differs) as transport,
    ):
        await transport.send(STATEMENT, people(5))
    return paths
