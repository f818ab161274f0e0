"""The editor's own models behind the Model port: which one is meant, what is sent, what comes back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from contextune.adapters.models.choice import ModelChoice
from contextune.adapters.models.editor_model import MOST_TOKENS, EditorsModel
from contextune.core.errors import ContextuneError, ModelProblem, ModelRefusal, PlaceProblem
from contextune.core.model import conversation as c
from contextune.core.model.editor_models import (
    EditorFailure,
    EditorModel,
    EditorReply,
    EditorRequest,
    Trouble,
    model_meant,
)

HAIKU = "claude-haiku-5-5"


def model(vendor: str, name: str, family: str = "") -> EditorModel:
    return EditorModel(vendor=vendor, id=name, family=family or name, name=name)


COPILOT = (
    model("copilot", "gpt-5.2"),
    model("copilot", "claude-haiku-4.5"),
    model("copilot", "claude-haiku-5"),
    model("copilot", "claude-sonnet-4", "claude-sonnet-4"),
    model("copilot", "claude-sonnet-4.6"),
    model("copilot", "claude-sonnet-4-5-20250929"),
    model("ollama", "qwen3-coder:30b", "qwen3"),
)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("copilot/gpt-5.2", "copilot/gpt-5.2"),
        ("gpt-5.2", "copilot/gpt-5.2"),
        ("qwen3-coder:30b", "ollama/qwen3-coder:30b"),
        ("ollama/qwen3", "ollama/qwen3-coder:30b"),
        ("claude-haiku-4-5", "copilot/claude-haiku-4.5"),
        ("claude-haiku-5-5", "copilot/claude-haiku-5"),
        ("claude-sonnet-5-5", "copilot/claude-sonnet-4.6"),
        ("claude-opus-5-5", None),
        ("gpt-5", None),
        ("haiku", None),
        ("", None),
    ],
)
def test_the_model_of_this_name_or_the_newest_claude_of_the_tier_is_meant(
    wanted: str, meant: str | None
) -> None:
    found = model_meant(COPILOT, wanted)
    assert (found.full_id if found else None) == meant


class Editor:
    """core.model.editor_models.EditorModels with prepared answers."""

    def __init__(
        self, *answers: EditorReply | EditorFailure, models: Sequence[EditorModel] = COPILOT
    ) -> None:
        self.answers = list(answers)
        self.models = tuple(models)
        self.asked: list[EditorRequest] = []
        self.listed = 0

    async def list(self) -> tuple[EditorModel, ...]:
        self.listed += 1
        return self.models

    async def send(self, request: EditorRequest) -> EditorReply | EditorFailure:
        self.asked.append(request)
        return self.answers.pop(0)


def reply(*blocks: c.Text | c.ToolUse, tokens: tuple[int, int] = (12, 3)) -> EditorReply:
    return EditorReply(blocks=blocks, input_tokens=tokens[0], output_tokens=tokens[1])


CALL = c.ToolUse(id="call_1", name="read", input={"path": "a.py"})
TOOL = c.Tool(name="read", description="Reads.", schema={"type": "object"})
REQUEST = c.ModelRequest(
    rung=c.Rung(model=HAIKU, effort="low"),
    system=(c.Text(text="You are careful.", cache=True),),
    tools=(TOOL,),
    messages=(
        c.Message(role="user", blocks=(c.Text(text="Do it.", cache=True), c.Text(text=""))),
        c.Message(role="assistant", blocks=(c.Thinking(thinking="hm", signature="s"),)),
        c.Message(role="assistant", blocks=(c.OpaqueBlock(data={"type": "odd"}), CALL)),
        c.Message(role="user", blocks=(c.ToolResult(tool_use_id="call_1", content="", is_error=True),)),
    ),
)


async def test_the_system_prompt_goes_first_and_foreign_thinking_not_at_all() -> None:
    editor = Editor(reply(c.Text(text="Done.")))
    await EditorsModel(editor).send(REQUEST)
    failed = c.ToolResult(tool_use_id="call_1", content="This call failed: (no output)")
    assert editor.asked == [
        EditorRequest(
            vendor="copilot",
            id="claude-haiku-5",
            tools=(TOOL,),
            messages=(
                c.Message(role="user", blocks=(c.Text(text="You are careful."),)),
                c.Message(role="user", blocks=(c.Text(text="Do it."),)),
                c.Message(role="assistant", blocks=(CALL,)),
                c.Message(role="user", blocks=(failed,)),
            ),
        )
    ]


async def test_a_reply_tells_its_model_calls_and_tokens() -> None:
    answer = await EditorsModel(Editor(reply(c.Text(text="I look."), CALL))).send(REQUEST)
    assert (answer.model, answer.stop_reason, answer.calls) == ("copilot/claude-haiku-5", "tool_use", (CALL,))
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (12, 3)
    ended = await EditorsModel(Editor(reply(c.Text(text="Done.")))).send(REQUEST)
    assert ended.stop_reason == "end_turn"
    assert ended.id != answer.id


async def test_json_is_asked_for_in_words_and_taken_out_of_them() -> None:
    editor = Editor(reply(c.Text(text='Here it is:\n```json\n{"a": 1}\n```')))
    wanted = c.ModelRequest(
        rung=REQUEST.rung, system=(), messages=REQUEST.messages[:1], output_schema={"type": "object"}
    )
    assert (await EditorsModel(editor).send(wanted)).text == '{"a": 1}'
    last = editor.asked[0].messages[-1].blocks[-1]
    assert isinstance(last, c.Text)
    assert '{"type":"object"}' in last.text


HOSTILE: tuple[EditorReply, ...] = (
    reply(CALL, CALL),
    reply(c.ToolUse(id="", name="read", input={})),
    reply(c.Text(text="x"), tokens=(-1, 0)),
    reply(c.Text(text="x"), tokens=(0, MOST_TOKENS + 1)),
)


@pytest.mark.parametrize("answer", HOSTILE)
async def test_a_reply_that_makes_no_sense_is_a_broken_one(answer: EditorReply) -> None:
    with pytest.raises(ModelProblem) as caught:
        await EditorsModel(Editor(answer)).send(REQUEST)
    assert caught.value.begun


@pytest.mark.parametrize(
    ("trouble", "kind", "said"),
    [
        ("consent", PlaceProblem, "You have not allowed Contextune to send text to copilot/claude-haiku-5"),
        ("permission", PlaceProblem, "VS Code does not let Contextune use"),
        ("missing", PlaceProblem, "VS Code no longer offers copilot/claude-haiku-5"),
        ("blocked", PlaceProblem, "takes no more requests of yours: quota Wait until"),
        ("limited", ModelProblem, "takes no request just now: quota"),
        ("filtered", ModelRefusal, "declines the request: quota"),
        ("too_long", ModelProblem, "was too long"),
        ("cancelled", ModelProblem, "was cancelled"),
        ("other", ModelProblem, "did not answer: quota"),
    ],
)
async def test_each_trouble_is_an_error_that_says_what_to_do(
    trouble: Trouble, kind: type[ContextuneError], said: str
) -> None:
    failure = EditorFailure(trouble=trouble, text="quota\n", begun=False)
    with pytest.raises(ContextuneError) as caught:
        await EditorsModel(Editor(failure)).send(REQUEST)
    assert type(caught.value) is kind
    assert said in str(caught.value)


async def test_too_many_requests_are_waited_out_as_at_any_server() -> None:
    failure = EditorFailure(trouble="limited", text="slow down", begun=False)
    with pytest.raises(ModelProblem) as caught:
        await EditorsModel(Editor(failure)).send(REQUEST)
    assert (caught.value.status, caught.value.begun) == (429, False)


async def test_words_of_a_provider_stay_on_one_short_line() -> None:
    failure = EditorFailure(trouble="other", text="\x1b[31m a\n\n\tb\u202e" + "x" * 10_000, begun=False)
    with pytest.raises(ModelProblem) as caught:
        await EditorsModel(Editor(failure)).send(REQUEST)
    said = str(caught.value)
    assert len(said) < 400
    assert said.isprintable()


async def test_a_model_that_is_not_offered_is_named_beside_those_that_are() -> None:
    odd = Editor(models=[model("ollama", "qwen3")])
    with pytest.raises(PlaceProblem, match=r"claude-haiku-5-5, but such as these: ollama/qwen3\."):
        await EditorsModel(odd).send(REQUEST)
    with pytest.raises(PlaceProblem, match="VS Code offers no language models"):
        await EditorsModel(Editor(models=[])).send(REQUEST)
    assert odd.asked == []


async def test_models_are_listed_once_and_again_where_one_is_gone() -> None:
    gone = EditorFailure(trouble="missing", text="", begun=False)
    editor = Editor(reply(c.Text(text="a")), gone, reply(c.Text(text="b")))
    way = EditorsModel(editor)
    await way.send(REQUEST)
    with pytest.raises(PlaceProblem):
        await way.send(REQUEST)
    assert editor.listed == 1
    assert (await way.send(REQUEST)).text == "b"
    assert editor.listed == 2


async def test_no_prompt_is_shown_to_a_provider_to_be_counted() -> None:
    editor = Editor()
    with pytest.raises(ModelRefusal):
        await EditorsModel(editor).count(REQUEST)
    assert editor.asked == []


async def test_without_an_editor_there_is_no_way_to_its_models() -> None:
    choice = ModelChoice({"ANTHROPIC_API_KEY": "sk-test"})
    assert choice.source("vscode") == "none"
    assert choice.server("vscode").state == "problem"
    with pytest.raises(PlaceProblem, match="from within VS Code alone"):
        choice.require("vscode")
    with pytest.raises(PlaceProblem, match="from within VS Code alone"):
        await choice.get(offline=False, provider="vscode")


async def test_with_one_the_settings_choose_it() -> None:
    choice = ModelChoice({"ANTHROPIC_API_KEY": "sk-test"})
    editor = Editor(reply(c.Text(text="Hello.")))
    choice.set_editor(editor)
    choice.require("vscode")
    assert (choice.source("vscode"), choice.source("anthropic")) == ("vscode", "environment")
    assert choice.server("vscode").state == "ok"
    assert (await (await choice.get(offline=False, provider="vscode")).send(REQUEST)).text == "Hello."
    await choice.close()
