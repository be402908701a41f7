"""Every refusal that api.md promises, from whichever part makes it."""

import json

import pytest

import routes
from guest_vm import CACHE

CREATE = "/v1/sandboxes"
DEEP = "[" * 40 + "]" * 40


def is_problem(answer, status, code=None, field=None):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"].startswith(
        "application/problem+json")
    body = answer.json
    assert body["type"] == "about:blank" and body["title"]
    assert body["status"] == status
    assert body["detail"] == body["error"] != ""
    assert body["instance"] == answer.headers["X-Request-Id"]
    reason = body["reason"]
    assert isinstance(reason["retryable"], bool) and reason["message"]
    assert "action" in reason
    if code:
        assert reason["code"] == code, answer
    if field:
        named = reason["field"]
        assert named == field or named.startswith(field + "."), answer


# (field that is named, body); the template is added where it is missing. Text
# that no JSON parser here takes has no field to name.
BAD_CREATES = [
    ("template", {"template": None}), ("template", {"template": "windows"}),
    ("template", {"template": ""}), ("template", {"template": 1}),
    ("template", {"template": "../minimal"}),
    ("cpus", {"cpus": 0}), ("cpus", {"cpus": 9}), ("cpus", {"cpus": "2"}),
    ("cpus", {"cpus": 1.5}), ("cpus", {"cpus": -1}), ("cpus", {"cpus": True}),
    (None, {"cpus": 10 ** 30}),
    ("memory_mb", {"memory_mb": 127}), ("memory_mb", {"memory_mb": 8193}),
    ("disk_gb", {"disk_gb": 0}), ("disk_gb", {"disk_gb": 51}),
    ("network_mode", {"network_mode": "open"}),
    ("timeout", {"timeout": -1}), ("timeout", {"timeout": "900"}),
    ("timeout", {"timeout": 2592001}),
    ("env", {"env": []}), ("env", {"env": {"A": 1}}),
    ("env", {"env": {"": "x"}}), ("env", {"env": {"A=B": "x"}}),
    (None, {"env": {"A": "nul\0"}}), ("env", {"env": {"A" * 129: "x"}}),
    ("env", {"env": {f"V{i}": "x" for i in range(257)}}),
    ("env", {"env": {"A": "x" * 60000}}),
    ("metadata", {"metadata": "x"}), ("metadata", {"metadata": {"a": 1}}),
    ("metadata", {"metadata": {f"k{i}": "x" for i in range(65)}}),
    ("name", {"name": "x" * 129}), ("name", {"name": "a\nb"}),
    ("name", {"name": 7}),
    ("ports", {"ports": [0]}), ("ports", {"ports": [65536]}),
    ("ports", {"ports": ["80"]}), ("ports", {"ports": list(range(1, 22))}),
    ("colour", {"colour": "red"}), ("Template", {"Template": "minimal"}),
    ("allowlist", {"allowlist": "x"}), ("allowlist", {"allowlist": [1]}),
    ("allowlist", {"allowlist": ["10.0.0.1"]}),
    ("allowlist", {"allowlist": ["a.org/x"]}),
    ("allowlist", {"allowlist": ["a.org"] * 257}),
    ("allowlist", {"network_mode": "allowlist"}),
    ("budget", {"budget": -1}), ("budget", {"budget": "5"}),
    ("budget_action", {"budget_action": "explode"}),
]


@pytest.mark.parametrize("field, body", BAD_CREATES,
                         ids=lambda v: str(v)[:40])
def test_create(api, field, body):
    answer = api.post(CREATE, {"template": "minimal", **body})
    is_problem(answer, 400, "invalid_request", field)


def test_template_is_required(api):
    is_problem(api.post(CREATE, {}), 400, "invalid_request", "template")
    is_problem(api.post(CREATE), 400, "invalid_request", "template")


@pytest.mark.parametrize("field, value", [
    ("budget", 5.0), ("budget_usd", 5), ("secrets", ["S"]),
    ("from_snapshot", "snap-0123456789abcdef")])
def test_create_later(api, field, value):
    answer = api.post(CREATE, {"template": "minimal", field: value})
    is_problem(answer, 501, "not_implemented")
    assert field in answer.json["detail"]


def test_template_that_nobody_knows(api):
    is_problem(api.post(CREATE, {"template": "never-built"}), 400,
               "invalid_request", "template")


def test_template_that_is_not_built(api):
    missing = [name for name in ("go-122", "agents", "python-312", "node-20")
               if not (CACHE / "images" / name).exists()]
    if not missing:
        pytest.skip("every template is built here")
    is_problem(api.post(CREATE, {"template": missing[0]}), 404,
               "template_not_found")


BODIES = {
    "not JSON": b"hello", "cut": b'{"template":"minimal"',
    "two values": b'{"template":"minimal"} {}', "array": b"[]",
    "string": b'"x"', "null": b"null", "number": b"1",
    "doubled key": b'{"template":"minimal","template":"minimal"}',
    "not UTF-8": b'{"template":"minimal","name":"\xff\xfe"}',
    "lone surrogate": b'{"template":"minimal","name":"\\ud800"}',
    "too deep": b'{"template":"minimal","env":' + DEEP.encode() + b"}",
    "single quotes": b"{'template':'minimal'}",
    "NaN": b'{"template":"minimal","cpus":NaN}',
    "trailing comma": b'{"template":"minimal",}',
    "byte order mark": b'\xef\xbb\xbf{"template":"minimal"}',
}
JSON_ROUTES = [
    ("POST", CREATE), ("PATCH", "{box}"), ("POST", "{box}/exec"),
    ("PUT", "{box}/files"), ("PUT", "{box}/files/content"),
    ("POST", "{box}/files/mkdir"), ("POST", "{box}/files/move"),
    ("POST", "/v1/account/keys")]


@pytest.mark.parametrize("method, path", JSON_ROUTES,
                         ids=lambda v: v.replace("{box}", ""))
@pytest.mark.parametrize("name", BODIES)
def test_bodies(shared, method, path, name):
    answer = shared.api.call(method, path.replace("{box}", shared.path),
                             body=BODIES[name],
                             headers={"Content-Type": "application/json"})
    is_problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("method, path", JSON_ROUTES,
                         ids=lambda v: v.replace("{box}", ""))
def test_unknown_fields_are_named(shared, method, path):
    good = {"template": "minimal", "command": "true", "path": "x",
            "content": "", "from": "a", "to": "b", "name": "k"}
    wanted = {CREATE: ["template"], "{box}": ["name"],
              "{box}/exec": ["command"], "{box}/files": ["path", "content"],
              "{box}/files/content": ["path", "content"],
              "{box}/files/mkdir": ["path"],
              "{box}/files/move": ["from", "to"],
              "/v1/account/keys": ["name"]}[path]
    body = {name: good[name] for name in wanted}
    answer = shared.api.call(method, path.replace("{box}", shared.path),
                             {**body, "colour": "red"})
    is_problem(answer, 400, "invalid_request", "colour")
    assert "colour" in answer.json["detail"]


def test_other_content_types(shared):
    for path in (CREATE, shared.path + "/exec", "/v1/account/keys"):
        answer = shared.api.post(path, body=b"a=b", headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        is_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("fields, named", [
    ({}, None), ({"command": "a", "cmd": ["b"]}, None),
    ({"command": ""}, "command"), ({"command": 1}, "command"),
    ({"command": "nul\0"}, None), ({"command": "x" * 49153}, "command"),
    ({"cmd": []}, "cmd"), ({"cmd": "ls"}, "cmd"), ({"cmd": [1]}, "cmd"),
    ({"cmd": ["a\0"]}, None), ({"cmd": [""]}, "cmd"),
    ({"command": "x", "timeout": -1}, "timeout"),
    ({"command": "x", "timeout": 3601}, "timeout"),
    ({"command": "x", "timeout": "5"}, "timeout"),
    ({"command": "x", "env": {"A": 1}}, "env"),
    ({"command": "x", "env": {"A=": "x"}}, "env"),
    ({"command": "x", "stdin": 5}, "stdin"),
    ({"command": "x", "user": ""}, "user"),
    ({"command": "x", "cwd": ""}, "cwd"),
    ({"command": "x", "cwd": "a\0b"}, None),
    ({"command": "x", "stream": "yes"}, "stream"),
], ids=lambda v: str(v)[:40])
def test_exec(shared, fields, named):
    answer = shared.api.post(shared.path + "/exec", fields)
    is_problem(answer, 400, "invalid_request", named)
    assert answer.json["exit_code"] == -1 and answer.json["output"] == ""
    assert answer.headers["X-Exec-Id"]


@pytest.mark.parametrize("field", ["background", "stream"])
def test_exec_later(shared, field):
    answer = shared.api.post(shared.path + "/exec",
                             {"command": "true", field: True})
    is_problem(answer, 501, "not_implemented")


@pytest.mark.parametrize("path", [
    "?path=", "?path=%00", "?path=a%00b", "?path=%zz", "?path=%4",
    "?path=a&path=b", "?colour=red&path=x", "?path=" + "x" * 4097,
], ids=lambda v: v[:20])
@pytest.mark.parametrize("method, route", [
    ("GET", "/files/content"), ("PUT", "/files/content"), ("GET", "/files"),
    ("DELETE", "/files"), ("GET", "/git/diff")])
def test_file_paths(shared, method, route, path):
    answer = shared.api.call(method, shared.path + route + path,
                             body=b"x" if method == "PUT" else None)
    is_problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("body, named", [
    ({"content": "x"}, "path"), ({"path": "x"}, "content"),
    ({"path": "", "content": "x"}, "path"),
    ({"path": "a\0b", "content": "x"}, None),
    ({"path": "x", "content": 1}, "content"),
    ({"path": "x", "content": "x", "encoding": "rot13"}, "encoding"),
    ({"path": "x", "content": "!", "encoding": "base64"}, "content"),
    ({"path": "x", "content": "x", "mode": "999"}, "mode"),
    ({"path": "x", "content": "x", "mode": "4755"}, "mode"),
    ({"path": "x", "content": "x", "append": "yes"}, "append"),
], ids=lambda v: str(v)[:40])
@pytest.mark.parametrize("route", ["/files", "/files/content"])
def test_file_bodies(shared, route, body, named):
    answer = shared.api.put(shared.path + route, body)
    is_problem(answer, 400, "invalid_request", named)


def test_mkdir_and_move(shared):
    for route, body, named in (
            ("mkdir", {}, "path"), ("mkdir", {"path": 1}, "path"),
            ("move", {"from": "a"}, "to"), ("move", {"to": "a"}, "from"),
            ("move", {"from": "a", "to": "b", "overwrite": 1}, "overwrite")):
        answer = shared.api.post(f"{shared.path}/files/{route}", body)
        is_problem(answer, 400, "invalid_request", named)


def test_the_root_stays(shared):
    answer = shared.api.delete(shared.path + "/files?path=/")
    assert answer.status in (400, 403, 409), answer
    assert shared.output("echo alive") == "alive\n"


@pytest.mark.parametrize("query", [
    "limit=0", "limit=1001", "limit=x", "limit=", "limit=-1",
    "cursor=nonsense", "cursor=", "status=asleep", "colour=red",
    "limit=1&limit=2", "include=everything"])
def test_list_queries(api, query):
    is_problem(api.get("/v1/sandboxes?" + query), 400, "invalid_request")


@pytest.mark.parametrize("tail", ["tail=0", "tail=x", "follow=maybe", "x=1"])
def test_log_queries(shared, tail):
    is_problem(shared.api.get(f"{shared.path}/logs?{tail}"), 400,
               "invalid_request")


@pytest.mark.parametrize("body", [
    {"scope": "god"}, {"scope": 1}, {"name": "x" * 129},
    {"name": "a\u0007b"}, {"expires_at": "yesterday"},
    {"expires_at": "2020-01-01T00:00:00Z"},
    {"expires_at": "2030-13-01T00:00:00Z"}], ids=str)
def test_key_bodies(api, body):
    is_problem(api.post("/v1/account/keys", body), 400, "invalid_request",
               next(iter(body)))


@pytest.mark.parametrize("body", [
    {"name": None}, {"cpus": 4}, {"timeout": -1}, {"metadata": {"a": None}}],
    ids=str)
def test_patch_bodies(shared, body):
    is_problem(shared.api.patch(shared.path, body), 400, "invalid_request",
               next(iter(body)))


@pytest.mark.parametrize("id", [
    "cage-", "cage-short", "snap-0123456789abcdef", "x" * 200,
    "cage-0123456789ABCDEF", "%ff", "cage-0123456789abcde%0a"])
def test_ids_that_cannot_be(api, id):
    is_problem(api.get("/v1/sandboxes/" + id), 404)


@pytest.mark.parametrize("path", [
    "/", "/v1", "/v1/", "/v2/sandboxes", "/v1/sandboxes/", "/index.html",
    "/v1/sandboxes/cage-0123456789abcdef/nothing", "/internal/authorize"])
def test_unknown_paths(api, path):
    is_problem(api.get(path), 404)


def test_methods(api):
    for method, path, allowed in (
            ("PUT", "/v1/sandboxes", {"GET", "POST"}),
            ("POST", "/v1/account", {"GET"}),
            ("DELETE", "/healthz", {"GET"})):
        answer = api.call(method, path, body=b"")
        is_problem(answer, 405, "method_not_allowed")
        assert allowed <= {m.strip() for m in
                           answer.headers["Allow"].split(",")}


@pytest.mark.parametrize("route", routes.LATER, ids=routes.name)
def test_what_comes_later(api, shared, route):
    path = route.pattern.replace("{sandbox}", shared.id)
    answer = api.call(route.method, path.replace("{", "").replace("}", ""))
    is_problem(answer, 501, "not_implemented")


def test_head(api, shared):
    answer = api.call("HEAD", shared.path)
    assert answer.status == 200 and answer.body == b""
    answer = api.call("HEAD", "/v1/sandboxes/cage-" + "z" * 16)
    assert answer.status == 404 and answer.body == b""


def test_body_over_the_limit(api, shared):
    big = json.dumps({"template": "minimal", "name": "x" * (1 << 20)})
    for path in CREATE, shared.path + "/exec", shared.path + "/files/mkdir":
        answer = api.post(path, body=big.encode(),
                          headers={"Content-Type": "application/json"})
        is_problem(answer, 413, "body_too_large")
    answer = api.put(shared.path + "/files/content", {
        "path": "x", "content": "x" * (3 << 20)})
    is_problem(answer, 413, "body_too_large")
