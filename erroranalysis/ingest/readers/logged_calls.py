"""What logs of two providers share: a call, which is a request and its response."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from erroranalysis.ingest.facts import Places, facts, find, identity, metadata
from erroranalysis.ingest.reader import BadRecord, Columns
from erroranalysis.ingest.values import as_text, unwrap
from erroranalysis.records import Message, Trace


def pair_of(record: Mapping[str, Any]) -> tuple[object, object]:
    """Return request and response, out of the envelopes of an HTTP log.

    Examples
    --------
    >>> pair_of({"request": {"body": '{"model": "m"}'}, "response": {"id": "r"}})
    ({'model': 'm'}, {'id': 'r'})
    """
    pair = []
    for name in ("request", "response"):
        value = unwrap(record.get(name))
        if isinstance(value, Mapping) and isinstance(value.get("body"), (dict, str)):
            value = unwrap(value["body"])
        pair.append(value)
    # a request may stand beside its response instead of under a name
    return (pair[0] if "request" in record else record), pair[1]


class Call(NamedTuple):
    """A call as a record of a log holds it.

    Attributes
    ----------
    record : mapping
        The record.
    request, response : mapping
        What was sent and what came back; either may be the record itself.
    columns : dict
        Field to column, where the user named some.
    at : dict
        The name under which the record gives each field.
    """

    record: Mapping[str, Any]
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    columns: Columns
    at: Places

    @classmethod
    def of(
        cls,
        record: Mapping[str, Any],
        request: object,
        response: object,
        columns: Columns,
    ) -> Call:
        """Return the call of a record in which request and response were found.

        Raises
        ------
        BadRecord
            One of them is no object.
        """
        if not isinstance(request, Mapping) or not isinstance(response, Mapping):
            raise BadRecord("request and response are not both objects")
        return cls(record, request, response, columns, find(record, columns))

    @property
    def is_beside(self) -> bool:
        """Whether the request stands beside its response, not under a name."""
        return self.request is self.record

    @property
    def is_reply(self) -> bool:
        """Whether the record is the response alone."""
        return self.response is self.record

    def known(self) -> dict[str, Any]:
        """Return the arguments of a trace that a call names, all but id and messages.

        What the response says of tokens is not among them: providers differ in it.
        """
        known = facts(self.record, self.at)
        model = self.response.get("model") or self.request.get("model")
        known["model"] = as_text(model)
        error = _error(self.record) or known["error"] or _error(self.response)
        known["error"] = error
        return known

    def is_silent(self, known: Mapping[str, Any], messages: list[Message]) -> bool:
        """Return whether nothing was said, and no error alone explains it."""
        # of a failed call in a batch there may be no more than the error
        return not messages and bool(self.request or not known["error"])

    def settings(self, apart: Collection[str]) -> dict[str, Any]:
        """Return the settings of a request that has a name, for the metadata.

        Parameters
        ----------
        apart : collection of str
            What in a request is no setting.
        """
        if self.is_beside:
            return {}
        settings = {k: v for k, v in self.request.items() if k not in apart}
        return {"request": settings} if settings else {}

    def used(self, apart: Collection[str]) -> set[str]:
        """Return what in the record is no metadata.

        Parameters
        ----------
        apart : collection of str
            What in a request is no setting.
        """
        return {"response", *(apart if self.is_beside else ("request",))}

    def trace(
        self,
        known: Mapping[str, Any],
        messages: list[Message],
        details: Mapping[str, Any],
        used: set[str],
        prefix: str,
    ) -> Trace:
        """Return the trace of a call; without an id of its own it has the response's.

        Parameters
        ----------
        known : mapping
            Arguments of the trace, all but id, messages and metadata.
        messages : list of dict
            What was said.
        details : mapping
            Metadata beside what the record holds.
        used : set of str
            What in the record is no metadata.
        prefix : str
            For ids that follow from the content.
        """
        record, at = self.record, self.at
        may_have_id = self.columns.get("id", "") is not None
        if "id" not in at and may_have_id and self.response.get("id"):
            record, at = {**record, "id": self.response["id"]}, {**at, "id": "id"}
        return Trace(
            id=identity(record, at, known, messages, prefix),
            messages=messages,
            metadata={**details, **metadata(record, at, known, used)},
            **known,
        )


def _error(side: Mapping[str, Any]) -> str | None:
    error = side.get("error")
    if isinstance(error, Mapping):
        return as_text(error.get("message") or dict(error))
    return as_text(error) if error else None


def joined_text(parts: object) -> str:
    r"""Return a text, or the texts of a list of blocks with an empty line between.

    Examples
    --------
    >>> joined_text("Hi"), joined_text([{"type": "text", "text": "Hi"}, "You?", {}])
    ('Hi', 'Hi\n\nYou?')
    """
    if not isinstance(parts, list):
        return as_text(parts) or ""
    texts = (part.get("text") if isinstance(part, Mapping) else part for part in parts)
    return "\n\n".join(text for given in texts if (text := as_text(given)))
