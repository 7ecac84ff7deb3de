"""How the JSON API tells what went wrong, for its description."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Misfit(BaseModel):
    """A part of a request that does not fit."""

    model_config = ConfigDict(frozen=True)

    where: str = Field(description="The part, like `body.files.0.name`.")
    what: str


class Told(BaseModel):
    """What went wrong, in words for a person."""

    model_config = ConfigDict(frozen=True)

    message: str
    hint: str = Field(default="", description="What can be done about it.")
    fields: tuple[Misfit, ...] = ()


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    model_config = ConfigDict(frozen=True)

    error: Told


def _told(words: str) -> dict[str, Any]:
    return {"model": ErrorBody, "description": words}


API_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: _told("The request contradicts itself or names something that does not exist."),
    401: _told("Nobody is signed in."),
    403: _told("The role does not have this, or the token of the session is missing."),
    404: _told("There is no such thing, or not for this person."),
    409: _told("It cannot be done as things stand by now."),
    413: _told("The body is too large."),
    422: _told("The request does not have the form that is described."),
    503: _told("The database or something else that is needed does not answer."),
}
