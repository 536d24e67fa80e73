"""The transports of mail by their names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from comms.channels.mail.address import Mailbox
from comms.channels.mail.named import Named, named
from comms.channels.mail.options import Quota
from comms.channels.mail.relay import Auth, Relay, Tls
from comms.errors import Invalid
from comms.throttle import Limit, seconds

SENDER = "Contoso incidents <Incidents@contoso.com>"
LINES = """
# the inside first
hve=hve://alerts@contoso.com
customers = acs://donotreply:s3cret@notices.contoso.com?user=contoso.app.tenant
"""


def relays(there: Mapping[str, Named]) -> list[Relay]:
    """What they lead to, where all lead to a relay."""
    found = [one.to for one in there.values() if isinstance(one.to, Relay)]
    assert len(found) == len(there)
    return found


def test_the_relay_comes_first_then_the_lines_in_their_order() -> None:
    there = named("smtp://relay.contoso.com", LINES, sender=SENDER)

    assert list(there) == ["relay", "hve", "customers"]
    assert [one.internal for one in there.values()] == [False, True, False]
    assert there["hve"].option == "SITREP_MAIL_TRANSPORTS, line 3"


def test_each_writes_as_itself_under_the_name_of_the_installation() -> None:
    there = named("smtp://relay.contoso.com", LINES, sender=SENDER)

    assert there["relay"].sender == Mailbox("Contoso incidents", "Incidents@contoso.com")
    assert there["hve"].sender == Mailbox("Contoso incidents", "alerts@contoso.com")
    assert there["customers"].sender == Mailbox(
        "Contoso incidents", "donotreply@notices.contoso.com"
    )


def test_a_preset_knows_where_it_leads_and_how_it_is_entered() -> None:
    there = named("exchange://incidents@contoso.com", LINES, sender=SENDER)

    relay, hve, acs = relays(there)
    assert (relay.host, relay.port, relay.tls) == ("smtp.office365.com", 587, Tls.REQUIRED)
    assert (relay.auth, relay.username) == (Auth.XOAUTH2, "incidents@contoso.com")
    assert relay.quota == Quota(messages=10_000, within=timedelta(days=1))
    assert (hve.host, hve.auth) == ("smtp-hve.office365.com", Auth.XOAUTH2)
    assert (acs.host, acs.auth, acs.username) == (
        "smtp.azurecomm.net",
        Auth.AUTO,
        "contoso.app.tenant",
    )
    assert acs.rate == 0.5


def test_a_presets_limits_can_be_raised_and_its_server_replaced() -> None:
    url = "acs://a:b@contoso.com?rate=600/min&quota=0&host=127.0.0.1:2525&starttls=false"
    [one] = relays(named(url, "", sender=SENDER))

    assert (one.rate, one.quota) == (10.0, None)
    assert (one.host, one.port, one.tls) == ("127.0.0.1", 2525, Tls.NONE)


def test_all_who_send_by_one_transport_share_its_limits() -> None:
    there = named("smtp://relay.contoso.com?rate=20", LINES, sender=SENDER)

    assert there["relay"].limits() == (Limit(key="mail:incidents@contoso.com", rate=20.0),)
    rate, quota = there["customers"].limits()
    assert rate == Limit(key="mail:customers:donotreply@notices.contoso.com", rate=0.5)
    assert (quota.rate, quota.burst, quota.is_quota) == (100 / 3600, 99, True)


def test_of_the_transports_own_rate_and_the_plans_the_lower_one_holds() -> None:
    there = named("smtp://relay.contoso.com?rate=20", LINES, sender=SENDER)

    assert [one.limits(5.0)[0].rate for one in there.values()] == [5.0, 5.0, 0.5]


def test_an_estimate_counts_what_a_quota_puts_off() -> None:
    [one] = named("exchange://incidents@contoso.com", "", sender=SENDER).values()

    assert seconds(one.limits(), 5_000) == 10_000
    assert round(seconds(one.limits(), 20_000) / 3600) == 24


def test_a_mailbox_of_graph_is_a_transport_with_the_limits_of_exchange() -> None:
    [one] = named("", "shared=graph://incidents@contoso.com", sender=SENDER).values()

    assert one.sender == Mailbox("Contoso incidents", "incidents@contoso.com")
    assert [(limit.rate, limit.is_quota) for limit in one.limits()] == [
        (0.5, False),
        (10_000 / 86_400, True),
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("hve", "line 1: expected a line such as hve=hve://alerts@contoso.com"),
        ("H V E=hve://a@contoso.com", "line 1: expected a line such as"),
        ("relay=smtp://other", "line 1: there is a transport 'relay' already"),
        ("\nhve=hve://contoso.com", "line 2: it names the mailbox that sends"),
        ("hve=hve://a@contoso.com:25", "names the mailbox that sends"),
        ("acs=acs://a@contoso.com", "takes a password, the secret of its app"),
        ("hve=hve://a@contoso.com?host=http://x", "host is a server"),
        ("x=exchange://a@contoso.com?quota=many", "quota is so many in so long"),
        ("x=exchange://a@contoso.com?rate=30/day", "rate: expected a rate such as 20/s"),
        ("x=smtp://r?from=nobody", "line 1 is not a sender"),
    ],
)
def test_a_wrong_line_is_named_without_its_secret(lines: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        named("smtp://user:hunter2@relay", lines, sender=SENDER)

    assert said in refused.value.detail
    assert "hunter2" not in refused.value.detail


def test_a_transport_without_a_sender_is_refused_at_the_start() -> None:
    with pytest.raises(Invalid, match="set SITREP_MAIL_FROM"):
        named("smtp://relay.contoso.com", "", sender="")
