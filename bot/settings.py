"""How this installation is set up: one frozen object, read from the environment at start."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from comms.errors import Invalid
from comms.ledger import LONGEST_LEASE
from comms.plan.problem import nearest

PREFIX = "SITREP_"
SECRETS = (
    "database_url",
    "api_token",
    "inbound_token",
    "link_keys",
    "bounces_url",
    "bot_secret",
    "bot_certificate",
    "smtp_url",
    "mail_transports",
    "rota_feeds",
)
"""Each may stand in a file instead, named by `SITREP_…_FILE`."""

FOR_TESTS = ("SITREP_CONTRACTS", "SITREP_TEST_")
"""Names that the project's own tests read; the product takes no notice of them."""

SECRET_LIMIT = 64 * 1024


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("expected a URL such as https://sitrep.example.org")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("expected a URL without a user, a '?' or a '#'")
    return value.rstrip("/")


def _mailbox(value: str) -> str:
    local, _, domain = parseaddr(value)[1].rpartition("@")
    if not local or "." not in domain or any(char in value for char in "\r\n"):
        raise ValueError("expected an address such as Sitrep <sitrep@example.org>")
    return value


def _listed(value: object) -> object:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def _between(low: int, high: int, unit: str) -> AfterValidator:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise ValueError(f"expected {low} to {high} {unit}")
        return value

    return AfterValidator(check)


Url = Annotated[str, AfterValidator(_url)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """Each field is the variable `SITREP_` + its name in capitals. Secrets never show in repr.

    Without `bot_app_id` the bot believes anybody: for development, on loopback only.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr = SecretStr("sqlite:///./sitrep.db")
    plan: Path | None = None
    templates: Path | None = None
    """A folder of letters that go before those of the plan and the shipped ones."""
    base_url: Url | None = None
    api_token: SecretStr | None = None
    inbound_token: SecretStr | None = None
    """Opens the routes under /inbound alone: for services that report to us."""

    link_keys: SecretStr | None = None
    """Keys of the links in letters: the first signs, the others are still believed."""

    bot_app_id: str | None = None
    bot_tenant_id: str | None = None
    bot_secret: SecretStr | None = None
    bot_certificate: SecretStr | None = None
    bot_managed_identity: str | None = None
    bot_openid_metadata_url: Url = (
        "https://login.botframework.com/v1/.well-known/openidconfiguration"
    )
    bot_allowed_service_hosts: Names = ()
    graph_url: Url = "https://graph.microsoft.com/v1.0"
    authority_url: Url = "https://login.microsoftonline.com"

    smtp_url: SecretStr | None = None
    mail_transports: SecretStr | None = None
    """Further transports of mail, a line `name=url` each; that of `smtp_url` is `relay`."""
    mail_from: Mailbox | None = None
    mail_unsubscribe: Mailbox | None = None
    """Where mail programs write to unsubscribe (RFC 2369); unset: they use the link."""
    mail_return_path: str | None = None
    bounces_url: SecretStr | None = None
    """Where what cannot be delivered comes back to: bounces+{token}@contoso.com; the sender."""

    rota_feeds: SecretStr | None = None
    """The calendars of rotas whose address the plan does not tell, a line `name=https://…` each."""
    rota_hosts: Names = ()
    """Hosts of calendars that may have an address inside the network."""

    slots: Annotated[int, _between(4, 2000, "mails")] = 200
    """Mails under way at once in one process: so many a crash may send again."""
    lease: Annotated[int, _between(5, LONGEST_LEASE.seconds, "seconds")] = 120
    """After so many seconds of silence another process sends what one had in hand."""

    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, _between(0, 65535, "(0: any that is free)")] | None = None
    """Where a worker answers /metrics; unset: nowhere. `serve` does on its own port."""

    status_dir: Path = Path("status")
    status_url: Url | None = None
    log: Literal["text", "json"] = "text"

    @model_validator(mode="after")
    def _a_bot_has_one_identity(self) -> Self:
        credentials = [
            f"{PREFIX}{name.upper()}"
            for name in ("bot_secret", "bot_certificate", "bot_managed_identity")
            if getattr(self, name) is not None
        ]
        if len(credentials) > 1:
            raise ValueError(f"{' and '.join(credentials)} are both set; keep one of them")
        if credentials and not self.bot_app_id:
            raise ValueError(f"{credentials[0]} is set, SITREP_BOT_APP_ID is not; set it too")
        if self.bot_app_id and not self.bot_tenant_id:
            raise ValueError("SITREP_BOT_APP_ID is set, SITREP_BOT_TENANT_ID is not; set it too")
        if self.bot_app_id and not credentials:
            raise ValueError(
                "SITREP_BOT_APP_ID is set without a credential; set SITREP_BOT_SECRET, "
                "SITREP_BOT_CERTIFICATE or SITREP_BOT_MANAGED_IDENTITY"
            )
        return self


def read() -> Settings:
    """Return the settings of this process. Invalid lists all that is wrong, one line each."""
    problems = list(_unknown_names(os.environ))
    secrets: dict[str, SecretStr] = {}
    for name in SECRETS:
        try:
            secret = _from_file(name, os.environ)
        except Invalid as error:
            problems.append(error.detail)
        else:
            secrets |= {name: SecretStr(secret)} if secret else {}
    try:
        settings = Settings(**secrets)  # type: ignore[arg-type]  # by name, as SECRETS lists
    except ValidationError as error:
        problems += _refused(error)
    if problems:
        raise Invalid("\n".join(problems))
    return settings


def _unknown_names(environ: Mapping[str, str]) -> Iterator[str]:
    known = [name.upper() for name in Settings.model_fields]
    known += [f"{name.upper()}_FILE" for name in SECRETS]
    for name in sorted(environ):
        own = name.removeprefix(PREFIX)
        if name != own and own not in known and not name.startswith(FOR_TESTS):
            # Compared without the prefix, which would make any two names look alike.
            near = nearest(own, known).replace("'", f"'{PREFIX}", 1)
            yield f"{name} is no setting of Sitrep.{near}"


def _from_file(name: str, environ: Mapping[str, str]) -> str:
    """Return the secret from the file that `SITREP_…_FILE` names, or '' where none is named."""
    variable = PREFIX + name.upper()
    path = environ.get(f"{variable}_FILE", "")
    if not path:
        return ""
    if environ.get(variable):
        raise Invalid(f"{variable} and {variable}_FILE are both set; keep one of them")
    try:
        with Path(path).open(encoding="utf-8") as file:
            secret = file.read(SECRET_LIMIT).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise Invalid(f"{variable}_FILE: {path} cannot be read: {reason}") from None
    if not secret:
        raise Invalid(f"{variable}_FILE: {path} is empty")
    return secret


def _refused(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False, include_input=False):
        said = str(detail["ctx"]["error"]) if detail["type"] == "value_error" else detail["msg"]
        if detail["type"] == "literal_error":
            said = f"expected {detail['ctx']['expected']}"
        name = PREFIX + str(detail["loc"][0]).upper() if detail["loc"] else ""
        yield ": ".join(part for part in (name, said) if part)
