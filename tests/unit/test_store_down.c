/* A server that is away. */
#include "../support/cmocka_all.h"

#include <string.h>

#include "conf.h"
#include "err.h"
#include "store/store.h"
#include "text.h"
#include "timeutil.h"

static void
a_server_that_is_away_is_not_waited_for(void **state)
{
	struct conf conf;
	struct store *s;
	struct err e = {0};
	int64_t start;

	(void)state;
	assert_int_equal(conf_load(&conf, NULL, &e), 0);
	text_copy(conf.db_socket, sizeof(conf.db_socket), "/nonexistent/sock");
	s = store_open(&conf, "nobody", &e);
	assert_non_null(s);
	start = time_mono_ms();
	for (int i = 0; i < 100; i++) {
		e = (struct err){0};
		assert_int_equal(store_ping(s, &e), -1);
		assert_int_equal(e.code, ERR_DATABASE_UNAVAILABLE);
		assert_non_null(strstr(e.msg, "/nonexistent/sock"));
	}
	assert_true(time_mono_ms() - start < 500);
	store_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_is_away_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
