"""The stories that can be replayed, by the name that `sitrep demo --scenario` takes."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards import verbs
from bot.demo.cast import CALEB, INES, RAVI, Persona
from bot.demo.scenario import Fill, Press, Say, Scenario, Step, Watch


def _report(
    minute: float, *, conditions: str, status: str, note: str, **fields: str | tuple[str, ...]
) -> Step:
    """Caleb writes an update; a field of several lines is given as a tuple."""
    typed = {
        name: value if isinstance(value, str) else "\n".join(value)
        for name, value in fields.items()
    }
    typed |= {"conditions": conditions, "status": status}
    act = Fill(verb=verbs.CAN_OPEN, submit=verbs.CAN_SUBMIT, typed=typed)
    return Step(minute=minute, who=CALEB, act=act, note=note)


def _approval(minute: float, who: Persona, update: int, note: str) -> Step:
    act = Press(verb=verbs.UPDATE_APPROVE, where={"number": update})
    return Step(minute=minute, who=who, act=act, note=note)


def _role(minute: float, who: Persona, role: str, note: str) -> Step:
    return Step(
        minute=minute, who=who, act=Press(verb=verbs.ROLE_TAKE, where={"role": role}), note=note
    )


CARD_PAYMENTS = Scenario(
    name="card-payments",
    title="Card payments failing",
    steps=(
        Step(
            minute=0,
            who=RAVI,
            act=Say(text="Checkout alerts are going off. Is it only me?"),
            note="Ravi sees alerts",
        ),
        Step(
            minute=0.6,
            who=RAVI,
            act=Say(text="@Sitrep declare"),
            note="Ravi asks Sitrep to declare an incident",
        ),
        Step(
            minute=1.2,
            who=RAVI,
            act=Press(
                verb=verbs.DECLARE_SUBMIT,
                typed={
                    "title": "Card payments failing",
                    "severity": "SEV2",
                    "services": "Checkout, Payments API",
                },
            ),
            note="Two inputs, and it is declared; the war room opens",
        ),
        _role(2, INES, "incident_commander", "Ines takes command"),
        _role(2.6, CALEB, "comms_lead", "Caleb takes the updates"),
        _report(
            3.4,
            conditions="4 in 10 card payments have failed since {-2}; wallets and transfers work.",
            status="investigating",
            doing=("Comparing both acquirers", "Checking release 412"),
            next=("Move traffic to the second acquirer",),
            needs=("A database engineer on the call | Payments team | {+30}",),
            risk="The failure rate still rises.",
            symptom="Some card payments are declined.",
            scope="Customers who pay by card.",
            workaround="Pay by wallet or bank transfer, or try again later.",
            note="Caleb writes the first report once, for everybody",
        ),
        _approval(4, CALEB, 1, "Caleb approves what stakeholders and customers would read"),
        _approval(4.6, INES, 1, "Ines approves too: update 1 goes out"),
        Step(
            minute=8,
            who=RAVI,
            act=Press(verb=verbs.ASK_TAKE),
            note="Ravi takes the open ask",
        ),
        Step(
            minute=14,
            who=RAVI,
            act=Say(text="@Sitrep note Release 412 changed the retry limit", in_war_room=True),
            note="A finding goes into the timeline",
        ),
        Step(
            minute=19,
            who=RAVI,
            act=Press(verb=verbs.ASK_MET),
            note="The ask is met: the engineer has joined",
        ),
        _report(
            27,
            conditions="Release 412 retries too often, so one acquirer refuses 3 in 10.",
            status="identified",
            done=("Found the release that changed the retry limit",),
            doing=("Rolling the release back",),
            next=("Watch the failure rate for 20 minutes",),
            needs="",
            note="The cause is known: Caleb writes update 2 in time",
        ),
        _approval(28, CALEB, 2, "Caleb approves update 2"),
        _approval(29, INES, 2, "Ines approves: the promise to responders is kept"),
        Step(
            minute=36,
            who=CALEB,
            act=Watch(),
            note="Quiet: every reader knows when the next update comes",
        ),
        Step(
            minute=56,
            who=CALEB,
            act=Watch(),
            note="Everybody is busy. Caleb is reminded: five minutes left",
        ),
        Step(
            minute=60.5,
            who=INES,
            act=Watch(),
            note="The promised time passes: Ines is told, and the promise is overdue",
        ),
        Step(
            minute=66,
            who=INES,
            act=Watch(),
            note="Five minutes later the duty manager hears of it",
        ),
        _report(
            68,
            conditions="The release is rolled back; fewer than 1 in 100 card payments fail.",
            status="monitoring",
            done=("Rolled the release back",),
            doing=("Watching both acquirers",),
            next=("Retry the payments that failed",),
            needs="",
            risk="",
            symptom="Card payments work again for nearly everyone.",
            workaround="If a payment was declined, please try it again.",
            note="Update 3 is late, and says so in the ledger",
        ),
        _approval(69, CALEB, 3, "Caleb approves update 3"),
        _approval(69.8, INES, 3, "Ines approves: readers hear again"),
        Step(
            minute=88,
            who=INES,
            act=Fill(
                verb=verbs.RESOLVE_OPEN,
                submit=verbs.RESOLVE_SUBMIT,
                typed={
                    "conditions": "Card payments have been at their usual level for 20 minutes.",
                    "symptom": "Card payments work again.",
                    "data_lost": "no",
                },
            ),
            note="Ines resolves the incident; the last update waits for approval",
        ),
        _approval(89, CALEB, 4, "Caleb approves the last update"),
        _approval(90, INES, 4, "Resolved: the last mail and notice go out"),
    ),
)

SCENARIOS: Mapping[str, Scenario] = {CARD_PAYMENTS.name: CARD_PAYMENTS}
