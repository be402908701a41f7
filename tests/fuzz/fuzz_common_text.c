/* Foreign text through every codec, with the properties that tie them. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "buf.h"
#include "err.h"
#include "text.h"
#include "timeutil.h"

#define CAP (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_utf8(const uint8_t *p, size_t n)
{
	bool good = text_is_utf8(p, n);
	auto_buf struct buf b, again;

	buf_init(&b, CAP);
	buf_init(&again, CAP);
	assert(text_add_utf8_lossy(&b, p, n) == 0);
	assert(text_is_utf8(b.data, b.len));
	assert(good == (b.len == n && (n == 0 || !memcmp(b.data, p, n))));
	assert(text_add_utf8_lossy(&again, b.data, b.len) == 0);
	assert(b.len == again.len);
	assert(strcmp(buf_str(&b), buf_str(&again)) == 0);
}

static void
check_base64(const uint8_t *p, size_t n)
{
	auto_buf struct buf b, back;

	buf_init(&b, CAP);
	buf_init(&back, CAP);
	assert(text_add_base64(&b, p, n) == 0);
	assert(text_add_base64_decoded(&back, buf_str(&b), b.len) == 0);
	assert(back.len == n && (n == 0 || !memcmp(back.data, p, n)));
	/* The other way: only the one encoding is taken. */
	buf_reset(&b);
	buf_reset(&back);
	if (text_add_base64_decoded(&b, (const char *)p, n) < 0)
		return;
	assert(text_add_base64(&back, b.data, b.len) == 0);
	assert(back.len == n && (n == 0 || !memcmp(back.data, p, n)));
}

static void
check_percent(const uint8_t *p, size_t n, bool plus)
{
	auto_free char *out = malloc(n + 1);
	auto_free char *back = malloc(3 * n + 1);
	long len = text_pct_decode(out, (const char *)p, n, plus);
	auto_buf struct buf b = {0};

	buf_init(&b, CAP);
	if (len < 0)
		return;
	assert((size_t)len <= n && strlen(out) == (size_t)len);
	assert(text_add_pct(&b, out, (size_t)len) == 0);
	assert(text_pct_decode(back, buf_str(&b), b.len, plus) == len);
	assert(strcmp(out, back) == 0);
}

/* Every path of a file system survives the way through JSON and back. */
static void
check_path(const uint8_t *p, size_t n)
{
	auto_free char *out = malloc(3 * n + 1);
	auto_buf struct buf b = {0};

	buf_init(&b, CAP);
	if (n && memchr(p, 0, n))
		return;
	assert(text_add_pct(&b, p, n) == 0 && b.len <= 3 * n);
	assert(text_pct_decode(out, buf_str(&b), b.len, false) == (long)n);
	assert(n == 0 || memcmp(out, p, n) == 0);
}

static void
check_numbers(const char *s)
{
	char text[32], stamp[TIME_RFC3339_SIZE];
	int64_t v, us, back;

	if (text_int(s, INT64_MIN, INT64_MAX, &v) == 0) {
		snprintf(text, sizeof(text), "%" PRId64, v);
		assert(strcmp(text, s) == 0);
	}
	if (time_parse_rfc3339(s, &us) == 0) {
		/* An offset may carry it out of the years 0 to 9999. */
		time_rfc3339(stamp, us, 1);
		if (stamp[0] != '-' && stamp[4] == '-')
			assert(time_parse_rfc3339(stamp, &back) == 0 &&
			       back <= us && us - back < 1000);
	}
}

static void
check_error(const char *s)
{
	struct err e = {0};

	err_field(&e, s, "%s", s);
	err_wrap(&e, "%s", s);
	assert(text_is_utf8(e.msg, strlen(e.msg)));
	assert(text_is_utf8(e.field, strlen(e.field)));
	for (const char *p = e.msg; *p; p++)
		assert((unsigned char)*p >= 0x20 && *p != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *s = strndup((const char *)data, size);

	check_utf8(data, size);
	check_base64(data, size);
	check_percent(data, size, false);
	check_percent(data, size, true);
	check_path(data, size);
	check_numbers(s);
	check_error(s);
	return 0;
}
