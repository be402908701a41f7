#include "channels.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "channel_priv.h"
#include "err.h"
#include "timeutil.h"

struct channels *
channels_new(struct event_base *base, const struct channel_host *host,
	     void *arg)
{
	struct channels *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return NULL;
	cs->base = base;
	cs->host = host;
	cs->arg = arg;
	TAILQ_INIT(&cs->failing);
	buf_init(&cs->scratch, FRAME_HEADER + FRAME_PAYLOAD_MAX);
	return cs;
}

static void
free_channel(struct table_entry *entry, void *arg)
{
	(void)arg;
	channel_free(table_object(entry, struct channel, entry));
}

void
channels_free(struct channels *cs)
{
	if (!cs)
		return;
	table_each(&cs->table, free_channel, NULL);
	buf_fini(&cs->scratch);
	free(cs);
}

size_t
channels_count(const struct channels *cs)
{
	return cs->table.count;
}

static struct channel *
find(const struct channels *cs, const char *sandbox)
{
	struct table_entry *entry = table_find(&cs->table, sandbox);

	return entry ? table_object(entry, struct channel, entry) : NULL;
}

size_t
channels_streams(const struct channels *cs, const char *sandbox,
		 const struct stream_kind *kind)
{
	const struct channel *ch = find(cs, sandbox);
	const struct stream *s;
	size_t n = 0;

	if (!ch)
		return 0;
	for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++)
		n += ch->slot[i] && ch->slot[i]->kind == kind;
	for (s = TAILQ_FIRST(&ch->waiting); s; s = TAILQ_NEXT(s, link))
		n += s->kind == kind;
	return n;
}

void
channels_drop(struct channels *cs, const char *sandbox)
{
	struct channel *ch = find(cs, sandbox);
	struct err gone;

	if (!ch)
		return;
	err_set(&gone, ERR_GUEST_GONE, "the sandbox's VM is gone");
	channel_fail(ch, &gone);
	channel_settle(ch);
}

void
channels_hold(struct channels *cs, const char *sandbox)
{
	struct channel *ch = find(cs, sandbox);

	if (ch)
		ch->held = true;
}

void
channels_release(struct channels *cs, const char *sandbox)
{
	struct channel *ch = find(cs, sandbox);
	int64_t now = time_mono_ms();
	struct stream *s;

	if (!ch || !ch->held)
		return;
	ch->held = false;
	ch->greet_by_ms = now + CHANNEL_GREET_MS;
	for (size_t i = 0; i < CHANNEL_STREAMS_MAX; i++)
		if (ch->slot[i])
			ch->slot[i]->since_ms = now;
	TAILQ_FOREACH(s, &ch->waiting, link)
		s->since_ms = now;
}

struct channel *
channels_get(struct channels *cs, const char *sandbox, int64_t boot,
	     struct err *e)
{
	struct channel *ch = find(cs, sandbox);

	if (ch && ch->boot < boot) {
		channels_drop(cs, sandbox);
		ch = find(cs, sandbox);
		if (ch) {
			ch->boot = boot;
			ch->known_up = false;
		}
	}
	if (ch && ch->boot > boot) {
		err_set(e, ERR_GUEST_GONE, "the sandbox's VM was replaced");
		return NULL;
	}
	if (!ch)
		ch = channel_new(cs, sandbox, boot);
	if (!ch)
		err_set(e, ERR_INTERNAL, "no memory for a channel");
	return ch;
}
