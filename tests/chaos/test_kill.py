"""kill -9 of each part during each operation. Whatever the client was told
holds; whatever it was not told is finished or undone; nothing is left over."""

import concurrent.futures
import http.client
import os
import signal
import time
import uuid

import pytest

from api import Answer
from stack import RESOLVER, VMM, wait_until

PARTS = ["worker", "caged-gateway", "caged-keeper", "vmctl", "mariadb"]
SETTLE_S = 90


def kill(stack, part):
    if part == "worker":
        # Every worker, so the one that holds the request is among them.
        for pid in stack.workers():
            os.kill(pid, signal.SIGKILL)
    else:
        stack.kill(part)


def revive(stack, part):
    stack.start()
    if part == "mariadb":
        # Each process remembers a failed connect for a second.
        time.sleep(1.1)


@pytest.fixture
def settled(stack, api):
    """Before and after a test, all parts run and doctor finds nothing."""
    stack.settle(SETTLE_S)
    yield
    stack.start()
    for box in api.get("/v1/sandboxes?limit=1000").json:
        if box["name"] == "chaos":
            api.delete("/v1/sandboxes/" + box["id"])
    stack.settle(SETTLE_S)
    leftover = [v for v in stack.vms() if v["state"] == "running"]
    live = [b["id"] for b in api.get("/v1/sandboxes?limit=1000").json]
    assert {v["sandbox"] for v in leftover} <= set(live)
    assert len(stack.vm_pids(VMM)) == len(leftover)
    wait_until(lambda: len(stack.vm_pids(RESOLVER)) == len(leftover), 10,
               "a resolver for each VM")


def during(stack, part, delay, operation):
    """What the operation answered (None: no answer came) when the part was
    killed `delay` seconds after its start."""
    def attempt():
        try:
            return operation()
        except (OSError, http.client.HTTPException):
            return None
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(attempt)
        time.sleep(delay)
        kill(stack, part)
        revive(stack, part)
        answer = call.result()
    if isinstance(answer, Answer) and answer.status >= 500:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.status in (502, 503, 504), answer
    return answer


@pytest.mark.parametrize("delay", [0.1, 1.5])
@pytest.mark.parametrize("part", PARTS)
def test_create(stack, api, settled, part, delay):
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"template": "minimal", "memory_mb": 256, "name": "chaos"}
    answer = during(stack, part, delay, lambda: api.post(
        "/v1/sandboxes", body, headers=key))
    boxes = ["/v1/sandboxes/" + b["id"] for b in api.get(
        "/v1/sandboxes?include=destroyed&limit=20").json
        if b["name"] == "chaos" and b["status"] != "destroyed"]
    if answer is not None and answer.status == 201:
        path = "/v1/sandboxes/" + answer.json["id"]
        result = api.post(path + "/exec", {"command": "echo here"})
        assert result.json["output"] == "here\n", result
        again = api.post("/v1/sandboxes", body, headers=key)
        assert again.json["id"] == answer.json["id"]
    for path in boxes:
        wait_until(lambda: api.get(path).json["status"] != "pending",
                   SETTLE_S, f"{path} is finished or undone", every=0.5)


@pytest.mark.parametrize("part", PARTS)
def test_exec(stack, api, settled, part):
    box = api.create(memory_mb=256, name="chaos")
    answer = during(stack, part, 0.8, lambda: api.post(
        box.path + "/exec",
        {"command": "sleep 2; echo ran | tee -a /workspace/ran"}))
    # Once: neither lost nor run again.
    wait_until(lambda: box.exec("cat ran")["output"] == "ran\n", 30,
               "the command ran", every=0.5)
    time.sleep(1)
    assert box.output("cat ran") == "ran\n"
    assert answer is not None, "nginx answers whatever is killed"
    path = box.path + "/exec/" + answer.headers["X-Exec-Id"]

    def stored():
        later = api.get(path)
        return later.json if later.status == 200 and \
            later.json["status"] != "running" else None
    later = wait_until(stored, 30, "the result is stored", every=0.5)
    assert (later["status"], later["output"]) == ("done", "ran\n")
    if answer.status == 200:
        assert answer.json["output"] == "ran\n"


@pytest.mark.parametrize("part", PARTS)
def test_destroy(stack, api, settled, part):
    box = api.create(memory_mb=256, name="chaos")
    answer = during(stack, part, 0.02, lambda: api.delete(box.path))
    if answer is not None and answer.status == 204:
        assert box.get()["status"] == "destroyed"
    again = wait_until(lambda: api.delete(box.path).status == 204, 30,
                       "a second DELETE is answered", every=0.5)
    assert again and box.get()["status"] == "destroyed"


@pytest.mark.parametrize("part", PARTS)
def test_running_sandbox_survives(stack, api, settled, part):
    box = api.create(memory_mb=256, name="chaos")
    box.output("echo kept > kept")
    before = box.output("cat /proc/sys/kernel/random/boot_id")
    kill(stack, part)
    revive(stack, part)
    assert box.get()["status"] == "running"
    assert box.output("cat kept") == "kept\n"
    assert box.output("cat /proc/sys/kernel/random/boot_id") == before


@pytest.mark.parametrize("part", ["caged-gateway", "vmctl", "mariadb",
                                  "caged-api"])
def test_answers_while_a_part_is_away(stack, api, settled, part):
    """A problem that says so, soon, and with Retry-After."""
    box = api.create(memory_mb=256, name="chaos")
    stack.kill(part)
    wait_until(lambda: api.get("/readyz").status == 503, 5, "it shows")
    try:
        for call in (lambda: api.post(box.path + "/exec",
                                      {"command": "true", "timeout": 5}),
                     lambda: api.get(box.path),
                     lambda: api.put(box.content("f"), body=b"x"),
                     lambda: api.post("/v1/sandboxes",
                                      {"template": "minimal",
                                       "name": "chaos"})):
            started = time.monotonic()
            answer = call()
            assert time.monotonic() - started < 12, answer
            if answer.status >= 400:
                assert answer.status == 503, answer
                assert answer.json["reason"]["retryable"], answer
                assert answer.headers["Retry-After"], answer
    finally:
        revive(stack, part)
    assert box.output("echo back") == "back\n"
