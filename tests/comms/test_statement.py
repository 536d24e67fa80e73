"""The hash that an approval is bound to: every letter counts, the order does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comms.plan.model import ChannelName
from comms.statement import HTML, PLAIN, Statement, content_hash


def statement(
    audience: str = "executives",
    channel: ChannelName = ChannelName.MAIL,
    subject: str = "Card payments",
    parts: Mapping[str, str] | None = None,
) -> Statement:
    return Statement(
        incident="INC-1",
        update=1,
        audience=audience,
        channel=channel,
        subject=subject,
        parts=parts if parts is not None else {PLAIN: "They fail.", HTML: "<p>They fail.</p>"},
        thread="INC-1:executives",
    )


BOTH = (statement(), statement("customers", ChannelName.PAGE))


def test_the_order_does_not_count() -> None:
    assert len({content_hash(order) for order in permutations(BOTH)}) == 1
    reversed_parts = replace(BOTH[0], parts=dict(sorted(BOTH[0].parts.items())))
    assert content_hash([reversed_parts, BOTH[1]]) == content_hash(BOTH)


@pytest.mark.parametrize(
    "changed",
    [
        (),
        BOTH[:1],
        (*BOTH, statement("stakeholders")),
        (statement(subject="Card payments "), BOTH[1]),
        (statement(parts={PLAIN: "They fail!", HTML: "<p>They fail.</p>"}), BOTH[1]),
        (statement(parts={PLAIN: "They fail."}), BOTH[1]),
        (statement(channel=ChannelName.PAGE), BOTH[1]),
        (statement("responders"), BOTH[1]),
        (statement(parts={PLAIN: "They fail.", HTML: ""}), BOTH[1]),
    ],
)
def test_any_change_of_what_is_sent_changes_it(changed: tuple[Statement, ...]) -> None:
    assert content_hash(changed) != content_hash(BOTH)


@given(st.text(), st.text())
def test_different_texts_have_different_hashes(one: str, other: str) -> None:
    same = content_hash([statement(subject=one)]) == content_hash([statement(subject=other)])

    assert same is (one == other)


def test_text_does_not_move_between_fields_unseen() -> None:
    assert content_hash([statement(subject="a", parts={PLAIN: "b"})]) != content_hash(
        [statement(subject="", parts={PLAIN: "ab"})]
    )
