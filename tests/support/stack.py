"""The stack under test: started by scripts/run with the sanitised programs,
on a port and in a state folder of its own."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

from api import Api

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORT = re.compile(r"ERROR: \w*Sanitizer|runtime error:|Assertion .* failed")


def wait_until(check, seconds, why, every=0.05):
    """Until check() is true; its last value is returned."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < end, f"not within {seconds} s: {why}"
        time.sleep(every)


VMM, RESOLVER = "qemu-system-x86", "dnsmasq"  # as /proc names them


class Stack:
    def __init__(self):
        self.path = os.environ["CAGED_STATE"]
        self.port = int(os.environ["CAGED_PORT"])

    @property
    def state(self):
        return pathlib.Path(self.path).resolve()

    def run(self, *args, check=True):
        """scripts/run with arguments."""
        done = subprocess.run([ROOT / "scripts/run", *args], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, timeout=120)
        assert not check or done.returncode == 0, done.stdout
        return done.stdout

    def start(self):
        """Also brings back whatever was killed."""
        self.run("bring-up", "quiet")

    def stop(self):
        return self.run("stop")

    def env(self):
        out = {}
        for line in (self.state / "env").read_text().splitlines():
            name, _, value = line.partition("=")
            out[name] = value
        return out

    def api(self):
        env = self.env()
        return Api("127.0.0.1", self.port, env["CAGED_API_KEY"],
                   env["CAGED_CA_FILE"])

    def admin(self, *args, check=True):
        done = subprocess.run(
            [self.state / "bin/caged-admin", "-c", self.state / "caged.conf",
             *args], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=60)
        assert not check or done.returncode == 0, (args, done)
        return done.stdout.strip() if check else done

    def vmctl(self, *args):
        done = subprocess.run(
            [self.state / "bin/vmctl", "-c", self.state / "caged.conf",
             *args], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=60)
        assert done.returncode == 0, done
        return done.stdout

    def vm(self, sandbox):
        return json.loads(self.vmctl("stat", sandbox))

    def vms(self):
        return [self.vm(id) for id in
                re.findall(r"cage-[a-z0-9]{16}", self.vmctl("list"))]

    def account(self, name, *options):
        """A new account: (its id, a key of scope full)."""
        account = self.admin("account", "create", name, *options)
        return account, self.key(account)

    def key(self, account, scope="full"):
        return self.admin("key", "create", account, "--scope", scope)

    def pid(self, name):
        file = self.state / "pid" / (name + ".pid")
        if name == "mariadb":
            file = self.state / "db/pid"
        return int(file.read_text().split()[0])

    def kill(self, name, sig=signal.SIGKILL):
        os.kill(self.pid(name), sig)

    def workers(self):
        """Pids of the FastCGI workers."""
        out = subprocess.run(["pgrep", "-P", str(self.pid("caged-api"))],
                             text=True, stdout=subprocess.PIPE)
        return [int(pid) for pid in out.stdout.split()]

    def vm_pids(self, name=None):
        """Living processes of VMs, by this stack's uid range: VMMs and
        resolvers, or those of one name. One that was killed and that init has
        yet to reap is not alive."""
        base = int(os.environ["CAGED_VM_UID_BASE"])
        pids = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                text = (entry / "status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            uid = int(re.search(r"^Uid:\s+(\d+)", text, re.M).group(1))
            if name and not text.startswith(f"Name:\t{name}\n"):
                continue
            if base <= uid < base + 4096 and "\nState:\tZ" not in text:
                pids.append(int(entry.name))
        return pids

    def reports(self):
        """Sanitizer reports and failed assertions in the daemons' logs."""
        found = []
        for log in sorted((self.state / "log").glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()
            found += [f"{log.name}:{i + 1}: {line}"
                      for i, line in enumerate(lines) if REPORT.search(line)]
        return found

    def settle(self, seconds):
        """Until doctor finds nothing wrong."""
        last = None

        def healthy():
            nonlocal last
            last = self.doctor()
            return last.returncode == 0
        try:
            wait_until(healthy, seconds, "doctor finds nothing", every=1)
        except AssertionError:
            raise AssertionError(f"{last.stdout}{last.stderr}") from None

    def doctor(self):
        return self.admin("doctor", check=False)
