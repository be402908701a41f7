"""What one account or key may not see of another."""

import base64
import datetime
import re
import time

import pytest

import routes

BODIES = {
    ("POST", "exec"): {"command": "echo stolen"},
    ("PUT", "files"): {"path": "x", "content": "x"},
    ("PUT", "content"): {"path": "x", "content": "x"},
    ("POST", "mkdir"): {"path": "x"},
    ("POST", "move"): {"from": "a", "to": "b"},
    ("PATCH", "{sandbox}"): {"name": "stolen"},
}


def body_of(route):
    return BODIES.get((route.method, route.pattern.rsplit("/", 1)[1]))


def fill(route, sandbox, exec_id="exec-0000000000000000", key="key-0" * 4):
    path = route.pattern.replace("{sandbox}", sandbox)
    path = path.replace("{exec}", exec_id).replace("{key}", key)
    path = re.sub(r"\{\w+\}", "x", path)
    if "files" in path or path.endswith("diff"):
        path += "?path=x"
    return path


@pytest.fixture(scope="module")
def victim(shared):
    exec_id = shared.exec("echo private")["exec_id"]
    shared.write("x", b"private")
    return shared, exec_id


OF_SANDBOX = [r for r in routes.SERVED if "{sandbox}" in r.pattern]


@pytest.mark.parametrize("route", OF_SANDBOX, ids=routes.name)
def test_a_stranger_finds_nothing(victim, other, route):
    sandbox, exec_id = victim
    answer = other.call(route.method, fill(route, sandbox.id, exec_id),
                        body_of(route))
    never = other.call(route.method, fill(route, "cage-" + "z" * 16),
                       body_of(route))
    assert answer.status == 404 and answer.code == "sandbox_not_found", answer
    assert never.status == 404
    assert strip(answer) == strip(never)
    assert sandbox.get()["status"] == "running"
    assert sandbox.read("x") == b"private"


def strip(answer):
    """A problem without what names this one request."""
    text = re.sub(rb"(cage|exec)-\w{16}", b"ID", answer.body)
    return re.sub(rb'"instance":"[^"]+"', b"", text)


def test_a_stranger_lists_nothing(victim, other):
    sandbox, _ = victim
    assert sandbox.id.encode() not in other.get(
        "/v1/sandboxes?include=destroyed").body


def test_a_strangers_keys(api, other):
    made = api.post("/v1/account/keys", {"name": "mine"}).json["info"]
    answer = other.delete("/v1/account/keys/" + made["id"])
    assert answer.status == 404 and answer.code == "key_not_found"
    assert made["id"].encode() not in other.get("/v1/account/keys").body
    assert api.delete("/v1/account/keys/" + made["id"]).status == 204


PRIVATE = [r for r in routes.SERVED
           if "PUBLIC" not in (r.flags or "") and r.handler != "h_authorize"]


@pytest.mark.parametrize("route", PRIVATE, ids=routes.name)
@pytest.mark.parametrize("key", [
    None, "caged_sk_" + "A" * 43, "caged_sk_short", "x" * 500],
    ids=["none", "unknown", "short", "long"])
def test_no_way_in_without_a_key(victim, api, route, key):
    sandbox, exec_id = victim
    answer = api.with_key(key).call(
        route.method, fill(route, sandbox.id, exec_id), body_of(route))
    assert answer.status == 401 and answer.code == "unauthenticated", answer
    assert answer.headers["WWW-Authenticate"]


MAY = {"read_only": {"read_only"}, "sandbox": {"read_only", "sandbox"}}
# What a scope allows is tried by reading alone: all else would change the
# sandbox that the tests share.
SCOPED = [(scope, route) for scope, may in MAY.items() for route in PRIVATE
          if route.scope not in may or route.method == "GET"]


@pytest.mark.parametrize("scope, route", SCOPED, ids=[
    f"{scope}-{routes.name(route)}" for scope, route in SCOPED])
def test_scopes(victim, api, stack, scoped, route, scope):
    sandbox, exec_id = victim
    answer = scoped[scope].call(
        route.method, fill(route, sandbox.id, exec_id), body_of(route))
    refused = answer.status == 403 and answer.code == "insufficient_scope"
    assert refused == (route.scope not in MAY[scope]), answer


@pytest.fixture(scope="module")
def scoped(api):
    """Clients of the same account with lesser keys."""
    out = {}
    for scope in "read_only", "sandbox":
        answer = api.post("/v1/account/keys", {"name": scope, "scope": scope})
        assert answer.status == 201, answer
        out[scope] = api.with_key(answer.json["key"])
    return out


def test_keys(api):
    answer = api.post("/v1/account/keys", {"name": "k", "scope": "read"})
    assert answer.status == 201, answer
    key, info = answer.json["key"], answer.json["info"]
    assert re.fullmatch(r"caged_sk_[A-Za-z0-9_-]{43}", key)
    assert info["scope"] == "read_only" and key.startswith(info["prefix"])
    mine = api.with_key(key)
    assert mine.get("/v1/account").status == 200
    listed = api.get("/v1/account/keys")
    assert key.encode() not in listed.body
    assert info["id"] in [k["id"] for k in listed.json]
    assert api.delete("/v1/account/keys/" + info["id"]).status == 204
    assert mine.get("/v1/account").status == 401


def test_expired_key(api):
    soon = datetime.datetime.utcnow() + datetime.timedelta(seconds=3)
    key = api.post("/v1/account/keys", {
        "name": "soon", "expires_at": soon.strftime("%Y-%m-%dT%H:%M:%SZ")})
    assert key.status == 201, key
    mine = api.with_key(key.json["key"])
    assert mine.get("/v1/account").status == 200
    time.sleep(4)
    assert mine.get("/v1/account").status == 401


def test_basic_auth(api):
    basic = base64.b64encode((api.key + ":").encode()).decode()
    answer = api.with_key(None).get("/v1/account", headers={
        "Authorization": "Basic " + basic})
    assert answer.status == 200, answer


def test_rate_limit(api, stack):
    mine = api.with_key(stack.account("rated", "--plan", "free")[1]).keeping()
    first = mine.get("/v1/account")
    assert first.headers["X-RateLimit-Limit"] == "60"
    left = int(first.headers["X-RateLimit-Remaining"])
    reset = int(first.headers["X-RateLimit-Reset"])
    assert time.time() - 2 < reset < time.time() + 62
    # Over two windows at most 120 may pass.
    answers = [mine.get("/v1/account") for _ in range(130)]
    refused = [a for a in answers if a.status == 429]
    assert left == 59 and len(refused) >= 10
    for answer in refused:
        assert answer.code == "rate_limited"
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert api.get("/v1/account").status == 200


def test_rate_headers_on_every_way(api, shared, stack):
    """Worker, hand-over and upload all carry them; api's account has no
    limit, so one that has is used."""
    mine = api.with_key(stack.account("headers", "--plan", "pro")[1])
    box = mine.create(memory_mb=256)
    try:
        for answer in (
                mine.get(box.path),
                mine.post(box.path + "/exec", {"command": "true"}),
                mine.put(box.content("f"), body=b"x"),
                mine.get(box.content("f")),
                mine.get(box.content("missing")),
                mine.get("/v1/sandboxes/cage-" + "z" * 16)):
            limits = answer.headers.get_all("X-RateLimit-Limit")
            assert limits == ["300"], answer
            assert len(answer.headers.get_all("X-RateLimit-Reset")) == 1
            assert len(answer.headers.get_all("X-Request-Id")) == 1
    finally:
        box.destroy()
