"""An OpenAI-compatible server that replays recorded replies, for tests that run Lauter's executables.

usage: replay_llm.py [--port PORT] [--dialect openai|llama|plain] [--key KEY] [--script FILE]
                     [--gold FILE] [--hang SECONDS] [--hold-after COUNT]

Prints "replay-llm listening on 127.0.0.1:PORT" when ready; PORT 0 (the default) is chosen by the
system. GET /log answers a JSON list of what was asked: time in seconds, path, body, and outcome, the
label or fault. With --hold-after the first COUNT requests are answered and the others held until
POST /release.

How a prompt is answered, by the first that applies:
- --script FILE: JSON, a list of {"match": "text in the prompt", "replies": [REPLY, ...]}; the n-th
  request that matches gets the n-th reply, later ones the last. A REPLY is a label's name or one of
  the faults below as "!name".
- a fault's name in the prompt, as "!!name!!": that fault.
- --gold FILE: JSONL with "text" and "label"; the label of the longest text that stands in the prompt.
- else the first label of the enum, or "positive".

Faults: 429 (Retry-After: 1, once per prompt, then the label), 429-always, 500, 401, 404, hang, reset,
truncated, unknown, empty, prose, flood (50 MB), html, error-200.
Standard library only.
"""

import argparse
import json
import math
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

arguments = argparse.ArgumentParser()
arguments.add_argument("--port", type=int, default=0)
arguments.add_argument("--dialect", choices=["openai", "llama", "plain"], default="openai")
arguments.add_argument("--key")
arguments.add_argument("--script")
arguments.add_argument("--gold")
arguments.add_argument("--hang", type=float, default=3600)
arguments.add_argument("--hold-after", type=int)
options = arguments.parse_args()

script = json.load(open(options.script, encoding="utf-8")) if options.script else []
gold = {}
if options.gold:
    with open(options.gold, encoding="utf-8") as lines:
        gold = {row["text"]: row["label"] for row in map(json.loads, lines)}
lock = threading.Lock()
log = []
counts = {}
released = threading.Event()


def count(key):
    """How often this was asked before."""
    with lock:
        counts[key] = counts.get(key, 0) + 1
        return counts[key] - 1


def choose(prompt, labels):
    """A label, or "!fault"."""
    for number, entry in enumerate(script):
        if entry["match"] in prompt:
            replies = entry["replies"]
            return replies[min(count(("script", number)), len(replies) - 1)]
    if prompt.count("!!") >= 2:
        return "!" + prompt.split("!!")[1]
    texts = [text for text in gold if text in prompt]
    if texts:
        return gold[max(texts, key=len)]
    return labels[0] if labels else "positive"


def logprobs(label, labels):
    """As llama.cpp reports them: the reply's tokens, the label one token at 0.8, the rest its rivals."""
    rivals = [name for name in labels if name != label]

    def token(text, top):
        return {"token": text, "logprob": math.log(top[0][1]), "bytes": None,
                "top_logprobs": [{"token": t, "logprob": math.log(p), "bytes": None} for t, p in top]}

    at_label = [(label, 0.8)] + [(name, 0.15 / len(rivals)) for name in rivals] + [("The", 0.05)]
    return {"content": [token('{"label": "', [('{"label": "', 0.9)]), token(label, at_label),
                        token('"}', [('"}', 0.99)])]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, headers=(), content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, message, headers=(), code=None):
        self.answer(status, {"error": {"message": message, "type": None, "code": code}}, headers)

    def do_GET(self):
        if self.path == "/log":
            with lock:
                snapshot = list(log)
            return self.answer(200, snapshot)
        if self.path.endswith("/models"):
            return self.answer(200, {"object": "list", "data": [{"id": "replay", "object": "model"}]})
        self.error(404, "not found")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/release":
            released.set()
            return self.answer(200, {})
        entry = {"time": time.monotonic(), "path": self.path, "body": None, "outcome": None}
        with lock:
            log.append(entry)
            position = len(log)
        try:
            entry["body"] = request = json.loads(body)
        except ValueError:
            entry["outcome"] = "400"
            return self.error(400, "the body is not JSON")
        if options.hold_after is not None and position > options.hold_after:
            released.wait()
        entry["outcome"] = self.reply(request)

    def reply(self, request):
        """Answers; returns what it did, for the log."""
        if not self.path.endswith("/chat/completions"):
            self.error(404, "not found")
            return "404"
        if options.key and self.headers.get("Authorization") != "Bearer " + options.key:
            self.error(401, "Incorrect API key provided", code="invalid_api_key")
            return "401"
        form = request.get("response_format")
        if form and options.dialect == "plain":
            self.error(400, "response_format is not supported")
            return "dialect"
        if form and options.dialect == "llama" and form["type"] != "json_object":
            # llama-cpp-python's own words and status.
            self.error(500, "1 validation error:\n  {'type': 'literal_error', 'loc': ('body', "
                            "'response_format', 'type'), 'msg': \"Input should be 'text' or "
                            "'json_object'\"}")
            return "dialect"
        if form and options.dialect == "openai" and form["type"] == "json_object":
            self.error(400, "Unknown parameter: 'response_format.schema'")
            return "dialect"
        schema = (form or {}).get("schema") or (form or {}).get("json_schema", {}).get("schema", {})
        labels = schema.get("properties", {}).get("label", {}).get("enum", [])
        prompt = "\n".join(message["content"] for message in request["messages"])
        choice = choose(prompt, labels)
        if choice == "!429":
            if count(("429", prompt)) == 0:
                self.error(429, "slow down", [("Retry-After", "1")])
                return "429"
            choice = labels[0] if labels else "positive"
        if choice.startswith("!"):
            self.fault(choice[1:])
            return choice[1:]
        self.complete('{"label": "%s"}' % choice,
                      logprobs(choice, labels) if request.get("logprobs") and labels else None)
        return choice

    def complete(self, content, probabilities=None, finish="stop"):
        self.answer(200, {
            "id": "chatcmpl-replay", "object": "chat.completion", "created": 1, "model": "replay",
            "choices": [{"index": 0, "finish_reason": finish, "logprobs": probabilities,
                         "message": {"role": "assistant", "content": content, "refusal": None}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})

    def fault(self, name):
        if name == "429-always":
            self.error(429, "slow down", [("Retry-After", "1")])
        elif name in ("500", "401", "404"):
            self.error(int(name), "recorded error")
        elif name == "hang":
            time.sleep(options.hang)
            self.close_connection = True
        elif name == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif name == "truncated":
            self.complete('{"label": "posi', finish="length")
        elif name == "unknown":
            self.complete('{"label": "no-such-label"}')
        elif name == "empty":
            self.complete("")
        elif name == "prose":
            self.complete('Sure, here you are:\n```json\n{"label": "negative"}\n```')
        elif name == "flood":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            for _ in range(50):
                self.wfile.write(b" " * (1 << 20))
        elif name == "html":
            self.answer(200, b"<html>Welcome</html>", content_type="text/html")
        elif name == "error-200":
            self.error(200, "upstream failed", code="upstream_error")
        else:
            self.error(500, "no such fault: " + name)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # A client that gave up waiting is part of the plan.
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


server = Server(("127.0.0.1", options.port), Handler)
print("replay-llm listening on 127.0.0.1:%d" % server.server_address[1], flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
