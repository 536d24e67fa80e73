"""People in bulk: what is taken, what is refused line by line, and what is left as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.bot.api.client import Api

PATH = "/audiences/stakeholders/recipients"
NDJSON = "application/x-ndjson"


async def _people(api: Api) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await api.get(PATH)).text)))


def _lines(reply: Any) -> dict[int, str]:
    return {one["line"]: one["reason"] for one in reply.body["refused"]}


async def test_a_file_is_imported_and_exported_again(api: Api) -> None:
    text = (
        "\ufeffemail,name,language,time_zone,channels\r\n"
        'ada@example.org,"Lovelace, Ada",en,Europe/London,mail teams\r\n'
        'bo@example.org,"Bo ""the pager"" Li",pt-BR,,mail;page\r\n'
        "\r\n"
        "cas@example.org\r\n"
    )

    reply = await api.put(PATH, text.encode())

    assert reply.body == {"imported": 3, "refused": [], "refused_in_all": 0}
    exported = await api.get(PATH)
    assert exported.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert 'filename="stakeholders.csv"' in exported.headers["Content-Disposition"]
    ada, bo, cas = await _people(api)
    assert (ada["name"], ada["time_zone"], ada["channels"]) == (
        "Lovelace, Ada",
        "Europe/London",
        "mail teams",
    )
    assert (bo["name"], bo["language"], bo["channels"]) == (
        'Bo "the pager" Li',
        "pt-BR",
        "mail page",
    )
    assert cas == {
        "email": "cas@example.org",
        "name": "",
        "language": "",
        "time_zone": "",
        "channels": "",
        "choice": "",
        "quiet_hours": "",
    }
    assert (await api.put(PATH, exported.text)).body["imported"] == 3


async def test_a_file_without_names_of_columns_is_taken_in_their_order(api: Api) -> None:
    reply = await api.put(PATH, "ada@example.org,Ada\nbo@example.org,Bo\n")

    assert reply.body["imported"] == 2
    assert [person["name"] for person in await _people(api)] == ["Ada", "Bo"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
async def test_a_spreadsheet_may_use_its_own_delimiter(api: Api, delimiter: str) -> None:
    text = f"Name{delimiter}Email\nAda, Countess{delimiter}ada@example.org\n"

    assert (await api.put(PATH, text)).body["imported"] == 1
    assert [person["name"] for person in await _people(api)] == ["Ada, Countess"]


async def test_each_line_that_cannot_be_taken_is_named_and_the_others_are_taken(api: Api) -> None:
    lines = [
        b"email,name,language,time_zone,channels",
        b"ada@example.org,Ada,,,",
        b"not an address,Bo,,,",
        b"ADA@example.org,Ada again,,,",
        b",Nobody,,,",
        b"cas@example.org,Cas,klingon!,,",
        b"dee@example.org,Dee,,Mars/Olympus,",
        b"eli@example.org,Eli,,,mail fax",
        b"fay@example.org,Fay\xe9,,,",
        b"gil@example.org,Gil,,,,,extra",
        b'"hal@example.org,Hal"x,,,',
        "iné@example.org,Iné\x00,,,".encode(),
        b"jo@example.org,Jo,,,",
    ]

    reply = await api.put(PATH, b"\n".join(lines))

    assert reply.status == 200
    refused = _lines(reply)
    assert list(refused) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert refused[3] == "'not an address' is not a mail address."
    assert refused[4] == "ADA@example.org is on line 2 too."
    assert "address is missing" in refused[5]
    assert "language" in refused[6]
    assert "time zone" in refused[7]
    assert "Known: teams, chat, mail, page" in refused[8]
    assert refused[9] == "This line is not UTF-8."
    assert refused[10] == "7 fields, but there are 5 columns."
    assert "not CSV" in refused[11]
    assert reply.body["imported"] == 3
    assert [person["email"] for person in await _people(api)] == [
        "ada@example.org",
        "iné@example.org",
        "jo@example.org",
    ]


async def test_a_line_number_counts_lines_inside_quotes(api: Api) -> None:
    reply = await api.put(PATH, 'email,name\nada@example.org,"Ada\nLovelace"\nbad,Bo\n')

    assert list(_lines(reply)) == [4]
    assert [person["name"] for person in await _people(api)] == ["Ada Lovelace"]


async def test_an_open_quote_is_told_where_it_begins(api: Api) -> None:
    reply = await api.put(
        PATH, 'email,name\nada@example.org,Ada\nbo@example.org,"Bo\ncas@b.example'
    )

    assert reply.body["imported"] == 1
    assert list(_lines(reply)) == [3]


async def test_where_nothing_can_be_taken_the_audience_stays_as_it_was(api: Api) -> None:
    await api.people("stakeholders", "ada@example.org")

    reply = await api.put(PATH, "email\nnot an address\nnor this\n")

    problem = reply.problem(422)
    assert problem["imported"] == 0
    assert [one["line"] for one in problem["refused"]] == [2, 3]
    assert [person["email"] for person in await _people(api)] == ["ada@example.org"]


async def test_an_empty_list_empties_the_audience(api: Api) -> None:
    await api.people("stakeholders", "ada@example.org")

    assert (await api.put(PATH, "email\n")).body["imported"] == 0
    assert await _people(api) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("name,language\nAda,en\n", "'email' is not among them"),
        ("email,lang\nada@example.org,en\n", "Did you mean 'language'?"),
        ("email,name\n".encode("utf-16"), "UTF-16"),
        ("email,name\nada@example.org," + "x" * 70_000, "Line 2 is longer than 64 KB"),
    ],
)
async def test_a_file_that_is_no_list_of_people_is_refused_whole(
    api: Api, body: str | bytes, says: str
) -> None:
    reply = await api.put(PATH, body)

    assert says in reply.problem(422)["detail"]


async def test_ndjson_is_taken_line_by_line(api: Api) -> None:
    lines = [
        '{"email": "ada@example.org", "name": "Ada", "channels": ["mail"]}',
        '{"email": "bo@example.org", "channels": "mail;teams"}',
        "",
        "not json",
        '{"name": "Nobody"}',
        '{"email": "cas@example.org", "phone": "1"}',
        "[1]",
        '{"email": 7}',
        '{"email": "\\ud800@example.org"}',
    ]

    reply = await api.put(PATH, "\n".join(lines), NDJSON)

    assert reply.body["imported"] == 2
    refused = _lines(reply)
    assert list(refused) == [4, 5, 6, 7, 8, 9]
    assert refused[5] == "email: Field required."
    assert refused[6].startswith("phone:")
    assert [person["channels"] for person in await _people(api)] == ["mail", "mail teams"]


async def test_another_media_type_names_those_that_are_read(api: Api) -> None:
    problem = (await api.put(PATH, "{}", "application/json")).problem(415)

    assert "text/csv" in problem["detail"]
    assert NDJSON in problem["detail"]


async def test_an_unknown_audience_names_the_known_ones(api: Api) -> None:
    problem = (await api.put("/audiences/investors/recipients", "email\n")).problem(404)

    assert "stakeholders" in problem["detail"]


async def test_an_audience_that_is_not_in_use_can_be_filled_beforehand(api: Api) -> None:
    await api.people("regulator", "filing@example.org")

    audiences = (await api.get("/audiences")).body["audiences"]

    regulator = next(one for one in audiences if one["name"] == "regulator")
    assert (regulator["enabled"], regulator["recipients"]) == (False, 1)


async def test_a_long_file_is_streamed(api: Api) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"email,name\n"
        for at in range(20):
            yield b"".join(b"p%d@example.org,Person %d\n" % (n, n) for n in _range(at))

    headers = {"Content-Type": "text/csv"}
    reply = await api.ask("PUT", f"/api/v1{PATH}", data=parts(), headers=headers)

    assert reply.body["imported"] == 20_000
    assert len(await _people(api)) == 20_000


def _range(at: int) -> range:
    return range(at * 1000, (at + 1) * 1000)
