"""Measures sandboxes' networks in a lab of namespaces and prints a table. The
servers are on this machine, one hop behind the host; `host` is a client in
vmctl's own place, without VM, filter and NAT."""

import base64
import contextlib
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import guest_vm  # noqa: E402
import netlab  # noqa: E402
from channel import Channel  # noqa: E402
from vmctl_daemon import ROOT, Daemon, sandbox  # noqa: E402

BUILD = ROOT / "build" / os.environ.get("CAGED_VARIANT", "dev")

# Prints connects' median in ms, and MB/s of one long answer.
CLIENT = r"""
import socket, time
def connect():
    begin = time.perf_counter()
    s = socket.create_connection(("%s", 80))
    took = time.perf_counter() - begin
    return s, took
times = []
for _ in range(100):
    s, took = connect()
    times.append(took)
    s.close()
s, _ = connect()
s.sendall(b"GET /bulk HTTP/1.0\r\n\r\n")
begin, size, room = time.perf_counter(), 0, memoryview(bytearray(1 << 20))
while time.perf_counter() - begin < 3:
    n = s.recv_into(room)
    if n == 0:
        break
    size += n
print(sorted(times)[50] * 1000, size / 1e6 / (time.perf_counter() - begin))
""" % netlab.WEB


def namespaces():
    out = subprocess.run(["unshare", "--net", BUILD / "tests/bench_vmctl_netns"],
                         check=True, text=True, stdout=subprocess.PIPE).stdout
    return [line.split() for line in out.splitlines()]


def boot(daemon):
    assert daemon.client().create(1, memory_mb=256, network_mode="full")["pid"]
    channel = Channel(daemon.client("gateway").channel(1))
    channel.hello(60)
    channel.call(
        "claim", sandbox=sandbox(1), hostname="guest", env={},
        entropy=base64.b64encode(os.urandom(64)).decode(),
        realtime_us=time.time_ns() // 1000, machine_id=secrets.token_hex(16))
    return channel


def clients(folder, mbit):
    """(connect ms, MB/s) of the host and of a guest."""
    lab = netlab.Lab(folder)
    daemon = Daemon(space=lab.host, vm_driver="qemu", vm_accel="auto",
                    image_dir=guest_vm.CACHE / "images", net_mbit=mbit,
                    kernel_file=guest_vm.CACHE / "guest/vmlinux",
                    initramfs_file=folder / "initramfs",
                    net_resolvers=netlab.RESOLVER)
    try:
        daemon.start()
        host = lab.host.run(sys.executable, "-c", CLIENT).stdout
        channel = boot(daemon)
        guest_vm.write(channel, "/tmp/client.py", CLIENT.encode())
        guest = guest_vm.run(channel, "python3 /tmp/client.py").data().decode()
        return [[float(x) for x in text.split()] for text in (host, guest)]
    finally:
        with contextlib.redirect_stdout(sys.stderr):
            daemon.remove()
        lab.close()


def main():
    print("\n## Network\n\n| | median | 95 % |\n|---|---:|---:|")
    words = {"make": "make a VM's namespace, rules, tap and uplink",
             "change": "change its rules, forget connections, new uplink"}
    for name, median, high in namespaces():
        print(f"| {words[name]} | {int(median) / 1000:.1f} ms |"
              f" {int(high) / 1000:.1f} ms |")
    with tempfile.TemporaryDirectory(prefix="caged-netlab-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        subprocess.run([ROOT / "scripts/build-initramfs",
                        ROOT / "build/guest/caged-agent", folder / "initramfs"],
                       check=True)
        host, guest = clients(folder, 0)
    print("\n| one connection to a server one hop away | connect | throughput |"
          "\n|---|---:|---:|")
    for who, (connect, rate) in (("the host's own", host),
                                 ("a guest's, through filter and NAT", guest)):
        print(f"| {who} | {connect:.2f} ms | {rate:.0f} MB/s |")


if __name__ == "__main__":
    main()
