#include "qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "auto.h"
#include "err.h"
#include "field.h"
#include "timeutil.h"

#define DEPTH 12
#define EVENTS_MAX 64 /* between a command and its reply */

void
qmp_init(struct qmp *q, int fd, int64_t end_ms)
{
	q->fd = fd;
	q->end_ms = end_ms;
	q->taken = 0;
	buf_init(&q->in, QMP_LINE_MAX);
}

void
qmp_fini(struct qmp *q)
{
	buf_fini(&q->in);
}

int
qmp_feed(struct qmp *q, const void *p, size_t n, struct err *e)
{
	buf_consume(&q->in, q->taken);
	q->taken = 0;
	if (buf_add(&q->in, p, n) < 0)
		return err_set(e, ERR_VMM_FAILED, "QMP: a line is too long");
	return 0;
}

/* Keeps printable ASCII. */
static void
take_text(char *out, size_t size, const char *s)
{
	size_t n = 0;

	for (; *s && n + 1 < size; s++)
		out[n++] = (char)(*s >= ' ' && *s <= '~' ? *s : '?');
	out[n] = '\0';
}

static int
classify(json_t *obj, struct qmp_message *out)
{
	static const struct {
		const char *key;
		enum qmp_kind kind;
		const char *text; /* the member that is kept */
	} kinds[] = {
		{"QMP", QMP_GREETING, NULL},
		{"return", QMP_RETURN, NULL},
		{"error", QMP_ERROR, "desc"},
		{"event", QMP_EVENT, NULL},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		json_t *v = json_object_get(obj, kinds[i].key);
		const char *text = json_string_value(
			kinds[i].text ? json_object_get(v, kinds[i].text) : v);

		if (!v)
			continue;
		out->kind = kinds[i].kind;
		take_text(out->text, sizeof(out->text), text ? text : "");
		return 0;
	}
	return -1;
}

int
qmp_next(struct qmp *q, struct qmp_message *out, struct err *e)
{
	auto_json json_t *obj = NULL;
	const char *text, *end;
	struct qmp_message m;
	struct err why = {0};
	size_t len;

	buf_consume(&q->in, q->taken);
	q->taken = 0;
	text = buf_str(&q->in);
	end = q->in.len ? memchr(text, '\n', q->in.len) : NULL;
	if (!end)
		return 0;
	len = (size_t)(end - text);
	q->taken = len + 1;
	while (len > 0 && text[len - 1] == '\r')
		len--;
	obj = json_parse(text, len, DEPTH, &why);
	if (!json_is_object(obj) || classify(obj, &m) < 0)
		return err_set(e, ERR_VMM_FAILED, "QMP: not a QMP message");
	*out = m;
	return 1;
}

static int
receive(struct qmp *q, struct err *e)
{
	struct pollfd p = {.fd = q->fd, .events = POLLIN};
	int64_t left = q->end_ms - time_mono_ms();
	char bytes[4096];
	ssize_t n;

	if (left <= 0 || poll(&p, 1, (int)left) <= 0)
		return err_set(e, ERR_VMM_FAILED, "QMP: no answer in time");
	n = recv(q->fd, bytes, sizeof(bytes), 0);
	if (n <= 0)
		return err_set(e, ERR_VMM_FAILED, "QMP: the VMM hung up");
	return qmp_feed(q, bytes, (size_t)n, e);
}

static int
wait_message(struct qmp *q, struct qmp_message *out, struct err *e)
{
	int rc;

	while ((rc = qmp_next(q, out, e)) == 0) {
		if (receive(q, e) < 0)
			return -1;
	}
	return rc < 0 ? -1 : 0;
}

int
qmp_start(struct qmp *q, struct err *e)
{
	struct qmp_message m = {0};

	if (wait_message(q, &m, e) < 0)
		return -1;
	if (m.kind != QMP_GREETING)
		return err_set(e, ERR_VMM_FAILED, "QMP: no greeting");
	return qmp_command(q, "qmp_capabilities", NULL, e);
}

int
qmp_command(struct qmp *q, const char *name, const char *arguments,
	    struct err *e)
{
	auto_buf struct buf b = {0};
	struct qmp_message m = {0};

	buf_init(&b, 256);
	if (buf_addf(&b, "{\"execute\":\"%s\",\"arguments\":%s}\r\n", name,
		     arguments ? arguments : "{}") < 0)
		return err_set(e, ERR_INTERNAL, "QMP: command too long");
	if (send(q->fd, b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len)
		return err_errno(e, "QMP: send %s", name);
	for (int i = 0; i < EVENTS_MAX; i++) {
		if (wait_message(q, &m, e) < 0)
			return err_wrap(e, "%s", name);
		if (m.kind == QMP_RETURN)
			return 0;
		if (m.kind == QMP_ERROR)
			return err_set(e, ERR_VMM_FAILED, "QMP: %s: %s", name,
				       m.text);
	}
	return err_set(e, ERR_VMM_FAILED, "QMP: %s: too many events", name);
}
