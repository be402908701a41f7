#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "timeutil.h"

#define LINE_MAX_BYTES 8192 /* what is longer is cut and marked */
#define CUT "...\n"

struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
	bool cut;
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static char program[32] = "caged";
static enum log_level threshold = LOG_LEVEL_INFO;

void
log_init(const char *prog, enum log_level least)
{
	text_copy(program, sizeof(program), prog);
	threshold = least;
}

int
log_level_from_name(const char *name)
{
	for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++) {
		if (strcmp(level_names[i], name) == 0)
			return i;
	}
	return -1;
}

/* A piece enters whole or not at all, so no escape is ever halved. */
static void
add(struct line *l, const char *s, size_t n)
{
	if (l->cut || n > sizeof(l->text) - sizeof(CUT) - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->len, s, n);
	l->len += n;
}

static void
add_str(struct line *l, const char *s)
{
	add(l, s, strlen(s));
}

static void
add_escaped(struct line *l, const uint8_t *c, size_t n)
{
	char esc[8];

	if (n == 0 || *c < 0x20 || *c == 0x7f)
		snprintf(esc, sizeof(esc), "\\x%02x", *c);
	else if (*c == '"' || *c == '\\')
		snprintf(esc, sizeof(esc), "\\%c", *c);
	else {
		add(l, (const char *)c, n);
		return;
	}
	add_str(l, esc);
}

static void
add_quoted(struct line *l, const char *value)
{
	const uint8_t *s = (const uint8_t *)value;
	size_t left = strlen(value);

	add_str(l, "\"");
	while (left > 0) {
		size_t n = text_utf8_len(s, left);
		/* C1 controls move a terminal's cursor as well as C0 do. */
		bool c1 = n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
		size_t step = n && !c1 ? n : 1;

		add_escaped(l, s, c1 ? 0 : n);
		s += step;
		left -= step;
	}
	add_str(l, "\"");
}

static void
add_pair(struct line *l, const char *key, const char *value)
{
	add_str(l, " ");
	add_str(l, key);
	add_str(l, "=");
	add_quoted(l, value ? value : "");
}

void
log_write(enum log_level level, const char *what, ...)
{
	struct line l = {.len = 0};
	char ts[TIME_RFC3339_SIZE];
	const char *key;
	va_list ap;

	if (level < threshold)
		return;
	time_rfc3339(ts, time_unix_us(), 1);
	add_str(&l, "ts=");
	add_str(&l, ts);
	add_str(&l, " level=");
	add_str(&l, level_names[level]);
	add_str(&l, " prog=");
	add_str(&l, program);
	add_pair(&l, "msg", what);
	va_start(ap, what);
	while ((key = va_arg(ap, const char *)))
		add_pair(&l, key, va_arg(ap, const char *));
	va_end(ap);
	memcpy(l.text + l.len, l.cut ? CUT : "\n", l.cut ? 4 : 1);
	l.len += l.cut ? 4 : 1;
	/* One write, so that lines of several processes do not mix. A log
	 * that cannot be written must not stop the daemon. */
	if (write(STDERR_FILENO, l.text, l.len) < 0)
		return;
}
