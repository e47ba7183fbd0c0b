"""What programs may ask, tried from its own OpenAPI document: schemathesis makes requests, right and wrong.

The document of the pages' API is the one that is served. The gateway publishes none for the channel of programs: it is
drawn here from the same routes, completed by the body and the answers that they make by themselves.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bot.bootstrap import open_database
from bot.channels.rest import RestMessage
from bot.gateway.app import create_app
from bot.gateway.desk.sessions import COOKIE
from bot.storage.engine import Base, Database
from tests.integration.test_rest_channel import TOKEN, Site, settings_in
from tests.security.fuzz import examples
from tests.unit.gateway.office import Office
from tests.unit.mandats.databases import sqlite_url

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_ERROR = {
    "type": "object",
    "required": ["detail"],
    "additionalProperties": False,
    "properties": {"detail": {"type": "string"}},
}
_FRENCH_ERROR = {"description": "En français.", "content": {"application/json": {"schema": _ERROR}}}


@dataclass(frozen=True)
class Asked:
    """An API, its document, and who asks."""

    schema: Any
    headers: dict[str, str]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The API of the pages, asked by an aidant whose structure has two mandates."""
    folder = tmp_path_factory.mktemp("desk")
    database = Database.at(sqlite_url(folder))
    office = Office.over(database, static=folder / "static")
    office.seal()
    reference = office.seal().reference
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", office.site.app())
    for path, operations in schema.raw_schema["paths"].items():
        for parameter in operations["get"].get("parameters", ()):
            if parameter["name"] == "reference":
                assert "{reference}" in path
                parameter["schema"] = {"type": "string", "enum": [reference]}  # a wrong one is any other
    yield Asked(schema, {"cookie": f"{COOKIE}={office.signed_in(office.aidant).cookies[COOKIE]}"})
    database.close()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The channel of programs, asked with the right token."""
    settings = settings_in(tmp_path_factory.mktemp("programs"))
    database = open_database(settings)
    Base.metadata.create_all(database.engine)
    database.close()
    site = Site(settings)

    async def stays_open() -> None: ...

    app = create_app(replace(site.services, close=stays_open, web=None, telegram=None))
    document = described(app)
    app.add_api_route("/openapi.json", lambda: document)
    yield Asked(schemathesis.openapi.from_asgi("/openapi.json", app), {"authorization": f"Bearer {TOKEN}"})
    asyncio.run(site.services.close())


def described(app: FastAPI) -> dict[str, Any]:
    """The document of what programs may ask of *app*, with what the routes do by themselves."""
    document = app.openapi()
    body = RestMessage.model_json_schema()
    paths = document["paths"]
    paths["/webhooks/rest/webhook"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": body}},
    }
    wait = next(one for one in paths["/webhooks/rest/outbox"]["get"]["parameters"] if one["name"] == "wait")
    wait["schema"] = {"type": "number", "minimum": 0, "maximum": 0}  # how long it may wait is tried elsewhere
    for operations in paths.values():
        for operation in operations.values():
            for status in ("401", "403", "413", "422", "429"):
                operation["responses"][status] = _FRENCH_ERROR
    return document


def sound(response: Response) -> None:
    """What every answer to a program must be, whatever was asked."""
    headers = response.headers
    assert headers["x-content-type-options"] == ["nosniff"]
    assert headers["cache-control"] == ["no-store"]
    assert headers["content-security-policy"] == ["default-src 'none'; frame-ancestors 'none'"]
    assert headers["referrer-policy"] == ["no-referrer"]
    assert headers["x-request-id"]
    assert "server" not in headers
    if response.status_code >= 400:
        assert response.json()["detail"].endswith("."), "a sentence, in French"
        assert not set(response.json()) - {"detail"}
        assert "Traceback" not in response.text_lossy()


def try_all(asked: Asked, *, count: int) -> dict[str, set[int]]:
    """Tries *count* requests on every operation, right ones and wrong ones; the statuses of the answers of each."""
    operations = [one.ok() for one in asked.schema.get_all_operations()]
    seen: dict[str, set[int]] = {operation.label: set() for operation in operations}
    for operation in operations:

        @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
        @examples(count)
        def ask(case: Case) -> None:
            response = case.call(headers=asked.headers)
            sound(response)
            case.validate_response(response, checks=CHECKS)
            seen[case.operation.label].add(response.status_code)

        ask()
    return seen


def test_the_api_of_the_pages_answers_as_its_document_says(desk: Asked) -> None:
    seen = try_all(desk, count=20)
    operations = ("", ".csv", "/{reference}", "/{reference}/verification")
    assert set(seen) == {f"GET /api/mandats{one}" for one in operations}
    assert set.union(*seen.values()) >= {200, 404, 422}, "this test tries too little"


def test_the_channel_of_programs_answers_as_its_document_says(programs: Asked) -> None:
    seen = try_all(programs, count=20)
    assert set(seen) >= {"POST /webhooks/rest/webhook", "GET /webhooks/rest/outbox", "GET /healthz", "GET /readyz"}
    assert set.union(*seen.values()) >= {200, 422}, "this test tries too little"
