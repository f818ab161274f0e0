"""Which server is used, with which credentials, and what is said if some are missing."""

from __future__ import annotations

import importlib.util
import struct
from base64 import b64encode
from binascii import crc32
from collections.abc import Mapping
from typing import Any

import anthropic
import msgspec
import pytest

from contextune.adapters.models import providers
from contextune.adapters.models.anthropic_model import Client, ClientModel
from contextune.adapters.models.anthropic_server import CLOUD
from contextune.adapters.models.choice import ModelChoice
from contextune.adapters.models.providers import Cloud, client_for
from contextune.core.errors import ContextuneError, ModelProblem, PlaceProblem
from contextune.core.settings import Provider
from contextune.offline.script import parse_script
from contextune.offline.server import OfflineModel
from tests.adapters.spoken import (
    PATIENCE,
    Answer,
    Event,
    asked,
    recorded,
    spoken,
    started,
    stream,
    text_block,
)

BEDROCK = {"AWS_REGION": "us-east-1", "AWS_BEARER_TOKEN_BEDROCK": "token"}
VERTEX = {"CLOUD_ML_REGION": "global", "ANTHROPIC_VERTEX_PROJECT_ID": "mine"}
FOUNDRY = {"ANTHROPIC_FOUNDRY_API_KEY": "key", "ANTHROPIC_FOUNDRY_RESOURCE": "mine"}
ENVIRONMENTS: dict[Cloud, dict[str, str]] = {"bedrock": BEDROCK, "vertex": VERTEX, "foundry": FOUNDRY}
HAS_BOTO = importlib.util.find_spec("botocore") is not None
USAGE = {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 1}


@pytest.fixture(autouse=True)
def _nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "ANTHROPIC_API_KEY",
        "AWS_PROFILE",
        "AWS_BEARER_TOKEN_BEDROCK",
        "ANTHROPIC_BEDROCK_BASE_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def _libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the libraries of the extras were there: making a client does not import them."""
    monkeypatch.setattr(providers, "_is_installed", lambda library: True)


def without(environment: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in environment.items() if key != name}


@pytest.mark.parametrize(
    ("cloud", "environment", "said"),
    [
        ("bedrock", without(BEDROCK, "AWS_REGION"), "Bedrock needs a region. Set AWS_REGION."),
        (
            "bedrock",
            without(BEDROCK, "AWS_BEARER_TOKEN_BEDROCK"),
            "Bedrock needs credentials. Set AWS_PROFILE",
        ),
        ("bedrock", {"AWS_REGION": "x", "AWS_ACCESS_KEY_ID": "x"}, "Bedrock needs credentials."),
        ("vertex", without(VERTEX, "CLOUD_ML_REGION"), "Vertex AI needs a region. Set CLOUD_ML_REGION"),
        ("vertex", without(VERTEX, "ANTHROPIC_VERTEX_PROJECT_ID"), "Set ANTHROPIC_VERTEX_PROJECT_ID."),
        ("foundry", without(FOUNDRY, "ANTHROPIC_FOUNDRY_API_KEY"), "Set ANTHROPIC_FOUNDRY_API_KEY."),
        ("foundry", without(FOUNDRY, "ANTHROPIC_FOUNDRY_RESOURCE"), "Set ANTHROPIC_FOUNDRY_RESOURCE"),
        ("foundry", {**FOUNDRY, "ANTHROPIC_FOUNDRY_API_KEY": ""}, "Set ANTHROPIC_FOUNDRY_API_KEY."),
    ],
)
async def test_what_a_provider_lacks_is_named(cloud: Cloud, environment: dict[str, str], said: str) -> None:
    choice = ModelChoice(environment)
    assert choice.source(cloud) == "none"
    check = choice.server(cloud)
    assert check.state == "problem"
    assert said.removesuffix(".") in f"{check.detail} {check.remedy}"
    with pytest.raises(PlaceProblem, match=said.replace(".", r"\.")):
        choice.require(cloud)
    with pytest.raises(PlaceProblem, match=said.replace(".", r"\.")):
        await choice.get(offline=False, provider=cloud)
    with pytest.raises(PlaceProblem, match=said.replace(".", r"\.")):
        client_for(cloud, environment, timeout=PATIENCE)


@pytest.mark.parametrize("cloud", ["bedrock", "vertex"])
def test_a_missing_library_names_the_extra(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "_is_installed", lambda library: False)
    with pytest.raises(PlaceProblem, match=rf"Install it with the extra contextune\[{cloud}\]"):
        client_for(cloud, ENVIRONMENTS[cloud], timeout=PATIENCE)


def test_a_library_in_a_package_that_is_not_there_is_missing() -> None:
    assert not providers._is_installed("no_such_package.at_all")
    assert providers._is_installed("email.utils")


@pytest.mark.usefixtures("_libraries")
@pytest.mark.parametrize(
    ("cloud", "kind", "url"),
    [
        ("bedrock", anthropic.AsyncAnthropicBedrock, "https://bedrock-runtime.us-east-1.amazonaws.com"),
        ("vertex", anthropic.AsyncAnthropicVertex, "https://aiplatform.googleapis.com/v1/"),
        ("foundry", anthropic.AsyncAnthropicFoundry, "https://mine.services.ai.azure.com/anthropic/"),
    ],
)
async def test_every_cloud_has_its_own_client(cloud: Cloud, kind: type[Any], url: str) -> None:
    choice = ModelChoice(ENVIRONMENTS[cloud])
    choice.require(cloud)
    assert choice.source(cloud) == "environment"
    model = await choice.get(offline=False, provider=cloud)
    assert not model.is_full
    assert await choice.get(offline=False, provider=cloud) is model
    client = client_for(cloud, ENVIRONMENTS[cloud], timeout=PATIENCE)
    assert type(client) is kind
    assert str(client.base_url).rstrip("/") == url.rstrip("/")
    assert client.max_retries == 0
    await client.close()
    await choice.close()


@pytest.mark.usefixtures("_libraries")
async def test_bedrock_signs_with_what_the_environment_names() -> None:
    signing = {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "session",
    }
    client = client_for("bedrock", signing, timeout=PATIENCE)
    assert isinstance(client, anthropic.AsyncAnthropicBedrock)
    assert (client.aws_region, client.aws_access_key, client.aws_session_token) == (
        "eu-west-1",
        "id",
        "session",
    )
    await client.close()
    both = client_for("bedrock", {**signing, **BEDROCK, "AWS_PROFILE": "p"}, timeout=PATIENCE)
    assert isinstance(both, anthropic.AsyncAnthropicBedrock)
    assert (both.api_key, both.aws_access_key, both.aws_profile) == ("token", None, None)
    await both.close()


async def test_foundry_is_asked_with_its_own_key() -> None:
    async with recorded(stream(*spoken("Hi.", USAGE))) as (server, url):
        environment = {"ANTHROPIC_FOUNDRY_API_KEY": "key", "ANTHROPIC_FOUNDRY_BASE_URL": url}
        choice = ModelChoice({**environment, "ANTHROPIC_API_KEY": "never-sent"})
        choice.set_key("nor-this-one")
        model = await choice.get(offline=False, provider="foundry")
        reply = await model.send(asked())
        await choice.close()
    assert reply.text == "Hi."
    assert server.paths == ["/v1/messages"]
    assert server.asked[0]["model"] == "claude-haiku-5-5"
    assert server.headers[0]["x-api-key"] == "key"
    assert "authorization" not in {name.lower() for name in server.headers[0]}


@pytest.mark.usefixtures("_libraries")
async def test_vertex_is_asked_by_its_own_paths_and_ids() -> None:
    async with recorded(stream(*spoken("Hi.", USAGE))) as (server, url):
        client = client_for("vertex", {**VERTEX, "ANTHROPIC_VERTEX_BASE_URL": url}, timeout=PATIENCE)
        assert isinstance(client, anthropic.AsyncAnthropicVertex)
        client.access_token = "token"
        model = ClientModel(client, features=CLOUD, provider="vertex")
        dated = msgspec.structs.replace(asked().rung, model="claude-haiku-5-5-20261007")
        reply = await model.send(asked(rung=dated))
        await model.close()
    models = "/projects/mine/locations/global/publishers/anthropic/models"
    assert server.paths == [f"{models}/claude-haiku-5-5@20261007:streamRawPredict"]
    assert server.asked[0]["output_config"] == {"effort": "low"}
    assert "model" not in server.asked[0]
    assert [part.model for part in reply.parts] == ["claude-haiku-5-5-20261007"]


def framed(*events: Event) -> Answer:
    """Events in the binary frames of Amazon's event streams; one of no kind is an exception of that name."""
    body = b""
    for event in events:
        if "exception" in event:
            body += frame({"message": "Not now."}, "exception", event["exception"])
        else:
            body += frame({"bytes": b64encode(msgspec.json.encode(event)).decode()}, "event", "chunk")
    return Answer(body, kind="application/vnd.amazon.eventstream")


def frame(content: dict[str, str], message: str, kind: str) -> bytes:
    def header(name: str, value: str) -> bytes:
        return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()

    payload = msgspec.json.encode(content)
    headers = header(":message-type", message) + header(f":{message}-type", kind)
    headers += header(":content-type", "application/json")
    start = struct.pack(">II", len(headers) + len(payload) + 16, len(headers))
    checked = start + struct.pack(">I", crc32(start)) + headers + payload
    return checked + struct.pack(">I", crc32(checked))


def bedrock_at(url: str) -> ClientModel:
    client: Client = client_for("bedrock", {**BEDROCK, "ANTHROPIC_BEDROCK_BASE_URL": url}, timeout=PATIENCE)
    return ClientModel(client, features=CLOUD, provider="bedrock")


@pytest.mark.usefixtures("_libraries")
async def test_bedrock_is_asked_by_its_own_paths_and_ids() -> None:
    async with recorded(framed(started(USAGE))) as (server, url):
        model = bedrock_at(url)
        # The reply is cut short, and without botocore it cannot even be read.
        with pytest.raises(ContextuneError):
            await model.send(asked())
        await model.close()
    assert server.paths == ["/model/global.anthropic.claude-haiku-5-5/invoke-with-response-stream"]
    assert server.headers[0]["authorization"] == "Bearer token"
    assert server.asked[0]["thinking"] == {"type": "disabled"}
    assert "diagnostics" not in server.asked[0]


@pytest.mark.skipif(not HAS_BOTO, reason="needs the extra contextune[bedrock]")
async def test_bedrocks_frames_are_read() -> None:
    whole = framed(*spoken("Hi.", USAGE, {"output_tokens": 7}))
    cut = framed(started(USAGE), *text_block("Hi."))
    busy = framed(started(USAGE), {"exception": "throttlingException"})
    async with recorded(whole, cut, busy) as (_, url):
        model = bedrock_at(url)
        reply = await model.send(asked())
        assert (reply.text, reply.usage.output_tokens, reply.usage.cache_read_tokens) == ("Hi.", 7, 4)
        with pytest.raises(ModelProblem) as caught:
            await model.send(asked())
        assert caught.value.begun
        with pytest.raises(ModelProblem, match=r"answers 429: Not now\.") as caught:
            await model.send(asked())
        assert (caught.value.status, caught.value.begun) == (429, True)
        await model.close()


@pytest.mark.usefixtures("_libraries")
@pytest.mark.parametrize("cloud", ["bedrock", "vertex"])
async def test_credentials_that_lead_nowhere_are_a_fault_of_the_place(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    environment = {"AWS_REGION": "us-east-1", "AWS_PROFILE": "no-such-profile", **VERTEX}
    async with recorded() as (server, url):
        at = {f"ANTHROPIC_{cloud.upper()}_BASE_URL": url}
        client = client_for(cloud, {**environment, **at}, timeout=PATIENCE)
        model = ClientModel(client, features=CLOUD, provider=cloud)
        with pytest.raises(PlaceProblem, match=f"The request to {url}.* cannot be made: "):
            await model.send(asked())
        await model.close()
    assert server.paths == []


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("http://127.0.0.1:11434", "environment"),
        ("http://localhost:8080/", "environment"),
        ("http://[::1]:8080", "environment"),
        ("http://models.example.org", "none"),
        ("http://localhost.example.org", "none"),
        ("http://[broken", "none"),
        ("", "none"),
        (None, "none"),
    ],
)
async def test_only_a_server_on_this_machine_needs_no_key(url: str | None, source: str) -> None:
    choice = ModelChoice({} if url is None else {"ANTHROPIC_BASE_URL": url})
    assert choice.source("anthropic") == source
    if source == "none":
        with pytest.raises(PlaceProblem, match=r"There is no API key\. Set ANTHROPIC_API_KEY"):
            choice.require("anthropic")
        with pytest.raises(PlaceProblem, match="There is no API key"):
            await choice.get(offline=False, provider="anthropic")


async def test_a_local_server_is_asked_without_a_key_of_the_user() -> None:
    async with recorded(stream(*spoken("Hi.")), stream(*spoken("Hi."))) as (server, url):
        choice = ModelChoice({"ANTHROPIC_BASE_URL": url})
        model = await choice.get(offline=False, provider="anthropic")
        assert not model.is_full
        assert (await model.send(asked())).text == "Hi."
        choice.set_key("my-own")
        assert choice.source("anthropic") == "editor"
        await (await choice.get(offline=False, provider="anthropic")).send(asked())
        await choice.close()
    assert [headers["authorization"] for headers in server.headers] == ["Bearer local", "Bearer my-own"]
    assert "output_config" not in server.asked[0]


async def test_a_key_comes_from_the_editor_before_the_environment() -> None:
    choice = ModelChoice({"ANTHROPIC_API_KEY": "k"})
    assert choice.source("anthropic") == "environment"
    choice.set_key("mine")
    assert choice.source("anthropic") == "editor"
    assert choice.source("vertex") == "none"
    choice.set_offline(True)
    assert {choice.source(provider) for provider in ("anthropic", "bedrock")} == {"offline"}
    choice.require("bedrock")


@pytest.mark.parametrize(
    ("environment", "provider", "state", "detail"),
    [
        ({"ANTHROPIC_API_KEY": "k"}, "anthropic", "ok", "https://api.anthropic.com: all of the API"),
        (
            {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080"},
            "anthropic",
            "ok",
            "http://127.0.0.1:8080: not all of the API",
        ),
        (BEDROCK, "bedrock", "ok", "Amazon Bedrock, us-east-1: not all of the API"),
        (FOUNDRY, "foundry", "ok", "Microsoft Foundry, mine: not all of the API"),
        (VERTEX, "vertex", "ok", "Vertex AI, global: not all of the API"),
        ({**VERTEX, "CLOUD_ML_REGION": "us-east5"}, "vertex", "warning", "Vertex AI, us-east5: not all"),
    ],
)
def test_doctor_is_told_where_requests_go(
    environment: dict[str, str], provider: Provider, state: str, detail: str
) -> None:
    check = ModelChoice(environment).server(provider)
    assert check.state == state
    assert check.detail.startswith(detail)
    assert bool(check.remedy) == (state != "ok")
    assert ModelChoice(environment, offline=True).server(provider).detail.startswith("the offline model")


async def test_the_offline_model_is_used_whatever_the_provider() -> None:
    choice = ModelChoice({})
    model = await choice.get(offline=True, provider="bedrock")
    assert model.is_full
    assert await choice.get(offline=True, provider="bedrock") is model
    await choice.close()


async def test_the_editors_key_is_the_one_that_is_sent() -> None:
    server = OfflineModel([parse_script("t", {"conversation": [{"name": "any", "turn": [{"text": "Hi."}]}]})])
    choice = ModelChoice({"ANTHROPIC_API_KEY": "sk-bad", "ANTHROPIC_BASE_URL": await server.start()})
    choice.set_key("sk-good")
    model = await choice.get(offline=False, provider="anthropic")
    assert (await model.send(asked())).text == "Hi."
    await choice.close()
    await server.close()
