"""vmctl's daemon with driver_fake: operations, roles, fencing, recovery."""

import json
import os
import re
import socket
import subprocess
import time

import pytest

from vmctl_daemon import ROOT, STRANGER, UIDS, Client, Daemon, sandbox, wait_until


@pytest.fixture(scope="module")
def shared():
    """For tests that keep to sandboxes of their own."""
    the = Daemon().start()
    yield the
    the.remove()


@pytest.fixture
def daemon():
    the = Daemon().start()
    yield the
    the.remove()


def create_short(client, count, **more):
    """The answers; never more than eight of them live at once."""
    answers = []
    for n in range(count):
        answers.append(client.create(n, template="short", **more))
        if n % 8 == 7:
            wait_until(lambda: client.stat(n)["state"] == "exited")
    return answers


# ---- operations and fencing


def test_life(shared):
    client = shared.client()
    made = client.create(1)
    assert made["state"] == "running" and made["accel"] == "fake"
    assert (made["op_id"], made["boot"]) == (1, 1)
    assert os.stat(shared.folder(1)).st_mode & 0o7777 == 0o700
    assert os.stat(shared.folder(1)).st_uid == 0
    assert os.stat(f"/proc/{made['pid']}").st_uid in (made["uid"], 0)
    seen = client.stat(1)
    assert {k: seen[k] for k in ("state", "pid", "uid")} == \
        {k: made[k] for k in ("state", "pid", "uid")}
    assert sandbox(1) in [vm["sandbox"] for vm in client.call("list")["vms"]]
    assert client.destroy(1) == {}
    assert client.stat(1)["state"] == "destroyed"
    assert sandbox(1) not in [vm["sandbox"] for vm in client.call("list")["vms"]]
    assert os.listdir(shared.folder(1)) == ["state.json"]
    assert not os.path.exists(f"/proc/{made['pid']}")


def test_repeats_answer_the_same(shared):
    client = shared.client()
    first = client.create(2)
    again = client.create(2)
    assert (first["pid"], first["op_id"]) == (again["pid"], again["op_id"])
    assert client.create(2, op_id=2) == "wrong_state"
    assert client.destroy(2, op_id=3) == {}
    assert client.destroy(2, op_id=3) == {}
    assert client.destroy(2, op_id=2) == "stale_operation"
    assert client.create(2, op_id=1) == "stale_operation"
    assert client.create(2, op_id=3) == "stale_operation"
    assert client.create(2, op_id=4) == "sandbox_destroyed"


def test_destroy_of_an_unknown_vm_fences(shared):
    client = shared.client()
    assert client.stat(3)["state"] == "absent"
    assert client.destroy(3, op_id=2) == {}
    assert client.create(3, op_id=1) == "stale_operation"
    assert shared.state(3)["op_id"] == 2


def test_failed_create_leaves_nothing(shared):
    client = shared.client()
    assert client.create(4, template="broken") == "vmm_failed"
    wait_until(lambda: client.stat(4)["state"] == "absent")
    assert client.create(4, template="broken") == "vmm_failed"
    assert os.listdir(shared.folder(4)) == ["state.json"]
    assert client.stat(4)["uid"] == 0
    assert client.create(4, op_id=2)["state"] == "running"
    assert client.destroy(4, op_id=3) == {}


def test_refusals_leave_no_trace(shared):
    client = shared.client()
    assert client.create(5, template="nope") == "template_not_found"
    assert client.create(5, template="../minimal") == "invalid_request"
    assert client.create(5, memory_mb=8192, disk_gb=51) == "invalid_request"
    assert client.create(5, cpus=0) == "invalid_request"
    assert client.create(5, op_id=0) == "invalid_request"
    assert client.call("create", sandbox="cage-../../etc/passwd") == "invalid_request"
    assert client.call("stat", sandbox="cage-0123456789ABCDEF") == "invalid_request"
    assert not shared.folder(5).exists()


def test_channel(shared):
    client, gateway = shared.client(), shared.client("gateway")
    assert gateway.channel(6) == "sandbox_not_found"
    client.create(6)
    with gateway.channel(6) as channel:
        channel.sendall(b"held")
        channel.settimeout(0.1)
        with pytest.raises(TimeoutError):
            channel.recv(1)
    client.destroy(6)
    assert gateway.channel(6) == "sandbox_destroyed"


PAGE = int(re.search(r"#define VMCTL_LIST_PAGE (\d+)",
                     (ROOT / "include/vmctl_proto.h").read_text())[1])


def test_pages(daemon):
    client = daemon.client()
    # Exited VMs hold a uid and a place in the list, but no memory.
    assert all(a["state"] == "running" for a in create_short(client, 140))
    first = client.call("list")
    assert len(first["vms"]) == PAGE and first["more"]
    rest = client.call("list", after=first["vms"][-1]["sandbox"])
    assert len(rest["vms"]) == 140 - PAGE and not rest["more"]
    names = [vm["sandbox"] for vm in first["vms"] + rest["vms"]]
    assert names == [sandbox(n) for n in range(140)]


# ---- who may


def operations():
    text = (ROOT / "include" / "vmctl.def").read_text()
    rows = re.findall(r"^VMCTL_OP\((\w+),\s*([A-Z_| ]+),", text, re.M)
    every = {"ROLE_" + role.upper() for role in UIDS}
    for op, roles in rows:
        named = {role.strip() for role in roles.split("|")}
        yield op, {r for r in UIDS if "ROLE_" + r.upper() in
                   (every if "ROLE_ANY" in named else named)}


ARGUMENTS = {
    "create": dict(sandbox=sandbox(900), op_id=1, template="nope", cpus=1,
                   memory_mb=128, disk_gb=1),
    "destroy": dict(sandbox=sandbox(901), op_id=1),
    "set_network": dict(sandbox=sandbox(902), op_id=1, network_mode="none"),
    "stat": dict(sandbox=sandbox(902)),
    "open_channel": dict(sandbox=sandbox(902)),
    "list": {},
    "host_info": {},
}


@pytest.mark.parametrize("role", UIDS)
@pytest.mark.parametrize("op,allowed", list(operations()))
def test_roles(shared, op, allowed, role):
    answer = shared.client(role).call(op, **ARGUMENTS[op])
    assert (answer == "policy_denied") == (role not in allowed)


def test_strangers_are_hung_up_on(shared):
    client = Client(shared.socket, STRANGER)
    assert client.sock.recv(100) == b""
    wait_until(lambda: "stranger refused" in shared.text())


def test_refusals_are_logged(shared):
    assert shared.client("keeper").call("create", **ARGUMENTS["create"]) == "policy_denied"
    assert shared.client().call("explode") == "invalid_request"
    log = shared.text()
    assert re.search(r'op="create".*uid="65534".*result="policy_denied"', log)
    assert re.search(r'op="explode".*result="invalid_request"', log)


# ---- networks


def set_network(client, n, op_id, mode, **more):
    return client.call("set_network", sandbox=sandbox(n), op_id=op_id,
                       network_mode=mode, **more)


def test_network_of_a_vm(daemon):
    client = daemon.client()
    assert client.create(1)["network_mode"] == "none"
    assert "ip" not in client.stat(1)
    made = client.create(2, network_mode="allowlist", allowlist=["*.Example.com"])
    assert made["network_mode"] == "allowlist" and made["ip"].startswith("198.1")
    names = daemon.folder(2) / "allowlist"
    assert names.read_text() == "example.com\n"
    assert client.create(3, network_mode="full")["ip"] != made["ip"]
    changed = set_network(client, 2, 2, "full")
    assert changed["network_mode"] == "full" and changed["ip"] == made["ip"]
    assert names.read_text() == ""
    assert set_network(client, 2, 2, "full") == changed  # a repeat
    assert set_network(client, 2, 1, "none") == "stale_operation"
    assert client.create(2, op_id=2) == "stale_operation"
    assert set_network(client, 2, 3, "allowlist", allowlist=["a.org", "b.org"])
    assert names.read_text() == "a.org\nb.org\n"
    daemon.restart()
    client = daemon.client()
    assert client.stat(2)["network_mode"] == "allowlist"
    assert client.destroy(2, op_id=4) == {}
    assert set_network(client, 2, 5, "none") == "sandbox_destroyed"
    assert set_network(client, 4, 1, "none") == "sandbox_not_found"


@pytest.mark.parametrize("more", [
    dict(network_mode="open"), dict(network_mode="allowlist"),
    dict(network_mode="allowlist", allowlist=[]),
    dict(network_mode="full", allowlist=["a.org"]), dict(allowlist=["a.org"]),
    *(dict(network_mode="allowlist", allowlist=[name]) for name in
      ("", "org", "1.2.3.4", "a.org/", "a.org\nserver=8.8.8.8", "-a.org", "a..org",
       "a" * 64 + ".org", 7, None, ["a.org"])),
    dict(network_mode="allowlist", allowlist=["a.org"] * 257),
    dict(network_mode="allowlist", allowlist=[
        "%d.%s.org" % (i, ".".join(["a" * 60] * 3)) for i in range(200)]),
])
def test_networks_that_are_none(daemon, more):
    client = daemon.client()
    assert client.create(1, **more) == "invalid_request"
    assert client.stat(1)["state"] == "absent"
    client.create(2)
    if "network_mode" in more:
        assert set_network(client, 2, 2, more.pop("network_mode"), **more) == \
            "invalid_request"
        assert client.stat(2)["op_id"] == 1


# ---- hostile packets


@pytest.mark.parametrize("packet", [
    b"{", b"[]", b"null", b"\x00", b"\xff\xfe", b"{}",
    b'{"id":1,"op":"stat"}',
    b'{"id":1,"op":"stat","args":{},"more":1}',
    b'{"id":1,"id":2,"op":"host_info","args":{}}',
    b'{"id":-1,"op":"host_info","args":{}}',
    b'{"id":1.5,"op":"host_info","args":{}}',
    b'{"id":1,"op":"host_info","args":{"x":1}}',
    b'{"id":1,"op":"host_info","args":{}} trailing',
    b'{"id":1,"op":"' + b"a" * 60000 + b'","args":{}}',
    b'{"id":1,"op":"host_info","args":{"a":' + b"[" * 2000 + b"]" * 2000 + b"}}",
])
def test_malformed_packets(shared, packet):
    client = shared.client()
    client.sock.sendall(packet)
    reply, _ = client.receive()
    assert reply["error"]["code"] == "invalid_request"
    assert client.call("host_info")["driver"] == "fake"


def test_oversized_packets_end_the_connection(shared):
    client = shared.client()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    client.sock.sendall(b" " * 70000)
    reply, _ = client.receive()
    assert reply is None
    assert shared.client().call("host_info")["driver"] == "fake"


def test_descriptors_from_clients_are_dropped(shared):
    client = shared.client()
    client.call("host_info")
    before = len(os.listdir(f"/proc/{shared.process.pid}/fd"))
    for _ in range(50):
        packet = b'{"id":1,"op":"host_info","args":{}}'
        socket.send_fds(client.sock, [packet], [0, 1])
        assert client.receive()[0]["ok"]["driver"] == "fake"
    assert len(os.listdir(f"/proc/{shared.process.pid}/fd")) <= before


def test_a_client_that_never_reads(shared):
    silent = shared.client()
    silent.sock.setblocking(False)
    try:
        for _ in range(20000):
            silent.send("host_info")
    except OSError:
        pass  # the daemon's or our own buffer is full, or it hung up
    assert shared.client().call("host_info")["driver"] == "fake"


# ---- time


def test_slow_operations_run_side_by_side(daemon):
    clients = [daemon.client() for _ in range(4)]
    start = time.monotonic()
    for n, client in enumerate(clients):
        client.send("create", sandbox=sandbox(n), op_id=1, template="slow",
                    cpus=1, memory_mb=128, disk_gb=1)
    watcher = daemon.client()
    asked = time.monotonic()
    wait_until(lambda: watcher.stat(3)["state"] == "creating")
    assert watcher.call("host_info")["vms"] == 4
    assert time.monotonic() - asked < 0.8
    assert all(c.receive()[0]["ok"]["state"] == "running" for c in clients)
    assert time.monotonic() - start < 3


def test_deadline(daemon):
    client, other = daemon.client(), daemon.client()
    start = time.monotonic()
    client.send("create", sandbox=sandbox(1), op_id=1, template="stuck", cpus=1,
                memory_mb=128, disk_gb=1)
    assert other.create(2)["state"] == "running"
    reply, _ = client.receive()
    assert reply["error"]["code"] == "vmm_failed"
    assert 4.5 < time.monotonic() - start < 6
    wait_until(lambda: other.stat(1)["state"] == "absent")
    assert len(daemon.processes()) == 1
    assert client.create(1, template="stuck") == "vmm_failed"  # not again
    assert client.destroy(1) == {}


def test_requests_wait_for_the_operation_before(daemon):
    creator, repeater, destroyer = (daemon.client() for _ in range(3))
    args = dict(sandbox=sandbox(1), template="slow", cpus=1, memory_mb=128, disk_gb=1)
    creator.send("create", op_id=1, **args)
    wait_until(lambda: destroyer.stat(1)["state"] == "creating")
    repeater.send("create", op_id=1, **args)
    time.sleep(0.1)
    destroyer.send("destroy", sandbox=sandbox(1), op_id=2)
    made = creator.receive()[0]["ok"]
    assert repeater.receive()[0]["ok"]["pid"] == made["pid"]
    assert destroyer.receive()[0]["ok"] == {}
    assert daemon.processes() == []


def test_a_client_that_leaves_cancels_nothing(daemon):
    leaver, client = daemon.client(), daemon.client()
    leaver.send("create", sandbox=sandbox(1), op_id=1, template="slow", cpus=1,
                memory_mb=128, disk_gb=1)
    wait_until(lambda: client.stat(1)["state"] == "creating")
    leaver.close()
    wait_until(lambda: client.stat(1)["state"] == "running")


# ---- VMMs that die


def test_exit_cause(daemon):
    client, gateway = daemon.client(), daemon.client("gateway")
    os.kill(client.create(1)["pid"], 9)
    wait_until(lambda: client.stat(1)["state"] == "exited")
    assert "SIGKILL" in client.stat(1)["exit_cause"]
    assert client.stat(1)["pid"] == 0
    assert gateway.channel(1) == "guest_gone"
    assert (daemon.folder(1) / "disk.ext4").exists()
    client.create(2, template="short")
    wait_until(lambda: client.stat(2)["state"] == "exited")
    assert "SIGALRM" in client.stat(2)["exit_cause"]
    assert client.create(2, template="short")["state"] == "exited"
    assert client.destroy(1) == {} and client.destroy(2) == {}
    assert daemon.processes() == []


# ---- kill -9 of the daemon


def test_adoption(daemon):
    made = [daemon.client().create(n) for n in range(3)]
    daemon.kill()
    os.kill(made[2]["pid"], 9)
    wait_until(lambda: made[2]["pid"] not in daemon.processes())
    daemon.start()
    client = daemon.client()
    assert [client.stat(n)["pid"] for n in range(3)] == \
        [made[0]["pid"], made[1]["pid"], 0]
    wait_until(lambda: client.stat(2)["state"] == "exited")
    assert "did not run" in client.stat(2)["exit_cause"]
    daemon.client("gateway").channel(0).close()
    assert client.create(0)["pid"] == made[0]["pid"]
    os.kill(made[1]["pid"], 9)
    wait_until(lambda: client.stat(1)["state"] == "exited")
    for n in range(3):
        assert client.destroy(n) == {}
    assert daemon.processes() == []


def test_a_clean_stop_keeps_vms(daemon):
    made = daemon.client().create(1)
    assert daemon.stop() == 0
    assert not daemon.socket.exists()
    daemon.start()
    assert daemon.client().stat(1)["pid"] == made["pid"]


def test_a_cut_create_is_undone(daemon):
    client = daemon.client()
    client.send("create", sandbox=sandbox(1), op_id=1, template="slow", cpus=1,
                memory_mb=128, disk_gb=1)
    wait_until(lambda: daemon.processes())
    daemon.restart()
    client = daemon.client()
    wait_until(lambda: client.stat(1)["state"] == "absent")
    assert daemon.processes() == []
    assert os.listdir(daemon.folder(1)) == ["state.json"]
    assert client.create(1)["state"] == "running"  # never answered: may run


def test_kill_at_any_moment(daemon):
    """Whatever was cut: afterwards every sandbox runs whole or is gone whole."""
    for n in range(25):
        client = daemon.client()
        client.send("create", sandbox=sandbox(n), op_id=1, template="minimal",
                    cpus=1, memory_mb=128, disk_gb=1)
        if n % 2:
            client.receive()
            client.send("destroy", sandbox=sandbox(n), op_id=2)
        time.sleep(n % 5 * 0.002)
        daemon.restart()
        client = daemon.client()
        settled = ("absent", "running", "destroyed")
        state = wait_until(lambda: (s := client.stat(n)["state"]) in settled and s)
        assert (len(daemon.processes()) == 1) == (state == "running")
        op_id = client.stat(n)["op_id"]
        assert client.destroy(n, op_id=op_id + 1) == {}
        assert daemon.processes() == []


def test_a_cut_destroy_is_finished(daemon):
    daemon.client().create(1)
    daemon.kill()
    path = daemon.folder(1) / "state.json"
    state = json.loads(path.read_text()) | {"state": "destroying", "op": "destroy",
                                            "op_id": 2, "done": False}
    path.write_text(json.dumps(state) + "\n")
    daemon.start()
    client = daemon.client()
    wait_until(lambda: client.stat(1)["state"] == "destroyed")
    assert daemon.processes() == []
    assert client.destroy(1, op_id=2) == {}


def test_orphans_are_removed(daemon):
    daemon.client().create(1)
    mine = daemon.processes()
    orphan = subprocess.Popen(["/bin/sleep", "60"], user=daemon.uid_base + 7)
    second = subprocess.Popen(["/bin/sleep", "60"],
                              user=daemon.client().stat(1)["uid"])
    daemon.folder(8).mkdir(mode=0o700)
    (daemon.folder(8) / "disk.ext4").write_bytes(b"x")
    daemon.restart()
    assert orphan.wait(5) == -9 and second.wait(5) == -9
    assert daemon.processes() == mine
    assert not daemon.folder(8).exists()


def test_a_damaged_state_is_kept_and_destroyable(daemon):
    client = daemon.client()
    client.create(1)
    daemon.kill()
    path = daemon.folder(1) / "state.json"
    path.write_text(path.read_text()[:100])
    daemon.start()
    client = daemon.client()
    assert client.stat(1)["state"] == "exited"
    assert (daemon.folder(1) / "disk.ext4").exists()
    assert daemon.processes() == []  # unknown, so an orphan
    assert client.destroy(1) == {}
    assert os.listdir(daemon.folder(1)) == ["state.json"]


def test_tombstones_are_forgotten_after_a_week(daemon):
    daemon.client().destroy(1)
    daemon.client().destroy(2)
    daemon.kill()
    path = daemon.folder(1) / "state.json"
    old = json.loads(path.read_text())
    old["changed_us"] -= 8 * 86400 * 1000000
    path.write_text(json.dumps(old) + "\n")
    daemon.start()
    assert daemon.client().stat(1)["state"] == "absent"
    assert daemon.client().stat(2)["state"] == "destroyed"
    assert not daemon.folder(1).exists()


def test_one_daemon_at_a_time(daemon):
    other = daemon.run("serve")
    assert other.returncode == 1
    made = daemon.client().create(1)
    overlapping = Daemon(vm_uid_base=daemon.uid_base + 150)
    refused = overlapping.run("serve")
    overlapping.remove()
    assert refused.returncode == 1 and "range of uids" in refused.stderr
    assert daemon.client().stat(1)["pid"] == made["pid"]
    assert daemon.client().call("host_info")["driver"] == "fake"


# ---- capacity


def test_capacity(daemon):
    client = daemon.client()
    daemon.configure(vm_memory_reserve_mb=1048576)
    daemon.restart()
    assert daemon.client().create(1) == "sandbox_capacity"
    daemon.configure(vm_uid_count=16)
    daemon.restart()
    client = daemon.client()
    for n in range(16):
        assert client.create(n)["state"] == "running"
    assert client.create(16) == "sandbox_capacity"
    assert client.destroy(5) == {}
    assert client.create(16)["state"] == "running"


def test_disk_is_promised_up_to_the_factor(daemon):
    info = daemon.client().call("host_info")
    statvfs = os.statvfs(daemon.vm_dir)
    size_gb = statvfs.f_blocks * statvfs.f_frsize >> 30
    daemon.configure(vm_disk_overcommit=1)
    daemon.restart()
    client = daemon.client()
    fits = min(size_gb // 50, 40)
    answers = create_short(client, fits + 1, disk_gb=50)
    assert all(a["state"] == "running" for a in answers[:fits])
    if size_gb // 50 == fits:
        assert answers[fits] == "sandbox_capacity"
    assert info["disk_free_bytes"] > 0


def test_rounds_leak_nothing(daemon):
    client = daemon.client()

    def descriptors():
        return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))

    client.create(0)
    client.destroy(0)
    before = descriptors()
    for n in range(1, 41):
        assert client.create(n)["state"] == "running"
        if n % 3 == 0:
            daemon.client("gateway").channel(n).close()
        assert client.destroy(n) == {}
    wait_until(lambda: descriptors() == before)
    assert daemon.processes() == []
    assert client.call("list")["vms"] == []


# ---- the command line


def test_commands(daemon):
    daemon.client().create(1)
    assert sandbox(1) in daemon.run("list").stdout
    assert json.loads(daemon.run("stat", sandbox(1)).stdout)["state"] == "running"
    doctor = daemon.run("doctor", "--json")
    results = {c["check"]: c["result"] for c in json.loads(doctor.stdout)}
    assert results["daemon"] == "ok" and results["orphans"] == "ok"
    assert doctor.returncode == 0, doctor.stdout
    assert daemon.run("destroy", sandbox(1)).returncode == 0
    assert daemon.client().stat(1)["state"] == "destroyed"
    daemon.kill()
    assert daemon.run("list").returncode == 1
    assert "fail  daemon" in daemon.run("doctor").stdout
    assert daemon.run("explode").returncode == 2
