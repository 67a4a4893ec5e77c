# SPDX-License-Identifier: Apache-2.0
"""asking.py serve: a server that says its port, and answers a piece further for each line that comes in.
asking.py PORT [THREADS]: a pipeline whose agent asks that server; so many threads of it at once."""

import http.client
import http.server
import json
import os
import sys
import threading

PIECES = ("Hel", "lo")


def go_on():
    os.read(0, 1)  # of many threads, each takes a line of its own; sys.stdin would lose some


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def piece(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        go_on()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for text in PIECES:
            choice = {"index": 0, "delta": {"content": text}}
            self.piece(b"data: %s\n\n" % json.dumps({"model": "gpt-4o-2024-08-06", "choices": [choice]}).encode())
            go_on()
        self.piece(b"data: [DONE]\n\n")
        self.piece(b"")

    def log_message(self, *_):
        pass


def trainer(prompt):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": prompt}]}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"host": "api.openai.com"})
    return connection.getresponse().read().count(b"content")


def learn(text):
    return trainer(text)


def serve():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


def ask(threads):
    all_of_them = [threading.Thread(target=asking.learn, args=("Hi",), name=f"worker-{i}") for i in range(threads)]
    for thread in all_of_them:
        thread.start()
    for thread in all_of_them:
        thread.join()


if __name__ == "__main__":
    import asking

    if sys.argv[1] == "serve":
        serve()
    elif len(sys.argv) > 2:
        ask(int(sys.argv[2]))
    else:
        print(asking.learn("Hi"), flush=True)
