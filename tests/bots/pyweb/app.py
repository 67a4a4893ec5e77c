# SPDX-License-Identifier: Apache-2.0
"""A web service that answers questions: FastAPI, for uvicorn's workers.

    python3 -m uvicorn --app-dir tests/bots/pyweb --workers 2 app:app
"""

import os
from collections.abc import AsyncIterator

import openai
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI()


class Question(BaseModel):
    user_id: str
    text: str
    model: str = "gpt-4o-mini"


class Answer(BaseModel):
    text: str
    pid: int


def messages(question: Question) -> list[dict]:
    return [{"role": "user", "content": question.text}]


async def think(question: Question) -> str:
    async with openai.AsyncOpenAI() as client:
        completion = await client.chat.completions.create(model=question.model, messages=messages(question))
    return completion.choices[0].message.content


def think_now(question: Question) -> str:
    with openai.OpenAI() as client:
        completion = client.chat.completions.create(model=question.model, messages=messages(question))
    return completion.choices[0].message.content


async def words(question: Question) -> AsyncIterator[str]:
    async with openai.AsyncOpenAI() as client:
        async for chunk in await client.chat.completions.create(
                model=question.model, messages=messages(question), stream=True):
            yield chunk.choices[0].delta.content or ""


def caller(x_user: str = Header("nobody")) -> str:
    if x_user == "stranger":
        raise HTTPException(403, "no strangers")
    return x_user


@app.post("/ask")
async def ask(question: Question, user_id: str = Depends(caller)) -> Answer:
    return Answer(text=await think(question), pid=os.getpid())


@app.post("/ask-in-thread")
def ask_in_thread(question: Question, user_id: str = Depends(caller)) -> Answer:
    """FastAPI calls what is not async from a thread."""
    return Answer(text=think_now(question), pid=os.getpid())


@app.post("/tell")
async def tell(question: Question) -> StreamingResponse:
    return StreamingResponse(narrate(question), media_type="text/plain")


async def narrate(question: Question) -> AsyncIterator[str]:
    async for word in words(question):
        yield word


@app.exception_handler(openai.APIError)
async def unavailable(request, error):
    return StreamingResponse(iter([f"{type(error).__name__}\n"]), status_code=503)
