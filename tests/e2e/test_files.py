"""Files in a real VM."""

import base64
import hashlib
import os

import pytest

from api import quote

NAMES = [
    "plain.txt", "with space", "quote'double\"back`tick", "new\nline", "tab\t",
    "-dash", "~tilde", "grüße-日本-🦊", "percent%41%", "q?a=b&c#d", "back\\slash",
    "dots..", "*glob[a]", b"invalid-\xff\xfe-utf8", b"latin-\xe9", "x" * 255,
]


@pytest.fixture(scope="module")
def dir(shared):
    shared.output("mkdir -p /workspace/files")
    return "files/"


def as_bytes(name):
    return name if isinstance(name, bytes) else name.encode()


@pytest.mark.parametrize("name", NAMES, ids=lambda n: repr(n)[:30])
def test_names(shared, dir, name):
    path = dir.encode() + b"names/" + as_bytes(name)
    data = b"content of " + as_bytes(name)
    assert shared.write(path, data)["size"] == len(data)
    assert shared.read(path) == data
    entries = shared.list(dir + "names")
    entry, = [e for e in entries if matches(e, as_bytes(name))]
    assert entry["type"] == "file" and entry["size"] == len(data)
    answer = shared.api.delete(shared.path + "/files?path=" + quote(path))
    assert answer.status == 204, answer
    assert not [e for e in shared.list(dir + "names")
                if matches(e, as_bytes(name))]


def matches(entry, name):
    import urllib.parse
    if "path_encoded" in entry:
        path = urllib.parse.unquote_to_bytes(entry["path_encoded"])
        return path.rpartition(b"/")[2] == name
    return entry["name"].encode() == name


def test_bytes_are_whole(shared, dir):
    data = bytes(range(256)) * 300 + b"\0" * 1000 + os.urandom(12345)
    shared.write(dir + "bytes", data)
    assert shared.read("/workspace/files/bytes") == data
    assert shared.output("sha256sum < files/bytes").split()[0] == \
        hashlib.sha256(data).hexdigest()


def test_empty_file(shared, dir):
    assert shared.write(dir + "empty", b"")["size"] == 0
    assert shared.read(dir + "empty") == b""
    answer = shared.api.get(shared.content(dir + "empty"),
                            headers={"Accept": "application/json"})
    assert answer.json["content"] == "" and answer.json["size"] == 0


def test_hundred_mebibytes(shared, dir):
    block = os.urandom(1 << 20)
    up = hashlib.sha256()

    def parts():
        for i in range(100):
            part = i.to_bytes(4, "big") + block[4:]
            up.update(part)
            yield part
    answer = shared.api.put(shared.content(dir + "big"), body=parts(),
                            headers={"Content-Length": str(100 << 20),
                                     "Content-Type": "application/octet-stream"},
                            timeout=300)
    assert answer.status == 200, answer
    assert answer.json["size"] == 100 << 20
    assert shared.output("sha256sum < files/big").split()[0] == up.hexdigest()
    body = shared.read(dir + "big")
    assert hashlib.sha256(body).hexdigest() == up.hexdigest()
    shared.output("rm files/big")


def test_json_write(shared, dir):
    answer = shared.api.put(shared.path + "/files", {
        "path": dir + "app/index.html", "content": "<h1>hello</h1>",
        "append": False})
    assert answer.status == 200, answer
    assert answer.json == {"status": "ok", "path": answer.json["path"],
                           "size": 14}
    assert shared.read(dir + "app/index.html") == b"<h1>hello</h1>"
    answer = shared.api.put(shared.path + "/files/content", {
        "path": dir + "app/index.html", "content": " é", "append": True})
    assert answer.status == 200, answer
    assert shared.read(dir + "app/index.html") == "<h1>hello</h1> é".encode()


def test_json_write_base64(shared, dir):
    data = bytes(range(256))
    answer = shared.api.put(shared.path + "/files/content", {
        "path": dir + "b64", "encoding": "base64", "mode": "0750",
        "content": base64.b64encode(data).decode()})
    assert answer.status == 200, answer
    assert shared.read(dir + "b64") == data
    assert shared.output("stat -c '%a %U' files/b64") == "750 cage\n"


def test_json_read(shared, dir):
    shared.write(dir + "text", "grüße\n".encode())
    shared.write(dir + "blob", b"\xff\x00")
    want = {"Accept": "application/json"}
    text = shared.api.get(shared.content(dir + "text"), headers=want).json
    assert text["encoding"] == "utf-8" and text["content"] == "grüße\n"
    assert text["size"] == 8 and text["path"].endswith("files/text")
    blob = shared.api.get(shared.content(dir + "blob"), headers=want).json
    assert blob["encoding"] == "base64"
    assert base64.b64decode(blob["content"]) == b"\xff\x00"


@pytest.mark.parametrize("sent, start, end", [
    ("bytes=0-9", 0, 10), ("bytes=990-", 990, 1000), ("bytes=-5", 995, 1000),
    ("bytes=10-10", 10, 11), ("bytes=900-5000", 900, 1000)])
def test_range(shared, dir, sent, start, end):
    data = bytes(i % 251 for i in range(1000))
    shared.write(dir + "range", data)
    answer = shared.api.get(shared.content(dir + "range"),
                            headers={"Range": sent})
    assert answer.status == 206, answer
    assert answer.body == data[start:end]
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/1000"


def test_range_outside(shared, dir):
    shared.write(dir + "range", b"x" * 10)
    answer = shared.api.get(shared.content(dir + "range"),
                            headers={"Range": "bytes=10-"})
    assert answer.status == 416 and answer.code == "range_not_satisfiable"


def test_etag(shared, dir):
    shared.write(dir + "etag", b"one")
    first = shared.api.get(shared.content(dir + "etag"))
    etag = first.headers["ETag"]
    again = shared.api.get(shared.content(dir + "etag"),
                           headers={"If-None-Match": etag})
    assert again.status == 304 and again.body == b""
    shared.write(dir + "etag", b"two!")
    other = shared.api.get(shared.content(dir + "etag"),
                           headers={"If-None-Match": etag})
    assert other.status == 200 and other.body == b"two!"


def test_list(shared, dir):
    shared.output("mkdir -p files/l/sub && cd files/l && echo 12345 > f && "
                  "chmod 640 f && ln -sf f link && mkfifo fifo && "
                  "echo x > sub/deep && touch -d '2020-02-03T04:05:06Z' f")
    entries = {e["name"]: e for e in shared.list(dir + "l")}
    assert {n: e["type"] for n, e in entries.items()} == {
        "f": "file", "link": "symlink", "fifo": "other", "sub": "directory"}
    f = entries["f"]
    assert f["size"] == 6 and f["mode"] == "0640"
    assert f["mod_time"].startswith("2020-02-03T04:05:06")
    answer = shared.api.get(shared.path + "/files?path=files/l&recursive=true")
    assert [e for e in answer.json if e["path"].endswith("sub/deep")]


def test_mkdir_move_delete(shared, dir):
    base = shared.path + "/files"
    answer = shared.api.post(base + "/mkdir", {"path": dir + "d/e/f"})
    assert answer.status in (200, 201), answer
    shared.write(dir + "d/one", b"1")
    answer = shared.api.post(base + "/move", {"from": dir + "d/one",
                                              "to": dir + "d/e/two"})
    assert answer.status == 200, answer
    assert shared.read(dir + "d/e/two") == b"1"
    assert shared.api.get(shared.content(dir + "d/one")).status == 404
    answer = shared.api.delete(base + "?path=" + quote(dir + "d"))
    assert answer.status == 204, answer
    assert shared.api.get(base + "?path=" + quote(dir + "d")).status == 404


def test_move_over_a_file(shared, dir):
    shared.write(dir + "m1", b"1")
    shared.write(dir + "m2", b"2")
    move = {"from": dir + "m1", "to": dir + "m2"}
    answer = shared.api.post(shared.path + "/files/move",
                             {**move, "overwrite": False})
    assert answer.status == 409 and answer.code == "file_conflict"
    assert shared.read(dir + "m2") == b"2"
    answer = shared.api.post(shared.path + "/files/move", move)
    assert answer.status == 200, answer
    assert shared.read(dir + "m2") == b"1"


def test_missing_and_wrong_kind(shared, dir):
    shared.output("mkdir -p files/a-dir; mkfifo -m 666 files/a-fifo || true")
    answer = shared.api.get(shared.content(dir + "nothing"))
    assert answer.status == 404 and answer.code == "file_not_found"
    answer = shared.api.get(shared.content(dir + "a-dir"))
    assert answer.status in (400, 409), answer
    answer = shared.api.get(shared.content(dir + "a-fifo"))
    assert answer.status in (400, 409), answer
    answer = shared.api.put(shared.content(dir + "a-dir"), body=b"x")
    assert answer.status in (400, 409), answer


def test_only_what_cage_may(shared):
    answer = shared.api.get(shared.content("/etc/shadow"))
    assert answer.status == 403 and answer.code == "policy_denied"
    answer = shared.api.put(shared.content("/etc/passwd"), body=b"x")
    assert answer.status == 403 and answer.code == "policy_denied"
    assert shared.output("grep -c root /etc/passwd") != "0\n"


def test_write_is_all_or_nothing(shared, dir):
    """An upload that breaks off leaves the old file and no other."""
    shared.write(dir + "atomic/f", b"old")
    conn = shared.api.connect(timeout=10)
    conn.putrequest("PUT", shared.content(dir + "atomic/f"))
    conn.putheader("Authorization", "Bearer " + shared.api.key)
    conn.putheader("Content-Length", "1000000")
    conn.endheaders(b"x" * 500000)
    conn.close()
    assert shared.read(dir + "atomic/f") == b"old"
    from stack import wait_until
    wait_until(lambda: shared.output("ls -A files/atomic") == "f\n", 10,
               "no part of a broken upload is left", every=0.3)


def test_full_disk(api):
    sandbox = api.create(disk_gb=1)
    try:
        sandbox.exec("dd if=/dev/zero of=fill bs=1M", timeout=120)
        result = sandbox.exec("echo more > more; cat more")
        assert "No space left" in result["output"]
        answer = api.put(sandbox.content("up"), body=b"x" * (1 << 20))
        assert answer.status == 507 and answer.code == "disk_full"
        assert sandbox.output("rm fill && echo x > more && cat more") == "x\n"
    finally:
        sandbox.destroy()


def test_git_diff(shared):
    shared.output("""
        rm -rf repo && git init -q repo && cd repo &&
        git config user.email a@b && git config user.name a &&
        printf 'one\\n' > kept && printf 'gone\\n' > deleted &&
        git add . && git commit -qm first &&
        printf 'two\\n' >> kept && rm deleted && echo new > 'un tracked' &&
        echo staged > added && git add added""")
    answer = shared.api.get(shared.path + "/git/diff?path=repo")
    assert answer.status == 200, answer
    status = {f["path"].rpartition("/")[2]: f["status"]
              for f in answer.json["files"]}
    assert status == {"kept": "modified", "deleted": "deleted",
                      "un tracked": "untracked", "added": "added"}
    assert "+two" in answer.json["diff"]
    assert "+staged" in answer.json["staged_diff"]


def test_git_diff_runs_no_foreign_program(shared):
    shared.output("""
        rm -rf evil /tmp/evil-ran && git init -q evil && cd evil &&
        git config user.email a@b && git config user.name a &&
        git config diff.external 'touch /tmp/evil-ran' &&
        git config core.fsmonitor 'touch /tmp/evil-ran' &&
        echo '*.x diff=e' > .gitattributes &&
        git config diff.e.textconv 'touch /tmp/evil-ran; cat' &&
        echo 1 > a.x && git -c core.fsmonitor= add . &&
        git -c core.fsmonitor= commit -qm x && echo 2 > a.x;
        rm -f /tmp/evil-ran""")
    answer = shared.api.get(shared.path + "/git/diff?path=evil")
    assert answer.status == 200, answer
    assert shared.exec("ls /tmp/evil-ran")["exit_code"] != 0


def test_git_diff_of_no_repository(shared):
    answer = shared.api.get(shared.path + "/git/diff?path=/tmp")
    assert 400 <= answer.status < 500, answer
