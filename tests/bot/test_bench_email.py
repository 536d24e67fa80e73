"""The benchmark of mail measures what it says."""

from __future__ import annotations

import email
import email.policy
import shutil

import pytest

from bot.bench import email as bench
from bot.bench.email import OCTETS, STATEMENT, run
from comms.errors import Unavailable


def test_both_python_contenders_send_the_same_letter() -> None:
    ours = email.message_from_bytes(bench._source(STATEMENT), policy=email.policy.default)
    theirs = bench._message(bench._delivery(0))

    for kind in ("plain", "html"):
        parts = [message.get_body((kind,)) for message in (ours, theirs)]
        mine, other = (part.get_content().split() for part in parts if part is not None)
        assert mine == other
    assert len(bench._source(STATEMENT)) == pytest.approx(OCTETS, rel=0.02)


def test_a_run_compares_three_ways_of_sending() -> None:
    if shutil.which("smtp-sink", path=bench.POSTFIX) is None:
        pytest.skip("smtp-sink is not here: install postfix")

    result = run(1, messages=100)

    assert result["ratios"].keys() == {"sitrep/smtp-source", "sitrep/by the book"}
    for name in ("sitrep", "smtp-source", "by the book"):
        assert result[name]["messages_per_second"] > 0
        assert result[name]["cpu_us_per_message"] > 0


def test_without_postfix_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "POSTFIX", "")
    monkeypatch.setenv("PATH", "")

    with pytest.raises(Unavailable, match="apt install postfix"):
        run(1, messages=100)
