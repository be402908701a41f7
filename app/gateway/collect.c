#include "collect.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "channels.h"
#include "err.h"
#include "exec.h"
#include "exec_ack.h"
#include "gateway.h"
#include "jobs.h"
#include "model/sandbox.h"
#include "scribe.h"
#include "store/store_exec.h"
#include "store/store_sandbox.h"
#include "text.h"
#include "timeutil.h"

/* One exec of the agent's list, or of the database's. */
struct found {
	struct store_exec row;
	char *command; /* owned; NULL: the database has no row */
	bool is_argv;
	bool with_agent;
};

struct collecting {
	struct table_entry entry; /* gateway.collects */
	struct gateway *gw;
	char sandbox[ID_SIZE];
	int64_t boot;
	struct stream *s;
	struct found found[2 * COLLECT_BATCH]; /* the agent's, then rows' */
	size_t count, listed;
	bool more; /* the list was longer */
	int rc;
	struct err error;
	struct job job;
	struct event *timer;
};

#define OF(j) \
	((struct collecting *)(void *)((char *)(j)-offsetof(struct collecting, \
							    job)))

static void look_up(struct collecting *c);
static int ask(struct collecting *c);

static void
drop_found(struct collecting *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->found[i].command);
	c->count = c->listed = 0;
}

static void
collecting_free(struct collecting *c)
{
	stream_close(c->s);
	table_remove(&c->gw->collects, &c->entry);
	drop_found(c);
	event_free(c->timer);
	free(c);
}

static void
free_entry(struct table_entry *entry, void *arg)
{
	(void)arg;
	collecting_free(table_object(entry, struct collecting, entry));
}

void
collect_free_all(struct gateway *gw)
{
	table_each(&gw->collects, free_entry, NULL);
}

static bool
listed(const struct collecting *c, const char *id)
{
	for (size_t i = 0; i < c->listed; i++)
		if (strcmp(c->found[i].row.id, id) == 0)
			return true;
	return false;
}

static int
add_row(void *arg, const struct store_exec *row)
{
	struct collecting *c = arg;

	if (!listed(c, row->id) &&
	    c->count < sizeof(c->found) / sizeof(c->found[0]))
		c->found[c->count++] = (struct found){.row = *row};
	return 0;
}

/* Replaces what the agent said by the row, where there is one. */
static int
find_row(struct collecting *c, struct store *s, const char *account,
	 struct found *f, struct err *e)
{
	struct err why;

	if (store_exec_get(s, account, c->sandbox, f->row.id, &f->row,
			   &f->command, &f->is_argv, &why) == 0)
		return 0;
	if (why.code != ERR_EXEC_NOT_FOUND) {
		*e = why;
		return -1;
	}
	text_copy(f->row.account, sizeof(f->row.account), account);
	return 0;
}

static void
run_lookup(struct job *j, void *ctx)
{
	struct collecting *c = OF(j);
	struct sandbox row;

	c->rc = store_sandbox_get(ctx, NULL, c->sandbox, &row, &c->error);
	for (size_t i = 0; c->rc == 0 && i < c->listed; i++)
		c->rc = find_row(c, ctx, row.account, &c->found[i], &c->error);
	if (c->rc == 0 && !c->more)
		c->rc = store_exec_running(ctx, c->sandbox, COLLECT_BATCH,
					   add_row, c, &c->error);
}

static void
treat(struct collecting *c, struct found *f)
{
	char *command = f->command;

	f->command = NULL;
	if (!f->with_agent) {
		/* Those that run under us are not of the former gateway. */
		if (!exec_find(c->gw, f->row.id))
			scribe_note(c->gw->scribe, STORE_EXEC_LOST, &f->row,
				    NULL, false);
		free(command);
	} else if (command && f->row.status == EXEC_done) {
		exec_ack(c->gw, c->sandbox, c->boot, f->row.id);
		free(command);
	} else {
		exec_collect(c->gw, &f->row, command ? command : strdup(""),
			     f->is_argv);
	}
}

static void
looked_up(struct job *j)
{
	struct collecting *c = OF(j);
	const struct timeval tv = {.tv_sec = COLLECT_RETRY_MS / 1000};
	bool again;

	if (c->rc < 0 && c->error.code == ERR_DATABASE_UNAVAILABLE &&
	    !c->gw->stopping) {
		c->count = c->listed;
		evtimer_add(c->timer, &tv);
		return;
	}
	for (size_t i = 0; c->rc == 0 && i < c->count; i++)
		treat(c, &c->found[i]);
	again = c->rc == 0 && c->more;
	drop_found(c);
	if (!again || ask(c) < 0)
		collecting_free(c);
}

static void
look_up(struct collecting *c)
{
	c->job = (struct job){.run = run_lookup, .done = looked_up};
	if (jobs_add(c->gw->db, &c->job) < 0)
		collecting_free(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look_up(arg);
}

static void
add_item(struct collecting *c, const struct exec_item *item)
{
	struct found *f = &c->found[c->listed];

	if (!id_valid(item->exec, ID_EXEC) || exec_find(c->gw, item->exec) ||
	    listed(c, item->exec))
		return;
	if (c->listed == COLLECT_BATCH) {
		c->more = true;
		return;
	}
	*f = (struct found){
		.row = {.boot = c->boot, .started_us = time_unix_us()},
		.with_agent = true,
	};
	text_copy(f->row.id, sizeof(f->row.id), item->exec);
	text_copy(f->row.sandbox, sizeof(f->row.sandbox), c->sandbox);
	c->count = ++c->listed;
}

static void
on_list(void *owner, const void *record)
{
	const struct exec_list_end *end = record;
	struct collecting *c = owner;
	struct exec_item item;
	struct err e;

	c->s = NULL;
	c->more = false;
	for (size_t i = 0; i < json_array_size(end->execs); i++)
		if (field_read(&exec_item_fields, json_array_get(end->execs, i),
			       &item, &e) == 0)
			add_item(c, &item);
	look_up(c);
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	struct collecting *c = owner;

	(void)e;
	(void)lost;
	c->s = NULL;
	collecting_free(c); /* again at the next connection */
}

static const struct stream_events events = {
	.end = on_list,
	.fail = on_fail,
};

static int
ask(struct collecting *c)
{
	const struct stream_request r = {
		.sandbox = c->sandbox,
		.boot = c->boot,
		.up = true,
		.kind = &kind_exec_list,
		.timeout_ms = COLLECT_LIST_MS,
		.events = &events,
		.owner = c,
	};
	struct err e;

	c->s = stream_open(c->gw->channels, &r, &e);
	return c->s ? 0 : -1;
}

void
collect_start(struct gateway *gw, const char *sandbox, int64_t boot)
{
	struct collecting *c;

	if (table_find(&gw->collects, sandbox))
		return;
	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	c->gw = gw;
	c->boot = boot;
	text_copy(c->sandbox, sizeof(c->sandbox), sandbox);
	c->timer = evtimer_new(gw->base, on_timer, c);
	if (!c->timer) {
		free(c);
		return;
	}
	table_add(&gw->collects, &c->entry, c->sandbox);
	if (ask(c) < 0)
		collecting_free(c);
}
