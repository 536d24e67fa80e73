"""The feeds and the API: well-formed, complete, and honest to the notices."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.protocols import Validator

from comms.channels.page import api
from comms.channels.page.feeds import ATOM, atom, json_feed
from comms.channels.page.state import PageState, page_state
from comms.report import CustomerText
from tests.comms.page.samples import NASTY, NOW, SITE, other_incident, posting, story, telling

ROOT = Path(__file__).parents[3]
CONTRACT = (
    Path(os.environ.get("SITREP_CONTRACTS", ROOT / "../shared/contracts"))
    / "statuspage"
    / "statuspage-v2.schema.json"
)
SCHEMAS = {
    "status": "status",
    "summary": "summary",
    "components": "components",
    "incidents": "incidents",
    "incidents/unresolved": "incidents_unresolved",
    "scheduled-maintenances": "scheduled_maintenances",
    "scheduled-maintenances/active": "scheduled_maintenances_active",
    "scheduled-maintenances/upcoming": "scheduled_maintenances_upcoming",
}


def _state(name: str) -> PageState:
    nasty = posting(
        telling(customer=CustomerText(symptom=f"{NASTY}\x08\uffff"), incident=other_incident(42))
    )
    notices = {"nothing": [], "open": story()[:2], "resolved": story(), "both": [*story(), nasty]}
    return page_state(SITE, NOW + timedelta(minutes=120), notices[name])


STATES = ("nothing", "open", "resolved", "both")


@pytest.mark.parametrize("name", STATES)
def test_the_atom_feed_has_what_rfc_4287_asks_for(name: str) -> None:
    feed = ElementTree.fromstring(atom(_state(name)))

    for required in ("id", "title", "updated"):
        assert feed.findtext(f"{{{ATOM}}}{required}")
    ids = []
    for entry in feed.iter(f"{{{ATOM}}}entry"):
        ids.append(entry.findtext(f"{{{ATOM}}}id"))
        assert entry.findtext(f"{{{ATOM}}}title")
        assert entry.findtext(f"{{{ATOM}}}updated")
        content = entry.find(f"{{{ATOM}}}content")
        assert content is not None
        assert content.get("type") == "html"
    assert len(ids) == len(set(ids)) == len(_state(name).incidents)


def test_an_atom_entry_holds_each_approved_notice_as_it_is() -> None:
    feed = ElementTree.fromstring(atom(_state("resolved")))

    content = feed.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}content") or ""

    for told in story():
        assert told.html in content
    assert feed.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}title") == (
        "Resolved: Card payments fail at checkout for some customers"
    )


def test_the_json_feed_counts_each_notice_by_incident_and_update() -> None:
    state = _state("both")

    feed = json.loads(json_feed(state, version="v1"))

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["_sitrep"] == {"version": "v1"}
    counted = {(item["_sitrep"]["incident"], item["_sitrep"]["update"]) for item in feed["items"]}
    assert counted == {(p.notice.incident, p.notice.update) for p in state.postings}
    assert len(feed["items"]) == 6
    newest = feed["items"][0]
    assert newest["url"].startswith(f"{SITE.url}/incidents/")
    assert newest["_sitrep"]["kind"] == "resolved"


def _validator(name: str) -> Validator:
    if not CONTRACT.is_file():
        pytest.skip("the Statuspage contract is not here (SITREP_CONTRACTS)")
    schema: Any = json.loads(CONTRACT.read_text(encoding="utf-8"))
    return Draft202012Validator(
        {**schema, "$ref": f"#/$defs/{SCHEMAS[name]}"}, format_checker=FormatChecker()
    )


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_api_fits_the_statuspage_contract(name: str, state: str) -> None:
    document = json.loads(api.documents(_state(state))[f"api/v2/{name}.json"])

    _validator(name).validate(document)


def test_the_api_tells_open_from_resolved() -> None:
    documents = {path: json.loads(body) for path, body in api.documents(_state("both")).items()}

    assert len(documents["api/v2/incidents.json"]["incidents"]) == 2
    assert len(documents["api/v2/summary.json"]["incidents"]) == 1
    assert documents["api/v2/status.json"]["status"]["indicator"] == "minor"
    (going_on,) = documents["api/v2/incidents/unresolved.json"]["incidents"]
    assert NASTY in going_on["incident_updates"][0]["body"]
    nothing = json.loads(api.documents(_state("resolved"))["api/v2/status.json"])
    assert nothing["status"] == {"indicator": "none", "description": "All systems operational"}
