"""Measures a stack of release programs and prints docs/benchmarks.md."""

import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       "support"))

from stack import RESOLVER, ROOT, VMM, Stack  # noqa: E402

CREATES = 12
EXECS = 200
PAUSES = 50
LOAD_S = 5
LOAD_CONNECTIONS = 16
ROUNDS = 3


def note(text):
    print(text, file=sys.stderr, flush=True)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def p50_p95(values, unit=1000):
    return (f"{percentile(values, .5) * unit:.1f}",
            f"{percentile(values, .95) * unit:.1f}")


def timed(call):
    started = time.perf_counter()
    answer = call()
    return time.perf_counter() - started, answer


def bench_create(api):
    note(f"{CREATES} creates")
    creates, destroys = [], []
    for _ in range(CREATES):
        took, box = timed(api.create)
        creates.append(took)
        destroys.append(timed(box.destroy)[0])
    return creates, destroys


def bench_exec(api, box):
    """(whole, overhead) of each: HTTPS time, and what of it was not the
    command. The guest's own time is in whole milliseconds, rounded."""
    note(f"{EXECS} commands")
    keeping = api.keeping()
    wholes, overheads = [], []
    for i in range(EXECS + 10):
        took, answer = timed(lambda: keeping.post(
            box.path + "/exec", {"cmd": ["true"]}))
        assert answer.json["exit_code"] == 0, answer
        if i >= 10:
            wholes.append(took)
            overheads.append(took - answer.json["duration_ms"] / 1000)
    return wholes, overheads


def bench_pause(api, stack, box):
    """Seconds of (pause, resume) through HTTPS, and of the same operations as
    vmctl logs them: whole milliseconds, rounded down."""
    note(f"{PAUSES} pauses and resumes")
    keeping = api.keeping()
    pauses, resumes = [], []
    for _ in range(PAUSES):
        for what, list_ in (("pause", pauses), ("resume", resumes)):
            took, answer = timed(lambda: keeping.post(f"{box.path}/{what}"))
            assert answer.status == 200, answer
            list_.append(took)
    log = (stack.state / "log/vmctl.log").read_text()
    operations = [[int(ms) / 1000 for ms in re.findall(
        rf'op="{what}" .*sandbox="{box.id}" .*ms="(\d+)"', log)]
        for what in ("pause", "resume")]
    assert [len(o) for o in operations] == [PAUSES, PAUSES]
    return pauses, resumes, *operations


class Yardstick:
    """A second nginx with the same settings that answers by itself."""

    def __init__(self, stack):
        self.dir = stack.state / "bench"
        self.port = stack.port + 1
        self.dir.mkdir(exist_ok=True)
        text = (ROOT / "tests/bench/nginx.conf.in").read_text()
        for name, value in (("DIR", self.dir), ("PORT", self.port),
                            ("PARTS", stack.state / "nginx"),
                            ("TLS", stack.state / "tls")):
            text = text.replace(f"@{name}@", str(value))
        (self.dir / "nginx.conf").write_text(text)

    def __enter__(self):
        self.process = subprocess.Popen(
            ["nginx", "-g", "daemon off;", "-c", self.dir / "nginx.conf"])
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


def load(url, key):
    """wrk's rate and median latency in ms."""
    done = subprocess.run(
        ["wrk", "-t1", f"-c{LOAD_CONNECTIONS}", f"-d{LOAD_S}s", "--latency",
         "-H", f"Authorization: Bearer {key}", url], text=True, check=True,
        stdout=subprocess.PIPE)
    assert "Non-2xx" not in done.stdout, done.stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    return rate, float(value) * {"us": .001, "ms": 1, "s": 1000}[unit]


def bench_get(api, stack, box):
    """Turn by turn, so that both see the same machine."""
    ours, theirs = [], []
    with Yardstick(stack) as yardstick:
        time.sleep(0.5)
        for i in range(ROUNDS):
            note(f"load, round {i + 1} of {ROUNDS}")
            theirs.append(load(f"https://127.0.0.1:{yardstick.port}/",
                               api.key))
            ours.append(load(f"https://127.0.0.1:{stack.port}{box.path}",
                             api.key))
    keeping = api.keeping()
    single = [timed(lambda: keeping.get(box.path))[0] for _ in range(500)]
    return ours, theirs, single[20:]


def memory(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return [int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1)) / 1024
            for name in ("Rss", "Pss")]


def children(pid):
    out = subprocess.run(["pgrep", "-P", str(pid)], text=True,
                         stdout=subprocess.PIPE)
    return [int(p) for p in out.stdout.split()]


def bench_memory(stack):
    rows = []
    for name in ("nginx", "caged-api", "caged-gateway", "caged-keeper",
                 "vmctl", "mariadb"):
        pid = stack.pid(name)
        rows.append((name, *memory(pid)))
        if name in ("nginx", "caged-api"):
            for child in children(pid):
                rows.append((name + " worker", *memory(child)))
    for pid in stack.vm_pids(VMM):
        rows.append(("QEMU of a 512 MB sandbox", *memory(pid)))
    for pid in stack.vm_pids(RESOLVER):
        rows.append(("resolver of a sandbox", *memory(pid)))
    return rows


def table(head, rows):
    lines = [" | ".join(head), " | ".join("-" * len(h) for h in head)]
    lines += [" | ".join(map(str, row)) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def machine(stack):
    cpu = re.search(r"model name\s*: (.*)",
                    pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    memory_kib = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path(
        "/proc/meminfo").read_text()).group(1))
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], text=True,
                          stdout=subprocess.PIPE).stdout.split("\n")[0]
    return (f"{os.cpu_count()} cores of {cpu}, "
            f"{memory_kib / 1048576:.0f} GiB, Linux {platform.release()}; "
            f"{qemu}; accelerator {accelerator(stack)}")


def accelerator(stack):
    vms = stack.vms()
    return vms[0]["accel"] if vms else "unknown"


def report(stack, creates, destroys, execs, pauses, gets, rows):
    wholes, overheads = execs
    ours, theirs, single = gets
    pause, resume, vm_pause, vm_resume = pauses
    rate = statistics.median(r for r, _ in ours)
    yardstick = statistics.median(r for r, _ in theirs)
    return f"""# Benchmarks

`./scripts/bench` measured these and wrote this page. It runs release programs
in a stack of their own; the client is on the same machine and shares its cores.

- Date: {datetime.date.today().isoformat()}
- Machine: {machine(stack)}

## Latency, one client (ms)

{table(("what", "p50", "p95", "n"), [
    ("cold create, request to 201", *p50_p95(creates), len(creates)),
    ("destroy", *p50_p95(destroys), len(destroys)),
    ("exec of `true`, whole", *p50_p95(wholes), len(wholes)),
    ("exec of `true`, without the command's own time", *p50_p95(overheads),
     len(overheads)),
    ("pause", *p50_p95(pause), len(pause)),
    ("pause, vmctl's part", *p50_p95(vm_pause), len(vm_pause)),
    ("resume, clock set", *p50_p95(resume), len(resume)),
    ("resume, vmctl's part", *p50_p95(vm_resume), len(vm_resume)),
    ("GET of a sandbox", *p50_p95(single), len(single))])}

The command's own time is what the agent measured in the guest, in whole
milliseconds, rounded; the rest of an exec's time is counted as overhead.

## Rate of GET /v1/sandboxes/ID

{LOAD_CONNECTIONS} connections with TLS and keep-alive, {ROUNDS} rounds of
{LOAD_S} s, medians; beside it an nginx with the same TLS and log that answers
`return 200` by itself, turn by turn.

{table(("what", "requests/s", "p50 ms"), [
    ("nginx alone", f"{yardstick:.0f}",
     f"{statistics.median(l for _, l in theirs):.2f}"),
    ("GET of a sandbox", f"{rate:.0f}",
     f"{statistics.median(l for _, l in ours):.2f}"),
    ("ratio", f"{rate / yardstick:.3f}", "")])}

## Memory with one sandbox (MiB)

{table(("process", "RSS", "PSS"),
       [(n, f"{r:.1f}", f"{p:.1f}") for n, r, p in rows])}
"""


def main():
    stack = Stack()
    stack.start()
    try:
        api = stack.api()
        creates, destroys = bench_create(api)
        box = api.create()
        execs = bench_exec(api, box)
        pauses = bench_pause(api, stack, box)
        gets = bench_get(api, stack, box)
        rows = bench_memory(stack)
        print(report(stack, creates, destroys, execs, pauses, gets, rows),
              end="")
    finally:
        stack.stop()


if __name__ == "__main__":
    main()
