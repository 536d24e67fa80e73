"""Every error that a person may meet: what happened, where, and what to do."""

from __future__ import annotations


class SitrepError(Exception):
    """Something a person can understand and mend.

    `pointer` is the RFC 6901 pointer of the field that caused it, where there is one.
    """

    title = "It did not work"
    status = 400
    advice = ""

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer

    @property
    def told(self) -> str:
        """The detail, and what the person who meets it can do about it beside that."""
        return f"{self.detail} {self.advice}".rstrip()


class Invalid(SitrepError):
    """A value is missing, too long or of the wrong kind."""

    title = "A field is not valid"
    status = 422


class NotFound(SitrepError):
    """What was named does not exist."""

    title = "Not found"
    status = 404


class Forbidden(SitrepError):
    """The person lacks the role that this step asks for."""

    title = "Not allowed"
    status = 403


class Conflict(SitrepError):
    """The incident is not in a state that allows this step."""

    title = "Not possible now"
    status = 409


class StaleDraft(Conflict):
    """The approver saw another text than the one that would be sent."""

    title = "The draft has changed"


class TooMany(SitrepError):
    """Too many have asked for the same in a short time."""

    title = "Too many at once"
    status = 429


class PlanInvalid(SitrepError):
    """The communication plan file has an error; `detail` names its line."""

    title = "The communication plan is not valid"
    status = 422


class Unavailable(SitrepError):
    """A part that Sitrep stands on (database, disk) cannot work at the moment."""

    title = "Not available at the moment"
    status = 503
    advice = (
        "Nothing was changed. Please try again in a minute;"
        " if it stays so, tell whoever runs Sitrep."
    )
