#include "orphan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent.h"

/* At most this much is read from each pipe in every rest. */
#define READ_MAX 65536
#define REST_MS 100

struct orphan {
	struct orphan_table *table;
	struct orphan *next; /* orphan_table.list */
	struct loop_io io;
};

static void
remove_orphan(struct orphan *o)
{
	struct orphan **at = &o->table->list;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	o->table->count--;
	loop_close(o->table->loop, &o->io);
	free(o);
}

static void
on_ready(struct loop_io *io, uint32_t events)
{
	static uint8_t waste[READ_MAX];
	struct orphan *o = container_of(io, struct orphan, io);
	ssize_t n = read(io->fd, waste, sizeof(waste));

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		remove_orphan(o);
		return;
	}
	loop_watch(o->table->loop, io, 0);
	loop_arm(o->table->loop, &o->table->rest, REST_MS);
}

static void
rested(struct loop_timer *timer)
{
	struct orphan_table *t = container_of(timer, struct orphan_table, rest);

	for (struct orphan *o = t->list; o; o = o->next)
		loop_watch(t->loop, &o->io, EPOLLIN);
}

void
orphan_table_init(struct orphan_table *t, struct loop *l)
{
	*t = (struct orphan_table){.loop = l, .rest.due = rested};
}

void
orphan_table_fini(struct orphan_table *t)
{
	while (t->list)
		remove_orphan(t->list);
	loop_disarm(t->loop, &t->rest);
}

static void
remove_oldest(struct orphan_table *t)
{
	struct orphan *o = t->list;

	while (o && o->next)
		o = o->next;
	if (o)
		remove_orphan(o);
}

void
orphan_add(struct orphan_table *t, int fd)
{
	struct orphan *o = calloc(1, sizeof(*o));

	if (!o) {
		close(fd);
		return;
	}
	if (t->count >= ORPHANS_MAX)
		remove_oldest(t);
	*o = (struct orphan){.table = t,
			     .next = t->list,
			     .io = {.fd = fd, .ready = on_ready}};
	t->list = o;
	t->count++;
	loop_watch(t->loop, &o->io, EPOLLIN);
}
