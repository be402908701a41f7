"""Sandboxes that are made ready: repository, packages, agents, script."""

import concurrent.futures
import os
import signal
import time
import uuid

import pytest

from gitserver import GitServer
from stack import wait_until

TOKEN = "ghp_" + uuid.uuid4().hex
SMALL = {"template": "minimal", "memory_mb": 256, "cpus": 1}
OFFLINE = {**SMALL, "network_mode": "none"}


@pytest.fixture(scope="module")
def git(tmp_path_factory):
    server = GitServer(tmp_path_factory.mktemp("git"), TOKEN)
    yield server
    server.close()


@pytest.fixture
def make(api):
    """Makes sandboxes that go when the test ends."""
    made = []

    def make(status=201, **fields):
        answer = api.post("/v1/sandboxes", {**SMALL, **fields})
        made.append(answer.json.get("id"))
        assert answer.status == status, answer
        return answer.json

    yield make
    for box in filter(None, made):
        api.delete("/v1/sandboxes/" + box)


def run(api, box, command):
    answer = api.post(f"/v1/sandboxes/{box['id']}/exec", {"command": command})
    assert answer.status == 200 and answer.json["exit_code"] == 0, answer
    return answer.json["output"]


def steps(box):
    return [(s["step"], s["exit_code"]) for s in box["provision"]]


def assert_nothing_left(api, stack, answer):
    """A create that was refused: no VM, no row that counts, nothing charged."""
    box = answer.json["reason"]["subject_id"]
    row = api.get("/v1/sandboxes/" + box).json
    assert (row["status"], row["started_at"], row["cost"]) == ("destroyed", None, 0)
    assert row["provision"] == answer.json["provision"]
    assert box not in stack.vmctl("list")
    assert box not in [b["id"] for b in api.get("/v1/sandboxes").json]


def test_init_script(api, make):
    box = make(**OFFLINE, env={"WORD": "it's"},
               init_script="id -un; pwd; echo \"$WORD\"; echo x >made; echo no >&2")
    assert steps(box) == [("init_script", 0)]
    assert box["provision"][0]["output"] == "cage\n/workspace\nit's\nno\n"
    assert box["provision"][0]["duration_ms"] > 0
    assert run(api, box, "cat made") == "x\n"
    assert api.get("/v1/sandboxes/" + box["id"]).json == box


def test_failing_init_script(api, make):
    box = make(**OFFLINE, init_script="echo broken >&2; exit 7")
    assert box["status"] == "running"
    assert steps(box) == [("init_script", 7)]
    assert box["provision"][0]["output"] == "broken\n"
    assert run(api, box, "echo on") == "on\n"


def test_long_output_is_cut(make):
    box = make(**OFFLINE, init_script="echo first; seq 200000; echo last")
    output = box["provision"][0]["output"]
    assert len(output) <= 4096
    assert output.startswith("first\n1\n") and output.endswith("200000\nlast\n")


def test_init_script_with_a_server(api, make):
    """What it leaves in the background runs on and keeps nobody waiting."""
    begun = time.monotonic()
    box = make(**OFFLINE, init_script="python3 -m http.server 8000 & echo up")
    assert time.monotonic() - begun < 45
    assert box["provision"][0]["output"].startswith("up")
    run(api, box, "curl -sS --retry 9 --retry-connrefused -o /dev/null "
        "http://127.0.0.1:8000/")


@pytest.mark.parametrize("fields, branch, text, folders", [
    ({}, "main", "two", "other part"),
    ({"repo_branch": "side"}, "side", "three", "other part"),
    ({"repo_commit": 0}, "HEAD", "one", "other part"),
    ({"repo_commit": 2}, "HEAD", "three", "other part"),
    ({"repo_subdir": "part/deep"}, "main", "two", "part")],
    ids=["main", "branch", "commit", "commit of a branch", "subdir"])
def test_clone(api, make, git, fields, branch, text, folders):
    fields = dict(fields)
    if "repo_commit" in fields:
        fields["repo_commit"] = git.commits[fields["repo_commit"]]
    box = make(repo=git.url("public"), **fields)
    assert steps(box) == [("repo", 0)]
    assert box["repo_url"] == git.url("public")
    said = run(api, box, "git rev-parse --abbrev-ref HEAD; cat part/deep/text;"
               "echo */; git status --porcelain; stat -c %U text .git")
    assert said.split("\n") == [branch, text,
                                " ".join(f + "/" for f in folders.split()),
                                "cage", "cage", ""]


def test_private_clone(api, stack, make, git):
    """The token opens the repository and is nowhere afterwards."""
    box = make(repo=git.url("private"), repo_token=TOKEN,
               init_script="env; cat /proc/*/environ | tr '\\0' '\\n'; "
                           "cat .git/config; git config --list")
    assert steps(box) == [("repo", 0), ("init_script", 0)]
    assert TOKEN not in str(box)
    found = run(api, box, "sudo grep -rlF -e " + TOKEN[:20] + "'" + TOKEN[20:] +
                "' /workspace /home /root /etc /tmp /run /var/tmp || true")
    assert found == ""
    for log in (stack.state / "log").iterdir():
        assert TOKEN.encode() not in log.read_bytes(), log


def test_refused_clone(api, stack, git):
    wrong = "ghp_wrong" + uuid.uuid4().hex
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {**SMALL, "repo": git.url("private"), "repo_token": wrong}
    answer = api.post("/v1/sandboxes", body, headers=key)
    assert answer.status == 422 and answer.code == "repo_clone_failed", answer
    assert "Authentication failed" in answer.json["detail"]
    assert wrong not in str(answer.json)
    assert_nothing_left(api, stack, answer)
    again = api.post("/v1/sandboxes", body, headers=key)
    assert (again.status, again.code) == (422, "repo_clone_failed")
    assert again.json["detail"] == answer.json["detail"]


def test_clone_of_nothing(api, stack, git):
    answer = api.post("/v1/sandboxes", {
        **SMALL, "repo": git.url("public"), "repo_subdir": "no/such"})
    assert answer.status == 422 and answer.code == "repo_clone_failed", answer
    assert "no folder no/such" in answer.json["detail"]
    assert_nothing_left(api, stack, answer)


@pytest.mark.parametrize("fields, code, step, words", [
    ({"packages": ["npm:left-pad"], "init_script": "true"}, "provision_failed",
     "packages:npm", "npm"),
    ({"agents": ["aider"]}, "agent_install_failed", "agents:aider", "")])
def test_failing_install(api, stack, fields, code, step, words):
    answer = api.post("/v1/sandboxes", {**OFFLINE, **fields})
    assert answer.status == 422 and answer.code == code, answer
    assert [s["step"] for s in answer.json["provision"]] == [step]
    assert words in answer.json["provision"][0]["output"]
    assert step in answer.json["detail"]
    assert_nothing_left(api, stack, answer)


@pytest.mark.parametrize("field, fields", [
    ("repo", {"repo": "https://user:pw@example.com/r"}),
    ("repo", {"repo": "ssh://example.com/r"}),
    ("repo", {"repo": "https://example.com/r", "network_mode": "none"}),
    ("repo", {"repo_token": "t"}),
    ("repo_branch", {"repo": "https://example.com/r", "repo_branch": "--x"}),
    ("repo_commit", {"repo": "https://example.com/r", "repo_commit": "HEAD"}),
    ("repo_subdir", {"repo": "https://example.com/r", "repo_subdir": "../x"}),
    ("packages", {"packages": ["apt:-o=x"]}),
    ("agents", {"agents": ["eliza"]})])
def test_refused(api, field, fields):
    answer = api.post("/v1/sandboxes", {**SMALL, **fields})
    assert answer.status == 400 and answer.code == "invalid_request", answer
    assert answer.json["reason"]["field"] == field
    if "@" in fields.get("repo", ""):
        assert "repo_token" in answer.json["detail"]
        assert "pw" not in str(answer.json)


def test_respond_async(api):
    answer = api.post("/v1/sandboxes", {
        **OFFLINE, "init_script": "sleep 3; echo ready"},
        headers={"Prefer": "respond-async"})
    assert answer.status == 202 and answer.json["status"] == "pending", answer
    path = answer.headers["Location"]
    try:
        wait_until(lambda: api.get(path).json["status"] == "running", 60,
                   "it runs")
        assert api.get(path).json["provision"][0]["output"] == "ready\n"
    finally:
        api.delete(path)


def test_nothing_is_lost(api, stack):
    """kill -9 of the gateway and of every worker in the middle of a script
    that takes longer than a create's lease."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {**OFFLINE, "init_script":
            "for i in $(seq 45); do echo $i | tee -a ticks; sleep 1; done"}

    def create():
        try:
            return api.post("/v1/sandboxes", body, headers=key)
        except OSError:
            return None

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(create)
        time.sleep(12)
        stack.kill("caged-gateway", signal.SIGKILL)
        time.sleep(2)
        for pid in stack.workers():
            os.kill(pid, signal.SIGKILL)
        stack.start()
        assert first.result() is None or first.result().status >= 500
    seen = []

    def over():
        seen.append(create())
        return seen[-1] is not None and seen[-1].status != 409

    wait_until(over, 120, "the create is over", every=1)
    box = seen[-1].json
    assert seen[-1].status == 201, seen[-1]
    try:
        ticks = "".join(f"{i}\n" for i in range(1, 46))
        assert box["provision"][0]["output"] == ticks
        assert run(api, box, "cat ticks") == ticks
    finally:
        api.delete("/v1/sandboxes/" + box["id"])
