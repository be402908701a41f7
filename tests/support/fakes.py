"""What nginx talks to, for tests of its configuration alone: a FastCGI worker
and a gateway that do as each test says and keep what they were sent."""

import http.server
import os
import socket
import socketserver
import struct
import threading

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def _listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    os.chmod(path, 0o666)
    return listener


def _records(stream):
    while True:
        head = stream.read(8)
        if len(head) < 8:
            return
        _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", head)
        yield kind, stream.read(length + padding)[:length]


def _pairs(data):
    """Name-value pairs of the FastCGI protocol."""
    at, out = 0, {}

    def size():
        nonlocal at
        value = data[at]
        if value < 0x80:
            at += 1
            return value
        value = struct.unpack_from(">I", data, at)[0] & 0x7FFFFFFF
        at += 4
        return value

    while at < len(data):
        name_len, value_len = size(), size()
        name = data[at:at + name_len].decode("latin-1")
        at += name_len
        out[name] = data[at:at + value_len].decode("latin-1")
        at += value_len
    return out


class Worker:
    """`answer` is a function of (params, body) that returns the whole CGI
    answer as bytes, or None to say nothing."""

    def __init__(self, path):
        self.listener = _listen(path)
        self.answer = None
        self.seen = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(conn,),
                             daemon=True).start()

    def _serve(self, conn):
        params, body = b"", b""
        for kind, data in _records(conn.makefile("rb")):
            if kind == PARAMS:
                params += data
            elif kind == STDIN and data:
                body += data
            elif kind == STDIN:
                break
        params = _pairs(params)
        self.seen.append((params, body))
        out = self.answer(params, body)
        if out is not None:
            self._send(conn, out)
            conn.close()

    @staticmethod
    def _send(conn, out):
        conn.sendall(
            struct.pack(">BBHHBB", 1, STDOUT, 1, len(out), 0, 0) + out +
            struct.pack(">BBHHBB", 1, STDOUT, 1, 0, 0, 0) +
            struct.pack(">BBHHBBIB3x", 1, END, 1, 8, 0, 0, 0, 0))


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def server_bind(self):
        socketserver.UnixStreamServer.server_bind(self)
        os.chmod(self.server_address, 0o666)


class Gateway:
    """Answers 200 with `body`; `seen` holds (method, path, headers, body)."""

    def __init__(self, path):
        self.seen = []
        self.status = 200
        self.headers = {}
        self.body = b"from the gateway"
        self.server = _Server(path, self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _handler(gateway):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def address_string(self):
                return "nginx"

            def log_message(self, *_):
                pass

            def _body(self):
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(
                        int(self.headers.get("Content-Length") or 0))
                out = b""
                while True:
                    size = int(self.rfile.readline(), 16)
                    out += self.rfile.read(size)
                    self.rfile.readline()
                    if size == 0:
                        return out

            def _any(self):
                gateway.seen.append((self.command, self.path, self.headers,
                                     self._body()))
                self.send_response(gateway.status)
                for name, value in gateway.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(gateway.body)))
                # nginx would keep the connection to a fake that is gone.
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(gateway.body)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any

        return Handler
