# SPDX-License-Identifier: Apache-2.0
"""What came in, and what is to go out; neither knows how HTTP carries it."""

import dataclasses
import functools
import hashlib
import json
import re
import urllib.parse


@dataclasses.dataclass
class Call:
    method: str
    target: str  # path and query
    headers: dict  # by names in small letters
    body: bytes
    secure: bool
    http: str = "1.1"

    @functools.cached_property
    def path(self):
        """Without the query."""
        return urllib.parse.unquote(urllib.parse.urlsplit(self.target).path)

    @functools.cached_property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query))

    @functools.cached_property
    def model(self):
        """What is asked for, by the body or the path; None: nothing is."""
        named = re.search("/models?/(.+)(?::[A-Za-z]+|/[a-z-]+)$", self.path)
        return self.document.get("model") or (named and named[1])

    @property
    def host(self):
        return self.headers.get("host") or self.headers.get(":authority") or ""

    @functools.cached_property
    def document(self):
        """The body's JSON, an object; empty where there is none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            document = None
        return document if isinstance(document, dict) else {}

    @functools.cached_property
    def digest(self):
        """The same for equal calls, in every run; ids are made of it."""
        return hashlib.sha256(self.path.encode() + b"\0" + self.body).hexdigest()

    @property
    def attempt(self):
        """Which try of one call of its own this is, as OpenAI's and Anthropic's packages tell; else None."""
        count = self.headers.get("x-stainless-retry-count")
        return int(count) if count is not None else None

    @property
    def key(self):
        """The caller's API key, whichever way it was sent."""
        named = (self.headers.get(name) for name in ("x-api-key", "x-goog-api-key"))
        return next(filter(None, named), None) or self.query.get("key") or \
            self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclasses.dataclass
class Reply:
    status: int
    headers: dict
    pieces: list  # of bytes: the events of a stream; of all else one
    streamed: bool = False
    request_id: str = ""
    account: dict = dataclasses.field(default_factory=dict)  # what its API knows of it
    delay: float = 0  # seconds before the first byte
    pace: float = 0  # seconds before each further piece
    sent: int = 0  # bytes of its body, so far
    is_cut: bool = False  # after the last piece the connection is dropped
    is_broken: bool = False  # the last piece tells of a failure
    broken: object = None  # of a stream: () -> the piece by which its API tells of a failure
