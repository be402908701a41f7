#include "exec.h"

#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "buf.h"
#include "channel.h"
#include "channels.h"
#include "err.h"
#include "exec_ack.h"
#include "exec_book.h"
#include "exec_open.h"
#include "gateway.h"
#include "handlers.h"
#include "http.h"
#include "model/exec_json.h"
#include "model/req_exec.h"
#include "outlog.h"
#include "reply.h"
#include "scribe.h"
#include "text.h"
#include "timeutil.h"

#define GRACE_MS 30000 /* for the guest, after a command's own timeout */
#define ATTACH_MS (REQ_EXEC_TIMEOUT_MAX_S * 1000 + GRACE_MS)
#define ATTACH_TRIES 3

struct exec_live {
	struct table_entry entry; /* gateway.execs */
	struct gateway *gw;
	struct http_exchange *x; /* NULL: nobody waits for the answer */
	char request_id[65];
	struct stream *s; /* NULL: ended */
	struct exec_book book;
	struct outlog log;
	char *input; /* owned; what is left of stdin is [input_at, input_len) */
	size_t input_len, input_at;
	size_t owed; /* bytes for which the guest got no credit yet */
	int attaches;
	bool again; /* what is kept comes once more, after the next REPLY */
};

static const struct stream_events events;

struct exec_live *
exec_find(struct gateway *gw, const char *id)
{
	struct table_entry *entry = table_find(&gw->execs, id);

	return entry ? table_object(entry, struct exec_live, entry) : NULL;
}

bool
exec_belongs(const struct exec_live *x, const char *sandbox)
{
	return strcmp(x->book.row.sandbox, sandbox) == 0;
}

static void
exec_free(struct exec_live *x)
{
	stream_close(x->s);
	table_remove(&x->gw->execs, &x->entry);
	exec_book_fini(&x->book);
	outlog_fini(&x->log);
	free(x->input);
	free(x);
}

static void
free_entry(struct table_entry *entry, void *arg)
{
	(void)arg;
	exec_free(table_object(entry, struct exec_live, entry));
}

void
exec_free_all(struct gateway *gw)
{
	table_each(&gw->execs, free_entry, NULL);
}

/* `command` is taken over. NULL: no memory. */
static struct exec_live *
exec_new(struct gateway *gw, const struct store_exec *row, char *command,
	 bool is_argv)
{
	struct exec_live *x = calloc(1, sizeof(*x));

	if (!x) {
		free(command);
		return NULL;
	}
	x->gw = gw;
	exec_book_init(&x->book, gw->scribe, row, command, is_argv);
	table_add(&gw->execs, &x->entry, x->book.row.id);
	return x;
}

/* As GET shows it, or as the answer of the POST. */
static json_t *
view(const struct exec_live *x, bool as_row)
{
	const struct store_exec *row = &x->book.row;
	struct exec_view v = {
		.status = exec_status_name(row->status),
		.command = x->book.command,
		.exit_code = row->exit_code,
		.cause = row->cause,
		.error = row->error_message,
		.started_us = row->started_us,
		.ended_us = row->ended_us,
		.duration_us = row->duration_us,
		.truncated = outlog_truncated(&x->log) || row->dropped_bytes,
	};
	auto_buf struct buf both = {0}, out = {0}, err = {0};

	buf_init(&both, 2 * OUTLOG_HALF);
	buf_init(&out, 2 * OUTLOG_HALF);
	buf_init(&err, 2 * OUTLOG_HALF);
	text_copy(v.id, sizeof(v.id), row->id);
	if (outlog_read(&x->log, OUTLOG_BOTH, &both) < 0 ||
	    outlog_read(&x->log, OUTLOG_STDOUT, &out) < 0 ||
	    outlog_read(&x->log, OUTLOG_STDERR, &err) < 0)
		return NULL;
	v.output = (struct exec_bytes){both.data, both.len};
	v.out = (struct exec_bytes){out.data, out.len};
	v.err = (struct exec_bytes){err.data, err.len};
	return as_row ? exec_json_row(&v) : exec_json_result(&v);
}

json_t *
exec_json(const struct exec_live *x)
{
	return view(x, true);
}

static void
answer_problem(struct exec_live *x, const struct err *e)
{
	auto_json json_t *shown = view(x, false);
	json_t *problem = exec_json_problem(e, x->request_id, x->book.row.id);
	struct http_exchange *to = x->x;

	x->x = NULL;
	if (!to) {
		json_decref(problem);
		return;
	}
	if (problem && shown)
		json_object_set(problem, "output",
				json_object_get(shown, "output"));
	reply_problem_json(to, e, problem);
}

/* The end is on its way to the database; an exec that the scribe cannot take
 * stays unacknowledged with the agent. */
static void
settle(struct exec_live *x, bool done)
{
	if (exec_book_end(&x->book, done) < 0)
		exec_free(x);
}

static void
fail(struct exec_live *x, const struct err *e)
{
	struct store_exec *row = &x->book.row;
	bool refused = err_status(e->code) < 500 && !x->attaches;

	row->ended_us = time_unix_us();
	row->exit_code = -1;
	row->status = EXEC_lost;
	text_copy(row->error_code, sizeof(row->error_code), err_name(e->code));
	text_copy(row->error_message, sizeof(row->error_message), e->msg);
	answer_problem(x, e);
	settle(x, refused);
}

static int
attach(struct exec_live *x, struct err *e)
{
	const struct store_exec *row = &x->book.row;
	struct exec_ref ref = {.exec = row->id, .has_exec = true};
	const struct stream_request r = {
		.sandbox = row->sandbox,
		.boot = row->boot,
		.up = true,
		.kind = &kind_exec_attach,
		.record = &ref,
		.timeout_ms = ATTACH_MS,
		.whole = true,
		.events = &events,
		.owner = x,
	};

	x->again = true;
	x->owed = 0;
	x->s = stream_open(x->gw->channels, &r, e);
	return x->s ? 0 : -1;
}

static void
on_reply(void *owner, const void *record)
{
	struct exec_live *x = owner;

	(void)record;
	if (!x->again)
		return;
	x->again = false;
	outlog_fini(&x->log);
	exec_book_reset(&x->book);
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	struct exec_live *x = owner;
	struct err why = *e;

	x->s = NULL;
	if (lost && ++x->attaches <= ATTACH_TRIES && attach(x, &why) == 0)
		return;
	if (x->attaches && why.code == ERR_EXEC_NOT_FOUND)
		err_set(&why, ERR_GUEST_GONE,
			"the guest does not know the command any more");
	fail(x, &why);
}

static void
on_data(void *owner, uint8_t flags, const uint8_t *p, size_t n)
{
	struct exec_live *x = owner;
	bool is_stderr = flags & DATA_STDERR;

	outlog_add(&x->log, is_stderr, p, n);
	exec_book_data(&x->book, is_stderr, p, n);
	if (scribe_full(x->gw->scribe))
		x->owed += n;
	else
		stream_consumed(x->s, n);
}

static void
on_writable(void *owner)
{
	struct exec_live *x = owner;
	size_t left = x->input_len - x->input_at;

	if (!x->input)
		return;
	x->input_at += stream_send(x->s, x->input + x->input_at, left);
	if (x->input_at < x->input_len)
		return;
	stream_send_eof(x->s);
	free(x->input);
	x->input = NULL;
}

/* What the guest says must be one of the causes that the API knows. */
static bool
cause_known(const char *cause)
{
	static const char *const causes[] = {"exit", "signal", "timeout", "oom",
					     "killed"};

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strcmp(causes[i], cause) == 0)
			return true;
	return false;
}

static void
on_end(void *owner, const void *record)
{
	struct exec_live *x = owner;
	const struct exec_end *end = record;
	struct store_exec *row = &x->book.row;
	struct http_exchange *to = x->x;
	struct err e;

	x->s = NULL;
	if (!cause_known(end->cause) || strcmp(end->exec, row->id) != 0) {
		err_set(&e, ERR_GUEST_MISBEHAVED,
			"the sandbox's agent gave a result that makes no "
			"sense");
		fail(x, &e);
		return;
	}
	row->status = EXEC_done;
	row->ended_us = time_unix_us();
	row->exit_code = end->exit_code;
	row->duration_us = end->duration_us;
	row->stdout_bytes = end->stdout_bytes;
	row->stderr_bytes = end->stderr_bytes;
	row->dropped_bytes = end->dropped_bytes;
	text_copy(row->cause, sizeof(row->cause), end->cause);
	x->x = NULL;
	if (to)
		reply_json(to, 200, view(x, false));
	settle(x, true);
}

static const struct stream_events events = {
	.reply = on_reply,
	.data = on_data,
	.writable = on_writable,
	.end = on_end,
	.fail = on_fail,
};

static void
client_gone(void *ctx)
{
	struct exec_live *x = ctx;

	x->x = NULL;
}

static const struct http_events client_events = {.gone = client_gone};

static void
fill_row(const struct grant *g, const char *request_id, struct store_exec *row)
{
	*row = (struct store_exec){
		.boot = g->boot,
		.status = EXEC_running,
		.started_us = time_unix_us(),
	};
	text_copy(row->id, sizeof(row->id), g->exec);
	text_copy(row->sandbox, sizeof(row->sandbox), g->sandbox);
	text_copy(row->account, sizeof(row->account), g->account);
	text_copy(row->key, sizeof(row->key), g->key);
	text_copy(row->request_id, sizeof(row->request_id), request_id);
}

static int
check_count(struct gateway *gw, const struct grant *g, struct err *e)
{
	size_t n =
		channels_streams(gw->channels, g->sandbox, &kind_exec) +
		channels_streams(gw->channels, g->sandbox, &kind_exec_attach);

	if (n >= CHANNEL_EXECS_MAX)
		return err_set(e, ERR_TOO_MANY_EXECS,
			       "%d commands run in the sandbox",
			       CHANNEL_EXECS_MAX);
	if (gw->execs.count >= GATEWAY_EXECS_MAX)
		return err_set(e, ERR_OVERLOADED, "too many commands run");
	if (table_find(&gw->execs, g->exec))
		return err_set(e, ERR_WRONG_STATE, "the command runs already");
	return 0;
}

static struct exec_live *
make(struct gateway *gw, struct http_exchange *x, const struct exec_open *o,
     struct err *e)
{
	struct store_exec row;
	struct exec_live *made;

	fill_row(&x->grant, x->request_id, &row);
	made = exec_new(gw, &row, strdup(o->text), o->record.has_argv);
	if (!made || !made->book.command) {
		err_set(e, ERR_INTERNAL, "no memory for a command");
		if (made)
			exec_free(made);
		return NULL;
	}
	text_copy(made->request_id, sizeof(made->request_id), x->request_id);
	if (o->record.has_stdin) {
		made->input = strdup(o->input);
		made->input_len = strlen(o->input);
	}
	return made;
}

static int
begin(struct exec_live *x, const struct exec_open *o, struct err *e)
{
	const struct stream_request r = {
		.sandbox = x->book.row.sandbox,
		.boot = x->book.row.boot,
		.up = true,
		.kind = &kind_exec,
		.record = &o->record,
		.timeout_ms = o->record.timeout_ms + GRACE_MS,
		.whole = true,
		.events = &events,
		.owner = x,
	};

	if (o->record.has_stdin && !x->input)
		return err_set(e, ERR_INTERNAL, "no memory for a command");
	x->s = stream_open(x->gw->channels, &r, e);
	if (!x->s)
		return -1;
	if (exec_book_start(&x->book) < 0)
		return err_set(e, ERR_DATABASE_UNAVAILABLE,
			       "too much waits for the database");
	return 0;
}

void
exec_start(struct gateway *gw, struct http_exchange *hx, const uint8_t *body,
	   size_t n)
{
	auto_exec_open struct exec_open o = {0};
	struct exec_live *x = NULL;
	struct err e;

	if (exec_open_read(&o, hx->grant.exec, body, n, &e) == 0 &&
	    check_count(gw, &hx->grant, &e) == 0)
		x = make(gw, hx, &o, &e);
	if (x && begin(x, &o, &e) < 0) {
		exec_free(x);
		x = NULL;
	}
	if (!x) {
		reply_problem_json(
			hx, &e,
			exec_json_problem(&e, hx->request_id, hx->grant.exec));
		return;
	}
	x->x = hx;
	hx->events = &client_events;
	hx->ctx = x;
}

void
exec_collect(struct gateway *gw, const struct store_exec *row, char *command,
	     bool is_argv)
{
	struct exec_live *x;
	struct err e;

	if (exec_find(gw, row->id) || gw->execs.count >= GATEWAY_EXECS_MAX) {
		free(command);
		return;
	}
	x = exec_new(gw, row, command, is_argv);
	if (!x)
		return;
	x->attaches = 1;
	if (!x->book.command || exec_book_start(&x->book) < 0 ||
	    attach(x, &e) < 0)
		exec_free(x); /* the agent keeps it for the next time */
}

void
exec_saved(struct gateway *gw, const char *id)
{
	struct exec_live *x = exec_find(gw, id);

	if (!x || x->s)
		return;
	if (x->book.row.status == EXEC_done)
		exec_ack(gw, x->book.row.sandbox, x->book.row.boot, id);
	exec_free(x);
}

static void
give_credit(struct table_entry *entry, void *arg)
{
	struct exec_live *x = table_object(entry, struct exec_live, entry);
	size_t owed = x->owed;

	(void)arg;
	x->owed = 0;
	if (x->s && owed)
		stream_consumed(x->s, owed);
}

void
exec_drained(struct gateway *gw)
{
	table_each(&gw->execs, give_credit, NULL);
}
