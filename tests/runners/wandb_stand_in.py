"""A stand-in for the servers of Weights & Biases on the loopback interface: it answers what their client asks.

It speaks the part of their protocol that logging a run and saving a report use: GraphQL at /graphql, a run's stream
of lines at /files/.../file_stream, uploads by PUT. It keeps what it is told. A GraphQL operation that it doesn't
know is answered with an error, so that a test notices when the client begins to ask for more.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import wandb

API_KEY = "0123456789abcdef" * 2 + "01234567"  # of the right length, and nobody's
ENTITY = "somebody"
PROJECT_ID = "UHJvamVjdDox"
OPERATION = re.compile(r"(?:query|mutation)\s+(\w+)")

Answer = Callable[["WandbStandIn", Mapping[str, Any]], dict[str, Any]]


@dataclass
class LoggedRun:
    """What the client told about a run."""

    about: dict[str, Any] = field(default_factory=dict)
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    @property
    def history(self) -> list[dict[str, Any]]:
        """What was logged, in order; a line that was sent again is there once."""
        return [line for _, line in sorted(self.lines.items())]

    @property
    def history_keys(self) -> set[str]:
        """The names under which values were logged."""
        return {key for line in self.history for key in line}


@dataclass
class WandbStandIn:
    """What the server knows, and whom it knows.

    `login=False` recognises nobody's key, `refused` are the names of operations that are not permitted, `asked` those
    that it was asked for, and `unknown` those of them that it doesn't know.
    """

    url: str = ""
    login: bool = True
    projects: list[str] = field(default_factory=lambda: ["voicegrid"])
    runs: dict[str, LoggedRun] = field(default_factory=dict)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def answer(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The response to a GraphQL request."""
        match = OPERATION.search(query)
        name = match.group(1) if match else query
        self.asked.append(name)
        if name in self.refused:
            return {"errors": [{"message": f"{name} is not permitted"}]}
        if name not in ANSWERS:
            self.unknown.append(name)
            return {"errors": [{"message": f"the stand-in doesn't know {name}"}]}
        return {"data": ANSWERS[name](self, variables)}

    def stream(self, run_id: str, files: Mapping[str, Mapping[str, Any]]) -> None:
        """Take lines of a run's files."""
        run = self.runs[run_id]
        history = files.get("wandb-history.jsonl", {"offset": 0, "content": []})
        run.lines |= {history["offset"] + place: json.loads(line) for place, line in enumerate(history["content"])}
        for line in files.get("wandb-summary.json", {}).get("content", []):
            run.summary = json.loads(line)


def _viewer(server: WandbStandIn, _: Mapping[str, Any]) -> dict[str, Any]:
    viewer = {"id": "VXNlcjox", "entity": ENTITY, "username": ENTITY, "email": "", "flags": "{}"}
    return {"viewer": viewer | {"teams": {"edges": []}} if server.login else None}


def _project(server: WandbStandIn, asked: Mapping[str, Any]) -> dict[str, Any]:
    known = asked["projectName"] in server.projects
    return {"project": {"id": PROJECT_ID, "internalId": PROJECT_ID} if known else None}


def _projects(server: WandbStandIn, asked: Mapping[str, Any]) -> dict[str, Any]:
    facts = {"__typename": "Project", "createdAt": "2026-01-01T00:00:00", "isBenchmark": False, "user": None}
    nodes = [{"id": PROJECT_ID, "name": name, "entityName": asked["entity"]} | facts for name in server.projects]
    page = {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False}
    return {"models": {"pageInfo": page, "edges": [{"node": node} for node in nodes]}}


def _runs(server: WandbStandIn, asked: Mapping[str, Any]) -> dict[str, Any]:
    wanted = json.loads(asked["filters"])["name"]["$in"]
    found = [_run(run_id) for run_id in wanted if run_id in server.runs]
    begin = int(asked.get("cursor") or 0)
    end = begin + asked["perPage"]
    edges = [{"node": node, "cursor": node["name"]} for node in found[begin:end]]
    page = {"endCursor": str(end), "hasNextPage": end < len(found)}
    known = asked["project"] in server.projects
    answer = {"internalId": PROJECT_ID, "runCount": len(found), "readOnly": False}
    return {"project": answer | {"runs": {"edges": edges, "pageInfo": page}} if known else None}


def _run(run_id: str) -> dict[str, Any]:
    names = ("displayName", "sweepName", "group", "jobType", "commit", "heartbeatAt", "description", "notes")
    empty: dict[str, Any] = dict.fromkeys(names)
    facts = {"tags": [], "state": "finished", "readOnly": False, "historyLineCount": 0, "projectId": "1"}
    user = {"name": ENTITY, "username": ENTITY}
    return empty | facts | {"id": run_id, "name": run_id, "createdAt": "2026-01-01T00:00:00", "user": user}


def _resume_status(server: WandbStandIn, asked: Mapping[str, Any]) -> dict[str, Any]:
    run = server.runs.get(asked["name"])
    if run is None:
        return {"model": None}
    counts = {"logLineCount": 0, "eventsLineCount": 0, "historyLineCount": len(run.lines)}
    last = [json.dumps(line) for line in run.history[-1:]]
    told = {"summaryMetrics": json.dumps(run.summary), "historyTail": json.dumps(last), "eventsTail": "[]"}
    facts = {"displayName": asked["name"], "config": "{}", "tags": [], "notes": None, "wandbConfig": '{"t": 1}'}
    bucket = {"id": asked["name"], "name": asked["name"]} | counts | told | facts
    entity = {"id": ENTITY, "name": ENTITY}
    return {"model": {"id": PROJECT_ID, "name": asked["project"], "entity": entity, "bucket": bucket}}


def _views(server: WandbStandIn, _: Mapping[str, Any]) -> dict[str, Any]:
    facts = {"description": "", "user": {"username": ENTITY, "photoUrl": "", "email": ""}}
    facts |= {"createdAt": "2026-01-01T00:00:00", "updatedAt": "2026-01-01T00:00:00"}
    edges = [{"node": facts | report, "cursor": report["id"]} for report in server.reports.values()]
    page = {"endCursor": None, "hasNextPage": False}
    return {"project": {"allViews": {"edges": edges, "pageInfo": page}}}


def _upsert_view(server: WandbStandIn, told: Mapping[str, Any]) -> dict[str, Any]:
    identity = told["id"] or f"VmlldzoxMjM{len(server.reports)}"
    view = {key: told[key] for key in ("type", "name", "displayName", "description", "spec")} | {"id": identity}
    inserted = identity not in server.reports
    server.reports[identity] = view
    project = {"id": PROJECT_ID, "name": told["projectName"], "entityName": told["entityName"]}
    return {"upsertView": {"view": view | {"project": project, "updatedAt": None}, "inserted": inserted}}


def _upsert_bucket(server: WandbStandIn, told: Mapping[str, Any]) -> dict[str, Any]:
    run = server.runs.setdefault(told["name"], LoggedRun())
    run.about |= {key: value for key, value in told.items() if value is not None}
    project = {"id": PROJECT_ID, "name": told["project"], "entity": {"id": ENTITY, "name": ENTITY}}
    bucket = {"id": told["name"], "name": told["name"], "displayName": told["displayName"], "historyLineCount": 0}
    return {"upsertBucket": {"bucket": bucket | {"project": project, "config": "{}"}, "inserted": True}}


def _create_run_files(server: WandbStandIn, told: Mapping[str, Any]) -> dict[str, Any]:
    server.runs[told["run"]].files += told["files"]
    urls = [{"name": name, "uploadUrl": f"{server.url}/upload/{name}"} for name in told["files"]]
    return {"createRunFiles": {"runID": told["run"], "uploadHeaders": [], "files": urls}}


ANSWERS: Mapping[str, Answer] = {
    "Viewer": _viewer,
    "GetDefaultEntity": _viewer,
    "ProjectInternalId": _project,
    "GetProjects": _projects,
    "Runs": _runs,
    "ProjectViews": _views,
    "upsertView": _upsert_view,
    "UpsertBucket": _upsert_bucket,
    "CreateRunFiles": _create_run_files,
    "RunResumeStatus": _resume_status,
    "OrganizationCoreWeaveOrganizationID": lambda *_: {"entity": None},
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: ClassVar[WandbStandIn]

    def do_POST(self) -> None:
        body = self._body()
        if self.path == "/graphql":
            request = json.loads(body)
            self._send(self.server_state.answer(request["query"], request.get("variables") or {}))
            return
        if self.path.endswith("/file_stream"):
            self.server_state.stream(self.path.split("/")[-2], json.loads(body).get("files", {}))
        self._send({"exitcode": None, "limits": {}})

    def do_PUT(self) -> None:
        self._body()
        self._send({})

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _send(self, answer: Mapping[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving() -> Iterator[WandbStandIn]:
    """A stand-in that answers while the block runs."""
    state = WandbStandIn()
    handler = type("Handler", (_Handler,), {"server_state": state})
    server = _Server(("127.0.0.1", 0), handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def logged_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """wandb as on a new machine, with its files in a folder, while the block runs."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name in ("WANDB_DIR", "WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("NETRC", str(folder / "netrc"))
    monkeypatch.setenv("WANDB_SILENT", "true")
    wandb.teardown()  # settings are read once in a process
    yield
    wandb.teardown()


@contextmanager
def logged_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbStandIn]:
    """wandb with a login at a stand-in, which answers while the block runs."""
    with serving() as state, logged_out(folder, monkeypatch):
        monkeypatch.setenv("WANDB_BASE_URL", state.url)
        monkeypatch.setenv("WANDB_API_KEY", API_KEY)
        yield state
