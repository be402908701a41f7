"""Pause and resume: the same processes afterwards, and a clock that is right."""

import concurrent.futures
import os
import re
import signal
import subprocess
import time
import uuid

import pytest

from stack import wait_until

CYCLES = 100
# Two hashes of the same bytes each round: a difference would be memory or
# registers that a pause has changed.
CHECKSUM = r"""
nohup bash -c 'head -c 4000000 /dev/urandom > /dev/shm/data
want=$(sha256sum < /dev/shm/data); n=0
while :; do
	got=$(sha256sum < /dev/shm/data)
	[ "$got" = "$want" ] || echo "$got" >> /dev/shm/bad
	n=$((n + 1)); echo $n > /dev/shm/rounds
done' > /dev/null 2>&1 &
echo $!
"""
GUEST_ROUTES = [
    ("POST", "/exec", {"command": "true"}), ("GET", "/files", None),
    ("GET", "/files/content?path=x", None),
    ("POST", "/files/mkdir", {"path": "x"}),
    ("PUT", "/files", {"path": "x", "content": ""}),
    ("DELETE", "/files?path=x", None), ("GET", "/git/diff", None),
    ("POST", "/keepalive", None)]


def change(box, what, **kw):
    answer = box.api.post(f"{box.path}/{what}", **kw)
    assert answer.status == 200, answer
    assert answer.json["status"] == ("paused" if what == "pause" else "running")
    return answer.json


def clock_error(box):
    """How far the guest's clock is off, at most."""
    before = time.time()
    guest = float(box.output("date +%s.%N"))
    after = time.time()
    return max(before - guest, guest - after, 0)


def runs(stack, box):
    """(boot, how long in s, still open) of each run of the sandbox."""
    out = subprocess.run(
        ["mariadb", "-S", stack.state / "db/mysql.sock", "-N", "caged", "-e",
         "SELECT boot, TIMESTAMPDIFF(MICROSECOND, started_at,"
         " COALESCE(ended_at, UTC_TIMESTAMP(6))) / 1e6, ended_at IS NULL"
         f" FROM sandbox_run WHERE sandbox_id = '{box.id}' ORDER BY seq"],
        text=True, stdout=subprocess.PIPE, check=True).stdout
    return [(int(a), float(b), c == "1")
            for a, b, c in (line.split() for line in out.splitlines())]


@pytest.fixture(scope="module")
def box(api):
    """For tests that leave it running."""
    the = api.create(memory_mb=256, name="pausing")
    yield the
    the.destroy()


def test_same_processes_and_open_files(box, stack):
    box.output("echo first > held; exec 7>>held; "
               "(while :; do sleep 0.2; echo more >&7; done) "
               "> /dev/null 2>&1 & echo $! > pid")
    pid = box.output("cat pid").strip()
    host = stack.vm(box.id)["pid"]
    paused = change(box, "pause")
    assert paused["pause_reason"] == "user" and paused["stopped_at"] is None
    assert (stack.vm(box.id)["state"], stack.vm(box.id)["pid"]) == ("paused", host)
    time.sleep(3)
    running = change(box, "resume")
    assert running["pause_reason"] is None
    assert running["started_at"] == box.fields["started_at"]
    assert stack.vm(box.id)["pid"] == host
    assert box.output(f"readlink /proc/{pid}/fd/7").strip() == "/workspace/held"
    lines = int(box.output("wc -l < held"))
    wait_until(lambda: int(box.output("wc -l < held")) > lines, 10, "it writes on")
    box.output(f"kill {pid}")


def test_clock_and_entropy(box):
    change(box, "pause")
    time.sleep(5)
    change(box, "resume")
    assert clock_error(box) < 1
    year = box.output("date +%Y").strip()
    assert year == time.strftime("%Y", time.gmtime())


def test_pause_and_resume_are_idempotent(box):
    for what in ("resume", "pause", "pause", "resume", "resume"):
        change(box, what)


def test_idempotency_key(box):
    pause, resume = ({"Idempotency-Key": str(uuid.uuid4())} for _ in range(2))
    change(box, "pause", headers=pause)
    change(box, "resume", headers=resume)
    again = box.api.post(box.path + "/pause", headers=pause)
    assert again.status == 200 and again.json["status"] == "running"
    assert again.headers["Idempotent-Replayed"] == "true"
    other = box.api.post(box.path + "/resume", headers=pause)
    assert (other.status, other.code) == (409, "idempotency_conflict")


def test_guest_routes_answer_409(box):
    change(box, "pause")
    try:
        for method, tail, body in GUEST_ROUTES:
            answer = box.api.call(method, box.path + tail, body)
            assert (answer.status, answer.code) == (409, "sandbox_paused"), \
                (method, tail, answer)
        assert box.get()["status"] == "paused"
        assert box.id in [b["id"] for b in
                          box.api.get("/v1/sandboxes?status=paused").json]
        assert box.api.patch(box.path, {"name": "asleep"}).status == 200
    finally:
        change(box, "resume")


def test_a_command_stands_still_and_goes_on(box):
    """Its timeout too: 4 s of sleep, 6 s of timeout, 8 s of pause."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(box.exec, "echo one; sleep 4; echo two", timeout=6)
        time.sleep(1)
        change(box, "pause")
        time.sleep(8)
        assert not call.done()
        change(box, "resume")
        result = call.result()
    assert (result["output"], result["exit_cause"]) == ("one\ntwo\n", "exit")


def test_nothing_is_charged_while_paused(api, stack):
    box = api.create(memory_mb=256)
    change(box, "pause")
    before = runs(stack, box)
    assert [r[2] for r in before] == [False]
    time.sleep(2)
    assert runs(stack, box) == before
    change(box, "resume")
    boots, _, still = zip(*runs(stack, box))
    assert boots == (1, 1) and still == (False, True)
    box.destroy()
    assert [r[2] for r in runs(stack, box)] == [False, False]


def test_illegal_states(api, stack):
    answer = api.post("/v1/sandboxes", {"template": "minimal"},
                      headers={"Prefer": "respond-async"})
    path = answer.headers["Location"]
    for what in ("pause", "resume", "keepalive"):
        early = api.post(f"{path}/{what}")
        assert (early.status, early.code) == (409, "sandbox_not_running"), early
    wait_until(lambda: api.get(path).json["status"] == "running", 60, "it runs")
    assert api.post(path + "/pause").status == 200
    os.kill(stack.vm(path.split("/")[-1])["pid"], signal.SIGKILL)
    wait_until(lambda: api.get(path).json["status"] == "error", 30, "it failed")
    for what in ("pause", "resume", "keepalive"):
        late = api.post(f"{path}/{what}")
        assert (late.status, late.code) == (409, "sandbox_failed"), late
    assert api.delete(path).status == 204
    for what in ("pause", "resume", "keepalive"):
        gone = api.post(f"{path}/{what}")
        assert (gone.status, gone.code) == (410, "sandbox_destroyed"), gone


def test_a_paused_sandbox_can_be_destroyed(api, stack):
    box = api.create(memory_mb=256)
    change(box, "pause")
    box.destroy()
    assert box.get()["status"] == "destroyed"
    assert box.id not in stack.vmctl("list")


def test_somebody_elses(box, other):
    for what in ("pause", "resume", "keepalive"):
        answer = other.post(f"{box.path}/{what}")
        assert (answer.status, answer.code) == (404, "sandbox_not_found")
    assert box.get()["status"] == "running"


def test_keepalive(box):
    answer = box.api.post(box.path + "/keepalive")
    assert answer.status == 200 and answer.json["id"] == box.id
    alias = box.api.post(f"/sandbox/{box.id}/keepalive")
    assert alias.status == 200 and alias.body.count(b'"id":') == 1


def test_lifetime(api):
    box = api.create(memory_mb=256, lifetime=8)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", box.fields["expires_at"])
    change(box, "pause")
    wait_until(lambda: box.get()["status"] == "destroyed", 30, "its time is over",
               every=0.3)
    assert any("lifetime_over" in e["message"]
               for e in api.get(box.path + "/logs").json)


def test_a_resume_that_fails_leaves_it_paused(api, stack):
    """The guest's agent does not answer: it is stopped beside its memory."""
    box = api.create(memory_mb=256)
    try:
        box.output("true")
        # The agent is PID 1, which no signal of its guest can stop; a VMM that
        # was stopped cannot let it run.
        pid = stack.vm(box.id)["pid"]
        change(box, "pause")
        os.kill(pid, signal.SIGSTOP)
        answer = api.post(box.path + "/resume")
        os.kill(pid, signal.SIGCONT)
        assert answer.status in (503, 504), answer
        assert answer.json["reason"]["message"]
        wait_until(lambda: stack.vm(box.id)["state"] == "paused"
                   and "paused" in str(api.get(box.path + "/logs?tail=1").json), 60,
                   "it is paused again", every=0.5)
        assert box.get()["status"] == "paused"
        wait_until(lambda: api.post(box.path + "/resume").status == 200, 60,
                   "it can be resumed", every=1)
        assert clock_error(box) < 1
    finally:
        box.destroy()


def test_a_hundred_times(api, stack):
    box = api.create(memory_mb=256, cpus=1)
    gateway = f"/proc/{stack.pid('caged-gateway')}/fd"
    vmctl = f"/proc/{stack.pid('vmctl')}/fd"
    worker = box.output(CHECKSUM).strip()
    wait_until(lambda: box.exec("cat /dev/shm/rounds")["exit_code"] == 0, 60,
               "it counts", every=0.5)
    counted = [len(os.listdir(d)) for d in (gateway, vmctl)]
    first = int(box.output("cat /dev/shm/rounds"))
    processes = len(stack.vm_pids())
    for _ in range(CYCLES):
        change(box, "pause")
        change(box, "resume")
    assert box.exec(f"kill -0 {worker}")["exit_code"] == 0
    wait_until(lambda: int(box.output("cat /dev/shm/rounds")) > first, 60,
               "it counts on", every=0.5)
    assert box.exec("cat /dev/shm/bad")["exit_code"] == 1, "a sum differed"
    assert clock_error(box) < 1
    # A connection of nginx more or less; what leaks comes a hundred times.
    for folder, before in zip((gateway, vmctl), counted):
        assert len(os.listdir(folder)) <= before + 3
    assert len(stack.vm_pids()) == processes
    assert len(runs(stack, box)) == CYCLES + 1
    box.destroy()


def kill(stack, part):
    for pid in stack.workers() if part == "worker" else [stack.pid(part)]:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.last
@pytest.mark.parametrize("delay", [0.002, 0.02])
@pytest.mark.parametrize("what", ["pause", "resume"])
@pytest.mark.parametrize("part", ["vmctl", "caged-gateway", "worker"])
def test_kill_9(api, stack, part, what, delay):
    """The sandbox ends in one of the two states, and works."""
    box = api.create(memory_mb=256)
    try:
        box.output("echo kept > /dev/shm/kept")
        if what == "resume":
            change(box, "pause")

        def attempt():
            try:
                return api.post(f"{box.path}/{what}").status
            except OSError:
                return None
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            call = pool.submit(attempt)
            time.sleep(delay)
            kill(stack, part)
            stack.start()
            status = call.result()
        assert status in (None, 200, 502, 503, 504), status
        wait_until(lambda: api.post(box.path + "/resume").status == 200, 60,
                   "it can be resumed", every=1)
        assert box.output("cat /dev/shm/kept") == "kept\n"
        assert clock_error(box) < 1
    finally:
        box.destroy()
    stack.settle(60)
