/*
 * Theory of operation: what is kept of the output has at most one gap, so at
 * most two runs of bytes. Each is scrubbed whole, and loses beside the gap as
 * many bytes as a secret could have left there. Only then is it cut, so a cut
 * never leaves a part of a secret.
 */
#include "plan_text.h"

#include <string.h>

#include "auto.h"
#include "buf.h"
#include "channel.h"
#include "exec_output.h"
#include "plan_steps.h"
#include "text.h"

#define STARS "***"
#define CUT "\n[...]\n"
#define HALF ((CHANNEL_PLAN_OUTPUT_MAX - sizeof(CUT)) / 2)
#define RUN_MAX ((size_t)CHANNEL_OUTPUT_HEAD + CHANNEL_OUTPUT_TAIL + EXEC_BLOCK)
#define FORMS 3
/* The longest form of a secret: every byte percent-encoded. */
#define FORM_MAX ((size_t)3 * PLAN_SECRET_MAX + 64)

struct forms {
	struct buf form[FORMS];
};

static void
forms_fini(struct forms *f)
{
	for (size_t i = 0; i < FORMS; i++) {
		if (f->form[i].data)
			explicit_bzero(f->form[i].data, f->form[i].size);
		buf_fini(&f->form[i]);
	}
}

#define auto_forms __attribute__((cleanup(forms_fini)))

/* As it is, as it stands in an URL, and as it is sent. */
static int
forms_init(struct forms *f, const char *secret)
{
	auto_buf struct buf user = {0};
	size_t n = strlen(secret);
	int rc;

	for (size_t i = 0; i < FORMS; i++)
		buf_init(&f->form[i], FORM_MAX);
	buf_init(&user, FORM_MAX);
	rc = buf_addf(&user, "%s:%s", PLAN_GIT_USER, secret);
	if (rc == 0)
		rc = text_add_base64(&f->form[0], user.data, user.len);
	if (user.data)
		explicit_bzero(user.data, user.size);
	if (rc < 0 || text_add_pct(&f->form[1], secret, n) < 0)
		return -1;
	return buf_add(&f->form[2], secret, n);
}

/* The length of the form that p starts with; 0: none. */
static size_t
form_at(const struct forms *f, const char *p, size_t n)
{
	for (size_t i = 0; i < FORMS; i++) {
		const struct buf *form = &f->form[i];

		if (form->len <= n && memcmp(p, form->data, form->len) == 0)
			return form->len;
	}
	return 0;
}

static int
scrub(struct buf *out, const char *p, size_t n, const struct forms *f)
{
	size_t from = 0, at = 0, len;

	while (at < n) {
		len = form_at(f, p + at, n - at);
		if (len == 0) {
			at++;
			continue;
		}
		if (buf_add(out, p + from, at - from) < 0 ||
		    buf_addstr(out, STARS) < 0)
			return -1;
		from = at += len;
	}
	return buf_add(out, p + from, n - from);
}

int
plan_text_scrub(struct buf *out, const char *text, size_t n, const char *secret)
{
	auto_forms struct forms f = {0};

	if (!secret || !*secret)
		return buf_add(out, text, n);
	if (forms_init(&f, secret) < 0)
		return -1;
	return scrub(out, text, n, &f);
}

/* Bytes [pos, end) of the output; all of them are kept. */
static int
read_run(struct buf *out, const struct exec_output *o, uint64_t pos,
	 uint64_t end)
{
	const uint8_t *p;
	bool is_err;
	size_t n;

	while (pos < end) {
		n = exec_output_at(o, &pos, end - pos, &is_err, &p);
		if (n == 0)
			return 0;
		if (buf_add(out, p, n) < 0)
			return -1;
		pos += n;
	}
	return 0;
}

static int
run_text(struct buf *out, const struct exec_output *o, uint64_t pos,
	 uint64_t end, const char *secret)
{
	auto_buf struct buf raw = {0};

	buf_init(&raw, RUN_MAX);
	if (read_run(&raw, o, pos, end) < 0)
		return -1;
	return plan_text_scrub(out, buf_str(&raw), raw.len, secret);
}

static int
add_part(struct buf *b, const char *p, size_t n)
{
	return text_add_utf8_lossy(b, p, n);
}

static int
add_cut(struct buf *b, const struct buf *head, const struct buf *tail)
{
	size_t first = head->len < HALF ? head->len : HALF;
	size_t last = tail->len < HALF ? tail->len : HALF;

	if (add_part(b, buf_str(head), first) < 0 || buf_addstr(b, CUT) < 0)
		return -1;
	return add_part(b, buf_str(tail) + tail->len - last, last);
}

int
plan_text_add(struct buf *b, const struct exec_output *o, const char *secret)
{
	bool gap = o->head_len < o->tail_start;
	size_t lost = gap && secret ? FORM_MAX : 0;
	uint64_t head_end = gap ? o->head_len : o->total;
	auto_buf struct buf head = {0}, tail = {0};

	buf_init(&head, 4 * RUN_MAX);
	buf_init(&tail, 4 * RUN_MAX);
	if (run_text(&head, o, 0, head_end, secret) < 0 ||
	    (gap && run_text(&tail, o, o->tail_start, o->total, secret) < 0))
		return -1;
	if (!gap && head.len <= CHANNEL_PLAN_OUTPUT_MAX)
		return add_part(b, buf_str(&head), head.len);
	if (!gap)
		return add_cut(b, &head, &head);
	buf_truncate(&head, head.len > lost ? head.len - lost : 0);
	buf_consume(&tail, tail.len > lost ? lost : tail.len);
	return add_cut(b, &head, &tail);
}
