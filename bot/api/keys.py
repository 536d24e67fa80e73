"""What stands in paths: the key of an incident, the number of an update, an audience's name."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

Key = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z]{1,10}-[0-9]{1,15}$"),
    AfterValidator(str.upper),
    Field(description="The key of an incident, such as INC-41.", examples=["INC-41"]),
]

Number = Annotated[
    int,
    # As many as a database's integer holds.
    Field(ge=1, le=2_147_483_647, description="The number of an update; they count from 1."),
]

AudienceName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$"),
    Field(description="The name of an audience of the plan.", examples=["stakeholders"]),
]

BulletinKey = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]+\.[A-Za-z0-9._~+-]{1,200}$"),
    Field(description="The key of a bulletin.", examples=["digest.executives.daily-08-UTC"]),
]
