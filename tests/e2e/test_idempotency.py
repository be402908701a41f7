"""A POST that is sent again with its Idempotency-Key happens once."""

import concurrent.futures
import uuid

import pytest

CREATE = {"template": "minimal", "memory_mb": 256}


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def test_create_twice(api, key):
    first = api.post("/v1/sandboxes", CREATE, headers=key)
    again = api.post("/v1/sandboxes", CREATE, headers=key)
    try:
        assert first.status == again.status == 201, (first, again)
        assert first.json["id"] == again.json["id"]
        other = api.post("/v1/sandboxes", {**CREATE, "cpus": 1}, headers=key)
        assert other.status == 409 and other.code == "idempotency_conflict"
    finally:
        api.delete("/v1/sandboxes/" + first.json["id"])


def test_create_at_the_same_time(api, key):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(
            lambda i: api.post("/v1/sandboxes", CREATE, headers=key),
            range(4)))
    ids = {a.json["id"] for a in answers if a.status == 201}
    assert len(ids) == 1, answers
    for answer in answers:
        if answer.status != 201:
            assert answer.status == 409
            assert answer.code == "idempotency_running"
            assert int(answer.headers["Retry-After"]) >= 1
    assert api.delete("/v1/sandboxes/" + ids.pop()).status == 204


def test_same_key_of_two_accounts(api, other, key):
    one = api.post("/v1/sandboxes", CREATE, headers=key)
    two = other.post("/v1/sandboxes", CREATE, headers=key)
    assert one.status == two.status == 201, (one, two)
    assert one.json["id"] != two.json["id"]
    api.delete("/v1/sandboxes/" + one.json["id"])
    other.delete("/v1/sandboxes/" + two.json["id"])


def test_routes_with_secrets_refuse_it(api, key):
    answer = api.post("/v1/account/keys", {"name": "x"}, headers=key)
    assert answer.status == 400 and answer.code == "invalid_request"


@pytest.mark.parametrize("bad", ["", "x" * 300, "a\tb"])
def test_bad_keys(api, bad):
    answer = api.post("/v1/sandboxes", CREATE,
                      headers={"Idempotency-Key": bad})
    assert answer.status == 400, answer
