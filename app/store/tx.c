#include "store/tx.h"

#include <time.h>

#include "err.h"
#include "id.h"
#include "timeutil.h"

#define ATTEMPTS 6
#define GIVE_UP_MS 5000

static int
commit(struct store *s, struct err *e)
{
	int rc;

	s->committing = true;
	rc = db_command(s, "COMMIT", e);
	if (rc == 0 || s->fail != DB_FAIL_LOST)
		s->committing = false;
	return rc;
}

/* What the server did not undo by itself is undone, or the connection goes. */
static void
undo(struct store *s)
{
	enum db_fail fail = s->fail;
	struct err ignored;

	if (fail == DB_FAIL_LOST || fail == DB_FAIL_DOWN ||
	    db_command(s, "ROLLBACK", &ignored) < 0)
		db_drop(s);
	s->fail = fail;
}

static int
attempt(struct store *s, unsigned flags,
	int (*fn)(struct store *s, void *arg, struct err *e), void *arg,
	struct err *e)
{
	bool read = flags & TX_READ;

	s->fail = DB_FAIL_NONE;
	s->committing = false;
	if ((read || db_command(s, "START TRANSACTION", e) == 0) &&
	    fn(s, arg, e) == 0 && (read || commit(s, e) == 0))
		return 0;
	if (!read)
		undo(s);
	else if (s->fail == DB_FAIL_LOST)
		db_drop(s);
	return -1;
}

/* For a broken connection another is tried, once; a server that is away is not
 * waited for. */
static bool
worth_again(const struct store *s, unsigned flags, int tries, bool reconnected)
{
	if (s->fail == DB_FAIL_AGAIN)
		return tries < ATTEMPTS;
	if (s->fail != DB_FAIL_LOST || reconnected)
		return false;
	return !(s->committing && (flags & TX_ONCE));
}

/* Two that met in a deadlock shall not meet again: 0..2^tries ms. */
static void
pause_a_while(int tries)
{
	uint32_t r;

	random_bytes(&r, sizeof(r));
	nanosleep(
		&(struct timespec){.tv_nsec = (long)(r % (1000000u << tries))},
		NULL);
}

int
tx_run(struct store *s, unsigned flags,
       int (*fn)(struct store *s, void *arg, struct err *e), void *arg,
       struct err *e)
{
	int64_t until = time_mono_ms() + GIVE_UP_MS;
	bool reconnected = false;
	struct err why = {0};

	for (int tries = 1; attempt(s, flags, fn, arg, &why) < 0; tries++) {
		if (!worth_again(s, flags, tries, reconnected) ||
		    time_mono_ms() > until) {
			*e = why;
			return -1;
		}
		if (s->fail == DB_FAIL_AGAIN)
			pause_a_while(tries);
		else
			reconnected = true;
	}
	return 0;
}
