"""nginx's configuration with a worker and a gateway that the test plays: what
each of them is sent, what the client gets, what the logs keep."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile

import pytest

from api import Api
from fakes import Gateway, Worker
from stack import ROOT, wait_until

PORT = int(os.environ.get("CAGED_NGINX_PORT", "18444"))
RENDER = """
. scripts/lib/common.sh && . scripts/lib/nginx.sh && nginx_render "$NGINX_DIR"
"""
EXEC = "/v1/sandboxes/cage-0123456789abcdef/exec"
CONTENT = "/v1/sandboxes/cage-0123456789abcdef/files/content"


class Nginx:
    def __init__(self, dir, port=PORT, **limits):
        self.dir = dir
        self.port = port
        self.limits = limits
        self.worker_socket = str(dir / "api.sock")
        self.gateway_socket = str(dir / "gw.sock")
        self.process = None

    def start(self):
        values = {"PID_FILE": "nginx.pid", "LOG_DIR": "log", "TEMP_DIR": "tmp",
                  "API_SOCKET": "api.sock", "GATEWAY_SOCKET": "gw.sock",
                  "TLS_CERT": "cert.pem", "TLS_KEY": "key.pem", "DIR": "nginx"}
        env = {"NGINX_" + k: str(self.dir / v) for k, v in values.items()}
        env.update(NGINX_WORKERS="1", NGINX_LISTEN=f"127.0.0.1:{self.port}",
                   **self.limits)
        for name in "log", "tmp":
            (self.dir / name).mkdir()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", self.dir / "key.pem",
             "-out", self.dir / "cert.pem"], check=True,
            stderr=subprocess.DEVNULL)
        subprocess.run(["bash", "-c", RENDER], cwd=ROOT, check=True,
                       env={**os.environ, **env})
        self.process = subprocess.Popen(
            ["nginx", "-g", "daemon off;", "-c", self.dir / "nginx/nginx.conf"])
        wait_until(self._listens, 10, "nginx listens")

    def _listens(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0

    def logged(self, request_id):
        """The access log's line of one request."""
        def find():
            for line in (self.dir / "log/nginx-access.log").open():
                entry = json.loads(line)
                if entry["request_id"] == request_id:
                    return entry
        return wait_until(find, 5, "the access log has " + request_id)


def running(*args, **kw):
    dir = pathlib.Path(tempfile.mkdtemp(prefix="caged-nginx-"))
    dir.chmod(0o755)
    the = Nginx(dir, *args, **kw)
    the.start()
    yield the
    the.stop()
    shutil.rmtree(dir)


@pytest.fixture(scope="module")
def nginx():
    yield from running()


@pytest.fixture
def strict():
    """One that takes three requests at once and then one a second."""
    yield from running(PORT + 1, NGINX_ADDRESS_RATE="1",
                       NGINX_ADDRESS_BURST="2")


@pytest.fixture
def client(nginx):
    return Api("127.0.0.1", PORT, "caged_sk_test", str(nginx.dir / "cert.pem"))


@pytest.fixture
def worker(nginx):
    the = Worker(nginx.worker_socket)
    the.answer = lambda params, body: (
        b"Status: 200 OK\r\nContent-Type: application/json\r\n"
        b"X-Caged-Key-Id: key-1\r\nX-RateLimit-Limit: 60\r\n\r\n{}")
    yield the
    the.close()
    os.unlink(nginx.worker_socket)


@pytest.fixture
def gateway(nginx):
    the = Gateway(nginx.gateway_socket)
    yield the
    the.close()
    os.unlink(nginx.gateway_socket)


def hand_over(name):
    def answer(params, body):
        return (f"Status: 200 OK\r\nX-Accel-Redirect: {name}\r\n"
                "Content-Type: text/worker\r\nX-Caged-Grant: the-grant\r\n"
                "X-Caged-Key-Id: key-2\r\nX-Exec-Id: exec-1\r\n"
                "X-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 59\r\n"
                "X-RateLimit-Reset: 30\r\n\r\n").encode()
    return answer


def is_problem(answer, status, code):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json
    assert body["status"] == status
    assert body["instance"] == answer.headers["X-Request-Id"]
    assert body["detail"] and body["error"] and body["title"]
    assert body["reason"]["code"] == code
    return body


def errors_def():
    """code -> (statuses, retryable, action) of include/errors.def."""
    rows = {}
    for name, status, code, retry, action in re.findall(
            r'^E\((\w+), (\d+), "(\w+)", (true|false), "([^"]*)"\)',
            (ROOT / "include/errors.def").read_text(), re.M):
        rows[code] = (int(status), retry == "true", action)
    return rows


def raw(nginx, data, tls=True):
    """Bytes in, bytes out."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=20) as s:
        if tls:
            context = ssl.create_default_context(
                cafile=nginx.dir / "cert.pem")
            s = context.wrap_socket(s, server_hostname="127.0.0.1")
        s.sendall(data)
        out = b""
        while True:
            part = s.recv(65536)
            if not part:
                return out
            out += part


def raw_problem(nginx, request, status, code, **kw):
    head, _, body = raw(nginx, request, **kw).partition(b"\r\n\r\n")
    assert head.split()[1] == str(status).encode(), head
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert problem["reason"]["code"] == code
    assert problem["status"] == status
    assert re.search(r"X-Request-Id: (\S+)", head.decode()).group(1) == \
        problem["instance"]


def test_worker_gets_the_request(client, worker):
    client.post("/v1/x%79z?a=%20b", {"k": 1}, headers={"X-Odd": "yes"})
    params, body = worker.seen[-1]
    assert params["REQUEST_METHOD"] == "POST"
    assert params["DOCUMENT_URI"] == "/v1/xyz"
    assert params["QUERY_STRING"] == "a=%20b"
    assert params["CONTENT_TYPE"] == "application/json"
    assert params["CONTENT_LENGTH"] == str(len(body))
    assert params["HTTP_AUTHORIZATION"] == "Bearer caged_sk_test"
    assert params["HTTP_X_ODD"] == "yes"
    assert params["REMOTE_ADDR"] == "127.0.0.1"
    assert "CAGED_ALIAS" not in params
    assert json.loads(body) == {"k": 1}


def test_our_headers_do_not_come_from_a_client(client, worker):
    client.get("/v1/x", headers={"X-Caged-Grant": "forged",
                                 "X-Caged-Key-Id": "forged", "Proxy": "x"})
    params, _ = worker.seen[-1]
    assert "forged" not in params.values()
    assert params.get("HTTP_PROXY", "") == ""


def test_our_headers_do_not_reach_a_client(client, worker, gateway):
    worker.answer = hand_over("@gw")
    gateway.headers = {"X-Caged-Grant": "leak", "X-Accel-Redirect": "/x"}
    answer = client.get(CONTENT)
    assert answer.body == gateway.body
    assert not [h for h in answer.headers if h.lower().startswith("x-caged")]


@pytest.mark.parametrize("sent, kept", [
    ("abcdefgh", True), ("A-b_c.9" * 9, True), ("short", False),
    ("x" * 65, False), ("has blank in", False), ('quote"inside', False)])
def test_request_id(client, worker, nginx, sent, kept):
    answer = client.get("/v1/x", headers={"X-Request-Id": sent})
    got = answer.headers.get_all("X-Request-Id")
    assert len(got) == 1
    assert (got[0] == sent) == kept
    assert re.fullmatch(r"[A-Za-z0-9_.-]{8,64}", got[0])
    assert worker.seen[-1][0]["REQUEST_ID"] == got[0]
    assert nginx.logged(got[0])["status"] == 200


@pytest.mark.parametrize("method, path, routed_method, routed_path", [
    ("POST", "/sandbox", "POST", "/v1/sandboxes"),
    ("GET", "/sandbox", "GET", "/v1/sandboxes"),
    ("GET", "/sandboxes?limit=1", "GET", "/v1/sandboxes"),
    ("GET", "/sandbox/a", "GET", "/v1/sandboxes/a"),
    ("DELETE", "/sandbox/a", "DELETE", "/v1/sandboxes/a"),
    ("POST", "/sandbox/a/exec", "POST", "/v1/sandboxes/a/exec"),
    ("POST", "/sandbox/a/purge", "DELETE", "/v1/sandboxes/a"),
    ("DELETE", "/sandbox/a/purge?x=1", "DELETE", "/v1/sandboxes/a"),
    ("GET", "/sandbox/a/purge", "GET", "/v1/sandboxes/a/purge"),
])
def test_aliases(client, worker, method, path, routed_method, routed_path):
    client.call(method, path)
    params, _ = worker.seen[-1]
    assert params["REQUEST_METHOD"] == routed_method
    assert params["DOCUMENT_URI"] == routed_path
    assert params["CAGED_ALIAS"] == "1"


def test_no_alias_inside_a_name(client, worker):
    client.get("/sandboxed")
    params, _ = worker.seen[-1]
    assert params["DOCUMENT_URI"] == "/sandboxed"
    assert "CAGED_ALIAS" not in params


@pytest.mark.parametrize("name", ["@gw", "@gw_create", "@gw_exec"])
def test_hand_over(client, worker, gateway, nginx, name):
    worker.answer = hand_over(name)
    gateway.headers = {"Content-Type": "text/gateway"}
    answer = client.post(EXEC + "?q=1", {"command": "ls"}, headers={
        "Cookie": "session=1", "Prefer": "respond-async", "Range": "bytes=1-",
        "Accept": "text/plain", "If-None-Match": '"e"', "X-Other": "x",
        "X-Caged-Grant": "forged"})
    assert answer.status == 200 and answer.body == gateway.body
    assert answer.headers.get_all("Content-Type") == ["text/gateway"]
    for header, value in (("X-Exec-Id", "exec-1"), ("X-RateLimit-Limit", "60"),
                          ("X-RateLimit-Remaining", "59"),
                          ("X-RateLimit-Reset", "30")):
        assert answer.headers.get_all(header) == [value]
    method, path, headers, body = gateway.seen[-1]
    assert (method, path) == ("POST", EXEC + "?q=1")
    assert json.loads(body) == {"command": "ls"}
    assert headers.get_all("X-Caged-Grant") == ["the-grant"]
    assert headers["X-Request-Id"] == answer.headers["X-Request-Id"]
    assert headers["Prefer"] == "respond-async"
    assert headers["Range"] == "bytes=1-"
    assert headers["If-None-Match"] == '"e"'
    for name in "Authorization", "Cookie", "X-Other":
        assert name not in headers
    assert nginx.logged(headers["X-Request-Id"])["key"] == "key-2"


def test_gateway_gets_the_path_that_was_authorised(client, worker, gateway):
    worker.answer = hand_over("@gw")
    client.get("//v1/./sandboxes/%63age-1/../cage-2/exec")
    assert worker.seen[-1][0]["DOCUMENT_URI"] == "/v1/sandboxes/cage-2/exec"
    assert gateway.seen[-1][1] == "/v1/sandboxes/cage-2/exec"


def test_odd_paths_arrive_whole(client, worker, gateway):
    worker.answer = hand_over("@gw")
    client.get("/v1/a%3Fb%0Ac%25%20%C3%A9?x=%3F")
    assert worker.seen[-1][0]["DOCUMENT_URI"] == "/v1/a?b\nc% \xc3\xa9"
    assert gateway.seen[-1][1] == "/v1/a%3Fb%0Ac%25%20%C3%A9?x=%3F"


def test_alias_is_handed_over_as_routed(client, worker, gateway):
    worker.answer = hand_over("@gw_exec")
    client.post("/sandbox/cage-1/exec", {"cmd": ["ls"]})
    assert gateway.seen[-1][:2] == ("POST", "/v1/sandboxes/cage-1/exec")


def test_upload_is_authorised_first(client, worker, gateway):
    worker.answer = lambda params, body: (
        b"Status: 204 No Content\r\nX-Caged-Grant: put-grant\r\n"
        b"X-RateLimit-Limit: 60\r\nX-Caged-Key-Id: key-3\r\n\r\n")
    data = os.urandom(3 << 20)
    answer = client.put(CONTENT + "?path=a%2Fb", body=data, headers={
        "Content-Type": "application/octet-stream"})
    assert answer.status == 200
    assert answer.headers["X-RateLimit-Limit"] == "60"
    params, body = worker.seen[-1]
    assert params["DOCUMENT_URI"] == "/internal/authorize"
    assert params["CAGED_METHOD"] == "PUT"
    assert params["CAGED_URI"] == CONTENT
    assert params["QUERY_STRING"] == "path=a%2Fb"
    assert params["HTTP_AUTHORIZATION"] == "Bearer caged_sk_test"
    assert body == b""
    method, path, headers, body = gateway.seen[-1]
    assert (method, path) == ("PUT", CONTENT + "?path=a%2Fb")
    assert headers["X-Caged-Grant"] == "put-grant"
    assert "Authorization" not in headers
    assert body == data


def test_upload_of_unknown_length(client, worker, gateway):
    worker.answer = lambda params, body: (
        b"Status: 204 No Content\r\nX-Caged-Grant: g\r\n\r\n")
    parts = [os.urandom(100000) for _ in range(30)]
    answer = client.put(CONTENT + "?path=a", body=iter(parts))
    assert answer.status == 200
    assert gateway.seen[-1][3] == b"".join(parts)


def test_internal_places_are_closed(client, worker):
    for path in ("/internal/authorize", "/_problem", "/_problem/gateway",
                 "/_upload/v1/sandboxes/a/files"):
        is_problem(client.get(path), 404, "not_found")
    assert worker.seen == []


def test_no_worker(client):
    answer = client.get("/v1/account")
    is_problem(answer, 503, "overloaded")
    assert answer.headers["Retry-After"] == "2"


def test_no_worker_for_an_upload(client, gateway):
    answer = client.put(CONTENT + "?path=a", body=b"x")
    is_problem(answer, 503, "overloaded")
    assert answer.headers["Retry-After"] == "2"
    assert gateway.seen == []


def test_no_gateway(client, worker):
    worker.answer = hand_over("@gw_exec")
    answer = client.post(EXEC, {"command": "ls"})
    is_problem(answer, 503, "gateway_unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert answer.headers["X-Exec-Id"] == "exec-1"
    assert answer.headers["X-RateLimit-Remaining"] == "59"


def test_no_gateway_for_an_upload(client, worker):
    worker.answer = lambda params, body: (
        b"Status: 204 No Content\r\nX-Caged-Grant: g\r\n\r\n")
    is_problem(client.put(CONTENT + "?path=a", body=b"x"), 503,
               "gateway_unavailable")


@pytest.mark.parametrize("status", [400, 404, 409, 413, 429, 500, 503])
def test_refusals_of_others_pass(client, worker, status):
    worker.answer = lambda params, body: (
        f"Status: {status} X\r\nContent-Type: application/problem+json\r\n"
        "Retry-After: 7\r\n\r\n{\"mine\":1}").encode()
    answer = client.get("/v1/x")
    assert answer.status == status and answer.json == {"mine": 1}
    assert answer.headers.get_all("Retry-After") == ["7"]


def test_body_too_large(client, worker):
    answer = client.post("/v1/sandboxes", body=b"x" * ((1 << 20) + 1))
    is_problem(answer, 413, "body_too_large")
    assert worker.seen == []


def test_body_of_the_limit(client, worker):
    data = b"x" * (1 << 20)
    assert client.post("/v1/sandboxes", body=data).status == 200
    assert worker.seen[-1][1] == data


def test_url_and_headers_too_long(client, worker):
    answer = client.get("/v1/x?" + "a" * 9000)
    is_problem(answer, 414, "uri_too_long")
    answer = client.get("/v1/x", headers={"X-Long": "a" * 9000})
    is_problem(answer, 431, "headers_too_large")
    assert worker.seen == []


def test_trace(client, worker):
    is_problem(client.call("TRACE", "/v1/x"), 405, "method_not_allowed")


BAD = {
    "no http": b"hello\r\n\r\n",
    "path outside the root": b"GET /../x HTTP/1.1\r\nHost: a\r\n"
                             b"Connection: close\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "length and chunked": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                   b"Content-Length: 4\r\n\r\nabcd",
    "bad length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3x\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: a\r\n"
                       b"Content-Length: -1\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: a\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n",
    "version 3": b"GET / HTTP/3.0\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD)
def test_malformed_requests(nginx, worker, name):
    raw_problem(nginx, BAD[name], 400, "invalid_request")
    assert worker.seen == []


def test_unknown_transfer_encoding(nginx, worker):
    raw_problem(nginx, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                b"gzip, chunked\r\n\r\n", 501, "not_implemented")
    assert worker.seen == []


def test_plain_http(nginx):
    raw_problem(nginx, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400,
                "invalid_request", tls=False)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(nginx):
    context = ssl.create_default_context(cafile=nginx.dir / "cert.pem")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", PORT)) as s:
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(s, server_hostname="127.0.0.1")


def test_http2(nginx, worker):
    done = subprocess.run(
        ["curl", "-sS", "--http2", "--cacert", nginx.dir / "cert.pem", "-w",
         "%{http_version} %{http_code}", f"https://127.0.0.1:{PORT}/v1/x"],
        stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "{}2 200"


def test_version_is_not_told(client, worker):
    assert client.get("/v1/x").headers["Server"] == "nginx"
    assert client.call("TRACE", "/").headers["Server"] == "nginx"


def test_secrets_stay_out_of_logs(client, worker, nginx):
    answer = client.get("/v1/x?token=seecret", headers={
        "Authorization": "Bearer seecret", "Cookie": "seecret"})
    entry = nginx.logged(answer.headers["X-Request-Id"])
    assert entry["path"] == "/v1/x" and entry["key"] == "key-1"
    worker.answer = lambda params, body: b"no CGI answer seecret"
    answer = client.get("/v1/x?token=seecret")
    is_problem(answer, 503, "overloaded")
    entry = nginx.logged(answer.headers["X-Request-Id"])
    assert entry["status"] == 503 and entry["method"] == "GET"
    for log in (nginx.dir / "log").iterdir():
        assert "seecret" not in log.read_text()


def test_log_keeps_the_method_of_a_refused_request(client, nginx, worker):
    answer = client.post("/v1/x?token=t", body=b"x" * ((1 << 20) + 1))
    entry = nginx.logged(answer.headers["X-Request-Id"])
    assert (entry["method"], entry["path"], entry["status"]) == \
        ("POST", "/v1/x", 413)


def test_codes_are_those_of_the_error_table():
    """nginx cannot read errors.def, so its maps must agree with it."""
    text = (ROOT / "nginx/caged-http.conf").read_text()

    def values(name):
        block = re.search(r"map \$problem \$%s \{(.*?)\n\}" % name, text,
                          re.S).group(1)
        return {key: quoted or plain for key, quoted, plain in re.findall(
            r'^\t(\w+) (?:"([^"]*)"|(\w+));', block, re.M)}

    codes, retryable = values("problem_code"), values("problem_retryable")
    actions, table = values("problem_action"), errors_def()
    for problem, code in codes.items():
        status, retry, action = table[code]
        if problem.isdigit():
            assert status == int(problem), problem
        assert (retryable.get(problem) == "true") == retry, problem
        if problem != "https" and problem != "default":
            assert actions.get(problem, "") == action, problem


def test_one_address_cannot_take_everything(strict):
    client = Api("127.0.0.1", strict.port, None, str(strict.dir / "cert.pem"))
    answers = [client.get("/v1/x") for _ in range(6)]
    assert [a.status for a in answers[:3]] == [503] * 3
    for answer in answers[4:]:
        is_problem(answer, 429, "rate_limited")
        assert answer.headers["Retry-After"] == "1"
