"""A real vmctl with folders of its own, and a client that can be any user."""

import array
import contextlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
VMCTL = ROOT / "build" / os.environ.get("CAGED_VARIANT", "dev") / "bin" / "vmctl"

# Users that every Debian has stand for the daemons'.
USERS = {"api": "daemon", "gateway": "games", "keeper": "nobody"}
UIDS = {"operator": 0, "api": 1, "gateway": 5, "keeper": 65534}
STRANGER = 65533
UID_COUNT = 160
COUNTER = itertools.count()
READY = 'msg="vmctl serves"'


def sandbox(n):
    return "cage-%016d" % n


class Client:
    """One connection, made as the user of a role."""

    def __init__(self, path, uid=0):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(20)
        self.ids = itertools.count(1)
        os.seteuid(uid)
        try:
            self.sock.connect(str(path))
        finally:
            os.seteuid(0)

    def send(self, op, **args):
        request = {"id": next(self.ids), "op": op, "args": args}
        self.sock.sendall(json.dumps(request).encode())
        return request["id"]

    def receive(self):
        """The next reply, and its descriptor or None."""
        data, control, _, _ = self.sock.recvmsg(65536, socket.CMSG_SPACE(4))
        fds = array.array("i")
        for _, _, content in control:
            fds.frombytes(content[: fds.itemsize])
        return (json.loads(data) if data else None), (fds[0] if fds else None)

    def call(self, op, **args):
        """The reply's `ok`, or the error's code as a string."""
        number = self.send(op, **args)
        reply, fd = self.receive()
        assert reply["id"] == number
        if fd is not None:
            os.close(fd)
        return reply["ok"] if "ok" in reply else reply["error"]["code"]

    def create(self, n, op_id=1, template="minimal", **more):
        args = dict(cpus=1, memory_mb=128, disk_gb=1) | more
        return self.call("create", sandbox=sandbox(n), op_id=op_id,
                         template=template, **args)

    def destroy(self, n, op_id=2):
        return self.call("destroy", sandbox=sandbox(n), op_id=op_id)

    def stat(self, n):
        return self.call("stat", sandbox=sandbox(n))

    def channel(self, n):
        """A connected socket, or the error's code."""
        self.send("open_channel", sandbox=sandbox(n))
        reply, fd = self.receive()
        return socket.socket(fileno=fd) if "ok" in reply else reply["error"]["code"]

    def close(self):
        self.sock.close()


class Daemon:
    def __init__(self, space=None, **conf):
        """`space`: where it runs (netlab.Space); with real VMs a network of its
        own, without a way out, when none is given."""
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="caged-vmctl-"))
        self.dir.chmod(0o755)
        # Uids that no other test that runs now can have.
        self.uid_base = (1_000_000 + os.getpid() % 4000 * 400_000
                         + next(COUNTER) % 400 * 1000)
        self.vm_dir = self.dir / "vm"
        self.socket = self.dir / "vmctl.sock"
        self.conf = self.dir / "vmctl.conf"
        self.log = open(self.dir / "log", "ab")
        self.process = None
        self.prefix = ["unshare", "--net"] if conf.get("vm_driver") == "qemu" else []
        if space:
            self.prefix = space.command()
        self.configure(**conf)

    def configure(self, **conf):
        values = {
            "vmctl_socket": self.socket, "vm_dir": self.vm_dir,
            "vm_driver": "fake", "vm_uid_base": self.uid_base,
            "vm_uid_count": UID_COUNT, "log_level": "debug",
        } | {f"{role}_user": user for role, user in USERS.items()} | conf
        self.conf.write_text("".join(f"{k} = {v}\n" for k, v in values.items()))

    def start(self):
        # Not by connecting: a dying child of the last daemon may still listen.
        ready = self.text().count(READY) + 1
        self.process = subprocess.Popen([*self.prefix, VMCTL, "-c", self.conf, "serve"],
                                        stderr=self.log)
        wait_until(lambda: self.text().count(READY) == ready
                   or self.process.poll() is not None, 20)
        if self.process.poll() is not None:
            text = self.text()
            self.remove()
            raise AssertionError(text)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def restart(self):
        self.kill()
        return self.start()

    def client(self, role="operator"):
        return Client(self.socket, UIDS[role])

    def run(self, *args):
        return subprocess.run([VMCTL, "-c", self.conf, *args], text=True,
                              capture_output=True, timeout=30)

    def text(self):
        return (self.dir / "log").read_text()

    def folder(self, n):
        return self.vm_dir / sandbox(n)

    def state(self, n):
        return json.loads((self.folder(n) / "state.json").read_text())

    def processes(self):
        """Pids of the VMs' uids that are not zombies."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                pid = int(entry.name)
                status = (entry / "status").read_text()
                uid = int(status.split("\nUid:")[1].split()[0])
                inside = self.uid_base <= uid < self.uid_base + UID_COUNT
                if inside and "\nState:\tZ" not in status:
                    found.append(pid)
        return found

    def remove(self):
        if self.process and self.process.poll() is None:
            self.kill()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.log.close()
        print(self.text()[-3000:])  # pytest shows it when the test failed
        shutil.rmtree(self.dir, ignore_errors=True)


def wait_until(what, seconds=10):
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
