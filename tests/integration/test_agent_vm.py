"""The agent in a real guest: connections, claim and commands."""

import base64
import json
import os
import struct
import time

import pytest

from channel import (CREDIT, DATA, OPEN, WINDOW,
                     GuestError, Stream, frame)
from conftest import ENV
from guest_vm import make_id, run


def refused(code, call, *args, **kwargs):
    with pytest.raises(GuestError) as e:
        call(*args, **kwargs)
    assert e.value.code == code, e.value.message
    return e.value


# Claim


def test_before_the_claim_only_a_claim_is_allowed(guest):
    assert guest.welcome["claimed"] is False
    assert guest.refused.code == "policy_denied"


def test_claim_sets_names_and_clock(guest, channel):
    assert channel.welcome["claimed"] is True
    assert guest.claimed["kernel"].startswith("6.")
    assert 0 < guest.claimed["boot_us"] < 60_000_000
    got = run(channel, "hostname; cat /etc/hostname /etc/machine-id;"
                       "getent hosts $(hostname); date +%s").stdout.decode()
    name, again, machine, hosts, now = got.splitlines()
    assert name == again == guest.sandbox
    assert len(machine) == 32 and guest.sandbox in hosts
    assert abs(int(now) - time.time()) < 3


def test_a_second_claim_is_for_the_same_sandbox(guest, channel):
    channel.call("claim", **guest.claim_record({"PLAIN": "other"}))
    assert run(channel, "echo $PLAIN").stdout == b"value\n"
    other = {**guest.claim_record(), "sandbox": make_id("cage-")}
    refused("policy_denied", channel.call, "claim", **other)


@pytest.mark.parametrize("change", [
    {"entropy": base64.b64encode(b"x" * 63).decode().ljust(88, "=")},
    {"machine_id": "X" * 32}, {"hostname": "a b"}, {"hostname": "-a"},
    {"sandbox": "cage-0123456789ABCDEF"}, {"env": {"A": 1}},
    {"env": {"A=B": "x"}}, {"surplus": 1}])
def test_a_bad_claim_changes_nothing(guest, channel, change):
    refused("invalid_request", channel.call, "claim",
            **{**guest.claim_record(), **change})


# Environment

DUMP = ["python3", "-c", "import os,json;print(json.dumps(dict(os.environ)))"]


def test_env_reaches_programs_exactly(channel):
    got = json.loads(run(channel, argv=DUMP).stdout)
    assert {k: got.get(k) for k in ENV} == ENV
    assert got["HOME"] == "/home/cage" and got["USER"] == "cage"


def test_env_reaches_login_shells_exactly(channel):
    # From nothing: all values must come from the script on the tmpfs.
    command = "env -i bash -lc 'python3 -c \"import os,json;" \
              "print(json.dumps(dict(os.environ)))\"'"
    got = json.loads(run(channel, command).stdout)
    shell = {k: v for k, v in ENV.items() if "-" not in k}
    assert {k: got.get(k) for k in shell} == shell


def test_env_of_a_command_wins(channel):
    got = run(channel, "echo $PLAIN $ONLY; echo $PATH",
              env={"PLAIN": "mine", "ONLY": "here", "PATH": "/x:/usr/bin"})
    assert got.stdout == b"mine here\n/x:/usr/bin\n"


def test_env_stays_out_of_the_disk_and_of_other_users(guest, channel):
    run(channel, "echo marker-of-this-test > ~/marker; sync", user="cage")
    disk = (guest.folder / "disk.ext4").read_bytes()
    assert b"marker-of-this-test" in disk
    assert ENV["SECRET"].encode() not in disk
    got = run(channel, "cat /run/caged/env.sh", user="nobody")
    assert got.end["exit_code"] == 1 and ENV["SECRET"] not in str(got.chunks)


# Commands


def test_output_streams_and_codes(channel):
    got = run(channel, "echo out; echo err >&2; exit 3")
    assert (got.stdout, got.stderr) == (b"out\n", b"err\n")
    end = got.end
    assert (end["exit_code"], end["cause"]) == (3, "exit")
    assert (end["stdout_bytes"], end["stderr_bytes"]) == (4, 4)
    assert end["dropped_bytes"] == 0 and end["duration_us"] > 0
    assert abs(end["started_us"] / 1e6 - time.time()) < 10


def test_output_keeps_the_order_of_reading(channel):
    got = run(channel, "for i in 1 2 3; do echo o$i; sleep .1; "
                       "echo e$i >&2; sleep .1; done")
    assert got.data() == b"o1\ne1\no2\ne2\no3\ne3\n"


@pytest.mark.parametrize("argv,code,text", [
    (["true"], 0, b""),
    (["nope"], 127, b"nope: command not found\n"),
    (["/no/such"], 127, b"/no/such: command not found\n"),
    (["/etc/passwd"], 126, b"/etc/passwd: Permission denied\n"),
    (["sh", "-c", "exit 255"], 255, b"")])
def test_argv(channel, argv, code, text):
    got = run(channel, argv=argv)
    assert (got.end["exit_code"], got.stderr) == (code, text)


def test_argv_is_passed_on_exactly(channel):
    args = ["a b", "", "'\"$x\n", "\u6f22"]
    got = run(channel, argv=["printf", "%s|", *args])
    assert got.stdout.decode() == "".join(a + "|" for a in args)


def test_death_by_signal(channel):
    end = run(channel, "kill -SEGV $$").end
    assert (end["exit_code"], end["cause"]) == (139, "signal")


@pytest.mark.parametrize("record,code", [
    ({"cwd": "/no/such", "command": "true"}, "file_not_found"),
    ({"cwd": "/etc/passwd", "command": "true"}, "file_conflict"),
    ({"cwd": "/root", "command": "true"}, "policy_denied"),
    ({"cwd": "a%00b", "command": "true"}, "invalid_request"),
    ({"user": "nosuchuser", "command": "true"}, "invalid_request"),
    ({"command": "true", "argv": ["true"]}, "invalid_request"),
    ({}, "invalid_request"),
    ({"argv": [1]}, "invalid_request"),
    ({"argv": [""]}, "invalid_request"),
    ({"command": "true", "env": {"": "x"}}, "invalid_request"),
    ({"command": "true", "exec": "exec-0123456789ABCDEF"}, "invalid_request"),
    ({"command": "true", "timeout_ms": 0}, "invalid_request")])
def test_a_bad_exec_leaves_nothing(channel, record, code):
    refused(code, run, channel, **record)
    assert channel.call("exec_list").end["execs"] == []


def test_an_exec_id_is_used_once(channel):
    name = make_id("exec-")
    channel.call("exec", exec=name, command="true", timeout_ms=9000)
    refused("invalid_request", channel.call, "exec", exec=name,
            command="true", timeout_ms=9000)
    channel.call("exec_ack", exec=name)


def test_users_and_groups(channel):
    got = run(channel, "id -un; pwd; sudo id -un").stdout
    assert got == b"cage\n/workspace\nroot\n"
    got = run(channel, "id -un; pwd; echo $HOME", user="root", cwd="/tmp")
    assert got.stdout == b"root\n/tmp\n/root\n"
    run(channel, "groupadd -f extra; usermod -aG extra cage", user="root")
    assert b"extra" in run(channel, "id -Gn").stdout


def test_a_command_starts_clean(channel):
    got = run(channel, "ls /proc/self/fd | wc -l; cat /proc/self/oom_score_adj;"
                       "nice; umask; ps -o pgid=,sid= $$ | tr -s ' ';"
                       "grep -E 'Sig(Blk|Ign)' /proc/self/status;"
                       "cat /proc/self/cgroup; ulimit -n")
    lines = got.stdout.decode().split("\n")
    assert lines[0] == "4" and lines[1] == "0" and lines[2] == "0"
    assert lines[3] == "0022"
    assert len(set(lines[4].split())) == 1
    assert lines[5].split()[1].strip("0") == lines[6].split()[1].strip("0") == ""
    assert lines[7].startswith("0::/users/exec-")
    assert lines[8] == "1024"


def test_stdio_can_be_opened_again(channel):
    got = run(channel, "echo a >/dev/stdout; echo b >/dev/stderr")
    assert (got.stdout, got.stderr) == (b"a\n", b"b\n")


# Standard input


def start(channel, command, timeout_ms=60000, **record):
    name = make_id("exec-")
    return name, channel.open("exec", exec=name, command=command,
                              timeout_ms=timeout_ms, **record)


def test_without_stdin_there_is_none(channel):
    assert run(channel, "cat; readlink /proc/self/fd/0").stdout == \
        b"/dev/null\n"


def test_stdin_is_passed_on_to_its_end(channel):
    data = os.urandom(3 << 20)
    name, stream = start(channel, "cat", stdin=True)
    stream.send(data, eof=True)
    assert stream.wait().stdout == data
    channel.call("exec_ack", exec=name)


def test_stdin_waits_for_a_slow_reader(channel):
    name, stream = start(channel, "sleep 1; wc -c", stdin=True)
    stream.wait_reply()
    began = time.monotonic()
    stream.send(b"x" * (1 << 20), eof=True)
    assert time.monotonic() - began > 0.5  # one window and one pipe fit
    assert stream.wait().stdout.strip() == b"1048576"
    channel.call("exec_ack", exec=name)


def test_stdin_may_be_closed_early(channel):
    name, stream = start(channel, "head -c 1; exec <&-; sleep .5; echo end",
                         stdin=True)
    stream.send(b"y" * (2 << 20), eof=True)
    assert stream.wait().stdout == b"yend\n"
    channel.call("exec_ack", exec=name)


# Ends


def processes(channel, pattern):
    return run(channel, f"pgrep -fc '[{pattern[0]}]{pattern[1:]}'").stdout


def test_a_background_child_lives_on(channel):
    began = time.monotonic()
    got = run(channel, "(sleep 1; echo late; echo late >&2; sleep 1; echo x; "
                       "touch /tmp/lived) & echo now")
    assert time.monotonic() - began < 1 and got.stdout == b"now\n"
    time.sleep(3)
    assert run(channel, "ls /tmp/lived").end["exit_code"] == 0


def test_a_flooding_background_child_costs_little(guest, channel):
    run(channel, "yes >&1 & echo $! > /tmp/flood")
    before = guest.cpu_seconds()
    time.sleep(2)
    spent = guest.cpu_seconds() - before
    assert run(channel, "kill $(cat /tmp/flood)").end["exit_code"] == 0
    assert spent < 1


def test_output_before_the_end_is_whole(channel):
    got = run(channel, "head -c 60000 /dev/zero; sleep 5 & exit 0")
    assert len(got.stdout) == 60000


def test_timeout_kills_the_tree(channel):
    began = time.monotonic()
    name, stream = start(
        channel, "sleep 4242 & setsid sleep 4242 & sudo setsid sleep 4242 & "
                 "trap '' TERM; echo on; sleep 4242; sleep 4242", 1500)
    end = stream.wait().end
    assert time.monotonic() - began < 4 and stream.stdout == b"on\n"
    assert (end["exit_code"], end["cause"]) == (124, "timeout")
    assert processes(channel, "sleep 4242") == b"0\n"
    channel.call("exec_ack", exec=name)


def test_at_most_32_at_once(channel):
    many = [start(channel, "sleep 60", 5000) for _ in range(32)]
    for _, stream in many:
        stream.wait_reply()
    refused("too_many_execs", run, channel, "true")
    assert len(channel.call("exec_list").end["execs"]) == 32
    for name, stream in many:
        assert stream.wait().end["cause"] == "timeout"
        channel.call("exec_ack", exec=name)
    assert run(channel, "echo again").stdout == b"again\n"
    time.sleep(6)  # groups whose last zombie left late are swept
    left = run(channel, "ls -d /sys/fs/cgroup/users/*/ | wc -l").stdout
    assert int(left) < 5  # this one, and other tests' background children


# Streams


def test_large_output_comes_whole(channel):
    got = run(channel, "seq 1 3000000", timeout=120)
    assert got.end["dropped_bytes"] == 0
    assert got.end["stdout_bytes"] == len(got.stdout)
    assert got.stdout == b"".join(b"%d\n" % i for i in range(1, 3000001))


def test_a_held_stream_holds_the_command(channel):
    name, stream = start(channel, "head -c 20000000 /dev/zero; echo end >&2",
                         hold=True)
    channel.until(lambda: len(stream.data()) == WINDOW, 20)
    time.sleep(0.5)
    assert run(channel, "echo meanwhile").stdout == b"meanwhile\n"
    assert len(stream.data()) == WINDOW
    assert channel.call("exec_list").end["execs"] == [
        {"exec": name, "running": True}]
    stream.hold = False
    stream.grant()
    end = stream.wait().end
    assert len(stream.stdout) == 20000000 and stream.stderr == b"end\n"
    assert end["dropped_bytes"] == 0
    channel.call("exec_ack", exec=name)


def test_streams_share_the_link(channel):
    name, flood = start(channel, "yes", 4000)
    flood.wait_reply()
    for _ in range(5):
        began = time.monotonic()
        run(channel, argv=["true"])
        assert time.monotonic() - began < 2
    flood.wait()
    channel.call("exec_ack", exec=name)


def test_data_beyond_the_credit_resets(channel):
    name, stream = start(channel, "sleep 60", 3000, stdin=True)
    stream.wait_reply()
    for _ in range(WINDOW // 65536 + 2):
        channel.send(frame(stream.number, DATA, b"x" * 65536))
    channel.until(lambda: stream.was_reset, 5)
    assert channel.call("exec_attach", exec=name).end["cause"] == "timeout"
    channel.call("exec_ack", exec=name)


def test_a_flood_of_credit_resets(channel):
    name, stream = start(channel, "sleep 60", 3000)
    stream.wait_reply()
    channel.send(frame(stream.number, CREDIT, struct.pack(">I", 0xffffffff)))
    channel.until(lambda: stream.was_reset, 5)
    channel.call("exec_attach", exec=name)
    channel.call("exec_ack", exec=name)


def open_raw(channel, payload):
    channel.last += 1
    channel.send(frame(channel.last, OPEN, payload))
    stream = channel.streams[channel.last] = Stream(channel, channel.last)
    return stream


@pytest.mark.parametrize("payload,code", [
    (b"", "invalid_request"), (b"[]", "invalid_request"),
    (b"{", "invalid_request"), (b"\xff", "invalid_request"),
    (b'{"op":1}', "invalid_request"), (b'{"path":"x"}', "invalid_request"),
    (b'{"op":"nope"}', "not_implemented"),
    (b'{"op":"exec_list","x":1}', "invalid_request"),
    (b'{"op":"exec_list","op":"claim"}', "invalid_request"),
    (b'{"op":"file_list","path":"' + b"a" * 13000 + b'","limit":1}',
     "invalid_request"),
    (b'{"op":"exec_ack","exec":"exec-aaaaaaaaaaaaaaaa"}', "exec_not_found")])
def test_a_bad_open_is_answered(channel, payload, code):
    refused(code, open_raw(channel, payload).wait)


def test_stream_ids_only_rise(channel):
    run(channel, "true")
    channel.last = 0
    refused("invalid_request", channel.call, "exec_list")


def test_at_most_128_streams(channel):
    held = [channel.open("file_write", path=f"held/{i}") for i in range(40)]
    refused("overloaded", held[-1].wait)
    for stream in held:
        if not stream.closed:
            stream.reset()
    time.sleep(0.5)
    assert run(channel, "ls -A held | wc -l").stdout == b"0\n"


# Connections


def test_hello_voids_what_ran_before(guest, channel):
    stream = channel.open("file_write", path="void")
    stream.send(b"x")
    channel.hello()
    refused("file_not_found", channel.call, "file_read", path="void")


@pytest.mark.parametrize("cut", [1, 5, 12, 30])
def test_a_frame_cut_by_a_lost_connection(guest, cut):
    whole = frame(1, OPEN, b'{"op":"exec_list"}' + b" " * 60000)
    with guest.connect() as first:
        first.call("exec_list")
        first.send(whole[:cut])
    time.sleep(0.2)
    with guest.connect(timeout=5) as again:
        assert again.call("exec_list").end == {"execs": []}


def test_garbage_then_hello(guest):
    with guest.connect() as first:
        first.send(os.urandom(300000))
    with guest.connect(timeout=5) as again:
        assert run(again, "echo ok").stdout == b"ok\n"


def test_garbage_and_hello_on_one_connection(channel):
    channel.send(bytes(70000))
    channel.hello(timeout=5)
    assert run(channel, "echo ok").stdout == b"ok\n"


def test_many_quick_connections(guest):
    for i in range(60):
        with guest.connect(timeout=5) as one:
            if i % 3:
                one.call("exec_list")
        time.sleep((0, 0.001, 0.01, 0.099, 0.1)[i % 5])


def test_an_exec_outlives_its_connection(guest):
    with guest.connect() as first:
        name, stream = start(first, "echo begun; sleep 2; echo done; exit 7")
        first.until(lambda: stream.stdout == b"begun\n")
    time.sleep(0.3)
    with guest.connect() as again:
        assert again.call("exec_list").end["execs"] == [
            {"exec": name, "running": True}]
        got = again.call("exec_attach", exec=name)
        assert got.reply == {} and got.stdout == b"begun\ndone\n"
        assert got.end["exit_code"] == 7
        once_more = again.call("exec_attach", exec=name)
        assert (once_more.stdout, once_more.end) == (got.stdout, got.end)
        again.call("exec_ack", exec=name)
        refused("exec_not_found", again.call, "exec_attach", exec=name)


def test_without_a_host_head_and_tail_are_kept(guest):
    whole = b"".join(b"%d\n" % i for i in range(1, 1000001))
    with guest.connect() as first:
        name, stream = start(first, "sleep .5; seq 1 1000000; echo last >&2")
        stream.wait_reply()
    time.sleep(4)
    with guest.connect() as again:
        got = again.call("exec_attach", exec=name)
        again.call("exec_ack", exec=name)
    end = got.end
    assert end["stdout_bytes"] == len(whole) and end["dropped_bytes"] > 1 << 20
    assert len(got.data()) + end["dropped_bytes"] == len(whole) + 5
    assert whole.startswith(got.stdout[:1 << 20])
    assert whole.endswith(got.stdout[1 << 20:])
    assert len(got.data()) >= 2 << 20 and got.stderr == b"last\n"


def test_an_attached_stream_takes_over(channel):
    name, first = start(channel, "sleep 1; echo x")
    first.wait_reply()
    second = channel.call("exec_attach", exec=name)
    assert first.was_reset and second.stdout == b"x\n"
    channel.call("exec_ack", exec=name)


def test_what_still_runs_is_not_acknowledged(channel):
    name, stream = start(channel, "sleep 1")
    stream.wait_reply()
    refused("invalid_request", channel.call, "exec_ack", exec=name)
    stream.wait()
    channel.call("exec_ack", exec=name)


def test_idle_costs_nothing(guest):
    def share(seconds):
        before = guest.cpu_seconds()
        time.sleep(seconds)
        return (guest.cpu_seconds() - before) / seconds

    time.sleep(1)
    assert share(4) < 0.05  # nobody attached
    with guest.connect():
        assert share(4) < 0.05
