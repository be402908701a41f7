#include "err.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "../support/cmocka_all.h"
#include "text.h"

static void
every_row_is_whole(void **state)
{
	(void)state;
	for (int i = ERR_NONE + 1; i < ERR_COUNT; i++) {
		enum err_code code = (enum err_code)i;
		const char *name = err_name(code);

		assert_in_range(err_status(code), 400, 599);
		assert_string_not_equal(err_title(err_status(code)), "Error");
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"),
				 strlen(name));
		assert_int_not_equal(name[0], '\0');
		assert_non_null(err_action(code));
		/* Also proves that no two rows share a name. */
		assert_int_equal(err_from_name(name), code);
	}
	assert_int_equal(err_from_name("no_such_code"), ERR_NONE);
	assert_int_equal(err_from_name(""), ERR_NONE);
	assert_string_equal(err_title(299), "Error");
	assert_true(err_retryable(ERR_VMCTL_UNAVAILABLE));
	assert_false(err_retryable(ERR_NOT_FOUND));
}

/* A guest cannot make the platform blame itself, or another. */
static void
guest_says_only_its_rows(void **state)
{
	static const enum err_code guest[] = {
#define GUEST(name) ERR_##name,
#include "errors.def"
#undef GUEST
	};
	bool may[ERR_COUNT] = {false};

	(void)state;
	for (size_t i = 0; i < sizeof(guest) / sizeof(guest[0]); i++)
		may[guest[i]] = true;
	for (int i = ERR_NONE + 1; i < ERR_COUNT; i++)
		assert_int_equal(err_from_guest(err_name((enum err_code)i)),
				 may[i] ? i : ERR_GUEST_MISBEHAVED);
	assert_int_equal(err_from_guest("nonsense"), ERR_GUEST_MISBEHAVED);
	assert_false(may[ERR_UNAUTHENTICATED]);
}

static void
set_wrap_and_field(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(err_set(&e, ERR_NOT_FOUND, "no %s", "kernel"), -1);
	assert_int_equal(err_wrap(&e, "start vm %d", 7), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_string_equal(e.msg, "start vm 7: no kernel");
	assert_int_equal(err_field(&e, "cpus", "must be %d", 1), -1);
	assert_int_equal(e.code, ERR_INVALID_REQUEST);
	assert_string_equal(e.field, "cpus");
	err_wrap(&e, "create");
	assert_string_equal(e.field, "cpus");
	err_set(&e, ERR_INTERNAL, "x");
	assert_string_equal(e.field, "");
}

static void
errno_is_the_one_at_the_call(void **state)
{
	struct err e = {0};

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_errno(&e, "open %s", "kernel"), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_string_equal(e.msg, "open kernel: No such file or directory");
}

static void
message_may_quote_itself(void **state)
{
	struct err e = {0};

	(void)state;
	err_set(&e, ERR_INTERNAL, "inner");
	err_set(&e, ERR_VMM_FAILED, "outer: %s", e.msg);
	assert_string_equal(e.msg, "outer: inner");
}

static void
assert_clean(const char *s)
{
	assert_true(text_is_utf8(s, strlen(s)));
	for (; *s; s++)
		assert_false(iscntrl((unsigned char)*s));
}

static void
messages_are_one_line_of_utf8(void **state)
{
	struct err e = {0};

	(void)state;
	err_field(&e, "a\nb\xff", "x\ny\x1b[31m\xc3z\xc2\x85 \xe2\x82\xac\x7f");
	assert_string_equal(e.msg, "x?y?[31m?z?? \xe2\x82\xac?");
	assert_string_equal(e.field, "a?b?");
}

/* Cut anywhere, also inside a character. */
static void
long_messages_are_cut(void **state)
{
	char text[2 * ERR_MSG_SIZE];
	struct err e = {0};

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		for (size_t i = shift; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		memset(text, 'x', shift);
		err_set(&e, ERR_INTERNAL, "%s", text);
		assert_int_equal(strlen(e.msg), ERR_MSG_SIZE - 1);
		assert_clean(e.msg);
		err_wrap(&e, "%s", text);
		assert_clean(e.msg);
		err_field(&e, text, "x");
		assert_int_equal(strlen(e.field), ERR_FIELD_SIZE - 1);
		assert_clean(e.field);
		errno = EIO;
		err_errno(&e, "%s", text);
		assert_clean(e.msg);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(guest_says_only_its_rows),
		cmocka_unit_test(set_wrap_and_field),
		cmocka_unit_test(errno_is_the_one_at_the_call),
		cmocka_unit_test(message_may_quote_itself),
		cmocka_unit_test(messages_are_one_line_of_utf8),
		cmocka_unit_test(long_messages_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
