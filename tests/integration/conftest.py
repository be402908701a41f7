"""A guest without the rest of Caged, for tests of its agent."""

import shutil
import tempfile

import pytest

import guest_vm
from channel import GuestError

# Every kind of character that a shell could stumble over.
ENV = {
    "PLAIN": "value",
    "QUOTES": "it's \"quoted\" `cmd` $(cmd) $HOME \\ !x",
    "LINES": "one\ntwo\n\nfour\t\r end ",
    "UTF8": "gr\u00fc\u00dfe \u6f22\u5b57 \U0001f600",
    "EMPTY": "",
    "SECRET": guest_vm.make_id("secret-value-"),
    "not-a-shell-name": "kept for programs",
}


def boot(**sizes):
    why = guest_vm.missing()
    if why:
        pytest.skip(why)
    return guest_vm.GuestVm(tempfile.mkdtemp(prefix="caged-guest-"), **sizes)


def discard(vm):
    vm.stop()
    shutil.rmtree(vm.folder)


@pytest.fixture(scope="session")
def guest():
    """One claimed guest for all tests; `refused` is what it said before."""
    vm = boot()
    try:
        channel = vm.connect()
        try:
            guest_vm.run(channel, "true")
        except GuestError as e:
            vm.refused = e
        vm.welcome = channel.welcome
        vm.claimed = channel.call("claim", **vm.claim_record(ENV)).end
        channel.close()
        yield vm
        if vm.process.poll() is not None:
            pytest.fail("the guest died: " + vm.console()[-2000:])
    finally:
        discard(vm)


@pytest.fixture
def channel(guest):
    """A connection of one test's own; nothing of it stays in the agent."""
    the = guest.connect()
    yield the
    the.close()


@pytest.fixture(scope="module")
def small_guest():
    """The smallest there is, claimed."""
    vm = boot(memory_mb=128, disk_mb=256)
    try:
        channel = vm.connect()
        channel.call("claim", **vm.claim_record({}))
        channel.close()
        yield vm
    finally:
        discard(vm)
