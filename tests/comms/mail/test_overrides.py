"""An organisation's own letters: what they may change, and that a broken one changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from comms.channels.mail.writer import write
from comms.overrides import Overrides
from comms.plan import letters
from comms.plan.load import load, read, shipped
from comms.plan.model import Plan
from comms.projection import project
from comms.sample import FULL, sample
from comms.statement import HTML, PLAIN, Statement
from comms.trial import tried
from comms.trial_apart import trial, usable
from comms.update import Kind

EXTENDED = '{% extends "shipped/executives/update.mail.txt" %}\n'
BROKEN = {
    "a field that the audience may not see": (
        "executives/update.mail.txt",
        EXTENDED + "{% block content %}\n{{ needs }}\n{% endblock %}",
        3,
        "executives may not see 'needs': add it to its 'sees', or leave it out. It may use: ",
    ),
    "a field that there is not": (
        "executives/update.mail.txt",
        EXTENDED + "{% block content %}\n{{ impakt }}\n{% endblock %}",
        3,
        "there is no field 'impakt'. Did you mean 'impact'? It may use: ",
    ),
    "an attribute that there is not": (
        "executives/update.mail.txt",
        EXTENDED + "{% block content %}\n{{ issued_at.hour }}\n{% endblock %}",
        3,
        "has no attribute 'hour'",
    ),
    "no template": (
        "executives/update.mail.txt",
        EXTENDED + "{% block content %}\n{% if impact %}\n",
        3,
        "Unexpected end of template",
    ),
    "another template that there is not": (
        "executives/update.mail.txt",
        '{% extends "shipped/executives/upddate.mail.txt" %}\n',
        1,
        "there is no template 'executives/upddate.mail.txt'",
    ),
    "an escape": (
        "executives/update.mail.txt",
        EXTENDED + "{% block content %}\n\n{{ ''.__class__.__mro__ }}\n{% endblock %}",
        4,
        "access to attribute '__class__' of 'str' object is unsafe",
    ),
    "an escape by a method": (
        "executives/update.mail.txt",
        EXTENDED + "{% block content %}\n{{ next_update.__init__.__globals__ }}\n{% endblock %}",
        3,
        "unsafe",
    ),
    "a change of the context": (
        "executives/update.mail.txt",
        EXTENDED + "{% block content %}\n{{ brand.clear() }}\n{% endblock %}",
        3,
        "unsafe",
    ),
    "no MJML": (
        "executives/update.mail.mjml",
        "<mjml><mj-body><mj-section></mj-body></mjml>",
        0,
        "The MJML cannot be read",
    ),
    "an element that MJML does not know": (
        "executives/update.mail.mjml",
        "<mjml><mj-body><mj-section><mj-colum></mj-colum></mj-section></mj-body></mjml>",
        0,
        "There is no MJML element mj-colum.",
    ),
    "a changed token": (
        "executives/update.mail.txt",
        EXTENDED + "{% block promise %}\n{{ promise | upper }}\n{% endblock %}",
        0,
        "changes what a reader's own link or time is filled in for",
    ),
}
ENDLESS = {
    "a loop": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "a flood": "{% for a in range(99999) %}{{ impact * 999 }}{% endfor %}",
    "memory": "{{ 'x' * 99999999999 }}",
    "itself": "{% include 'executives/update.mail.txt' %}",
}


@pytest.mark.parametrize(("path", "source", "line", "said"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_with_a_template_is_told_with_its_place(
    tmp_path: Path, path: str, source: str, line: int, said: str
) -> None:
    plan = overridden(tmp_path, {path: source})

    problem = tried(plan)[0]

    assert (problem.source, problem.line) == (_file(tmp_path, path), line)
    assert said in problem.message


def test_all_that_is_wrong_with_a_letter_is_told_at_once(tmp_path: Path) -> None:
    plan = overridden(
        tmp_path,
        {
            "executives/update.mail.txt": EXTENDED
            + "{% block content %}\n{{ impakt }}\n{{ needs }}\n{% endblock %}"
            "{% block look %}\n{% if is_last %}{{ title }}{{ lokk }}{% endif %}\n{% endblock %}",
            "executives/update.mail.mjml": EXTENDED.replace(".txt", ".mjml")
            + '{% import "mail/parts.mjml" as part with context %}\n'
            "{% block content %}\n{% for row in done %}{{ part.row('Done', row) }}{% endfor %}\n"
            "{% if brand is defined and more is defined %}{{ more }}{% endif %}\n{% endblock %}",
        },
    )

    told = [(problem.source, problem.line, problem.message[:25]) for problem in tried(plan)]

    text, mjml = (_file(tmp_path, f"executives/update.mail.{end}") for end in ("txt", "mjml"))
    assert sorted(told) == [
        (mjml, 4, "executives may not see 'd"),
        (text, 3, "there is no field 'impakt"),
        (text, 4, "executives may not see 'n"),
        (text, 6, "there is no field 'lokk'."),
    ]


def test_the_fields_that_it_may_use_are_listed(tmp_path: Path) -> None:
    path, source, _, _ = BROKEN["a field that the audience may not see"]

    message = tried(overridden(tmp_path, {path: source}))[0].message

    usable = message.partition("It may use: ")[2].rstrip(".").split(", ")
    assert {"impact", "decisions", "promise", "look", "brand", "seen"} <= set(usable)
    assert not {"needs", "conditions", "workaround"} & set(usable)


@pytest.mark.parametrize("source", ENDLESS.values(), ids=ENDLESS)
def test_a_template_that_does_not_end_is_stopped_in_a_process_of_its_own(
    tmp_path: Path, source: str
) -> None:
    block = f"{EXTENDED}{{% block content %}}\n{source}\n{{% endblock %}}"
    path = written_plan(tmp_path, {"executives/update.mail.txt": block})

    problems = trial(load(path), path)

    assert problems, "it was let through"
    assert all("executives/update.mail" in problem.source for problem in problems)


@pytest.mark.parametrize(("path", "source"), [one[:2] for one in BROKEN.values()], ids=BROKEN)
def test_a_broken_template_never_takes_a_shipped_ones_place(
    tmp_path: Path, path: str, source: str
) -> None:
    plan = overridden(tmp_path, {path: source})

    assert parts(letter(plan)) == parts(letter(without(plan)))
    assert "executives/update" in plan.overrides.warnings[0]


def test_a_broken_template_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    good = EXTENDED + "{% block promise %}\nOurs.\n{% endblock %}"
    path = written_plan(
        tmp_path,
        {"executives/update.mail.txt": good, "customers/mail.subject": "{{ title }}"},
    )

    plan = usable(load(path), path)

    assert set(plan.overrides.files) == {"executives/update.mail.txt"}
    assert "customers may not see 'title'" in plan.overrides.warnings[0]
    assert "Ours." in letter(plan).parts[PLAIN]


def test_a_block_alone_can_be_overridden(tmp_path: Path) -> None:
    promise = '{% extends "shipped/mail/letter.txt" %}{% block promise %}\nOurs.\n{% endblock %}'
    plan = overridden(tmp_path, {"mail/letter.txt": promise})

    ours, theirs = letter(plan).parts[PLAIN], letter(without(plan)).parts[PLAIN]

    assert "Ours." in ours
    assert "Impact: One in three" in ours
    assert ours.partition("Impact")[0] == theirs.partition("Impact")[0]


def test_a_whole_letter_can_be_overridden_and_the_other_kinds_follow(tmp_path: Path) -> None:
    plan = overridden(tmp_path, {"executives/update.mail.txt": "Only this: {{ impact }}"})

    assert letter(plan, Kind.FIRST).parts[PLAIN].startswith("Only this: One in three")
    assert "Only this" not in letter(plan, Kind.RESOLVED).parts[PLAIN]


def test_an_audience_may_have_letters_of_its_own(tmp_path: Path) -> None:
    own = {
        f"board/{kind}.mail.{form}": f'{{% extends "executives/{kind}.mail.{form}" %}}'
        for kind in Kind
        for form in ("txt", "mjml")
    }
    path = written_plan(
        tmp_path,
        {**own, "board/mail.subject": "Board: {{ title }}"},
        ("    label: Executives\n", "    label: Executives\n    template: board\n"),
    )

    plan = load(path)

    assert tried(plan) == []
    assert letter(plan).subject.endswith("Board: Card payments failing")


def test_the_installations_letters_go_before_the_plans(tmp_path: Path) -> None:
    path = written_plan(tmp_path, {"customers/mail.subject": "Plan"})
    more = _write(tmp_path / "more", {"customers/mail.subject": "Installation"})

    plan = load(path, templates=more)

    assert plan.overrides.files["customers/mail.subject"].source == "Installation"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("executives/updat.mail.txt", "Did you mean 'update.mail.txt'?"),
        ("page/layout.html", "only letters can be overridden"),
        ("cards/can.json", "only letters can be overridden"),
    ],
)
def test_a_file_that_overrides_nothing_is_a_mistake(tmp_path: Path, path: str, said: str) -> None:
    written_plan(tmp_path, {path: "x"})

    _, problems = read((tmp_path / "plan.yaml").read_text(), str(tmp_path / "plan.yaml"))

    assert said in str(problems[0])
    assert problems[0].source == _file(tmp_path, path)


def test_a_folder_that_is_not_there_is_told_with_its_line(tmp_path: Path) -> None:
    text = shipped().replace("four_eyes: true", "four_eyes: true\ntemplates: nowhere")
    file = tmp_path / "plan.yaml"

    _, problems = read(text, str(file))

    assert "there is no folder" in problems[0].message
    assert problems[0].line == text.splitlines().index("templates: nowhere") + 1


def test_a_file_that_is_no_text_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "customers").mkdir()
    (tmp_path / "customers" / "mail.subject").write_bytes(b"\xff\xfe")

    _, problems = letters.read([tmp_path])

    assert problems[0].message == "it is not UTF-8 text"


def test_the_shipped_letters_pass_their_own_trial() -> None:
    assert tried(load(None)) == []


def test_a_plan_that_grants_too_little_is_told_by_the_trial() -> None:
    plan = load(None)
    executives = plan.audience("executives")
    blind = replace(executives, sees=executives.sees - {"risk", "decisions"})

    problems = tried(replace(plan, audiences={**plan.audiences, "executives": blind}))

    told = {
        (problem.source, problem.line, problem.message.partition(":")[0]) for problem in problems
    }
    assert ("executives/update.mail.txt", 5, "executives may not see 'risk'") in told
    assert ("executives/resolved.mail.mjml", 7, "executives may not see 'risk'") in told
    assert len(told) == len(problems)


def overridden(folder: Path, sources: dict[str, str]) -> Plan:
    """The shipped plan with these letters of its own."""
    return load(written_plan(folder, sources))


def written_plan(folder: Path, sources: dict[str, str], *changes: tuple[str, str]) -> Path:
    """Write the shipped plan with these letters of its own; return its file."""
    _write(folder / "letters", sources)
    text = shipped().replace("four_eyes: true", "four_eyes: true\ntemplates: letters")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "plan.yaml"
    path.write_text(text)
    return path


def without(plan: Plan) -> Plan:
    """The plan without letters of its own."""
    return replace(plan, overrides=Overrides())


def letter(plan: Plan, kind: Kind = Kind.UPDATE) -> Statement:
    """What executives read under this plan."""
    telling = sample(plan, kind, FULL)
    return write(
        telling, plan.audience("executives"), project(telling, plan.audience("executives"))
    )


def parts(statement: Statement) -> tuple[str, str, str]:
    return statement.subject, statement.parts[PLAIN], statement.parts[HTML]


def _write(folder: Path, sources: dict[str, str]) -> Path:
    for path, source in sources.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return folder


def _file(folder: Path, path: str) -> str:
    return str(folder / "letters" / path)
