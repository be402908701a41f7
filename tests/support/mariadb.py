"""A private MariaDB for a test, through the functions that scripts/run uses."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / os.environ.get("CAGED_VARIANT", "dev") / "bin"
USERS = ("caged-api", "caged-gateway", "caged-keeper", "caged_report")
LIB = ". scripts/lib/common.sh && . scripts/lib/mariadb.sh && "
CRASH = """
pid=$(db_pid "$DB"); [ -n "$pid" ] && kill -KILL "$pid"
while db_running "$DB"; do sleep 0.02; done
db_start "$DB"; db_wait "$DB"
"""


def build(*targets):
    """Of this variant: bin/caged-admin, tests/test_store_tx, ..."""
    variant = BIN.parent.name
    subprocess.run(["make", f"VARIANT={variant}",
                    *(f"build/{variant}/{target}" for target in targets)],
                   cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def live_programs(room):
    """The C tests of a room that want a database."""
    return sorted(path.stem for path in
                  (ROOT / "tests/live").glob(f"test_{room}_*.c"))


def run_live(db, name):
    build(f"tests/{name}")
    env = dict(os.environ, CAGED_TEST_DB_SOCKET=str(db.socket),
               CAGED_TEST_DB_CRASH=db.crash_command(),
               CMOCKA_MESSAGE_OUTPUT="TAP")
    env.pop("ASAN_OPTIONS", None)
    done = subprocess.run([BIN.parent / "tests" / name], env=env, text=True,
                          timeout=120, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    assert "# SKIP" not in done.stdout, done.stdout
    assert re.search(r"^ok ", done.stdout, re.M), done.stdout


class MariaDb:
    def __init__(self):
        build("bin/caged-admin")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="caged-db-"))
        self.dir.chmod(0o755)  # the server and the daemons have users of their own
        self.db = self.dir / "db"
        self.socket = self.db / "mysql.sock"
        self.conf = self.dir / "caged.conf"
        self.conf.write_text(f"db_socket = {self.socket}\n")

    def shell(self, text):
        env = dict(os.environ, DB=str(self.db))
        subprocess.run(["bash", "-c", LIB + text], cwd=ROOT, env=env,
                       check=True, timeout=60, stdin=subprocess.DEVNULL)

    def start(self):
        self.shell('db_init "$DB" && db_start "$DB" && db_wait "$DB"')

    def stop(self):
        self.shell('db_stop "$DB"')

    def crash(self):
        """SIGKILL, then a new start."""
        self.shell(CRASH)

    def crash_command(self):
        path = self.dir / "crash"
        path.write_text(f"cd {ROOT} && DB={self.db} && {LIB}\n{CRASH}")
        return f"bash {path}"

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir)

    def admin(self, *args, check=True):
        done = subprocess.run([BIN / "caged-admin", "-c", self.conf, *args],
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120,
                              stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, done.stderr
        return done

    def migrate(self):
        return self.admin("migrate", "--sql", str(ROOT / "sql"))

    def sql(self, text, user="root", db="caged"):
        """The rows, as lists of strings."""
        done = subprocess.run(
            ["mariadb", "--no-defaults", "--batch", "--skip-column-names",
             f"--socket={self.socket}", f"--user={user}", db],
            input=text, text=True, check=True, capture_output=True, timeout=30)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def open_users(self):
        """Lets this test be every user of the database."""
        for user in USERS:
            self.sql(f"ALTER USER '{user}'@localhost IDENTIFIED BY ''")
