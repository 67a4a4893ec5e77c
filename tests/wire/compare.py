#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py CALLS.JSONL TRACES.JSON: is each call of the server's account exactly one span of the traces, and each span of an
LLM call that was read off a connection one of these calls? Tells of what is missing, of what is too many, and where they differ."""

import json
import sys

PROVIDERS = {
    "anthropic.messages": ("anthropic", "messages"),
    "bedrock.converse": ("aws.bedrock", "converse"),
    "gemini.generate": ("gcp.gemini", "generate_content"),
    "ollama.chat": ("ollama", "chat"),
    "openai.chat": ("openai", "chat_completions"),
    "openai.embeddings": ("openai", "embeddings"),
    "openai.responses": ("openai", "responses"),
    "openrouter.chat": ("openrouter", "chat_completions"),
}
MOST = 1000  # of a prompt, which may have been cut
NOBODYS = ("shop.example",)  # hosts that are no provider's


def is_call(entry):
    return "api" in entry and entry["host"] not in NOBODYS


def wanted(entry):
    """What the account says of a call, in the words of facts()."""
    provider, api = PROVIDERS[entry["api"]]
    facts = {"provider": provider, "api": api, "path": entry["path"], "http": entry["http"], "status": entry["status"],
             "attempt": entry["attempt"] or 0, "success": entry["outcome"] == "answered" and entry["status"] < 400,
             "prompt": entry["prompt"], "sent": entry["body"],
             "model": [entry["model"], *filter(None, [entry.get("served")])]}
    if entry["request_id"]:
        facts["request_id"] = entry["request_id"]
    if entry["outcome"] == "answered" and not entry["stream"]:
        facts["received"] = entry["sent"]  # of a stream clients need not read what is behind its last event
    if entry["outcome"] == "left":
        facts["cancelled"] = True
    if facts["success"]:
        facts.update(answered(entry))
        facts["model"] = facts["model"][-1:]
    elif entry["status"] >= 400:
        facts["error"] = entry["error"]
    return facts


def unread(facts):
    """Some clients do not read why they were refused before they try again."""
    return {**{key: value for key, value in facts.items() if key != "received"}, "error": f"HTTP status {facts['status']}"}


def answered(entry):
    told = entry.get("tells_usage", True)
    facts = {"text": entry.get("text", ""), "tool": entry.get("tool"),
             "streamed": entry["stream"] and bool(entry.get("text") or entry.get("tool")),
             "input_tokens": entry["input_tokens"] if told else None,
             "output_tokens": entry.get("output_tokens") if told else None}
    if "cost_nano_usd" in entry:
        facts["cost_nano_usd"] = entry["cost_nano_usd"]
    return facts


def parts(span, kind):
    """Of the answer's messages."""
    messages = (span["output_data"] or {}).get("result") or []
    return [part for message in messages for part in message.get("parts", []) if part["type"] == kind]


def facts_of(span):
    wire = span["attributes"]["wire"]
    tools = [{"name": part["name"], "arguments": part["arguments"]} for part in parts(span, "tool_call")]
    return {
        "provider": span["provider"], "api": wire["api"], "path": wire["path"].replace("%3A", ":").replace("%2B", "+"),
        "http": wire["http"], "status": wire.get("status", 0),
        "attempt": wire.get("attempt", 0), "success": span["success"], "prompt": json.dumps(span["input_data"], ensure_ascii=False),
        "sent": wire.get("sent_bytes", 0), "received": wire.get("received_bytes", 0), "model": span["model"],
        "request_id": wire.get("request_id"), "cancelled": span["attributes"].get("outcome") == "cancelled",
        "text": "".join(part["content"] for part in parts(span, "text")), "tool": tools[0] if tools else None,
        "streamed": "time_to_first_token_ms" in wire, "error": span["error"], "input_tokens": span["input_tokens"],
        "output_tokens": span["output_tokens"], "cost_nano_usd": span["cost_nano_usd"],
    }


def differs(key, want, have):
    """Is what the span has of `key` not what is wanted?"""
    if key == "model":
        return have not in want
    if key in ("prompt", "error"):
        return (json.dumps(want[:MOST], ensure_ascii=False)[1:-1] if key == "prompt" else want) not in (have or "")
    return want != have


def apart(want, have):
    return [key for key in want if differs(key, want[key], have[key])]


def begins(entry, have):
    """Of an answer that did not come whole, the text is the beginning of what there was to say."""
    return entry.get("text", "").startswith(have["text"])


def is_tried_again(entry, entries):
    return any(other["attempt"] == (entry["attempt"] or 0) + 1 and
               all(other[key] == entry[key] for key in ("path", "model", "prompt", "stream")) for other in entries)


def main(calls, traces):
    entries = [entry for entry in map(json.loads, open(calls, encoding="utf-8")) if is_call(entry)]
    spans = [span for trace in json.load(open(traces, encoding="utf-8")) for span in trace["spans"]
             if "wire" in (span["attributes"] or {})]
    left, faults = [facts_of(span) for span in spans], 0
    missing = []
    for entry in entries:
        want = wanted(entry)
        wants = [want, unread(want)] if "error" in want and is_tried_again(entry, entries) else [want]
        found = next((have for have in left if any(not apart(one, have) for one in wants) and begins(entry, have)), None)
        if found:
            left.remove(found)
        else:
            missing.append((entry, want))
    for entry, want in missing:
        faults += 1
        nearest = min(left, key=lambda have: len(apart(want, have)), default=None)
        print(f"no span is call {entry['number']}: {entry['api']} {entry['model']} {entry['outcome']}")
        for key in apart(want, nearest) if nearest else []:
            print(f"    {key}: wanted {want[key]!r}, the nearest has {nearest[key]!r}")
        if nearest and len(apart(want, nearest)) < 6:
            left.remove(nearest)
    for have in left:
        faults += 1
        print(f"no call is the span {have['provider']} {have['model']} {have['status']} {have['text'][:40]!r}")
    print(f"{len(entries)} calls, {len(spans)} spans, {faults} faults")
    return 1 if faults or not entries else 0


sys.exit(main(*sys.argv[1:]))
