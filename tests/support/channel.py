"""The gateway's side of the channel to an agent (include/channel.def): frames,
streams and credit, over any connected stream socket. One thread; whoever waits
for something pumps what came for everybody."""

import json
import os
import select
import socket
import struct
import time

HELLO, WELCOME, OPEN, REPLY, DATA, CREDIT, END, ERROR, RESET = range(1, 10)
STDOUT, STDERR, EOF = 1, 2, 0x80

MAGIC = b"\xffCAGED\xfe\n"
NONCE = 16
HEADER = struct.Struct(">IIBBH")
PAYLOAD_MAX = 65536
WINDOW = 256 * 1024


class ChannelClosed(Exception):
    pass


class GuestError(Exception):
    def __init__(self, record):
        super().__init__(f"{record['code']}: {record['message']}")
        self.code = record["code"]
        self.message = record["message"]


def frame(stream, kind, payload=b"", flags=0):
    return HEADER.pack(len(payload), stream, kind, flags, 0) + payload


class Stream:
    """What came on one stream so far. `hold` keeps its credit back."""

    def __init__(self, channel, number, hold=False):
        self.channel = channel
        self.number = number
        self.hold = hold
        self.reply = None
        self.end = None
        self.error = None
        self.was_reset = False
        self.chunks = []  # (flags, bytes) as they came
        self.owed = 0
        self.credit = WINDOW

    @property
    def closed(self):
        return bool(self.end is not None or self.error or self.was_reset)

    def data(self, mask=0):
        """The bytes of all chunks, or of those that have a flag of `mask`."""
        return b"".join(b for f, b in self.chunks if not mask or f & mask)

    @property
    def stdout(self):
        return self.data(STDOUT)

    @property
    def stderr(self):
        return self.data(STDERR)

    def grant(self):
        """Gives back the credit of what came."""
        if self.owed and not self.closed:
            self.channel.send(
                frame(self.number, CREDIT, struct.pack(">I", self.owed)))
        self.owed = 0

    def send(self, payload=b"", eof=False, timeout=60):
        """DATA within the credit; waits for more of it when needed."""
        view, limit = memoryview(payload), time.monotonic() + timeout
        while view and not self.closed:
            self.channel.until(lambda: self.credit or self.closed, limit=limit)
            n = min(len(view), self.credit, PAYLOAD_MAX)
            self.channel.send(frame(self.number, DATA, bytes(view[:n])))
            self.credit -= n
            view = view[n:]
        if eof and not self.closed:
            self.channel.send(frame(self.number, DATA, b"", EOF))

    def reset(self):
        self.channel.send(frame(self.number, RESET))
        self.was_reset = True

    def wait(self, timeout=60):
        """Until it is closed; itself, or GuestError."""
        self.channel.until(lambda: self.closed, timeout)
        if self.error:
            raise GuestError(self.error)
        return self

    def wait_reply(self, timeout=60):
        self.channel.until(lambda: self.reply is not None or self.closed,
                           timeout)
        if self.error:
            raise GuestError(self.error)
        return self

    def take(self, kind, flags, payload):
        if kind == DATA:
            self.chunks.append((flags, payload))
            self.owed += len(payload)
        elif kind == CREDIT:
            self.credit += struct.unpack(">I", payload)[0]
        elif kind == RESET:
            self.was_reset = True
        else:
            record = json.loads(payload)
            name = {REPLY: "reply", END: "end", ERROR: "error"}[kind]
            setattr(self, name, record)


class Channel:
    def __init__(self, sock):
        self.sock = sock
        self.bytes = bytearray()
        self.streams = {}
        self.last = 0
        self.welcome = None
        self.nonce = None
        self.granting = False

    @classmethod
    def connect(cls, path, timeout=20):
        limit = time.monotonic() + timeout
        while True:
            sock = socket.socket(socket.AF_UNIX)
            try:
                sock.connect(path)
                return cls(sock)
            except OSError:
                sock.close()
                if time.monotonic() > limit:
                    raise
                time.sleep(0.01)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        """Reads meanwhile, so that two full buffers cannot face each other."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self.sock], [self.sock], [])
            if readable:
                self.pump(0)
            if writable:
                view = view[self.sock.send(view[:PAYLOAD_MAX],
                                           socket.MSG_DONTWAIT):]

    def hello(self, timeout=30, version=1):
        """Starts a connection; the agent's WELCOME record."""
        self.nonce, self.welcome = os.urandom(NONCE), None
        self.streams, self.last = {}, 0
        record = json.dumps({"version": version, "caps": []}).encode()
        self.send(frame(0, HELLO, MAGIC + self.nonce + record))
        self.until(lambda: self.welcome, timeout)
        return self.welcome

    def open(self, op, hold=False, **record):
        self.last += 1
        stream = Stream(self, self.last, hold)
        self.streams[self.last] = stream
        payload = json.dumps({"op": op, **record}, ensure_ascii=False)
        self.send(frame(self.last, OPEN, payload.encode()))
        return stream

    def call(self, op, timeout=60, **record):
        return self.open(op, **record).wait(timeout)

    def until(self, done, timeout=60, limit=None):
        limit = limit or time.monotonic() + timeout
        while not done():
            left = limit - time.monotonic()
            if left <= 0:
                raise TimeoutError("the agent did not answer")
            self.pump(left)

    def pump(self, timeout):
        """Reads once and hands out whole frames."""
        if not select.select([self.sock], [], [], timeout)[0]:
            return
        got = self.sock.recv(1 << 20)
        if not got:
            raise ChannelClosed()
        self.bytes += got
        if self.welcome is None and not self._find_welcome():
            return
        self._take_frames()
        self._grant()

    def _grant(self):
        """Sending reads too, and what it reads grants nothing by itself: the
        frames stay in their order."""
        if self.granting:
            return
        self.granting = True
        for stream in list(self.streams.values()):
            if not stream.hold and stream.owed >= WINDOW // 2:
                stream.grant()
        self.granting = False

    def _find_welcome(self):
        """Drops all before the WELCOME with our nonce."""
        at = self.bytes.find(MAGIC + self.nonce) if self.nonce else -1
        if at < HEADER.size:
            return False
        start = at - HEADER.size
        length = HEADER.unpack_from(self.bytes, start)[0]
        if len(self.bytes) < at + length:
            return False
        body = bytes(self.bytes[at + len(MAGIC) + NONCE:at + length])
        del self.bytes[:at + length]
        self.welcome = json.loads(body)
        return True

    def _take_frames(self):
        at = 0
        while len(self.bytes) - at >= HEADER.size:
            length, number, kind, flags, zero = HEADER.unpack_from(
                self.bytes, at)
            assert length <= PAYLOAD_MAX and zero == 0 and REPLY <= kind
            if len(self.bytes) - at < HEADER.size + length:
                break
            at += HEADER.size
            payload = bytes(self.bytes[at:at + length])
            at += length
            if number in self.streams:
                self.streams[number].take(kind, flags, payload)
        del self.bytes[:at]
