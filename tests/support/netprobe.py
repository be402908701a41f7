"""Tries to reach what it must not. Run as root, in a guest or, to see that the
decoys hear it, elsewhere:

    netprobe.py '{"targets": [...], "public": "...", "sources": [...], ...}'

Prints what answered, as JSON; what went out and was heard is the decoys' to
say. Standard library only."""

import errno
import json
import os
import select
import socket
import struct
import sys
import time

TCP_PORTS = (22, 53, 80, 443, 3306, 8080)
UDP_PORTS = (7, 53, 80, 123, 8080, 9999)
SPOOFED_UDP, SPOOFED_TCP = 4444, 4445
PROTOCOLS = (4, 41, 47, 50, 132)
WAIT = 3


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_packet(source, to, protocol, payload, offset=0, more=False):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0x4242,
                       (0x2000 if more else 0) | offset, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(to))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def udp(port, data=b"probe"):
    return struct.pack(">HHHH", 5555, port, 8 + len(data), 0) + data


def pseudo(source, to, protocol, size):
    return socket.inet_aton(source) + socket.inet_aton(to) + struct.pack(">HH", protocol, size)


def syn(source, to, port):
    head = struct.pack(">HHIIBBHHH", 5556, port, 1, 0, 0x50, 2, 1024, 0, 0)
    total = checksum(pseudo(source, to, 6, len(head)) + head)
    return head[:16] + struct.pack(">H", total) + head[18:]


def echo(number):
    head = struct.pack(">BBHHH", 8, 0, 0, number, 1)
    return head[:2] + struct.pack(">H", checksum(head)) + head[4:]


def probe_tcp(targets):
    waiting, connected = {}, []
    for address in targets:
        for port in TCP_PORTS:
            sock = socket.socket()
            sock.setblocking(False)
            code = sock.connect_ex((address, port))
            if code in (0, errno.EINPROGRESS):
                waiting[sock.fileno()] = (sock, address, port)
            else:
                sock.close()
    end = time.monotonic() + WAIT
    while waiting and time.monotonic() < end:
        _, ready, _ = select.select([], list(waiting), [], 0.2)
        for number in ready:
            sock, address, port = waiting.pop(number)
            if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                connected.append([address, port])
            sock.close()
    for sock, _, _ in waiting.values():
        sock.close()
    return connected


def collect(sock, take, seconds=1.5):
    end, out = time.monotonic() + seconds, []
    while (left := end - time.monotonic()) > 0:
        if not select.select([sock], [], [], left)[0]:
            break
        try:
            answer = take(*sock.recvfrom(2048))
        except OSError:
            continue
        if answer:
            out.append(answer)
    return out


def probe_udp(targets):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for address in targets:
        for port in UDP_PORTS:
            try:
                sock.sendto(b"probe", (address, port))
            except OSError:
                pass
    return collect(sock, lambda data, peer: list(peer))


def probe_icmp(targets):
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for number, address in enumerate(targets):
        try:
            sock.sendto(echo(number), (address, 0))
        except OSError:
            pass
    return collect(sock, lambda data, peer: peer[0] if data[20] == 0 else None)


def raw_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    return sock


def send_all(packets):
    """Through the kernel, and past its own checks onto the wire."""
    raw, sent = raw_socket(), 0
    wire = None
    if os.path.exists("/sys/class/net/eth0"):
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        wire.bind(("eth0", 0))
        own = wire.getsockname()[4]
    for packet in packets:
        try:
            if packet[12:16] == bytes(4):
                raise OSError("the kernel would put its own address there")
            raw.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))
            sent += 1
        except OSError:
            pass
        if wire:
            wire.send(GATEWAY_MAC + own + b"\x08\x00" + packet)
            sent += 1
    return sent


GATEWAY_MAC = bytes.fromhex("02ca9ed00001")


def spoofed(sources, targets):
    for source in sources:
        for to in targets:
            yield ip_packet(source, to, 17, udp(SPOOFED_UDP))
            yield ip_packet(source, to, 6, syn(source, to, SPOOFED_TCP))
            yield ip_packet(source, to, 1, echo(7))


def odd(own, public, targets):
    """Other protocols, fragments that hide their ports, mail."""
    for protocol in PROTOCOLS:
        for to in [public, *targets]:
            inner = ip_packet(own, "10.1.2.3", 17, udp(9999))
            yield ip_packet(own, to, protocol, inner)
    for to in [public, *targets]:
        whole = udp(25, b"m" * 64)
        yield ip_packet(own, to, 17, whole[:8], more=True)
        yield ip_packet(own, to, 17, whole[8:], offset=1)
        yield ip_packet(own, to, 17, udp(25))
        yield ip_packet(own, to, 6, syn(own, to, 25))


def ipv6_frames():
    """Neighbour discovery, echo requests, and a router's advertisement."""
    if not os.path.exists("/sys/class/net/eth0"):
        return 0
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("eth0", 0))
    own, source = wire.getsockname()[4], socket.inet_pton(socket.AF_INET6, "fe80::2")
    targets = ("ff02::1", "ff02::2", "fe80::1", "2001:db8::1", "::1", "fd00::2")
    for to in targets:
        address = socket.inet_pton(socket.AF_INET6, to)
        for kind in (128, 133, 134, 135):
            body = struct.pack(">BBHI", kind, 0, 0, 1) + address
            head = struct.pack(">IHBB", 6 << 28, len(body), 58, 255)
            wire.send(GATEWAY_MAC + own + b"\x86\xdd" + head + source + address + body)
        tcp = struct.pack(">HHIIBBHHH", 1, 80, 1, 0, 0x50, 2, 1024, 0, 0)
        head = struct.pack(">IHBB", 6 << 28, len(tcp), 6, 64)
        wire.send(GATEWAY_MAC + own + b"\x86\xdd" + head + source + address + tcp)
    return len(targets) * 5


def names(list_of_names):
    """What each resolves to, and which of those accept a connection."""
    out = {}
    for name in list_of_names:
        try:
            found = {a[4][0] for a in socket.getaddrinfo(name, None)}
        except OSError:
            found = set()
        out[name] = [sorted(found), probe_tcp(found)]
    return out


def main(job):
    targets, public = job.get("targets", []), job.get("public")
    out = {"tcp": probe_tcp(targets), "udp": probe_udp(targets),
           "icmp": probe_icmp(targets)}
    out["names"] = names(job.get("names", []))
    if job.get("hostile"):
        out["sent"] = send_all([*spoofed(job["sources"], [public, *targets]),
                                *odd(job["own"], public, targets)])
        out["sent"] += ipv6_frames()
    print(json.dumps(out))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
