#include "scribe.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "err.h"
#include "jobs.h"

struct entry {
	TAILQ_ENTRY(entry) link; /* scribe.entries */
	struct store_exec exec;
	struct store_exec_item item;
	size_t bytes;
	char data[]; /* command or chunk */
};

TAILQ_HEAD(entry_list, entry);

/* The first `batch_n` entries are with the database thread while `busy`. */
struct scribe {
	struct jobs *db;
	const struct scribe_hooks *hooks;
	void *arg;
	struct event *timer;
	struct entry_list entries;
	size_t bytes;
	bool busy, armed, failing;
	struct job job;
	struct store_exec_item batch[STORE_EXEC_BATCH_MAX];
	size_t batch_n;
	int rc; /* of the batch */
	struct err error;
};

static void
arm(struct scribe *s, int64_t ms)
{
	const struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	if (s->busy || s->armed)
		return;
	s->armed = true;
	evtimer_add(s->timer, &tv);
}

static void
run_batch(struct job *j, void *ctx)
{
	struct scribe *s =
		(struct scribe *)(void *)((char *)j -
					  offsetof(struct scribe, job));

	s->rc = s->hooks->save(ctx, s->batch, s->batch_n, &s->error);
}

static void
drop_batch(struct scribe *s)
{
	bool was_full = scribe_full(s);
	struct entry *en;
	bool final;

	for (size_t i = 0; i < s->batch_n; i++) {
		en = TAILQ_FIRST(&s->entries);
		TAILQ_REMOVE(&s->entries, en, link);
		s->bytes -= en->bytes;
		final = en->item.kind == STORE_EXEC_END ||
			en->item.kind == STORE_EXEC_LOST;
		if (final && s->hooks->saved)
			s->hooks->saved(s->arg, en->exec.id);
		free(en);
	}
	if (was_full && !scribe_full(s) && s->hooks->drained)
		s->hooks->drained(s->arg);
}

static void
batch_done(struct job *j)
{
	struct scribe *s =
		(struct scribe *)(void *)((char *)j -
					  offsetof(struct scribe, job));
	bool failed = s->rc < 0;

	s->busy = false;
	if (failed != s->failing && s->hooks->trouble)
		s->hooks->trouble(s->arg, failed ? &s->error : NULL);
	s->failing = failed;
	if (!failed)
		drop_batch(s);
	if (!TAILQ_EMPTY(&s->entries))
		arm(s, failed ? SCRIBE_RETRY_MS : SCRIBE_BATCH_MS);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct scribe *s = arg;
	struct entry *en;
	size_t bytes = 0;

	(void)fd;
	(void)what;
	s->armed = false;
	s->batch_n = 0;
	for (en = TAILQ_FIRST(&s->entries); en; en = TAILQ_NEXT(en, link)) {
		if (s->batch_n == STORE_EXEC_BATCH_MAX ||
		    bytes > SCRIBE_BATCH_BYTES)
			break;
		s->batch[s->batch_n++] = en->item;
		bytes += en->bytes;
	}
	s->job = (struct job){.run = run_batch, .done = batch_done};
	if (s->batch_n == 0)
		return;
	if (jobs_add(s->db, &s->job) < 0)
		arm(s, SCRIBE_RETRY_MS);
	else
		s->busy = true;
}

struct scribe *
scribe_new(struct event_base *base, struct jobs *db,
	   const struct scribe_hooks *hooks, void *arg)
{
	struct scribe *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->db = db;
	s->hooks = hooks;
	s->arg = arg;
	TAILQ_INIT(&s->entries);
	s->timer = evtimer_new(base, on_timer, s);
	if (!s->timer) {
		free(s);
		return NULL;
	}
	return s;
}

void
scribe_free(struct scribe *s)
{
	struct entry *en;

	if (!s)
		return;
	assert(!s->busy);
	while ((en = TAILQ_FIRST(&s->entries))) {
		TAILQ_REMOVE(&s->entries, en, link);
		free(en);
	}
	event_free(s->timer);
	free(s);
}

static int
add(struct scribe *s, const struct store_exec_item *item,
    const struct store_exec *x, const void *data, size_t n)
{
	size_t bytes = sizeof(struct entry) + n + 1;
	struct entry *en = NULL;

	if (s->bytes + bytes <= 2 * SCRIBE_SPOOL)
		en = malloc(bytes);
	if (!en)
		return -1;
	*en = (struct entry){.exec = *x, .item = *item, .bytes = bytes};
	if (n)
		memcpy(en->data, data, n);
	en->data[n] = '\0';
	en->item.exec = &en->exec;
	en->item.command = item->command ? en->data : NULL;
	en->item.chunk = item->kind == STORE_EXEC_OUTPUT ? en->data : NULL;
	TAILQ_INSERT_TAIL(&s->entries, en, link);
	s->bytes += bytes;
	arm(s, SCRIBE_BATCH_MS);
	return 0;
}

int
scribe_note(struct scribe *s, enum store_exec_kind kind,
	    const struct store_exec *x, const char *command, bool is_argv)
{
	const struct store_exec_item item = {
		.kind = kind,
		.command = command,
		.command_is_argv = is_argv,
	};

	return add(s, &item, x, command, command ? strlen(command) : 0);
}

int
scribe_output(struct scribe *s, const struct store_exec *x, uint32_t chunk_no,
	      const void *chunk, size_t n)
{
	const struct store_exec_item item = {
		.kind = STORE_EXEC_OUTPUT,
		.chunk_no = chunk_no,
		.chunk_len = n,
	};

	return add(s, &item, x, chunk, n);
}

bool
scribe_full(const struct scribe *s)
{
	return s->bytes >= SCRIBE_SPOOL;
}

bool
scribe_idle(const struct scribe *s)
{
	return TAILQ_EMPTY(&s->entries) && !s->busy;
}
