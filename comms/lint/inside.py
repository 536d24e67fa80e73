"""What comes from inside the house: hosts, addresses, traces, links, tickets, severities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from comms.lint.finding import Found
from comms.rule import Rule

_SUFFIX = r"(?:internal|local|localdomain|corp|lan|intranet|intra|home\.arpa|svc|private)"
_TOKEN = re.compile(r"[\w.-]+")
_LONGEST = 253
"""Characters of a host's name (RFC 1035); what is longer is none, and not looked at."""

_DOMAIN = re.compile(rf"[\w-]+(?:\.[\w-]+)*\.{_SUFFIX}", re.IGNORECASE)
# In small letters: 'SQL-2019' is a product.
_MACHINE = re.compile(
    r"""(?:ip-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}
    | (?:db|srv|vm|esx|sql|lb|gw)\d{1,3}
    | web\d{2,3}
    | [a-z][a-z0-9-]*-(?=[a-z0-9]*\d)[a-f0-9]{8,10}-(?=[a-z]*\d)[a-z0-9]{5}
    | SRV[A-Z-]*\d{1,4}
    | localhost)""",
    re.VERBOSE,
)
_KINDS = frozenset(
    (
        *("prod", "prd", "stg", "staging", "uat", "qa", "db", "sql", "srv", "web", "app", "k8s"),
        *("node", "vm", "esx", "lb", "gw", "mx", "smtp", "redis", "kafka", "mongo", "pg"),
        *("mysql", "cache", "worker", "proxy"),
    )
)
"""What machines are called after: one of these, then a number, as in 'payments-db-eu-03'."""
_NUMBER = re.compile(r"\d{1,4}[a-z]?")
_V4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_V6 = re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE)
# A version of four numbers looks like an address; the word before it tells them apart.
_VERSION = re.compile(r"(?:\bv|\bver\.?|version|versión|release|build|バージョン|إصدار)\s*$", re.I)

_TRACE = re.compile(
    r"""
      Traceback\ \(most\ recent\ call\ last\)
    | \bFile\ ".+?",\ line\ \d+
    | \bat\ [\w$.]+\([\w$]+\.(?:java|kt|scala|cs|js|ts):\d+(?::\d+)?\)
    | \b[A-Z][a-z]\w*(?:Exception|Error)\b(?!\ (?:page|message))
    | \bORA-\d{5}\b | \bSQLSTATE\b | \bstack\ ?trace\b | \bcore\ dumped\b | \bsegfault\b
    | \bOOMKilled\b | \bCrashLoopBackOff\b | \bpanic:\ | \berrno\b | \bexit\ code\ \d+
    | \b0x[0-9a-f]{6,}\b | \b(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND)\b
    | \bHTTP/\d\.\d"\ \d{3}
    """,
    re.VERBOSE,
)

_URL = re.compile(r"\bhttps?://[^\s<>\"'）)\]]+", re.IGNORECASE)
_TOOLS = re.compile(
    r"(?:^|\.)(?:atlassian\.net|service-now\.com|pagerduty\.com|opsgenie\.com|datadoghq\.(?:com|eu)"
    r"|splunkcloud\.com|grafana\.net|sharepoint\.com|slack\.com|teams\.microsoft\.com"
    r"|dev\.azure\.com|portal\.azure\.com|console\.aws\.amazon\.com|notion\.so|docs\.google\.com)$"
    r"|^(?:jira|confluence|wiki|grafana|kibana|jenkins|gitlab|intranet|sharepoint|sentry|argocd"
    r"|prometheus|alertmanager|vault|nexus|sonar|admin|sitrep)\.",
    re.IGNORECASE,
)

_TICKET = re.compile(
    r"\b(?!(?:UTF|ISO|SQL|SHA|AES|HTTP|TLS|SSL|CVE|RFC|COVID|IPV|WPA|MPEG|USB|EN|DIN|ISBN|GMT|UTC)-)"
    r"[A-Z][A-Z0-9]{1,9}-\d{1,6}\b"
    r"|\b(?:INC|CHG|PRB|RITM|TASK|REQ|SCTASK)\d{5,}\b"
    r"|\b(?:ticket|bug|jira|pull request|change request|work item|Störungsnummer)\s*"
    r"(?:no\.?|nr\.?|number|nummer|n°|nº)?\s*#?\s*\d{2,}\b"
    r"|(?<![\w&/#])#\d{3,7}\b"
    r"|(?:チケット|تذكرة)\s*(?:番号|رقم)?\s*#?\d{2,}",
    re.IGNORECASE,
)

_SEVERITY = re.compile(
    r"\bSEV[ -]?[0-4]\b|(?<![\w-])P[0-4](?![\w.%-])"
    r"|(?i:\b(?:severity|priority|prio|Schweregrad|Priorität|Dringlichkeit|gravité|priorité"
    r"|severidad|gravedad|prioridad)(?:\s+(?:level|stufe|niveau|nivel))?\s*[1-4]\b)"
    r"|(?:重大度|深刻度|優先度)\s*[1-4１-４]|(?:خطورة|أولوية)\s*[1-4١-٤]"
)


def inside(text: str, *, key: str) -> Iterator[Found]:
    """Yield what customers must not see; `key` is the incident's own, which they know."""
    if link := next(_links(text), ""):
        yield Found(Rule.LINKS, f"{link} leads into the house.")
    rest = _URL.sub(" ", text)
    if address := next(_addresses(rest), ""):
        yield Found(Rule.IPS, f"{address} is an address on the network.")
    if trace := _TRACE.search(rest):
        yield Found(Rule.TRACES, f"“{trace[0]}” is from a program's inside.")
    if severity := _SEVERITY.search(rest):
        yield Found(Rule.SEVERITIES, f"“{severity[0]}” is the house's own word.")
    # What has a name already is not held for something else as well: 'ORA-00942' is no ticket.
    for told in (_V6, _TRACE, _SEVERITY):
        rest = told.sub(" ", rest)
    if host := next(_hosts(rest), ""):
        yield Found(Rule.HOSTS, f"{host} is a name from inside; customers must not see it.")
    if ticket := next(_tickets(rest, key), ""):
        yield Found(Rule.TICKETS, f"{ticket} is a number that only people inside can look up.")


def _links(text: str) -> Iterator[str]:
    for url in _URL.findall(text):
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:  # brackets that hold no address
            continue
        if "." not in host or _is_host(host) or _V4.fullmatch(host) or _TOOLS.search(host):
            yield url


def _hosts(text: str) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        name = token.strip(".-_")
        if _is_host(name):
            yield name


def _is_host(name: str) -> bool:
    if len(name) > _LONGEST:
        return False
    if _DOMAIN.fullmatch(name) or _MACHINE.fullmatch(name):
        return True
    *parts, last = name.split("-")
    return not _KINDS.isdisjoint(parts) and _NUMBER.fullmatch(last) is not None


def _addresses(text: str) -> Iterator[str]:
    for found in (*_V4.finditer(text), *_V6.finditer(text)):
        if _is_address(found[0]) and not _VERSION.search(text[: found.start()]):
            yield found[0]


def _is_address(words: str) -> bool:
    try:
        ip_address(words)
    except ValueError:
        return False
    return any(char.isalnum() for char in words)


def _tickets(text: str, key: str) -> Iterator[str]:
    for found in _TICKET.finditer(text):
        words = found[0]
        is_plain_word = "-" in words and not words.isupper()
        if words.upper() != key.upper() and not is_plain_word:
            yield words
