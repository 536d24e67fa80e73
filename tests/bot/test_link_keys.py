"""Keys of links may be changed: a new one signs, the old ones hold until they are removed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.link_keys import named_keys
from bot.links import Links
from bot.root import sitrep
from bot.settings import Settings
from comms.errors import Invalid, NotFound

OLD, NEW, NEWER = b"o" * 32, b"n" * 32, b"r" * 32
WORD = "0123456789abcdef" * 2


def links(key: bytes, *older: bytes) -> Links:
    return Links(key=key, older=older, base_url="https://sitrep.example.org")


def token(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_link_holds_while_its_key_is_believed() -> None:
    made = token(links(OLD).make("manage", "41"))

    assert links(NEW, OLD).read("manage", made) == "41"
    assert links(NEWER, NEW, OLD).read("manage", made) == "41"
    with pytest.raises(NotFound):
        links(NEW).read("manage", made)


def test_the_first_key_signs() -> None:
    made = token(links(NEW, OLD).make("manage", "41"))

    assert links(NEW).read("manage", made) == "41"
    with pytest.raises(NotFound):
        links(OLD).read("manage", made)


def test_an_older_key_opens_no_other_thing() -> None:
    made = token(links(OLD).make("manage", "41"))

    with pytest.raises(NotFound):
        links(NEW, OLD).read("unsubscribe", made)
    with pytest.raises(NotFound):
        links(NEW, OLD).read("manage", made.replace("41", "42", 1))


def test_without_keys_of_its_own_an_installation_signs_with_the_one_it_made() -> None:
    assert named_keys("") == (None,)


def test_keys_are_told_apart_by_commas_or_lines() -> None:
    first, own, last = named_keys(f"{WORD}, own\n{WORD[::-1]}\n")

    assert own is None
    assert first != last


@pytest.mark.parametrize("words", ["short", f"{WORD} OWN", f"{WORD} {WORD}", "own,own"])
def test_a_key_that_can_be_guessed_or_stands_there_twice_is_refused(words: str) -> None:
    with pytest.raises(Invalid) as refused:
        named_keys(words)

    assert "short" not in refused.value.detail
    assert WORD not in refused.value.detail


async def test_an_installation_takes_a_new_key_and_still_knows_its_letters_links(
    tmp_path: Path,
) -> None:
    usual = Settings(
        database_url=SecretStr(f"sqlite:///{tmp_path}/sitrep.db"),
        status_dir=tmp_path / "status",
        base_url="https://sitrep.example.org",
    )

    async def signed(keys: str | None) -> str:
        given = SecretStr(keys) if keys else None
        async with sitrep(usual.model_copy(update={"link_keys": given})) as product:
            return product.desk.house.incident_url("INC-1")

    before = await signed(None)
    assert await signed("own") == await signed(f"own {WORD}") == before
    assert await signed(f"{WORD} own") == await signed(WORD) != before
