"""Files and git of a real guest, through its agent."""

import hashlib
import json
import os
import time
import urllib.parse

import pytest

from channel import EOF, GuestError
from guest_vm import read, run, write


def refused(code, call, *args, **kwargs):
    with pytest.raises(GuestError) as e:
        call(*args, **kwargs)
    assert e.value.code == code, e.value.message
    return e.value.message


def pct(raw):
    return urllib.parse.quote_from_bytes(raw, safe="/~.-_")


def listing(channel, path, recursive=False, limit=1000):
    got = channel.call("file_list", path=path, recursive=recursive,
                       limit=limit)
    items = [json.loads(line) for line in got.data().splitlines()]
    return items, got.end["truncated"]


@pytest.fixture
def folder(channel, request):
    """An empty folder of the test's own, owned by the sandbox's user."""
    path = "/workspace/" + request.node.name.split("[")[0]
    run(channel, argv=["sudo", "rm", "-rf", path])
    run(channel, argv=["mkdir", "-p", path])
    return path


NAMES = [b"plain", b"with blank", b"new\nline", b"\xff\xfe\x80", b"%41%",
         "\u6f22\u5b57".encode(), b"-rf", b"'\"$(x)`", b"n" * 255]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_written_read_listed_and_deleted(channel, folder, name):
    path = pct(folder.encode() + b"/" + name)
    item = write(channel, path, b"content")
    assert item["path"] == path and item["size"] == 7
    assert item["type"] == "file" and item["mode"] == 0o644
    got = read(channel, path)
    assert got.reply == item and got.data() == b"content"
    assert listing(channel, folder) == ([item], False)
    assert channel.call("file_delete", path=path).end == {}
    assert listing(channel, folder) == ([], False)


def test_relative_paths_start_at_the_workspace(channel, folder):
    name = folder.rsplit("/", 1)[1]
    write(channel, f"./{name}//deep/er/f", b"x")
    assert read(channel, f"{folder}/deep/er/f").data() == b"x"


@pytest.mark.parametrize("record,want", [
    ({}, b"0123456789"), ({"offset": 3}, b"3456789"),
    ({"offset": 3, "length": 2}, b"34"), ({"length": 99}, b"0123456789"),
    ({"offset": 9, "length": 2**62}, b"9"), ({"suffix": 3}, b"789"),
    ({"suffix": 99}, b"0123456789"), ({"stat_only": True}, b"")])
def test_ranges(channel, folder, record, want):
    write(channel, folder + "/f", b"0123456789")
    got = read(channel, folder + "/f", **record)
    assert got.data() == want and got.reply["size"] == 10


def test_bad_ranges(channel, folder):
    write(channel, folder + "/f", b"0123456789")
    write(channel, folder + "/empty")
    assert read(channel, folder + "/empty").data() == b""
    for offset in (10, 11, 2**62):
        refused("range_not_satisfiable", read, channel, folder + "/f",
                offset=offset)
    refused("invalid_request", read, channel, folder + "/f", offset=1,
            suffix=1)


def test_mode_is_given_or_kept(channel, folder):
    path = folder + "/f"
    assert write(channel, path, b"1", mode=0o700)["mode"] == 0o700
    assert write(channel, path, b"2")["mode"] == 0o700
    assert write(channel, path, b"3", append=True)["mode"] == 0o700
    assert write(channel, path, b"4", append=True, mode=0o600)["mode"] == 0o600
    assert read(channel, path).data() == b"234"


def test_writing_replaces_in_one_step(channel, folder):
    path = folder + "/f"
    write(channel, path, b"old")
    stream = channel.open("file_write", path=path)
    stream.send(b"new" * 100000)
    time.sleep(0.3)
    assert read(channel, path).data() == b"old"
    stream.send(eof=True)
    assert stream.wait().end["size"] == 300000
    assert [i["path"] for i in listing(channel, folder)[0]] == [path]


@pytest.mark.parametrize("append", [False, True])
def test_a_reset_changes_nothing(channel, folder, append):
    path = folder + "/f"
    write(channel, path, b"old")
    stream = channel.open("file_write", path=path, append=append)
    stream.send(b"new" * 100000)
    stream.reset()
    time.sleep(0.5)
    assert read(channel, path).data() == b"old"
    assert len(listing(channel, folder)[0]) == 1


def test_a_link_at_the_end_is_followed_when_writing(channel, folder):
    write(channel, folder + "/real", b"1")
    run(channel, "ln -s real link; ln -s nowhere dangling", cwd=folder)
    write(channel, folder + "/link", b"22")
    assert read(channel, folder + "/real").data() == b"22"
    refused("file_not_found", write, channel, folder + "/dangling", b"x")
    kinds = {i["path"].rsplit("/", 1)[1]: i["type"]
             for i in listing(channel, folder)[0]}
    assert kinds == {"real": "file", "link": "symlink", "dangling": "symlink"}


def test_delete_is_recursive_and_follows_no_link(channel, folder):
    write(channel, folder + "/out/kept", b"x")
    write(channel, folder + "/in/a/b/c", b"x")
    run(channel, "ln -s ../out in/a/link; mkfifo in/fifo; ln -s out away",
        cwd=folder)
    channel.call("file_delete", path=folder + "/in")
    channel.call("file_delete", path=folder + "/away")
    names = [i["path"] for i in listing(channel, folder, True)[0]]
    assert names == [folder + "/out", folder + "/out/kept"]


@pytest.mark.parametrize("path", ["/", "/workspace", "/workspace/", ".",
                                  "/workspace/../workspace", "/tmp/.."])
def test_roots_stay(channel, path):
    refused("policy_denied", channel.call, "file_delete", path=path)
    refused("policy_denied", channel.call, "file_move", **{"from": path},
            to="/tmp/x")


def test_a_deep_tree_is_deleted(channel, folder):
    run(channel, cwd=folder, argv=[
        "python3", "-c", "import os\nfor _ in range(200):\n"
        " os.mkdir('d')\n os.chdir('d')"])
    channel.call("file_delete", path=folder + "/d")
    assert listing(channel, folder) == ([], False)


def test_mkdir(channel, folder):
    path = folder + "/a/b/c"
    item = channel.call("file_mkdir", path=path, mode=0o700).end
    assert (item["type"], item["mode"]) == ("directory", 0o700)
    assert channel.call("file_mkdir", path=path).end["mode"] == 0o700
    write(channel, folder + "/f")
    refused("file_conflict", channel.call, "file_mkdir", path=folder + "/f")
    refused("file_conflict", channel.call, "file_mkdir", path=folder + "/f/g")


def test_move(channel, folder):
    def move(a, b, **more):
        return channel.call("file_move", **{"from": folder + a},
                            to=folder + b, **more).end

    write(channel, folder + "/a", b"a")
    write(channel, folder + "/b", b"b")
    refused("file_conflict", move, "/a", "/b", overwrite=False)
    assert move("/a", "/b")["path"] == folder + "/b"
    assert read(channel, folder + "/b").data() == b"a"
    assert move("/b", "/c", overwrite=False)["size"] == 1
    refused("file_not_found", move, "/a", "/d")
    write(channel, folder + "/full/x")
    channel.call("file_mkdir", path=folder + "/dir")
    refused("file_conflict", move, "/dir", "/full")
    refused("file_conflict", move, "/c", "/dir")
    assert move("/dir", "/dir2")["type"] == "directory"


@pytest.mark.parametrize("op,path,code", [
    ("file_read", "/no/such", "file_not_found"),
    ("file_read", "/etc", "file_conflict"),
    ("file_read", "/etc/passwd/x", "file_conflict"),
    ("file_read", "/etc/shadow", "policy_denied"),
    ("file_read", "/dev/zero", "file_conflict"),
    ("file_read", "/" + "n" * 300, "invalid_request"),
    ("file_read", "/a%00b", "invalid_request"),
    ("file_read", "/a%2", "invalid_request"),
    ("file_read", "/" + "a/" * 2048 + "a", "invalid_request"),
    ("file_write", "/etc/hosts", "policy_denied"),
    ("file_write", "/etc/new", "policy_denied"),
    ("file_write", "/workspace", "file_conflict"),
    ("file_write", "/proc/x", "file_not_found"),
    ("file_write", "/dev/null", "file_conflict"),
    ("file_delete", "/etc/passwd", "policy_denied"),
    ("file_delete", "/no/such", "file_not_found"),
    ("file_mkdir", "/etc/x", "policy_denied"),
    ("git_diff", "/tmp", "invalid_request"),
    ("git_diff", "/no/such", "file_not_found")])
def test_refusals(channel, op, path, code):
    refused(code, channel.call, op, path=path)


def test_loops_and_fifos_are_refused_at_once(channel, folder):
    run(channel, "ln -s loop loop; mkfifo fifo", cwd=folder)
    refused("invalid_request", read, channel, folder + "/loop")
    refused("file_conflict", read, channel, folder + "/fifo")
    refused("file_conflict", write, channel, folder + "/fifo", b"x")
    refused("file_conflict", write, channel, folder + "/fifo", b"x",
            append=True)


def test_list_order_and_limit(channel, folder):
    run(channel, "mkdir b; touch c a b/z b/y; chmod 0 b/y; ln -s b d",
        cwd=folder)
    items, cut = listing(channel, folder, recursive=True)
    names = [i["path"][len(folder):] for i in items]
    assert names == ["/a", "/b", "/b/y", "/b/z", "/c", "/d"] and not cut
    assert items[2]["mode"] == 0
    items, cut = listing(channel, folder, recursive=True, limit=3)
    assert len(items) == 3 and cut
    items, cut = listing(channel, folder, limit=4)
    assert len(items) == 4 and not cut
    refused("file_conflict", listing, channel, folder + "/a")
    refused("file_not_found", listing, channel, folder + "/none")


def test_list_of_many(channel, folder):
    run(channel, "seq 2000 | xargs touch", cwd=folder)
    items, cut = listing(channel, folder, limit=100000)
    assert len(items) == 2000 and not cut
    items, cut = listing(channel, folder, limit=500)
    assert len(items) == 500 and cut
    channel.call("file_delete", path=folder)


def test_100_mib_up_and_down(channel, folder, record_property):
    data = os.urandom(100 << 20)
    began = time.monotonic()
    assert write(channel, folder + "/big", data)["size"] == len(data)
    up = time.monotonic() - began
    name = channel.call("file_read", path=folder + "/big", length=1)
    assert name.data() == data[:1]
    began = time.monotonic()
    got = read(channel, folder + "/big").data()
    down = time.monotonic() - began
    assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
    there = run(channel, argv=["sha256sum", folder + "/big"]).stdout
    assert there.split()[0].decode() == hashlib.sha256(data).hexdigest()
    record_property("up_mib_s", round(100 / up))
    record_property("down_mib_s", round(100 / down))
    print(f"up {100 / up:.0f} MiB/s, down {100 / down:.0f} MiB/s")
    channel.call("file_delete", path=folder + "/big")


def test_a_full_disk(channel, folder):
    write(channel, folder + "/f", b"old")
    run(channel, "fallocate -l $(df -B1 --output=avail . | tail -1) filler;"
                 "cat /dev/zero > rest; sync", cwd=folder)
    try:
        for append in (False, True):
            refused("disk_full", write, channel, folder + "/f",
                    bytes(2 << 20), append=append)
            assert read(channel, folder + "/f").data() == b"old"
        assert run(channel, argv=["true"]).end["exit_code"] == 0
    finally:
        channel.call("file_delete", path=folder + "/filler")
        channel.call("file_delete", path=folder + "/rest")
    assert write(channel, folder + "/f", b"new")["size"] == 3


# git


@pytest.fixture
def repository(channel, folder):
    run(channel, "git init -q; git config user.email a@b; git config user.name "
                 "n; printf '1\\n2\\n' > kept; echo x > gone; echo m > old; "
                 "git add .; git commit -qm first", cwd=folder)
    return folder


def diff(channel, path):
    got = channel.call("git_diff", path=path)
    parts, now = [], b""
    for flags, data in got.chunks:
        now += data
        if flags & EOF:
            parts.append(now)
            now = b""
    assert now == b"" and len(parts) == 2
    files = {f["path"]: f["status"] for f in got.end["files"]}
    return parts[0].decode(), parts[1].decode(), files, got.end["truncated"]


def test_git_diff(channel, repository):
    assert diff(channel, repository) == ("", "", {}, False)
    run(channel, "echo 3 >> kept; rm gone; git mv old new; mkdir sub; "
                 "echo u > 'sub/a b'; echo a > added; git add added",
        cwd=repository)
    staged, unstaged, files, cut = diff(channel, repository)
    assert "rename from old" in staged and "+a" in staged
    assert "+3" in unstaged and "-x" in unstaged and not cut
    assert files == {"kept": "modified", "gone": "deleted", "new": "renamed",
                     "sub/a%20b": "untracked", "added": "added"}
    _, unstaged, files, _ = diff(channel, repository + "/sub")
    assert unstaged == "" and files == {"sub/a%20b": "untracked"}


def test_git_before_the_first_commit(channel, folder):
    run(channel, "git init -q; echo x > f; git add f", cwd=folder)
    staged, unstaged, files, _ = diff(channel, folder)
    assert "+x" in staged and unstaged == "" and files == {"f": "added"}


def test_git_runs_nothing_of_the_repository(channel, repository):
    run(channel, "echo '*.t diff=evil' > .gitattributes; echo 1 > f.t;"
                 "git add .; git commit -qm t; echo 2 > f.t;"
                 "printf '#!/bin/sh\\ntouch /tmp/evil\\n' > /tmp/evil.sh;"
                 "chmod +x /tmp/evil.sh; for k in diff.external "
                 "diff.evil.command diff.evil.textconv core.fsmonitor "
                 "core.pager; do git config $k /tmp/evil.sh; done",
        cwd=repository)
    run(channel, "rm -f /tmp/evil")
    _, unstaged, files, _ = diff(channel, repository)
    assert "+2" in unstaged and files == {"f.t": "modified"}
    assert run(channel, "ls /tmp/evil").end["exit_code"] != 0


def test_git_diff_is_cut(channel, repository):
    run(channel, "seq 700000 > kept; for i in $(seq 600); do echo > u$i; "
                 "done", cwd=repository)
    _, unstaged, files, cut = diff(channel, repository)
    assert cut and len(unstaged) == 4 << 20 and len(files) == 500
