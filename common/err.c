#include "err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

struct err_row {
	const char *name;
	const char *action;
	int status;
	bool retryable;
};

static const struct err_row rows[ERR_COUNT] = {
	[ERR_NONE] = {"", "", 200, false},
#define E(name, status, code, retryable, action) \
	[ERR_##name] = {(code), (action), (status), (retryable)},
#include "errors.def"
#undef E
};

static const enum err_code guest_codes[] = {
#define GUEST(name) ERR_##name,
#include "errors.def"
#undef GUEST
};

static const struct {
	int status;
	const char *title;
} titles[] = {
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{409, "Conflict"},
	{410, "Gone"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Range Not Satisfiable"},
	{422, "Unprocessable Content"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{507, "Insufficient Storage"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * A message may quote what a client or a guest sent. It must stay one line of
 * UTF-8, also when it was cut: control characters and malformed bytes become
 * '?'.
 */
static void
clean(char *s)
{
	size_t left = strlen(s);

	while (left > 0) {
		const uint8_t *p = (const uint8_t *)s;
		size_t n = text_utf8_len(p, left);
		bool c1 = n == 2 && p[0] == 0xc2 && p[1] < 0xa0;

		if (n == 0 || c1 || p[0] < 0x20 || p[0] == 0x7f) {
			*s = '?';
			n = 1;
		}
		s += n;
		left -= n;
	}
}

static void __attribute__((format(printf, 3, 0)))
fill(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
	assert(e && code > ERR_NONE && code < ERR_COUNT);
	/* A caller may quote e->msg in its own arguments. */
	char msg[ERR_MSG_SIZE];

	vsnprintf(msg, sizeof(msg), fmt, ap);
	clean(msg);
	memcpy(e->msg, msg, sizeof(msg));
	e->code = code;
	e->field[0] = '\0';
}

int
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, code, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_field(struct err *e, const char *field, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, ERR_INVALID_REQUEST, fmt, ap);
	va_end(ap);
	text_copy(e->field, sizeof(e->field), field);
	clean(e->field);
	return -1;
}

int
err_errno(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	char what[ERR_MSG_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(e, ERR_INTERNAL, "%s: %s", what, strerror(saved));
}

int
err_wrap(struct err *e, const char *fmt, ...)
{
	char what[ERR_MSG_SIZE];
	char msg[2 * ERR_MSG_SIZE + 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(msg, sizeof(msg), "%s: %s", what, e->msg);
	text_copy(e->msg, sizeof(e->msg), msg);
	clean(e->msg);
	return -1;
}

int
err_status(enum err_code code)
{
	assert(code < ERR_COUNT);
	return rows[code].status;
}

const char *
err_name(enum err_code code)
{
	assert(code < ERR_COUNT);
	return rows[code].name;
}

bool
err_retryable(enum err_code code)
{
	assert(code < ERR_COUNT);
	return rows[code].retryable;
}

const char *
err_action(enum err_code code)
{
	assert(code < ERR_COUNT);
	return rows[code].action;
}

const char *
err_title(int status)
{
	for (size_t i = 0; i < COUNT(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

enum err_code
err_from_name(const char *name)
{
	for (int i = ERR_NONE + 1; i < ERR_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return (enum err_code)i;
	return ERR_NONE;
}

enum err_code
err_from_guest(const char *name)
{
	enum err_code code = err_from_name(name);

	for (size_t i = 0; i < COUNT(guest_codes); i++)
		if (guest_codes[i] == code)
			return code;
	return ERR_GUEST_MISBEHAVED;
}
