"""The database on a real server: migrations, and the C tests that need one."""

import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from mariadb import BIN, ROOT, USERS, MariaDb, live_programs, run_live

FILES = sorted(path.name for path in (ROOT / "sql").glob("[0-9]*.sql"))


@pytest.fixture(scope="module")
def db():
    the = MariaDb()
    the.start()
    yield the
    the.remove()


@pytest.fixture
def empty(db):
    """No database, no users: as on a new host."""
    db.sql("DROP DATABASE IF EXISTS caged", db="mysql")
    for user in USERS:
        db.sql(f"DROP USER IF EXISTS '{user}'@localhost", db="mysql")
    return db


@pytest.mark.parametrize("name", live_programs("store"))
def test_live(db, name):
    db.migrate()
    db.open_users()
    run_live(db, name)


def test_migrate_from_nothing_and_again(empty):
    first = empty.migrate().stdout
    assert re.findall(r"^applied (.*)$", first, re.M) == FILES
    assert "0 applied" in empty.migrate().stdout
    assert [row[0] for row in
            empty.sql("SELECT name FROM schema_migration ORDER BY name")] == FILES


def test_users_come_in_by_their_uid_alone(empty):
    empty.migrate()
    for user in USERS:
        with pytest.raises(subprocess.CalledProcessError):
            empty.sql("SELECT 1", user=user)


def test_migrate_gives_users_back_their_authentication(empty):
    empty.migrate()
    empty.open_users()
    empty.sql("SELECT 1", user="caged-api")
    empty.migrate()
    with pytest.raises(subprocess.CalledProcessError):
        empty.sql("SELECT 1", user="caged-api")


@pytest.mark.parametrize("name", FILES)
def test_a_file_may_run_twice(empty, name):
    """As after a migrator that died before it noted the file."""
    empty.migrate()
    empty.sql(f"DELETE FROM schema_migration WHERE name = '{name}'")
    assert f"applied {name}" in empty.migrate().stdout


def test_a_killed_migrate_can_be_run_again(empty):
    args = [BIN / "caged-admin", "-c", empty.conf, "migrate", "--sql", ROOT / "sql"]
    for delay in (0.005, 0.01, 0.02, 0.03, 0.05, 0.08):
        process = subprocess.Popen(args, stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    empty.migrate()
    assert [row[0] for row in
            empty.sql("SELECT name FROM schema_migration ORDER BY name")] == FILES
    assert '"name":"schema","ok":true' in empty.admin("doctor", "--json",
                                                      check=False).stdout


def test_a_changed_migration_is_refused(empty, tmp_path):
    empty.migrate()
    copy = pathlib.Path(shutil.copytree(ROOT / "sql", tmp_path / "sql"))
    with open(copy / FILES[0], "a") as f:
        f.write("-- changed\n")
    done = empty.admin("migrate", "--sql", str(copy), check=False)
    assert done.returncode == 1
    assert "never changes" in done.stderr


def test_two_migrates_at_once(empty):
    args = [BIN / "caged-admin", "-c", empty.conf, "migrate", "--sql", ROOT / "sql"]
    both = [subprocess.Popen(args, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE) for _ in range(2)]
    outs = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], outs
    assert sum(out.count("applied 0001") for out, _ in outs) == 1


def test_keys_are_shown_once_and_kept_as_hashes(empty):
    empty.migrate()
    account = empty.admin("account", "create", "some one").stdout.strip()
    assert re.fullmatch(r"acct-[a-z0-9]{16}", account)
    key = empty.admin("key", "create", "some one", "--scope", "sandbox").stdout.strip()
    assert re.fullmatch(r"caged_sk_[A-Za-z0-9_-]{43}", key)
    rows = empty.sql("SELECT HEX(hash), SHA2('%s', 256), scope, prefix FROM api_key" % key)
    assert rows == [[rows[0][0], rows[0][0].lower(), "sandbox", key[:14]]]
    listed = empty.admin("key", "list", account).stdout
    assert key not in listed and key[:14] in listed
    key_id = listed.split("\t")[0]
    empty.admin("key", "revoke", account, key_id)
    assert empty.admin("key", "list", account).stdout == ""
    assert empty.admin("key", "revoke", account, key_id, check=False).returncode == 1


@pytest.mark.parametrize("args", [
    [], ["nonsense"], ["account"], ["account", "create"], ["key", "create"],
    ["account", "create", "a", "b"], ["account", "create", "a", "--plan", "gold"],
    ["account", "create", "a", "--plan"], ["key", "create", "a", "--scope", "all"],
    ["key", "create", "a", "--expires", "tomorrow"],
    ["key", "create", "a", "--expires", "2020-01-01T00:00:00Z"],
    ["migrate", "--nonsense"]])
def test_a_wrong_command_line(db, args):
    done = db.admin(*args, check=False)
    assert done.returncode == 2
    assert "usage: caged-admin" in done.stderr


def test_the_clock_of_the_session_is_utc(empty):
    empty.migrate()
    empty.sql("SET GLOBAL time_zone = '+05:00'")
    empty.admin("account", "create", "utc")
    empty.sql("SET GLOBAL time_zone = 'SYSTEM'")
    age = empty.sql("SELECT ABS(TIMESTAMPDIFF(SECOND, created_at, UTC_TIMESTAMP()))"
                    " FROM account WHERE name = 'utc'")
    assert int(age[0][0]) < 60
