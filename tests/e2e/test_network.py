"""Sandboxes' networks in a small internet of namespaces (netlab): whatever a
guest's root sends, no decoy hears it, and what is allowed works. No packet can
leave the machine."""

import base64
import json
import os
import pathlib
import secrets
import subprocess
import tempfile
import time

import pytest

import guest_vm
import netlab
from channel import Channel
from vmctl_daemon import ROOT, Daemon, sandbox, wait_until

PROBE = ROOT / "tests/support/netprobe.py"
TRICKS = ["private.example.com", "metadata.example.com", "loop.example.com",
          "host.example.com", "vm.example.com", "both.example.com",
          "evil-alias.example.com", *["rebind.example.com"] * 4]

pytestmark = pytest.mark.skipif(
    guest_vm.missing() is not None or os.geteuid() != 0,
    reason=guest_vm.missing() or "needs root")


class Guest:
    """A VM of the lab's vmctl, with its agent's channel."""

    def __init__(self, daemon, n, **network):
        self.daemon, self.n, self.op_id = daemon, n, 1
        self.client = daemon.client()
        self.vm = self.client.create(n, memory_mb=256, **network)
        assert self.vm["state"] == "running", self.vm
        self.channel = Channel(daemon.client("gateway").channel(n))
        self.channel.hello(60)
        self.channel.call(
            "claim", sandbox=sandbox(n), hostname="guest", env={},
            entropy=base64.b64encode(os.urandom(64)).decode(),
            realtime_us=time.time_ns() // 1000, machine_id=secrets.token_hex(16))
        guest_vm.write(self.channel, "/tmp/netprobe.py", PROBE.read_bytes())

    def run(self, command, **more):
        stream = guest_vm.run(self.channel, command, **more)
        return stream.end["exit_code"], stream.data().decode()

    def probe(self, **job):
        text = json.dumps(job)
        code, out = self.run(f"sudo python3 /tmp/netprobe.py '{text}'", timeout=120,
                             timeout_ms=110000)
        assert code == 0, out
        return json.loads(out)

    def fetch(self, url):
        return self.run(f"curl -sS -m 8 {url}")

    def set_network(self, mode, *names):
        self.op_id += 1
        answer = self.client.call("set_network", sandbox=sandbox(self.n),
                                  op_id=self.op_id, network_mode=mode,
                                  allowlist=list(names))
        assert answer["network_mode"] == mode, answer
        return answer


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="caged-netlab-") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        subprocess.run([ROOT / "scripts/build-initramfs",
                        ROOT / "build/guest/caged-agent", path / "initramfs"],
                       check=True)
        yield path


@pytest.fixture(scope="module")
def lab(folder):
    the = netlab.Lab(folder)
    yield the
    the.close()


@pytest.fixture(scope="module")
def daemon(lab, folder):
    the = Daemon(space=lab.host, vm_driver="qemu", vm_accel="tcg",
                 image_dir=guest_vm.CACHE / "images",
                 kernel_file=guest_vm.CACHE / "guest/vmlinux",
                 initramfs_file=folder / "initramfs",
                 net_resolvers=netlab.RESOLVER)
    the.start()
    yield the
    the.remove()


@pytest.fixture(scope="module")
def guest(daemon):
    return Guest(daemon, 1, network_mode="full")


@pytest.fixture(scope="module")
def neighbour(daemon):
    return Guest(daemon, 2, network_mode="full")


def forbidden(guest, neighbour):
    """Every address that no guest may reach, and sources it may not use."""
    first = guest.vm["ip"].rsplit(".", 1)
    near = [f"{first[0]}.{int(first[1]) + i}" for i in (-1, 0, 1)]
    other = neighbour.vm["ip"]
    targets = [*netlab.DENIED, netlab.HOST, netlab.HOST_SECOND, *near, other,
               "172.30.0.3"]
    sources = ["10.1.2.3", "127.0.0.1", "198.51.100.77", "172.30.0.1", "0.0.0.0",
               netlab.HOST, *near, other]
    return targets, sources


def answers(out):
    """All but those of the guest's own loopback, which has all of 127/8."""
    found = [*(a for a, _ in out["tcp"]), *(a for a, _ in out["udp"]), *out["icmp"]]
    return [a for a in found if not a.startswith("127.")]


def test_the_decoys_hear(lab):
    """What is sent from elsewhere arrives: else nothing below says anything."""
    before = lab.counters()
    targets = [a for a in netlab.DENIED if not a.startswith("127.")]
    job = {"targets": targets, "hostile": True, "public": netlab.WEB,
           "own": netlab.HOST, "sources": ["10.1.2.3"]}
    out = json.loads(lab.host.run("python3", PROBE, json.dumps(job)).stdout)
    after = lab.counters()
    assert ["10.1.2.3", 22] in out["tcp"] and out["udp"]
    assert "10.1.2.3" in out["icmp"]
    for name in ("denied", "mail", "foreign source", "protocol", "spoofed"):
        assert after[name] > before[name], name
    assert after["denied"] - before["denied"] >= 3 * len(targets)


def test_allowed_ones_work(guest):
    assert guest.fetch("http://web.example.com/") == (0, "hello from 198.51.100.80\n")
    assert guest.fetch(f"http://{netlab.OTHER}/")[0] == 0
    assert guest.fetch("http://alias.example.com/")[0] == 0
    out = guest.probe(targets=[netlab.WEB])
    assert [netlab.WEB, 80] in out["tcp"] and netlab.WEB in out["icmp"]
    assert [netlab.WEB, 7] in out["udp"]


def clone(guest):
    guest.run("rm -rf /tmp/repo")
    return guest.run("GIT_SSL_CAINFO=/tmp/git.crt timeout 60 git clone -q "
                     "https://git.example.com/repo.git /tmp/repo 2>&1 && "
                     "cat /tmp/repo/hello.txt")


def test_git_over_https(lab, guest):
    guest_vm.write(guest.channel, "/tmp/git.crt", lab.certificate)
    assert clone(guest) == (0, "hello\n")
    guest.set_network("allowlist", "git.example.com")
    assert clone(guest) == (0, "hello\n")
    guest.set_network("allowlist", "web.example.com")
    assert clone(guest)[0] != 0
    guest.set_network("full")


def test_nothing_denied_is_reached(lab, guest, neighbour):
    targets, sources = forbidden(guest, neighbour)
    before = lab.counters()
    out = guest.probe(targets=targets, sources=sources, own="172.30.0.2",
                      public=netlab.WEB, hostile=True)
    after = lab.counters()
    assert answers(out) == []
    assert out["sent"] > 1000
    assert after == before


def test_refusals_come_at_once(guest):
    code, out = guest.run("time -p curl -sS -m 20 http://10.1.2.3:80/")
    assert code == 7, out
    assert float(out.split("real ")[1].split()[0]) < 5


def test_names_of_denied_addresses(lab, guest):
    before = lab.counters()
    out = guest.probe(names=TRICKS)["names"]
    reached = {tuple(c[:1]) for _, open_ones in out.values() for c in open_ones}
    assert reached <= {(netlab.WEB,)}, out
    for name, (addresses, _) in out.items():
        assert set(addresses) <= {netlab.WEB, netlab.HOST}, (name, addresses)
    after = lab.counters()
    assert after["resolver"] > before["resolver"]
    assert {**after, "resolver": 0} == {**before, "resolver": 0}


def test_the_rules_of_the_host_alone(lab, daemon, guest, neighbour):
    """With nothing left of the rules in the VM's own namespace, as after a
    takeover of its resolver: the host's hold."""
    targets, sources = forbidden(guest, neighbour)
    inside = ["nsenter", f"--net=/proc/{guest.vm['pid']}/ns/net", "--"]
    uplink = guest.vm["ip"]
    try:
        subprocess.run([*inside, "nft", "flush", "ruleset"], check=True)
        subprocess.run([*inside, "nft", "-f", "-"], check=True, text=True, input=f"""
            table ip t {{ chain p {{ type nat hook postrouting priority 100;
              ip saddr 172.30.0.2 oifname "up0" snat to {uplink}
            }}
            }}""")
        assert guest.fetch(f"http://{netlab.WEB}/")[0] == 0
        own = {uplink, uplink[:-1] + str(int(uplink[-1]) + 1)}
        near = own | {"172.30.0.3", "172.30.0.1"}  # in its own namespace
        before = lab.counters()
        out = guest.probe(targets=[t for t in targets if t not in near],
                          sources=[s for s in sources if s not in near],
                          own="172.30.0.2", public=netlab.WEB, hostile=True)
        after = lab.counters()
        assert answers(out) == []
        for name in ("denied", "host", "neighbour", "ipv6", "mail", "foreign source"):
            assert after[name] == before[name], name
    finally:
        guest.set_network("full")
    assert guest.fetch(f"http://{netlab.WEB}/")[0] == 0


TICKER = r"""
import socket, time
s = socket.create_connection(("198.51.100.80", 7))
n = 0
while True:
    s.sendall(b"x")
    if s.recv(16):
        n += 1
        open("/tmp/ticks", "w").write(str(n))
    time.sleep(0.02)
"""


def ticks(guest):
    return int(guest.run("cat /tmp/ticks")[1] or 0)


def start_ticking(guest):
    guest_vm.write(guest.channel, "/tmp/ticker.py", TICKER.encode())
    guest.run("rm -f /tmp/ticks; setsid python3 /tmp/ticker.py >/dev/null 2>&1 </dev/null &")
    wait_until(lambda: guest.run("cat /tmp/ticks 2>/dev/null")[1] not in ("", "0"), 30)
    first = ticks(guest)
    wait_until(lambda: ticks(guest) > first + 3, 30)


@pytest.mark.parametrize("mode, names", [("none", ()), ("allowlist", ("example.net",))])
def test_open_connections_end(lab, guest, neighbour, mode, names):
    guest.set_network("full")
    start_ticking(guest)
    guest.set_network(mode, *names)
    time.sleep(0.3)  # what came before is written
    last = ticks(guest)
    time.sleep(2)
    assert ticks(guest) == last
    targets, sources = forbidden(guest, neighbour)
    before = lab.counters()
    out = guest.probe(targets=[*targets, netlab.WEB, netlab.GIT], sources=sources,
                      own="172.30.0.2", public=netlab.WEB, hostile=True)
    assert answers(out) == []
    assert lab.counters() == before
    guest.run("pkill -f ticker.py")
    guest.set_network("full")
    assert guest.fetch("http://web.example.com/")[0] == 0


def test_none_has_no_way_out(lab, guest):
    guest.set_network("none")
    before = lab.counters()
    assert "ip" not in guest.client.stat(guest.n)
    assert guest.fetch("http://web.example.com/")[0] == 6
    assert guest.fetch(f"http://{netlab.WEB}/")[0] == 7
    assert lab.counters() == before
    guest.set_network("full")


def test_allowlist(lab, guest):
    guest.set_network("allowlist", "example.com")
    before = lab.counters()
    assert guest.fetch(f"http://{netlab.WEB}/")[0] == 7  # never resolved
    assert guest.fetch("http://web.example.com/")[0] == 0
    assert guest.fetch("http://deep.sub.example.com/")[0] == 0
    assert guest.fetch("http://alias.example.com/")[0] == 0
    assert guest.fetch("http://other.example.net/")[0] == 6
    assert guest.fetch(f"http://{netlab.OTHER}/")[0] == 7
    reached = guest.probe(names=TRICKS)["names"]
    for name, (_, connected) in reached.items():
        assert {c[0] for c in connected} <= {netlab.WEB}, name
    # A resolver of its own choice does not help.
    assert guest.run("python3 - <<'X'\nimport socket\n"
                     "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                     f"s.settimeout(2)\ns.connect(('{netlab.RESOLVER}', 53))\n"
                     "s.send(b'x' * 20)\ns.recv(10)\nX")[0] == 1
    after = lab.counters()
    assert after["denied"] == before["denied"]
    # Another list: what the old one let through is shut.
    guest.set_network("allowlist", "git.example.com")
    assert guest.fetch(f"http://{netlab.WEB}/")[0] == 7
    assert guest.fetch("http://web.example.com/")[0] == 6
    assert guest.fetch("http://git.example.com/")[0] == 0
    guest.set_network("full")


def test_too_many_connections(guest):
    """The cap is on what the host tracks, not on what the guest opens."""
    code, out = guest.run(
        "python3 - <<'X'\nimport socket\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nbad = 0\n"
        "for i in range(6000):\n"
        "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "    s.connect(('198.51.100.80', 7))\n    s.send(b'x')\n    s.close()\n"
        "X", timeout=200, timeout_ms=190000)
    assert code == 0, out
    path = f"/proc/{guest.vm['pid']}/net/stat/nf_conntrack"
    count = int(pathlib.Path(path).read_text().splitlines()[1].split()[0], 16)
    assert 4000 < count <= 4200, count
    guest.set_network("full")  # forgets them
    assert guest.fetch(f"http://{netlab.WEB}/")[0] == 0


def test_what_went_through_is_counted(guest):
    before = guest.client.stat(guest.n)
    guest.run(f"curl -s http://{netlab.WEB}/bulk | head -c 4000000 >/dev/null")
    after = guest.client.stat(guest.n)
    got = after["received_bytes"] - before["received_bytes"]
    assert 4_000_000 < got < 40_000_000
    assert after["sent_bytes"] > before["sent_bytes"]
    guest.set_network("full")
    assert guest.client.stat(guest.n)["received_bytes"] >= after["received_bytes"]


def resolver(daemon, n):
    pid = daemon.state(n)["resolver_pid"]
    return pid if pathlib.Path(f"/proc/{pid}").exists() else None


def test_a_resolver_that_dies(daemon, guest):
    first = resolver(daemon, 1)
    assert first
    os.kill(first, 9)
    wait_until(lambda: (now := resolver(daemon, 1)) and now != first)
    wait_until(lambda: guest.fetch("http://web.example.com/")[0] == 0, 20)


def test_vmctl_that_dies(lab, daemon, guest):
    """VM and resolver go on, and are known to the next daemon; a resolver that
    died meanwhile is replaced."""
    first = resolver(daemon, 1)
    daemon.kill()
    assert guest.fetch("http://web.example.com/")[0] == 0
    daemon.start()
    guest.client = daemon.client()
    assert resolver(daemon, 1) == first
    daemon.kill()
    os.kill(first, 9)
    daemon.start()
    guest.client = daemon.client()
    wait_until(lambda: (now := resolver(daemon, 1)) and now != first)
    wait_until(lambda: guest.fetch("http://web.example.com/")[0] == 0, 20)


def test_nothing_is_left(lab, daemon, guest, neighbour):
    links = lab.host.run("ip", "-br", "link").stdout
    assert links.count("cage") == 2
    neighbour.client = daemon.client()
    os.kill(neighbour.vm["pid"], 9)  # a VMM that dies takes its network along
    wait_until(lambda: neighbour.client.stat(2)["state"] == "exited")
    wait_until(lambda: lab.host.run("ip", "-br", "link").stdout.count("cage") == 1)
    assert guest.client.destroy(1, op_id=1 << 40) == {}
    assert guest.client.destroy(2, op_id=1 << 40) == {}
    wait_until(lambda: "cage" not in lab.host.run("ip", "-br", "link").stdout)
    assert daemon.processes() == []
