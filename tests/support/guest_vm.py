"""A guest booted by QEMU itself, with no vmctl: for tests of the agent."""

import base64
import os
import pathlib
import re
import secrets
import shutil
import string
import subprocess
import time

from channel import Channel

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("CAGED_CACHE", ROOT / "build/cache"))
LETTERS = string.ascii_lowercase + string.digits


def make_id(prefix):
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(16))


def tsc_khz():
    """Without it the guest's calibration may hang under emulation."""
    found = re.search(r"cpu MHz\s*:\s*([\d.]+)",
                      pathlib.Path("/proc/cpuinfo").read_text())
    return round(float(found.group(1)) * 1000)


def missing():
    """What keeps a guest from being booted here, or None."""
    for path in (CACHE / "guest/vmlinux",
                 CACHE / "images/minimal/rootfs.erofs",
                 ROOT / "build/guest/caged-agent"):
        if not path.exists():
            return f"{path} is missing"
    if not shutil.which("qemu-system-x86_64"):
        return "there is no QEMU"
    return None


class GuestVm:
    def __init__(self, folder, memory_mb=512, cpus=1, disk_mb=1024):
        self.folder = pathlib.Path(folder)
        self.socket = str(self.folder / "agent.sock")
        self.log = self.folder / "console.log"
        self.sandbox = make_id("cage-")
        self._prepare(disk_mb)
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self._command(memory_mb, cpus), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "qemu.log", "wb"))

    def _prepare(self, disk_mb):
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [ROOT / "scripts/build-initramfs",
             ROOT / "build/guest/caged-agent", self.folder / "initramfs.cpio"],
            check=True)
        disk = self.folder / "disk.ext4"
        with open(disk, "wb") as f:
            f.truncate(disk_mb << 20)
        subprocess.run(
            ["mkfs.ext4", "-q", "-F", "-m", "0", "-E",
             "lazy_itable_init=1,lazy_journal_init=1,nodiscard", disk],
            check=True)

    def _command(self, memory_mb, cpus):
        image = CACHE / "images/minimal/rootfs.erofs"
        append = ("console=ttyS0 quiet reboot=t panic=-1 no_timer_check "
                  "cryptomgr.notests random.trust_cpu=on "
                  f"tsc=reliable tsc_early_khz={tsc_khz()}")
        return [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config",
            "-no-reboot", "-display", "none", "-M", "microvm,acpi=on",
            "-accel", "tcg,thread=multi,tb-size=64", "-cpu", "max",
            "-m", str(memory_mb), "-smp", str(cpus), "-bios", "qboot.rom",
            "-kernel", str(CACHE / "guest/vmlinux"),
            "-initrd", str(self.folder / "initramfs.cpio"),
            "-append", append,
            "-serial", f"file:{self.log}",
            "-drive", f"if=none,id=a,file={image},format=raw,readonly=on",
            "-device", "virtio-blk-device,drive=a",
            "-drive", f"if=none,id=b,file={self.folder}/disk.ext4,format=raw,"
                      "cache=writeback,discard=unmap",
            "-device", "virtio-blk-device,drive=b",
            "-device", "virtio-rng-device",
            "-device", "virtio-serial-device",
            "-chardev", f"socket,id=c,path={self.socket},server=on,wait=off",
            "-device", "virtserialport,chardev=c,name=caged.agent",
        ]

    def connect(self, timeout=60):
        channel = Channel.connect(self.socket)
        channel.hello(timeout)
        return channel

    def claim_record(self, env=None):
        record = {
            "sandbox": self.sandbox,
            "entropy": base64.b64encode(os.urandom(64)).decode(),
            "realtime_us": time.time_ns() // 1000,
            "hostname": self.sandbox,
            "machine_id": secrets.token_hex(16),
        }
        return {**record, "env": env} if env is not None else record

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def console(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def run(channel, command=None, timeout=60, **record):
    """One command to its end, acknowledged: the stream."""
    record.setdefault("exec", make_id("exec-"))
    record.setdefault("timeout_ms", 60000)
    if command is not None:
        record["command"] = command
    stream = channel.call("exec", timeout, **record)
    channel.call("exec_ack", exec=record["exec"])
    return stream


def write(channel, path, data=b"", timeout=240, **record):
    """A file's record after writing it."""
    stream = channel.open("file_write", path=path, **record)
    stream.send(data, eof=True, timeout=timeout)
    return stream.wait(timeout).end


def read(channel, path, timeout=240, **record):
    return channel.call("file_read", timeout, path=path, **record)
