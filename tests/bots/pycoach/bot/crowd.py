# SPDX-License-Identifier: Apache-2.0
"""Many people who write at the same time."""

from bot.telegram import DATE

QUESTIONS = [
    "/train {n} kilometres by spring, regular",
    "/support My knee hurts after {n} squats",
    None,  # a recording
]


def crowd(size: int) -> list[dict]:
    return [update(number) for number in range(1, size + 1)]


def update(number: int) -> dict:
    person = 800_000_000 + number
    message = {"message_id": number, "date": DATE, "chat": {"id": person, "type": "private"},
               "from": {"id": person, "is_bot": False, "first_name": f"Person {number}"}}
    question = QUESTIONS[number % len(QUESTIONS)]
    if question:
        message["text"] = question.format(n=number)
    else:
        name = f"I-ran-{number}-minutes"
        message["voice"] = {"file_id": name, "file_unique_id": name[-8:], "duration": 3, "mime_type": "audio/ogg"}
    return {"update_id": number, "message": message}
