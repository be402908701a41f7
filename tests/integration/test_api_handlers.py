"""The API's handlers on a real database: the C tests that need one."""

import pytest

from mariadb import MariaDb, live_programs, run_live


@pytest.fixture(scope="module")
def db():
    the = MariaDb()
    the.start()
    the.migrate()
    the.open_users()
    yield the
    the.remove()


@pytest.mark.parametrize("name", live_programs("api"))
def test_live(db, name):
    run_live(db, name)
