"""The keeper, and doctor, with a real MariaDB and a real vmctl (fake VMs)."""

import grp
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from mariadb import BIN, MariaDb
from vmctl_daemon import Daemon, sandbox, wait_until

HOST = socket.gethostname()
ACCOUNT = "acct-0000000000000000"
ROW = """
INSERT INTO sandbox (id, account_id, host, state, op_id, boot, op_owner,
    lease_until, template, cpus, memory_mb, disk_gb, network_mode, name,
    metadata, ports, timeout_s, created_at, changed_at, started_at)
VALUES ('{id}', '{account}', '{host}', '{state}', {op_id}, 1, 'test',
    UTC_TIMESTAMP(6) + INTERVAL {lease_s} SECOND, 'minimal', 1, 128, 1, 'none',
    '', '{{}}', '[]', 0, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), UTC_TIMESTAMP(6));
"""


class Rig:
    """Database, vmctl and, when it is started, the keeper."""

    def __init__(self):
        self.db = MariaDb()
        self.db.start()
        self.db.shell("need_user caged-keeper")
        self.vmctl = Daemon(keeper_user="caged-keeper")
        # The socket takes the folder's group, and only that may connect.
        os.chown(self.vmctl.dir, 0, grp.getgrnam("caged-keeper").gr_gid)
        self.vmctl.dir.chmod(0o2755)
        self.vmctl.start()
        self.db.conf.write_text(
            f"db_socket = {self.db.socket}\nvmctl_socket = {self.vmctl.socket}\n"
            "keeper_tick_ms = 100\n")
        self.db.migrate()
        self.db.sql("INSERT INTO account (id, name, plan, created_at)"
                    f" VALUES ('{ACCOUNT}', 'a', 'free', UTC_TIMESTAMP(6))")
        self.log_path = self.db.dir / "keeper.log"
        self.keeper = None

    def remove(self):
        self.stop()
        self.vmctl.remove()
        self.db.remove()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.keeper = subprocess.Popen([BIN / "caged-keeper", "-c", self.db.conf],
                                           stderr=log)

    def stop(self, sig=signal.SIGTERM):
        if self.keeper:
            self.keeper.send_signal(sig)
            self.keeper.wait(10)
            self.keeper = None

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ""

    def row(self, n, state, op_id=1, lease_s=60, host=HOST):
        self.db.sql(ROW.format(id=sandbox(n), account=ACCOUNT, host=host, state=state,
                               op_id=op_id, lease_s=lease_s))
        if state == "running":
            self.db.sql(
                "INSERT INTO sandbox_run (sandbox_id, account_id, host, boot, cpus,"
                f" memory_mb, disk_gb, started_at, seen_at) VALUES ('{sandbox(n)}',"
                f" '{ACCOUNT}', '{host}', 1, 1, 128, 1, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))")

    def state(self, n):
        rows = self.db.sql(f"SELECT state FROM sandbox WHERE id = '{sandbox(n)}'")
        return rows[0][0] if rows else None

    def vm(self, n):
        client = self.vmctl.client()
        try:
            return client.stat(n)["state"]
        finally:
            client.close()

    def boot(self, n, **args):
        client = self.vmctl.client()
        made = client.create(n, **args)
        client.close()
        assert made["state"] == "running"
        return made

    def doctor(self):
        """The names of what is bad, and whether doctor said that all is well."""
        done = self.db.admin("doctor", "--json", check=False)
        report = json.loads(done.stdout)
        assert (done.returncode == 0) == report["ok"]
        assert report["host"] == HOST
        return {c["name"] for c in report["checks"] if c["ok"] is not True}


@pytest.fixture
def rig():
    the = Rig()
    yield the
    print(the.log())
    the.remove()


def test_a_dead_vmm_makes_an_error(rig):
    pid = rig.boot(1)["pid"]
    rig.row(1, "running")
    rig.start()
    time.sleep(1)
    assert rig.state(1) == "running"
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: rig.state(1) == "error", 5)
    rows = rig.db.sql("SELECT error_code, stopped_at IS NOT NULL FROM sandbox")
    assert rows == [["vmm_exited", "1"]]
    assert rig.db.sql("SELECT COUNT(*) FROM sandbox_run WHERE ended_at IS NULL") == [["0"]]
    wait_until(lambda: rig.log().count('action="fail"') == 1, 2)


def test_a_lost_vm_makes_an_error_but_not_at_once(rig):
    rig.row(1, "running")
    rig.start()
    time.sleep(3)
    assert rig.state(1) == "running"
    wait_until(lambda: rig.state(1) == "error", 8)
    assert rig.db.sql("SELECT error_code FROM sandbox") == [["vmm_lost"]]


def test_creates_past_their_lease_are_undone(rig):
    rig.boot(1)
    rig.row(1, "creating", lease_s=1)
    rig.row(2, "creating", lease_s=1)  # vmctl never heard of it
    rig.boot(3)
    rig.row(3, "creating", lease_s=60)
    rig.db.sql(
        "INSERT INTO idempotency (account_id, idem_key, request_hash, resource_id,"
        f" created_at, lease_until) VALUES ('{ACCOUNT}', 'k', '', '{sandbox(1)}',"
        " UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))")
    rig.db.sql(f"INSERT INTO sandbox_plan VALUES ('{sandbox(1)}', 'secret')")
    rig.start()
    wait_until(lambda: rig.state(1) == "destroyed" and rig.state(2) == "destroyed", 8)
    assert rig.vm(1) == "destroyed"
    assert rig.state(3) == "creating" and rig.vm(3) == "running"
    assert rig.db.sql("SELECT status, problem_code FROM idempotency") == [
        ["504", "guest_timeout"]]
    assert rig.db.sql("SELECT COUNT(*) FROM sandbox_plan") == [["0"]]
    moves = rig.db.sql("SELECT from_state, to_state, op_id, actor FROM sandbox_transition"
                       f" WHERE sandbox_id = '{sandbox(1)}' ORDER BY seq")
    assert moves == [["creating", "destroying", "2", "keeper"],
                     ["destroying", "destroyed", "2", "keeper"]]


def test_destroys_past_their_lease_are_finished(rig):
    rig.boot(1)
    rig.row(1, "destroying", op_id=2, lease_s=-1)
    rig.boot(2)
    rig.row(2, "destroying", op_id=2, lease_s=-1)
    client = rig.vmctl.client()
    client.destroy(2, op_id=7)  # somebody went further than the row says
    client.close()
    rig.start()
    wait_until(lambda: rig.state(1) == "destroyed" and rig.state(2) == "destroyed", 5)
    assert rig.vm(1) == "destroyed"


def test_a_network_that_vmctl_was_not_told_of(rig):
    rig.boot(1)
    rig.row(1, "running")
    rig.boot(2)
    rig.row(2, "running")
    rig.db.sql("UPDATE sandbox SET network_mode = 'allowlist', op_id = 2,"
               f" allowlist = '[\"example.org\"]' WHERE id = '{sandbox(1)}'")
    rig.start()
    client = rig.vmctl.client()
    wait_until(lambda: client.stat(1)["network_mode"] == "allowlist", 5)
    told = client.stat(1)
    assert told["op_id"] == 2
    assert (rig.vmctl.folder(1) / "allowlist").read_text() == "example.org\n"
    wait_until(lambda: rig.db.sql(f"SELECT ip FROM sandbox WHERE id = '{sandbox(1)}'")
               == [[told["ip"]]], 2)
    assert client.stat(2)["op_id"] == 1
    client.close()


def test_vms_without_a_live_row_are_removed(rig):
    rig.boot(1)
    rig.boot(2, op_id=1)
    rig.row(2, "running")
    rig.db.sql("UPDATE sandbox SET state = 'destroyed', op_id = 5,"
               " destroyed_at = UTC_TIMESTAMP(6)")
    rig.boot(3)
    rig.row(3, "running", host="another-host")
    rig.start()
    time.sleep(8)
    assert rig.vm(1) == "running" and rig.vm(2) == "running"
    wait_until(lambda: rig.vm(1) == "destroyed" and rig.vm(2) == "destroyed", 6)
    # Another host's sandbox is not ours to judge.
    assert rig.vm(3) == "running" and rig.state(3) == "running"
    assert rig.log().count("another-host") == 1  # and said once in a while


def test_nothing_is_concluded_from_a_database_that_is_away(rig):
    rig.boot(1)
    rig.row(1, "running")
    rig.start()
    time.sleep(0.5)
    rig.db.stop()
    time.sleep(12)  # longer than any age that it waits for
    assert rig.vm(1) == "running"
    rig.db.start()
    time.sleep(2)
    assert rig.vm(1) == "running" and rig.state(1) == "running"
    assert "a step works again" in rig.log()
    assert rig.log().count('step=fleet error=') <= 2


def test_nothing_is_concluded_from_a_vmctl_that_is_away(rig):
    rig.boot(1)
    rig.row(1, "running")
    rig.row(2, "destroying", op_id=2, lease_s=-1)
    rig.vmctl.stop()
    rig.start()
    time.sleep(7)
    assert rig.state(1) == "running" and rig.state(2) == "destroying"
    rig.vmctl.start()
    wait_until(lambda: rig.state(2) == "destroyed", 5)


def test_doctor_sees_it_and_the_keeper_mends_it(rig):
    rig.boot(1)  # no row
    rig.row(2, "running")  # no VM
    rig.row(3, "creating", lease_s=-1)
    rig.row(4, "destroying", op_id=2, lease_s=-1)
    rig.row(5, "error")
    rig.db.sql("INSERT INTO sandbox_run (sandbox_id, account_id, host, boot, cpus,"
               f" memory_mb, disk_gb, started_at, seen_at) VALUES ('{sandbox(5)}',"
               f" '{ACCOUNT}', '{HOST}', 1, 1, 128, 1, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))")
    rig.db.sql("INSERT INTO exec (id, sandbox_id, account_id, key_id, boot, status,"
               f" request_id, command, is_argv, started_at) VALUES ('exec-1', '{sandbox(5)}',"
               f" '{ACCOUNT}', '', 1, 'running', '', 'true', 0, UTC_TIMESTAMP(6))")
    assert rig.doctor() == {"keeper", "vms_without_rows", "rows_without_vms", "leases",
                            "runs", "execs"}
    rig.start()
    wait_until(lambda: rig.doctor() == set(), 30)
    text = rig.db.admin("doctor").stdout
    assert "BAD" not in text


def test_doctor_says_what_is_away(rig):
    rig.vmctl.stop()
    assert {"vmctl", "host", "vms_without_rows"} <= rig.doctor()
    rig.db.stop()
    assert {"database", "vmctl", "schema", "leases"} <= rig.doctor()
    rig.db.start()


def test_a_killed_keeper_leaves_nothing_half_done(rig):
    for n in range(8):
        rig.boot(n)
        rig.row(n, "creating", lease_s=-1)
    for _ in range(6):
        rig.start()
        time.sleep(0.12)
        rig.stop(signal.SIGKILL)
    rig.db.sql("UPDATE sandbox SET lease_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND"
               " WHERE state = 'destroying'")
    rig.start()
    wait_until(lambda: all(rig.state(n) == "destroyed" for n in range(8)), 10)
    assert all(rig.vm(n) == "destroyed" for n in range(8))


def test_it_stops_at_once(rig):
    rig.start()
    time.sleep(0.5)
    start = time.monotonic()
    rig.keeper.send_signal(signal.SIGTERM)
    assert rig.keeper.wait(5) == 0
    assert time.monotonic() - start < 1
    rig.keeper = None
