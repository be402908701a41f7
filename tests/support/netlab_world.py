"""The servers of a netlab: run inside of one of its namespaces.

    netlab_world.py READY                     all servers of the world
    netlab_world.py READY --echo ADDRESS...   TCP and UDP servers on addresses
"""

import functools
import http.server
import pathlib
import socket
import ssl
import struct
import sys
import threading

import netlab

ECHO_PORTS = (80, 22, 3306, 8080)
BULK = 256 * 1024 * 1024


def serve_tcp(address, port, handler):
    server = socket.create_server((address, port), backlog=64)

    def loop():
        while True:
            conn, _ = server.accept()
            threading.Thread(target=handler, args=(conn,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


def hello(conn):
    """A web server; /bulk is long, /hold stays open and says a line a tick."""
    with conn:
        request = conn.recv(4096)
        if b"/bulk" in request:
            conn.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % BULK)
            block = bytes(1 << 16)
            try:
                for _ in range(BULK >> 16):
                    conn.sendall(block)
            except OSError:
                pass
            return
        if b"/hold" in request:
            conn.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            wait = threading.Event()
            try:
                while not wait.wait(0.1):
                    conn.sendall(b"tick\n")
            except OSError:
                return
        name = conn.getsockname()[0].encode()
        conn.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\nhello from %s\n"
                     % (len(name) + 12, name))


def sink(conn):
    """Answers every line; for connections that stay open."""
    with conn:
        try:
            while data := conn.recv(65536):
                conn.sendall(data)
        except OSError:
            pass


def udp_echo(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))

    def loop():
        while True:
            data, peer = sock.recvfrom(2048)
            sock.sendto(data, peer)

    threading.Thread(target=loop, daemon=True).start()


def serve_git(folder):
    """Files over HTTPS, as git's dumb protocol needs them."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                                directory=str(folder / "web"))
    server = http.server.ThreadingHTTPServer((netlab.GIT, 443), handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "git.crt", folder / "git.key")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Names:
    """A DNS server that lies as an attacker's would."""

    FIXED = {
        "web.example.com": netlab.WEB,
        "git.example.com": netlab.GIT,
        "other.example.net": netlab.OTHER,
        "deep.sub.example.com": netlab.WEB,
        "private.example.com": "10.1.2.3",
        "metadata.example.com": "169.254.169.254",
        "loop.example.com": "127.0.0.1",
        "host.example.com": netlab.HOST,
        "vm.example.com": "198.18.0.6",
    }
    ALIASES = {
        "alias.example.com": "web.example.com",
        "evil-alias.example.com": "metadata.example.com",
        "away.example.com": "other.example.net",
    }

    def __init__(self):
        self.asked = 0
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((netlab.RESOLVER, 53))
        threading.Thread(target=self.loop, args=(sock,), daemon=True).start()

    def loop(self, sock):
        while True:
            data, peer = sock.recvfrom(2048)
            try:
                sock.sendto(self.answer(data), peer)
            except (IndexError, struct.error, UnicodeDecodeError):
                pass

    def addresses(self, name):
        if name == "rebind.example.com":  # public first, then private
            self.asked += 1
            return [netlab.WEB if self.asked % 2 else "10.1.2.3"]
        if name == "both.example.com":
            return [netlab.WEB, "192.168.1.1"]
        return [self.FIXED[name]] if name in self.FIXED else None

    @staticmethod
    def encode(name):
        return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"

    def answer(self, data):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode().lower())
            at += 1 + data[at]
        kind, = struct.unpack(">H", data[at + 1:at + 3])
        question, name = data[12:at + 5], ".".join(labels)
        records = []
        if name in self.ALIASES:
            target = self.ALIASES[name]
            records.append((name, 5, self.encode(target)))
            name = target
        found = self.addresses(name)
        if found and kind == 1:
            records += [(name, 1, socket.inet_aton(a)) for a in found]
        code = 0 if found is not None else 3
        out = data[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(records), 0, 0)
        out += question
        for owner, what, value in records:
            out += self.encode(owner) + struct.pack(">HHIH", what, 1, 0, len(value))
            out += value
        return out


def world(folder):
    serve_git(folder)
    for address in (netlab.WEB, netlab.OTHER, netlab.GIT):
        serve_tcp(address, 80, hello)
        serve_tcp(address, 7, sink)
        udp_echo(address, 7)
    serve_tcp("0.0.0.0", 22, sink)
    serve_tcp(netlab.MAIL, 25, sink)
    udp_echo("0.0.0.0", 9999)
    Names()


def echo(addresses):
    for address in addresses:
        for port in ECHO_PORTS:
            serve_tcp(address, port, sink)
            udp_echo(address, port)


if __name__ == "__main__":
    if sys.argv[2:3] == ["--echo"]:
        echo(sys.argv[3:])
    else:
        world(pathlib.Path(sys.argv[1]).parent)
    pathlib.Path(sys.argv[1]).touch()
    threading.Event().wait()
