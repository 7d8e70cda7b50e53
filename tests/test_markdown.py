"""action-plan.md: the same steps as the page's plan, and nothing in it acts, whatever was observed."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from fedready.model import Run
from fedready.tell.instructions import blocks
from fedready.tell.markdown import action_plan_md, code, fenced, prose
from fedready.tell.plan import action_plan
from tests import made_runs as made

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
CALM = {
    "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "code_inline", "fence",
    "ordered_list_open", "ordered_list_close", "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
    "strong_open", "strong_close", "softbreak",
}  # fmt: skip
FOREIGN = st.text(alphabet=st.one_of(st.sampled_from("`*_[]()<>#-+.!|~:/@&\\\"' \n1aw"), st.characters()), max_size=60)


def tokens(text: str) -> list[Token]:
    return [inner for token in READER.parse(text) for inner in (token, *(token.children or ()))]


def plan(run: Run) -> str:
    return "".join(action_plan_md(run))


@pytest.mark.parametrize("name", ["ready", "ready_with_waivers", "not_ready", "undetermined", "hostile"])
def test_it_is_made_of_calm_parts_only(name: str) -> None:
    text = plan(getattr(made, name)())
    assert {token.type for token in tokens(text)} <= CALM
    assert text.replace("\n", "").isprintable()


def test_every_step_is_there_in_order_with_all_its_commands() -> None:
    run = made.not_ready()
    text = plan(run)
    steps = action_plan(run).steps
    parsed = READER.parse(text)
    headings = [
        inline.content for opening, inline in pairwise(parsed) if (opening.type, opening.tag) == ("heading_open", "h3")
    ]
    assert headings == [f"{s.number}\\. {s.title}" for _, mine in action_plan(run).by_owner for s in mine]
    fences = [t.content for t in tokens(text) if t.type == "fence"]
    for step in steps:
        for instruction in (step.fix, step.verify, step.rollback):
            assert all(f"{block}\n" in fences for command, block in blocks(instruction) if command)
        assert all(f"`{control}`" in text for control in (*step.turns, *step.follows))
    assert "## On-premises administrator" in text
    assert "## Tenant administrator" in text


def test_nothing_to_do_is_said() -> None:
    assert "There is nothing to do" in plan(made.ready())


def test_what_could_not_be_seen_is_named_because_more_may_follow() -> None:
    text = plan(made.undetermined())
    assert "3 checks could not be looked at, so more may have to be done" in text
    assert "`SESS-01`" in text


def test_switching_off_says_its_order() -> None:
    text = plan(msgspec.structs.replace(made.not_ready(), phase="hybrid-disabled"))
    assert (
        text.index("DNS administrator") < text.index("Tenant administrator") < text.index("On-premises administrator")
    )
    assert "Do not begin while users are still homed on-premises." in text


@given(FOREIGN)
def test_a_sentence_stays_text_whatever_is_in_it(text: str) -> None:
    kinds = {token.type for token in tokens(f"Seen: {prose(text)} end\n")}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "code_inline"}
    assert {t.type for t in tokens(f"{prose(text)}\n")} <= CALM - {
        "heading_open",
        "ordered_list_open",
        "bullet_list_open",
    }


@given(FOREIGN)
def test_no_bare_address_is_left_for_a_program_to_link(text: str) -> None:
    for token in tokens(prose(f"{text} www.example.com, http://example.com/ and a@example.com {text}")):
        if token.type == "text":
            assert "://" not in token.content
            assert "www." not in token.content
            assert "@" not in token.content


@given(FOREIGN)
def test_code_cannot_be_broken_out_of(text: str) -> None:
    assert [t.type for t in tokens(f"a {code(text)} b")][2:5] == ["text", "code_inline", "text"]
    (fence,) = [t for t in tokens(fenced(text)) if t.type != "inline"]
    assert fence.type == "fence"


def test_plain_words_stay_plain() -> None:
    assert prose("The Edge, first. It doesn't wait; 3 minutes!") == "The Edge, first. It doesn't wait; 3 minutes\\!"
    assert prose("Use `Set-CsUser` for www.contoso.com.") == "Use `Set-CsUser` for `www.contoso.com`."


def test_a_word_of_a_million_marks_takes_no_time() -> None:
    assert len(prose("(" * 500_000 + "!" * 500_000 + "x" + "`" * 500_001)) < 3_000_000
