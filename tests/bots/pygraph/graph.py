# SPDX-License-Identifier: Apache-2.0
"""A graph of agents: two at once, and a loop until the judge is content. LangGraph, in a loop of asyncio and in threads."""

import asyncio
import operator
import sys
from typing import Annotated, TypedDict

import anthropic
import openai
from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    question: str
    round: int
    findings: Annotated[list[str], operator.add]


def first(state: State) -> dict:
    return {"round": state.get("round", 0) + 1}


async def research(state: State) -> dict:
    async with openai.AsyncOpenAI() as client:
        completion = await client.chat.completions.create(model="gpt-4o", messages=prompt("research", state))
    return {"findings": [f"research: {completion.choices[0].message.content}"]}


async def review(state: State) -> dict:
    async with anthropic.AsyncAnthropic() as client:
        message = await client.messages.create(
            model="claude-haiku-4-5", max_tokens=200, messages=prompt("review", state))
    return {"findings": [f"review: {message.content[0].text}"]}


def research_now(state: State) -> dict:
    with openai.OpenAI() as client:
        completion = client.chat.completions.create(model="gpt-4o", messages=prompt("research", state))
    return {"findings": [f"research: {completion.choices[0].message.content}"]}


def review_now(state: State) -> dict:
    with anthropic.Anthropic() as client:
        message = client.messages.create(
            model="claude-haiku-4-5", max_tokens=200, messages=prompt("review", state))
    return {"findings": [f"review: {message.content[0].text}"]}


def prompt(role: str, state: State) -> list[dict]:
    return [{"role": "user", "content": f"{role} {state['question']}, round {state['round']}"}]


def judge(state: State) -> dict:
    return {"findings": [f"judge: {len(state['findings'])} findings"]}


def is_enough(state: State) -> str:
    return END if state["round"] == 3 else "first"


def build(research_node, review_node):
    graph = StateGraph(State)
    for name, node in (("first", first), ("research", research_node), ("review", review_node), ("judge", judge)):
        graph.add_node(name, node)
    graph.add_edge(START, "first")
    graph.add_edge("first", "research")
    graph.add_edge("first", "review")
    graph.add_edge(["research", "review"], "judge")
    graph.add_conditional_edges("judge", is_enough, ["first", END])
    return graph.compile()


async def answer(question: str, session_id: str) -> list[str]:
    return (await build(research, review).ainvoke({"question": question}))["findings"]


def answer_now(question: str, session_id: str) -> list[str]:
    return build(research_now, review_now).invoke({"question": question})["findings"]


async def main():
    """Two questions at once, and one in threads."""
    answers = await asyncio.gather(answer("Why do knees hurt?", "s-1"), answer("How much water?", "s-2"))
    for findings in [*answers, answer_now("When to rest?", "s-3")]:
        print("\n".join(findings))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
