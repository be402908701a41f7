"""A small internet in network namespaces, for tests of sandboxes' networks.

    [vm] -- [host: vmctl runs here] -- [world: everybody else]

`host` has one way out, to `world`, and `world` has none: by construction no
packet of a test leaves the machine. `world` holds every address there is: it
answers on the public ones below, and counts whatever comes for a denied one.
Needs root.
"""

import json
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent

HOST = "198.51.100.2"          # vmctl's host
HOST_SECOND = "203.0.113.77"   # another address of it, on its loopback
WORLD = "198.51.100.1"
WEB = "198.51.100.80"
OTHER = "198.51.100.81"        # a web server that no allowlist names
GIT = "198.51.100.82"
MAIL = "198.51.100.25"
RESOLVER = "10.255.255.53"     # private, as resolvers of hosts often are

# One address of each denied range, and of the host's own networks.
DENIED = ["0.1.2.3", "10.1.2.3", "10.255.255.53", "100.64.1.1", "127.9.9.9",
          "169.254.169.254", "172.16.1.1", "172.31.255.254", "192.0.0.8",
          "192.168.1.1", "198.18.9.9", "198.19.255.254", "224.0.0.251",
          "239.1.2.3", "240.0.0.1", "255.255.255.255"]
RANGES = ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
          "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16",
          "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"]

# What the world counts. A resolver may be asked, by the VM's resolver alone.
WORLD_RULES = """
table inet lab {
  chain in { type filter hook prerouting priority -400; policy accept;
    iifname "lo" accept
    ip daddr %s udp dport 53 counter accept comment "resolver"
    ip daddr %s tcp dport 53 accept
    ip daddr { %s } counter comment "denied"
    meta nfproto ipv6 counter comment "ipv6"
    udp dport 4444 counter comment "spoofed"
    tcp dport 4445 counter comment "spoofed"
    tcp dport 25 counter comment "mail"
    udp dport 25 counter comment "mail"
    ip saddr != %s counter comment "foreign source"
    meta l4proto { sctp, gre, 4, 41, esp } counter comment "protocol"
  }
}
"""

# What reaches the host's own sockets from a VM, after vmctl's rules.
HOST_RULES = """
table inet lab {
  chain in { type filter hook input priority 500; policy accept;
    iifname "cage*" counter comment "host"
  }
  chain fw { type filter hook forward priority 500; policy accept;
    iifname "cage*" oifname "cage*" counter comment "neighbour"
  }
}
"""


class Space:
    """A network namespace, as long as its one process lives."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["unshare", "--net", sys.executable, "-c",
             "import sys; print(flush=True); sys.stdin.read()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.path = f"/proc/{self.process.pid}/ns/net"
        self.children = []

    def command(self, *args):
        return ["nsenter", f"--net={self.path}", "--", *map(str, args)]

    def run(self, *args, **more):
        more.setdefault("check", True)
        return subprocess.run(self.command(*args), text=True,
                              capture_output=True, **more)

    def ip(self, *lines):
        self.run("ip", "-batch", "-", input="\n".join(lines))

    def start(self, *args, **more):
        child = subprocess.Popen(self.command(*args), **more)
        self.children.append(child)
        return child

    def nft(self, text):
        self.run("nft", "-f", "-", input=text)

    def counters(self):
        """Packets by the comment of the rule that counted them."""
        rules = json.loads(self.run("nft", "-j", "list", "table", "inet",
                                    "lab").stdout)["nftables"]
        out = {}
        for item in rules:
            rule = item.get("rule", {})
            for expr in rule.get("expr", []):
                if "counter" in expr and "comment" in rule:
                    name = rule["comment"]
                    out[name] = out.get(name, 0) + expr["counter"]["packets"]
        return out

    def close(self):
        for child in self.children:
            child.kill()
            child.wait()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Lab:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.host, self.world = Space(), Space()
        self._connect()
        self._serve()

    def _connect(self):
        self.host.ip(
            "link set lo up",
            f"link add eth0 type veth peer name eth0 netns {self.world.process.pid}",
            f"addr add {HOST}/24 dev eth0", f"addr add {HOST_SECOND}/32 dev lo",
            "link set eth0 up", f"route add default via {WORLD}")
        self.world.ip(
            "link set lo up", "link set eth0 up", f"addr add {WORLD}/24 dev eth0",
            *(f"addr add {a}/32 dev lo" for a in (WEB, OTHER, GIT, MAIL, RESOLVER)),
            # Whatever else comes is delivered here: the decoys.
            "route add local 0.0.0.0/1 dev lo", "route add local 128.0.0.0/1 dev lo")
        # Only what comes from VMs may be counted as IPv6.
        for space in (self.host, self.world):
            space.run("sysctl", "-q", "net.ipv6.conf.eth0.disable_ipv6=1")
        self.world.nft(WORLD_RULES % (RESOLVER, RESOLVER, ", ".join(RANGES), HOST))
        self.host.nft(HOST_RULES)

    def _make_repository(self):
        """A bare repository for a server that knows nothing of git, and a
        certificate for git.example.com that its owner signed."""
        git = {"cwd": self.folder, "check": True, "stdout": subprocess.DEVNULL,
               "stderr": subprocess.DEVNULL}
        work = self.folder / "work"
        subprocess.run(["git", "init", "-q", "-b", "main", work], **git)
        (work / "hello.txt").write_text("hello\n")
        for args in (["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b.c",
                                    "commit", "-q", "-m", "first"]):
            subprocess.run(["git", "-C", work, *args], **git)
        subprocess.run(["git", "clone", "-q", "--bare", work, "web/repo.git"], **git)
        subprocess.run(["git", "-C", "web/repo.git", "update-server-info"], **git)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=git",
             "-addext", "subjectAltName=DNS:git.example.com", "-keyout", "git.key",
             "-out", "git.crt"], **git)

    @property
    def certificate(self):
        return (self.folder / "git.crt").read_bytes()

    def _serve(self):
        self._make_repository()
        ready = self.folder / "world.ready"
        self.world.start(sys.executable, HERE / "netlab_world.py", ready)
        self.host.start(sys.executable, HERE / "netlab_world.py",
                        self.folder / "host.ready", "--echo", HOST, HOST_SECOND,
                        "127.0.0.1")
        limit = time.monotonic() + 20
        while not (ready.exists() and (self.folder / "host.ready").exists()):
            assert time.monotonic() < limit, "the lab does not start"
            time.sleep(0.02)

    def counters(self):
        return self.world.counters() | self.host.counters()

    def close(self):
        self.host.close()
        self.world.close()
