"""Fixtures of the end-to-end and chaos tests. A VM takes seconds to boot, so
tests that do not change what others see share one."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

from stack import Stack  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "last: runs after all others")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


@pytest.fixture(scope="session")
def stack():
    the = Stack()
    try:
        the.start()
    except AssertionError as error:
        pytest.exit(f"the stack does not start: {error}", 3)
    yield the
    the.stop()


@pytest.fixture(scope="session")
def api(stack):
    return stack.api()


@pytest.fixture(scope="session")
def other(stack, api):
    """Another account's client."""
    return api.with_key(stack.account("other")[1])


@pytest.fixture(scope="session")
def shared(api):
    """The sandbox that tests share: they keep to files of their own."""
    return api.create(name="shared")


@pytest.fixture
def fresh(api):
    """A sandbox of one test's own."""
    sandbox = api.create()
    yield sandbox
    api.delete(sandbox.path)
