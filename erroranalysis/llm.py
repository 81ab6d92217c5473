"""Calls to a model: anything that speaks the OpenAI API.

The key comes from the environment (``OPENAI_API_KEY``) and is never stored. A call
that cannot be answered becomes a reply with a kind of error, never a guess; what a
retry cannot heal (a wrong key, a bad request, an empty account) is not retried.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import openai

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0


@dataclass(frozen=True)
class Request:
    """One call: the messages, the JSON schema of the answer, and a key of its own."""

    key: str
    messages: list[dict[str, str]]
    schema: dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """How one call ended.

    Attributes
    ----------
    key : str
        Key of the request.
    value : dict or None
        The parsed answer; None where the call ended in an error.
    error : str or None
        Kind of error: timeout, refusal, cut_off, unreadable, rate_limit, quota,
        denied, bad_request, server or connection.
    detail : str or None
        What the server or the parser said.
    """

    key: str
    value: dict[str, Any] | None = None
    error: str | None = None
    detail: str | None = None
    raw: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Endpoint:
    """Where a model is, and how hard it may be asked.

    Attributes
    ----------
    model : str
        Name of the model.
    base_url : str, optional
        Address of a server that speaks the OpenAI API; OpenAI's own by default.
    concurrency : int
        Calls under way at once.
    timeout : float
        Hard limit of one attempt, seconds.
    attempts : int
        Attempts in all, where trying again can help.
    parameters : dict
        Further parameters of the call, such as temperature and seed.
    """

    model: str
    base_url: str | None = None
    concurrency: int = 8
    timeout: float = 60.0
    attempts: int = 4
    parameters: dict[str, Any] = field(default_factory=lambda: {"temperature": 0})


def complete(
    requests: Sequence[Request],
    endpoint: Endpoint,
    on_reply: Callable[[Reply], None],
) -> None:
    """Make all calls; hand over every reply as soon as it is there.

    Parameters
    ----------
    requests : sequence of Request
        The calls.
    endpoint : Endpoint
        The model.
    on_reply : callable
        Gets every reply, one at a time. What it has written when the run is
        interrupted is kept.

    Raises
    ------
    ModelError
        There is no key, or the server answers to nobody: the first call was denied.
    """
    failure: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(_complete(requests, endpoint, on_reply))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            failure.append(error)

    # a notebook has an event loop running already: the calls get a thread of their own
    thread = threading.Thread(target=work, name="erroranalysis-llm", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]


async def _complete(
    requests: Sequence[Request],
    endpoint: Endpoint,
    on_reply: Callable[[Reply], None],
) -> None:
    client = _client(endpoint)
    waiting = list(reversed(requests))

    async def worker() -> None:
        while waiting:
            reply = await _call(client, waiting.pop(), endpoint)
            on_reply(reply)
            if reply.error in ("denied", "quota"):
                waiting.clear()
                raise ModelError(_denied(reply, endpoint))

    workers = min(endpoint.concurrency, len(requests))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(worker())
    except* ModelError as several:
        raise several.exceptions[0] from None
    finally:
        await client.close()


def _client(endpoint: Endpoint) -> openai.AsyncOpenAI:
    import openai

    key = os.environ.get("OPENAI_API_KEY")
    if key is None and endpoint.base_url is None:
        raise ModelError(
            "No key: set OPENAI_API_KEY in the environment, or name a server of your"
            " own: judge(…, base_url='http://localhost:8000/v1'). Without a model the"
            " bundled baseline judge works: judge(mode)."
        )
    # servers on one's own machine mostly want no key, the client wants some text
    return openai.AsyncOpenAI(
        api_key=key or "none",
        base_url=endpoint.base_url,
        timeout=endpoint.timeout,
        max_retries=0,
    )


async def _call(
    client: openai.AsyncOpenAI, request: Request, endpoint: Endpoint
) -> Reply:
    import openai

    # plain dicts are what the wire takes; the client's types name every model
    create: Any = client.chat.completions.create
    began = time.monotonic()
    pause = _FIRST_PAUSE
    reply = Reply(request.key, error="connection")
    for attempt in range(endpoint.attempts):
        wait: float | None = None
        try:
            async with asyncio.timeout(endpoint.timeout):
                answer = await create(
                    model=endpoint.model,
                    messages=request.messages,
                    response_format={
                        "type": "json_schema",
                        "json_schema": {
                            "name": "verdict",
                            "strict": True,
                            "schema": request.schema,
                        },
                    },
                    **endpoint.parameters,
                )
            return _read(request, answer, time.monotonic() - began)
        except (TimeoutError, openai.APITimeoutError):
            error, detail = "timeout", f"no answer in {endpoint.timeout:g} s"
        except openai.APIStatusError as problem:
            error, detail = _status(problem), str(problem)
            wait = _asked_to_wait(problem)
        except openai.APIError as problem:
            error, detail = "connection", str(problem)
        reply = Reply(
            request.key, error=error, detail=detail, seconds=time.monotonic() - began
        )
        heals = error in ("timeout", "rate_limit", "server", "connection")
        if not heals or attempt + 1 == endpoint.attempts:
            break
        jitter = random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, no secret
        await asyncio.sleep(wait if wait is not None else pause * jitter)
        pause = min(pause * 2, _LONGEST_PAUSE)
    return reply


def _read(request: Request, answer: Any, seconds: float) -> Reply:  # noqa: ANN401
    """Turn an answer of the server into a reply; anything odd is an error."""
    usage = getattr(answer, "usage", None)
    facts: dict[str, Any] = {
        "model": getattr(answer, "model", None),
        "input_tokens": getattr(usage, "prompt_tokens", None),
        "output_tokens": getattr(usage, "completion_tokens", None),
        "seconds": seconds,
    }
    choice = answer.choices[0] if getattr(answer, "choices", None) else None
    if choice is None or choice.message is None:
        return Reply(request.key, error="unreadable", detail="no choice", **facts)
    text = choice.message.content
    facts["raw"] = text
    if choice.message.refusal or choice.finish_reason == "content_filter":
        detail = choice.message.refusal or "content filter"
        return Reply(request.key, error="refusal", detail=detail, **facts)
    if choice.finish_reason == "length":
        detail = "the answer was cut off at the token limit"
        return Reply(request.key, error="cut_off", detail=detail, **facts)
    value = _json_object(text or "")
    if value is None or not _fits(value, request.schema):
        detail = f"not the JSON that was asked for: {(text or '')[:200]!r}"
        return Reply(request.key, error="unreadable", detail=detail, **facts)
    return Reply(request.key, value=value, **facts)


def _json_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object of a text; a fence or words around it do not matter."""
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        return None
    try:
        value = orjson.loads(text[begin : end + 1])
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _fits(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    for name in schema["required"]:
        allowed = schema["properties"][name].get("enum")
        if not isinstance(value.get(name), str):
            return False
        if allowed and value[name] not in allowed:
            return False
    return True


def _status(problem: openai.APIStatusError) -> str:
    status = problem.status_code
    if status == 429:  # noqa: PLR2004 - HTTP
        body = str(problem.body) + str(problem)
        return "quota" if "insufficient_quota" in body else "rate_limit"
    if status in (401, 403):
        return "denied"
    return "server" if status >= 500 or status in (408, 409) else "bad_request"  # noqa: PLR2004


def _asked_to_wait(problem: openai.APIStatusError) -> float | None:
    for header, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(problem.response.headers.get(header, "")) * unit
        except ValueError:
            continue
        return min(max(seconds, 0.0), _LONGEST_PAUSE)
    return None


def _denied(reply: Reply, endpoint: Endpoint) -> str:
    where = endpoint.base_url or "OpenAI"
    if reply.error == "quota":
        return (
            f"{where} says that the account has no quota left: {reply.detail}. What was"
            " finished is kept; run again when it is topped up."
        )
    return (
        f"{where} denied the call: {reply.detail}. Check OPENAI_API_KEY and the name of"
        f" the model ({endpoint.model!r}), then run again."
    )
