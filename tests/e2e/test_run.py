"""scripts/run: what it leaves, and that it can be run again."""

import os
import pathlib
import pwd
import re
import socket
import stat
import subprocess
import time

from stack import ROOT

SECRET = ("env", "keys/grant.key", "keys/plan.key", "tls/key.pem")


def test_env_is_for_the_shell(stack, api):
    file = stack.state / "env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = subprocess.run(
        ["bash", "-euc", f". {file}; curl -sS --cacert $CAGED_CA_FILE -H "
         "\"Authorization: Bearer $CAGED_API_KEY\" $CAGED_API_URL/v1/account"],
        stdout=subprocess.PIPE, text=True, check=True)
    assert '"plan"' in done.stdout


def test_secrets_are_for_no_other_user(stack):
    for name in SECRET:
        mode = (stack.state / name).stat().st_mode
        assert not mode & stat.S_IRWXO, name


def uids(pid):
    """Real, effective, saved and file system."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return set(re.search(r"^Uid:(.*)", text, re.M).group(1).split())


def test_daemons_run_as_their_users(stack):
    pids = {"caged-gateway": [stack.pid("caged-gateway")],
            "caged-keeper": [stack.pid("caged-keeper")],
            "caged-api": stack.workers()}
    for user, all in pids.items():
        for pid in all:
            assert uids(pid) == {str(pwd.getpwnam(user).pw_uid)}, user


def test_again_changes_nothing(stack, api):
    names = ["vmctl", "caged-gateway", "caged-keeper", "caged-api", "nginx",
             "mariadb"]
    before = [stack.pid(name) for name in names], stack.env()
    started = time.monotonic()
    stack.start()
    assert time.monotonic() - started < 10
    assert ([stack.pid(name) for name in names], stack.env()) == before


def test_status(stack):
    out = stack.run("status")
    assert "not running" not in out and str(stack.port) in out


def test_restart_keeps_sandboxes(stack, api, shared):
    boot = shared.output("cat /proc/sys/kernel/random/boot_id")
    old = stack.pid("caged-gateway"), stack.pid("vmctl")
    stack.run("restart")
    assert (stack.pid("caged-gateway"), stack.pid("vmctl")) != old
    assert shared.output("cat /proc/sys/kernel/random/boot_id") == boot


def test_help_and_nonsense():
    done = subprocess.run([ROOT / "scripts/run", "help"], text=True,
                          stdout=subprocess.PIPE, check=True)
    assert "CAGED_PORT" in done.stdout
    done = subprocess.run([ROOT / "scripts/run", "nonsense"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 2 and b"usage" in done.stderr


def test_a_taken_port_is_said():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        env = {**os.environ, "CAGED_PORT": str(s.getsockname()[1]),
               "CAGED_STATE": "/tmp/caged-port-test"}
        done = subprocess.run([ROOT / "scripts/run", "bring-up", "quiet"],
                              text=True, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    assert done.returncode != 0 and "CAGED_PORT" in done.stderr
    subprocess.run(["rm", "-rf", "/tmp/caged-port-test",
                    "/tmp/caged-port-test.lock"], check=True)
