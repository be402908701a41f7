"""A client of the API that hides nothing: a test says method, path, headers
and bytes, and gets status, headers and bytes."""

import http.client
import json
import ssl
import urllib.parse

TIMEOUT_S = 150


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """reason.code of a problem."""
        return self.json["reason"]["code"]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Api:
    """One account's key on one server. Every call is a connection of its own
    unless `keep` was asked for."""

    def __init__(self, host, port, key, ca_file, keep=False):
        self.host = host
        self.port = port
        self.key = key
        self.ca_file = ca_file
        self.tls = ssl.create_default_context(cafile=ca_file)
        self.keep = keep
        self.kept = None

    def with_key(self, key):
        return Api(self.host, self.port, key, self.ca_file)

    def keeping(self):
        return Api(self.host, self.port, self.key, self.ca_file, keep=True)

    def connect(self, timeout=TIMEOUT_S):
        return http.client.HTTPSConnection(
            self.host, self.port, timeout=timeout, context=self.tls)

    def _headers(self, headers, value):
        out = {}
        if self.key is not None:
            out["Authorization"] = "Bearer " + self.key
        if value is not None:
            out["Content-Type"] = "application/json"
        out.update(headers or {})
        return {k: v for k, v in out.items() if v is not None}

    def call(self, method, path, value=None, body=None, headers=None,
             timeout=TIMEOUT_S):
        """`value` is sent as JSON, `body` as it is."""
        conn = self.kept or self.connect(timeout)
        if value is not None:
            body = json.dumps(value).encode()
        try:
            conn.request(method, path, body=body,
                         headers=self._headers(headers, value))
            resp = conn.getresponse()
            answer = Answer(resp.status, resp.headers, resp.read())
        except BaseException:
            conn.close()
            self.kept = None
            raise
        if self.keep:
            self.kept = conn
        else:
            conn.close()
        return answer

    def get(self, path, **kw):
        return self.call("GET", path, **kw)

    def post(self, path, value=None, **kw):
        return self.call("POST", path, value, **kw)

    def put(self, path, value=None, **kw):
        return self.call("PUT", path, value, **kw)

    def patch(self, path, value=None, **kw):
        return self.call("PATCH", path, value, **kw)

    def delete(self, path, **kw):
        return self.call("DELETE", path, **kw)

    def create(self, **fields):
        answer = self.post("/v1/sandboxes", {"template": "minimal", **fields})
        assert answer.status == 201, answer
        return Sandbox(self, answer.json)


def quote(path):
    """Of str or bytes, for a query."""
    return urllib.parse.quote(path, safe="")


class Sandbox:
    def __init__(self, api, fields):
        self.api = api
        self.fields = fields
        self.id = fields["id"]
        self.path = "/v1/sandboxes/" + self.id

    def get(self):
        answer = self.api.get(self.path)
        assert answer.status == 200, answer
        return answer.json

    def exec(self, command=None, **fields):
        """The result; asserts that the platform did its part."""
        if command is not None:
            fields["command"] = command
        answer = self.api.post(self.path + "/exec", fields)
        assert answer.status == 200, answer
        return answer.json

    def output(self, command, **fields):
        result = self.exec(command, **fields)
        assert result["exit_code"] == 0, result
        return result["output"]

    def content(self, path):
        return self.path + "/files/content?path=" + quote(path)

    def write(self, path, data):
        answer = self.api.put(self.content(path), body=data, headers={
            "Content-Type": "application/octet-stream"})
        assert answer.status == 200, answer
        return answer.json

    def read(self, path):
        answer = self.api.get(self.content(path))
        assert answer.status == 200, answer
        return answer.body

    def list(self, path=""):
        answer = self.api.get(self.path + "/files?path=" + quote(path))
        assert answer.status == 200, answer
        return answer.json

    def destroy(self):
        answer = self.api.delete(self.path)
        assert answer.status == 204, answer
