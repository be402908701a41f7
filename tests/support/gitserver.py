"""A git server over HTTP at an address of a documentation range, in a network
namespace that this machine routes to: for a guest it is a host of the internet.
Repositories under /private/ want a token as the password of any user.

    gitserver.py ROOT ADDRESS PORT TOKEN: serves; prints a line when it listens
"""

import base64
import http.server
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import netlab  # noqa: E402

ADDRESS, NEAR, PORT = "192.0.2.82", "192.0.2.81", 8080


class Handler(http.server.BaseHTTPRequestHandler):
    root = token = ""

    def allowed(self):
        if not self.path.startswith("/private/"):
            return True
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        return (kind == "Basic" and
                base64.b64decode(value).decode().partition(":")[2] == self.token)

    def serve(self):
        if not self.allowed():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        env = os.environ | {
            "GIT_PROJECT_ROOT": self.root, "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command, "PATH_INFO": path,
            "QUERY_STRING": query, "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        out = subprocess.run(["git", "-c", "safe.directory=*", "http-backend"],
                             input=body, env=env, stdout=subprocess.PIPE).stdout
        head, _, rest = out.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest)

    do_GET = do_POST = serve

    def log_message(self, *args):
        pass


def git(folder, *args):
    return subprocess.run(
        ["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com",
         "-c", "init.defaultBranch=main", *args], check=True, text=True,
        capture_output=True).stdout.strip()


class GitServer:
    """Serves `public/r.git` and `private/r.git`, the same repository."""

    def __init__(self, root, token):
        self.root = pathlib.Path(root)
        self.commits = self._make(self.root / "work")
        for kind in ("public", "private"):
            (self.root / kind).mkdir()
            git(self.root, "clone", "-q", "--bare", "work", f"{kind}/r.git")
            git(self.root / kind / "r.git", "config",
                "uploadpack.allowReachableSHA1InWant", "true")
        self.space = netlab.Space()
        self._connect()
        self.server = self.space.start(
            sys.executable, __file__, self.root, ADDRESS, PORT, token,
            stdout=subprocess.PIPE)
        assert self.server.stdout.readline()

    @staticmethod
    def _make(work):
        """main has two commits, branch `side` one more."""
        work.mkdir()
        git(work, "init", "-q")
        commits = []
        for text in ("one", "two", "three"):
            if text == "three":
                git(work, "checkout", "-q", "-b", "side")
            (work / "part/deep").mkdir(parents=True, exist_ok=True)
            (work / "other").mkdir(exist_ok=True)
            for name in ("text", "part/deep/text", "other/text"):
                (work / name).write_text(text + "\n")
            git(work, "add", ".")
            git(work, "commit", "-q", "-m", text)
            commits.append(git(work, "rev-parse", "HEAD"))
        git(work, "checkout", "-q", "main")
        return commits

    def _connect(self):
        pid = self.space.process.pid
        name = f"git{pid}"[:15]
        subprocess.run(["ip", "-batch", "-"], check=True, text=True, input="\n".join((
            f"link add {name} type veth peer name eth0 netns {pid}",
            f"addr add {NEAR}/30 dev {name}", f"link set {name} up")))
        self.space.ip("link set lo up", f"addr add {ADDRESS}/30 dev eth0",
                      "link set eth0 up", f"route add default via {NEAR}")

    def url(self, kind):
        return f"http://{ADDRESS}:{PORT}/{kind}/r.git"

    def close(self):
        self.server.stdout.close()
        self.space.close()


if __name__ == "__main__":
    Handler.root, Handler.token = sys.argv[1], sys.argv[4]
    server = http.server.ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), Handler)
    print("listening", flush=True)
    server.serve_forever()
