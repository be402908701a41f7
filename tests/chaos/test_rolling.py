"""Restarts that clients do not notice."""

import http.client
import signal
import threading
import time

import pytest

from stack import wait_until

LOAD_S = 6


class Load(threading.Thread):
    """Requests one after the other."""

    def __init__(self, api, path):
        super().__init__()
        self.api = api
        self.path = path
        self.end = threading.Event()
        self.good = 0
        self.bad = []

    def run(self):
        while not self.end.is_set():
            try:
                answer = self.api.get(self.path)
            except (OSError, http.client.HTTPException) as error:
                self.bad.append(repr(error))
                continue
            if answer.status == 200:
                self.good += 1
            else:
                self.bad.append(repr(answer))


# nginx ends idle connections when it reloads, and a request that crosses with
# that is the client's to repeat: so there each has its own connection.
@pytest.mark.parametrize("name, keep", [("caged-api", True), ("nginx", False)])
def test_reload_under_load(stack, api, shared, name, keep):
    loads = [Load(api.keeping() if keep else api, path) for path in
             (shared.path, "/v1/account", "/v1/sandboxes", shared.path)]
    old = set(stack.workers())
    for load in loads:
        load.start()
    end = time.monotonic() + LOAD_S
    while time.monotonic() < end:
        stack.kill(name, signal.SIGHUP)
        time.sleep(1)
    for load in loads:
        load.end.set()
    for load in loads:
        load.join()
    assert [load.bad for load in loads] == [[]] * len(loads)
    assert sum(load.good for load in loads) > 100
    if name == "caged-api":
        wait_until(lambda: stack.workers() and not old & set(stack.workers()),
                   15, "all workers are new ones")
