"""What is true of the stack after everything else."""

import pytest

pytestmark = pytest.mark.last


def test_doctor(stack):
    stack.settle(90)


def test_stop_leaves_nothing(stack):
    stack.stop()
    assert stack.vm_pids() == []
    assert "not running" in stack.run("status", check=False)


def test_no_reports(stack):
    """By the sanitizers, in any daemon's log."""
    assert stack.reports() == []
