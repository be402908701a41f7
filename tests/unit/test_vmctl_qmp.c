/* QMP from a VMM that may say anything, at any speed, or nothing. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/cmocka_all.h"
#include "auto.h"
#include "err.h"
#include "timeutil.h"

#include "../../vmctl/qmp.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define RETURN "{\"return\": {}}\r\n"
#define EVENT "{\"timestamp\": {}, \"event\": \"RESUME\"}\r\n"
#define ERROR \
	"{\"error\": {\"class\": \"GenericError\", \"desc\": " \
	"\"no\\u0007pe\"}}\r\n"

/* Everything the VMM says is there before it is asked. */
static int
talk(const char *said, int timeout_ms, struct err *e)
{
	int ends[2], rc;
	struct qmp q;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[1], said, strlen(said)), strlen(said));
	if (timeout_ms == 0)
		shutdown(ends[1], SHUT_WR);
	qmp_init(&q, ends[0],
		 time_mono_ms() + (timeout_ms ? timeout_ms : 2000));
	rc = qmp_start(&q, e);
	if (rc == 0)
		rc = qmp_command(&q, "cont", NULL, e);
	qmp_fini(&q);
	close(ends[0]);
	close(ends[1]);
	return rc;
}

static void
a_session(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(talk(GREETING RETURN RETURN, 0, &e), 0);
	assert_int_equal(talk(GREETING RETURN EVENT EVENT RETURN, 0, &e), 0);
}

static void
refusals(void **state)
{
	static const char *const said[] = {
		"",
		RETURN,
		GREETING,
		GREETING RETURN,
		GREETING ERROR,
		GREETING RETURN ERROR,
		GREETING GREETING GREETING,
		GREETING "[]\r\n",
		GREETING "{}\r\n",
		GREETING "\r\n",
		GREETING "{\"return\": {}",
		GREETING "{\"return\": {}} x\r\n",
		GREETING "{\"return\": \"\xff\"}\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct err e = {0};

		if (talk(said[i], 0, &e) == 0)
			fail_msg("case %zu was taken", i);
		assert_int_equal(e.code, ERR_VMM_FAILED);
		for (const char *p = e.msg; *p; p++)
			assert_in_range(*p, ' ', '~');
	}
}

static void
silence_ends_at_the_deadline(void **state)
{
	int64_t start = time_mono_ms();
	struct err e = {0};

	(void)state;
	assert_int_equal(talk(GREETING, 100, &e), -1);
	assert_in_range(time_mono_ms() - start, 90, 1500);
}

static void
events_without_end(void **state)
{
	char said[8192] = GREETING RETURN;
	struct err e = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(said, EVENT);
	assert_int_equal(talk(said, 0, &e), -1);
	assert_non_null(strstr(e.msg, "too many events"));
}

static void
any_cut_gives_the_same(void **state)
{
	static const char said[] = GREETING EVENT ERROR RETURN;
	static const enum qmp_kind want[] = {QMP_GREETING, QMP_EVENT, QMP_ERROR,
					     QMP_RETURN};

	(void)state;
	for (size_t cut = 0; cut <= sizeof(said) - 1; cut++) {
		struct qmp_message m = {0};
		struct qmp q;
		struct err e;
		size_t n = 0;

		qmp_init(&q, -1, 0);
		assert_int_equal(qmp_feed(&q, said, cut, &e), 0);
		while (qmp_next(&q, &m, &e) == 1)
			assert_int_equal(m.kind, want[n++]);
		assert_int_equal(
			qmp_feed(&q, said + cut, sizeof(said) - 1 - cut, &e),
			0);
		while (qmp_next(&q, &m, &e) == 1)
			assert_int_equal(m.kind, want[n++]);
		assert_int_equal(n, 4);
		qmp_fini(&q);
	}
}

static void
a_line_has_an_end(void **state)
{
	static char junk[QMP_LINE_MAX];
	struct qmp_message m;
	struct qmp q;
	struct err e;

	(void)state;
	memset(junk, ' ', sizeof(junk));
	qmp_init(&q, -1, 0);
	assert_int_equal(qmp_feed(&q, junk, sizeof(junk), &e), 0);
	assert_int_equal(qmp_next(&q, &m, &e), 0);
	assert_int_equal(qmp_feed(&q, junk, 1, &e), -1);
	assert_int_equal(e.code, ERR_VMM_FAILED);
	qmp_fini(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session),
		cmocka_unit_test(refusals),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(events_without_end),
		cmocka_unit_test(any_cut_gives_the_same),
		cmocka_unit_test(a_line_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
