"""vmctl's daemon with real microVMs. The guest has a kernel and no init where
a test wants it to die, and nothing of the guest's answers is needed here."""

import contextlib
import os
import pathlib
import socket
import subprocess
import time

import pytest

from vmctl_daemon import ROOT, Daemon, sandbox, wait_until

CACHE = pathlib.Path(os.environ.get("CAGED_CACHE", ROOT / "build" / "cache"))
KERNEL = CACHE / "guest" / "vmlinux"
IMAGES = CACHE / "images"
# No network, no devices beyond these: what a VMM of ours may hold open.
NAMESPACES = ("pid", "mnt", "ipc", "uts", "cgroup", "net")

pytestmark = pytest.mark.skipif(
    not (KERNEL.exists() and (IMAGES / "minimal" / "rootfs.erofs").exists()),
    reason="needs scripts/build-kernel and scripts/build-image minimal")

# An endless /init: the guest stays up, idle.
INIT = r"""
__asm__(".globl _start\n_start: mov $34, %eax\n syscall\n jmp _start\n");
"""


def pack(folder, with_init):
    """An initramfs of one program that pauses for ever, or of nothing."""
    root = folder / "root"
    root.mkdir()
    if with_init:
        (folder / "init.c").write_text(INIT)
        subprocess.run(["cc", "-static", "-nostdlib", "-o", root / "init",
                        folder / "init.c"], check=True)
    out = folder / "initramfs.cpio"
    with open(out, "wb") as file:
        subprocess.run("find . | cpio --quiet -o -H newc", shell=True, cwd=root,
                       stdout=file, check=True)
    out.chmod(0o644)
    return out


def start(tmp_path, with_init, **conf):
    initramfs = pack(tmp_path, with_init)
    return Daemon(vm_driver="qemu", image_dir=IMAGES, kernel_file=KERNEL,
                  initramfs_file=initramfs, vm_accel="tcg", **conf).start()


@pytest.fixture
def daemon(tmp_path):
    the = start(tmp_path, True)
    yield the
    the.remove()


def create(client, n, **more):
    answer = client.create(n, **(dict(cpus=2, memory_mb=256, disk_gb=5) | more))
    assert answer["state"] == "running", answer
    return answer


def status(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_the_jail(daemon):
    vm = create(daemon.client(), 1)
    seen = status(vm["pid"])
    uid = str(vm["uid"])
    assert seen["Uid"].split() == [uid] * 4 and seen["Gid"].split() == [uid] * 4
    assert seen["Groups"].strip() == ""
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(seen[name], 16) == 0, name
    assert seen["NoNewPrivs"] == "1" and seen["Seccomp"] == "2"
    for name in NAMESPACES:
        assert os.readlink(f"/proc/{vm['pid']}/ns/{name}") != \
            os.readlink(f"/proc/self/ns/{name}"), name
    assert pathlib.Path(f"/proc/{vm['pid']}/environ").read_bytes() == b""
    mounts = pathlib.Path(f"/proc/{vm['pid']}/mounts").read_text().splitlines()
    points = {line.split()[1]: line.split()[3].split(",") for line in mounts}
    assert set(points) == {"/", "/proc"}
    for options in points.values():
        assert {"ro", "nosuid", "nodev"} <= set(options)
    assert os.getsid(vm["pid"]) == vm["pid"]
    limits = pathlib.Path(f"/proc/{vm['pid']}/limits").read_text()
    assert f"Max file size             {5 << 30}" in limits
    assert "Max core file size        0 " in limits


def test_descriptors_of_a_vmm(daemon):
    vm = create(daemon.client(), 1)
    folder = pathlib.Path(f"/proc/{vm['pid']}/fd")
    files = {os.readlink(folder / fd) for fd in os.listdir(folder)}
    paths = {f for f in files if f.startswith("/")}
    assert paths == {"/null", "/dev/net/tun", str(KERNEL), str(IMAGES / "minimal/rootfs.erofs"),
                     str(daemon.folder(1) / "disk.ext4"),
                     daemon.conf.read_text().split("initramfs_file = ")[1].split()[0]}


def test_the_guest_runs(daemon):
    client = daemon.client()
    vm = create(client, 1)
    # It booted when it has worked and is idle: the init only pauses.
    wait_until(lambda: client.stat(1)["cpu_us"] > 600_000, 60)

    def idle():
        before = client.stat(1)["cpu_us"]
        time.sleep(0.5)
        return client.stat(1)["cpu_us"] - before < 100_000

    wait_until(idle, 60)
    assert client.stat(1)["state"] == "running"
    assert client.stat(1)["disk_bytes"] < 1 << 20
    assert client.stat(1)["rss_bytes"] > 50 << 20
    assert vm["accel"] == "tcg"


def test_a_guest_that_dies(tmp_path):
    daemon = start(tmp_path, False)
    try:
        client = daemon.client()
        create(client, 1)
        wait_until(lambda: client.stat(1)["state"] == "exited", 60)
        assert client.stat(1)["exit_cause"] == \
            "the guest powered off, rebooted or panicked"
        assert client.destroy(1) == {}
        assert daemon.processes() == []
    finally:
        daemon.remove()


def test_four_at_once(daemon):
    clients = [daemon.client() for _ in range(4)]
    for n, client in enumerate(clients):
        client.send("create", sandbox=sandbox(n), op_id=1, template="minimal",
                    cpus=1, memory_mb=256, disk_gb=5)
    made = [client.receive()[0]["ok"] for client in clients]
    assert len({vm["uid"] for vm in made}) == 4
    assert sorted(daemon.processes()) == sorted(vm["pid"] for vm in made)
    gateway = daemon.client("gateway")
    for n in range(4):
        gateway.channel(n).close()
    for n in range(4):
        assert daemon.client().destroy(n) == {}
    assert daemon.processes() == []


def test_kill_and_adopt(daemon):
    made = create(daemon.client(), 1)
    gateway = daemon.client("gateway")
    channel = gateway.channel(1)
    daemon.restart()
    client = daemon.client()
    assert client.stat(1)["pid"] == made["pid"]
    channel.close()
    daemon.client("gateway").channel(1).close()
    os.kill(made["pid"], 9)
    wait_until(lambda: client.stat(1)["state"] == "exited")
    assert client.destroy(1) == {}
    assert os.listdir(daemon.folder(1)) == ["state.json"]


def hung_up(channel):
    channel.settimeout(5)
    try:
        return channel.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_new_channel_ends_the_old_one(daemon):
    """As when a gateway is replaced while the old one still lives."""
    vm = create(daemon.client(), 1)
    old, new = daemon.client("gateway"), daemon.client("gateway")
    first = old.channel(1)
    second = new.channel(1)
    assert hung_up(first)
    daemon.restart()
    third = daemon.client("gateway").channel(1)
    assert hung_up(second)
    third.settimeout(0.2)
    with pytest.raises(TimeoutError):
        third.recv(1)
    # A VMM that no longer listens to anybody delays nobody for long.
    os.kill(vm["pid"], 19)
    begin = time.monotonic()
    daemon.client("gateway").channel(1).close()
    assert time.monotonic() - begin < 1.5
    os.kill(vm["pid"], 9)
    client = daemon.client()
    wait_until(lambda: client.stat(1)["state"] == "exited")


def test_a_vmm_that_dies_while_it_hangs_up(daemon):
    vm = create(daemon.client(), 1)
    gateway, client = daemon.client("gateway"), daemon.client()
    gateway.channel(1).close()
    os.kill(vm["pid"], 19)  # QMP does not answer: the job waits
    gateway.send("open_channel", sandbox=sandbox(1))
    time.sleep(0.2)
    os.kill(vm["pid"], 9)
    reply, fd = gateway.receive()
    if "ok" in reply:  # it still listened while it died: the connection ends
        with socket.socket(fileno=fd) as channel:
            channel.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert channel.recv(1) == b""
    else:
        assert reply["error"]["code"] == "guest_gone"
    wait_until(lambda: client.stat(1)["state"] == "exited")
    wait_until(lambda: daemon.state(1)["state"] == "exited")
    assert client.destroy(1) == {}


def test_kill_at_any_moment(daemon):
    """The daemon dies 0 to 140 ms after a create was asked for."""
    for n in range(15):
        daemon.client().send("create", sandbox=sandbox(n), op_id=1,
                             template="minimal", cpus=1, memory_mb=128, disk_gb=1)
        time.sleep(n * 0.01)
        daemon.restart()
        client = daemon.client()
        state = wait_until(lambda: (s := client.stat(n)["state"]) in
                           ("absent", "running") and s)
        assert len(daemon.processes()) == (state == "running")
        assert client.destroy(n) == {}
        assert daemon.processes() == []


def test_rounds_leak_nothing(daemon):
    client = daemon.client()
    folder = f"/proc/{daemon.process.pid}/fd"
    create(client, 0)
    client.destroy(0)
    descriptors, times = len(os.listdir(folder)), []
    for n in range(1, 21):
        begin = time.monotonic()
        create(client, n)
        times.append(time.monotonic() - begin)
        assert client.destroy(n) == {}
    wait_until(lambda: len(os.listdir(folder)) == descriptors)
    assert daemon.processes() == []
    assert [p.name for p in daemon.vm_dir.glob("*/disk.ext4")] == []


    def zombies():
        return "Z" in subprocess.run(
            ["ps", "-o", "stat=", "--ppid", str(daemon.process.pid)],
            capture_output=True, text=True).stdout

    wait_until(lambda: not zombies())
    print("create: median %.0f ms" % (sorted(times)[10] * 1000))


def test_a_kernel_that_vms_cannot_read(tmp_path):
    secret = tmp_path / "vmlinux"
    secret.write_bytes(b"\x7fELF")
    secret.chmod(0o600)
    daemon = Daemon(vm_driver="qemu", image_dir=IMAGES, kernel_file=secret,
                    initramfs_file=pack(tmp_path, False), vm_accel="tcg").start()
    try:
        client = daemon.client()
        client.send("create", sandbox=sandbox(1), op_id=1, template="minimal",
                    cpus=1, memory_mb=128, disk_gb=1)
        error = client.receive()[0]["error"]
        assert error["code"] == "internal" and "others may read" in error["message"]
        assert daemon.run("doctor").returncode == 1
        secret.chmod(0o644)
        client.send("create", sandbox=sandbox(1), op_id=2, template="minimal",
                    cpus=1, memory_mb=128, disk_gb=1)
        begin = time.monotonic()
        error = client.receive()[0]["error"]  # QEMU's own words
        assert time.monotonic() - begin < 3
        assert error["code"] == "vmm_failed" and "elf kernel" in error["message"], error
        wait_until(lambda: client.stat(1)["state"] == "absent")
        assert daemon.processes() == []
    finally:
        daemon.remove()
