"""Commands in a real VM."""

import base64
import re
import time

import pytest

from stack import wait_until


def test_shape(shared):
    answer = shared.api.post(shared.path + "/exec", {"command": "echo hi"})
    result = answer.json
    assert result["output"] == "hi\n" and result["stdout"] == "hi\n"
    assert result["stderr"] == "" and result["exit_code"] == 0
    assert result["exit_cause"] == "exit" and result["truncated"] is False
    assert 0 <= result["duration_ms"] < 10000
    assert re.fullmatch(r"exec-[a-z0-9]{16}", result["exec_id"])
    assert answer.headers["X-Exec-Id"] == result["exec_id"]


@pytest.mark.parametrize("command, code", [
    ("true", 0), ("false", 1), ("exit 42", 42), ("no-such-command", 127),
    ("/etc/passwd", 126)])
def test_exit_codes(shared, command, code):
    result = shared.exec(command)
    assert result["exit_code"] == code and result["exit_cause"] == "exit"


def test_argv(shared):
    result = shared.exec(cmd=["printf", "%s|", "a b", "$HOME", "é\n"])
    assert result["output"] == "a b|$HOME|é\n|"


def test_argv_of_nothing(shared):
    assert shared.exec(cmd=["/no/such/program"])["exit_code"] == 127


def test_signal(shared):
    result = shared.exec(cmd=["bash", "-c", "kill -KILL $$"])
    assert result["exit_cause"] == "signal"
    assert result["exit_code"] == 128 + 9


def test_output_is_in_the_order_written(shared):
    result = shared.exec("for i in 1 2 3; do echo o$i; echo e$i >&2; "
                         "sleep 0.2; done")
    assert result["stdout"] == "o1\no2\no3\n"
    assert result["stderr"] == "e1\ne2\ne3\n"
    lines = result["output"].split()
    assert sorted(lines) == ["e1", "e2", "e3", "o1", "o2", "o3"]
    assert [line[1] for line in lines] == ["1", "1", "2", "2", "3", "3"]


def test_timeout_ends_the_whole_tree(shared):
    started = time.monotonic()
    result = shared.exec(
        "sleep 3071 & (sleep 3072 & sleep 3073) & echo started; sleep 3074",
        timeout=5)
    took = time.monotonic() - started
    assert result["exit_code"] == 124 and result["exit_cause"] == "timeout"
    assert result["output"] == "started\n"
    assert 4.9 < took < 15
    assert shared.output("pgrep -c -f 'sleep 307[1-4]' || true") == "0\n"


def test_five_mebibytes_of_output(shared):
    result = shared.exec("yes 0123456789abcdef | head -c 5242880")
    assert result["exit_code"] == 0 and result["truncated"] is True
    assert 900_000 < len(result["output"]) <= 1 << 20
    whole = "0123456789abcdef\n" * (5242880 // 17 + 1)
    assert result["output"].startswith(whole[:400_000])
    assert result["output"].endswith(whole[:5242880][-400_000:])


def test_a_mebibyte_is_whole(shared):
    result = shared.exec("head -c 1048576 /dev/zero | tr '\\0' x")
    assert result["output"] == "x" * 1048576
    assert result["truncated"] is False


def test_binary_output(shared):
    result = shared.exec(
        "python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)))'")
    assert result["encoding"] == "lossy"
    assert base64.b64decode(result["output_base64"]) == bytes(range(256))
    assert "\ufffd" in result["output"]


def test_utf8_output(shared):
    text = "grüße 日本 🦊\n"
    result = shared.exec(cmd=["printf", "%s", text])
    assert result["output"] == text and "encoding" not in result


def test_background_child_holds_stdout(shared):
    started = time.monotonic()
    result = shared.exec("sleep 60 & echo done")
    assert result["output"] == "done\n" and result["exit_code"] == 0
    assert time.monotonic() - started < 20
    shared.exec("pkill -f 'sleep 60'")


def test_heredoc(shared):
    result = shared.exec("cat <<'END'\na $HOME `b`\n\tc\nEND\n")
    assert result["output"] == "a $HOME `b`\n\tc\n"


def test_stdin(shared):
    text = "line one\nline two\n" * 10000
    assert shared.output("sha256sum", stdin=text).split()[0] == \
        shared.output("printf 'line one\\nline two\\n%.0s' $(seq 10000) | "
                      "sha256sum").split()[0]
    assert shared.output("cat", stdin="") == ""


def test_stdin_that_nobody_reads(shared):
    assert shared.exec("exit 3", stdin="x" * 500_000)["exit_code"] == 3


def test_no_stdin_reads_as_empty(shared):
    assert shared.output("cat; echo end") == "end\n"


def test_user_and_place(shared):
    assert shared.output("id -un; pwd; echo $HOME") == \
        "cage\n/workspace\n/home/cage\n"
    assert shared.output("id -un", user="root") == "root\n"
    assert shared.output("sudo -n id -un") == "root\n"
    assert shared.output("pwd", cwd="/tmp") == "/tmp\n"
    shared.output("mkdir -p below")
    assert shared.output("pwd", cwd="below") == "/workspace/below\n"


def test_home_workspace(shared):
    shared.output("echo hello > ~/workspace/from-home.txt")
    assert shared.output("cat /workspace/from-home.txt") == "hello\n"
    assert shared.output("pwd", cwd="~/workspace") == "/workspace\n"
    assert shared.read("from-home.txt") == b"hello\n"


def test_unknown_user_and_place(shared):
    for fields, status in (({"user": "nobody-here"}, 400),
                           ({"cwd": "/no/such/place"}, 404)):
        answer = shared.api.post(shared.path + "/exec",
                                 {"command": "true", **fields})
        assert answer.status == status, (fields, answer)
        assert answer.json["exit_code"] == -1
        assert answer.json["output"] == ""


ODD = {
    "PLAIN": "x", "EMPTY": "", "SPACES": "  a  b  ", "QUOTES": "'\"`\\",
    "DOLLAR": "$HOME ${PATH} $(id) !!", "NEWLINE": "a\nb\r\n\tc\n",
    "UTF8": "grüße 日本 🦊", "GLOB": "* ? [a] {b,c} ~ # ; & | < >",
    "EVERY": "".join(map(chr, range(1, 128))), "PERCENT": "%s %n %%",
    "LONG": "x" * 8000, "_under1": "ok",
}


def show_env(names):
    return ("import os, json; print(json.dumps({n: os.environ.get(n) for n in "
            f"{sorted(names)!r}}}))")


def test_env_of_one_command(shared):
    import json
    result = shared.exec(cmd=["python3", "-c", show_env(ODD)], env=ODD)
    assert json.loads(result["output"]) == ODD
    result = shared.exec(cmd=["python3", "-c", show_env(["PLAIN"])])
    assert json.loads(result["output"]) == {"PLAIN": None}


def test_env_of_a_sandbox(api):
    import json
    sandbox = api.create(env=ODD)
    try:
        assert "env" not in sandbox.fields
        for run in ({"cmd": ["python3", "-c", show_env(ODD)]},
                    {"command": "python3 -c '%s'" %
                     show_env(ODD).replace("'", "\"")}):
            assert json.loads(sandbox.exec(**run)["output"]) == ODD
        result = sandbox.exec("echo $PLAIN", env={"PLAIN": "mine"})
        assert result["output"] == "mine\n"
    finally:
        sandbox.destroy()


def test_result_later(shared):
    first = shared.exec("echo out; echo err >&2; exit 7")
    path = f"{shared.path}/exec/{first['exec_id']}"

    def stored():
        answer = shared.api.get(path)
        assert answer.status == 200, answer
        return answer.json if answer.json["status"] == "done" else None
    later = wait_until(stored, 10, "the result is stored")
    for name in ("output", "stdout", "stderr", "exit_code", "exit_cause",
                 "duration_ms", "truncated"):
        assert later[name] == first[name], name
    assert later["id"] == first["exec_id"]
    assert later["command"].startswith("echo out")
    assert later["started_at"] <= later["ended_at"]


def test_result_of_nobody(shared):
    answer = shared.api.get(shared.path + "/exec/exec-0000000000000000")
    assert answer.status == 404 and answer.code == "exec_not_found"


def test_client_that_leaves_ends_nothing(shared):
    conn = shared.api.connect(timeout=2)
    body = b'{"command":"sleep 4; echo lived > /workspace/after.txt"}'
    conn.request("POST", shared.path + "/exec", body=body, headers={
        "Authorization": "Bearer " + shared.api.key,
        "Content-Type": "application/json"})
    with pytest.raises(TimeoutError):
        conn.getresponse()
    conn.close()
    wait_until(lambda: shared.exec("cat /workspace/after.txt")["output"] ==
               "lived\n", 15, "the command ran to its end", every=0.5)


def test_many_at_once(shared):
    """32 may run; one more is refused and may come again."""
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(
            lambda i: shared.api.post(shared.path + "/exec", {
                "cmd": ["sleep", "8"]}), range(40)))
    statuses = sorted(a.status for a in answers)
    assert set(statuses) == {200, 429}, statuses
    assert statuses.count(200) >= 32
    for answer in answers:
        assert answer.headers["X-Exec-Id"]
        if answer.status == 429:
            assert answer.code == "too_many_execs"
            assert int(answer.headers["Retry-After"]) > 0
    assert shared.output("echo fine") == "fine\n"
