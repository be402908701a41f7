"""The API's handlers on a real database: the C tests that need one."""

import os
import pathlib
import re
import subprocess

import pytest

from mariadb import BIN, ROOT, MariaDb

LIVE = sorted(path.stem for path in (ROOT / "tests/unit").glob("test_api_*.c")
              if "live_run_group(" in path.read_text())


@pytest.fixture(scope="module")
def socket():
    the = MariaDb()
    the.start()
    the.migrate()
    the.open_users()
    yield the.socket
    the.remove()


@pytest.mark.parametrize("name", LIVE)
def test_live(socket, name):
    program = f"build/{BIN.parent.name}/tests/{name}"
    subprocess.run(["make", f"VARIANT={BIN.parent.name}", program], cwd=ROOT,
                   check=True, stdout=subprocess.DEVNULL)
    env = dict(os.environ, CAGED_TEST_DB_SOCKET=str(socket),
               CMOCKA_MESSAGE_OUTPUT="TAP")
    env.pop("ASAN_OPTIONS", None)
    done = subprocess.run([ROOT / pathlib.Path(program)], env=env, text=True,
                          timeout=120, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    assert "# SKIP" not in done.stdout, done.stdout
    assert re.search(r"^ok ", done.stdout, re.M), done.stdout
