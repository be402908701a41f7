/* A channel, for channels.c, channel.c and stream.c alone. */
#pragma once

#include <sys/queue.h>

#include "buf.h"
#include "channel.h"
#include "channels.h"
#include "frame.h"
#include "id.h"
#include "stream_priv.h"
#include "table.h"

/* CHANNEL_STATE(name); the legal moves are in channel.c. */
#define CHANNEL_STATES(X) \
	X(closed)   /* no connection, none asked for; no stream waits */ \
	X(opening)  /* the host was asked for a descriptor */ \
	X(pausing)  /* before the host is asked again */ \
	X(greeting) /* HELLO is sent; everything but its WELCOME is dropped */ \
	X(up)	    /* streams may be opened */

enum channel_state {
#define CHANNEL_STATE(name) CHANNEL_##name,
	CHANNEL_STATES(CHANNEL_STATE)
#undef CHANNEL_STATE
		CHANNEL_STATE_COUNT
};

struct channel {
	struct table_entry entry; /* channels.table */
	struct channels *all;
	char sandbox[ID_SIZE];
	int64_t boot;
	enum channel_state state;
	bool known_up; /* the guest answered a HELLO before */
	bool held;     /* the guest stands still: see channels_hold */
	bool busy;     /* within a callback of the loop: not to be freed */
	int tries;
	int64_t not_before_ms, greet_by_ms;
	int fd;
	struct event *readable, *writable, *timer;
	struct frame_reader reader;
	struct evbuffer *out;
	struct stream_list waiting;
	size_t waiting_count, open_count;
	uint32_t last_id;
	uint64_t late; /* bytes that may still come for streams that we reset */
	struct stream *slot[CHANNEL_STREAMS_MAX]; /* by id */
};

struct channels {
	struct event_base *base;
	const struct channel_host *host;
	void *arg;
	struct buf scratch; /* one frame */
	struct stream_list failing;
	struct table table;
};

/* channels.c */
/* The sandbox's channel, made when there is none; one of an older VM is
 * dropped. NULL with GUEST_GONE when there is one of a newer VM. */
struct channel *channels_get(struct channels *cs, const char *sandbox,
			     int64_t boot, struct err *e);

/* channel.c */
struct channel *channel_new(struct channels *cs, const char *sandbox,
			    int64_t boot);
void channel_free(struct channel *ch);
/* Asks for a connection unless there is one or one is on its way; what comes
 * of it is told from the loop. */
void channel_want(struct channel *ch);
/* Frees a closed channel that nobody uses. */
void channel_settle(struct channel *ch);
/* Ends the connection; every stream fails. */
void channel_fail(struct channel *ch, const struct err *e);
/* Queues a frame for the guest. */
int channel_send(struct channel *ch, uint32_t stream, uint8_t type,
		 uint8_t flags, const void *p, size_t n);
int channel_send_credit(struct channel *ch, uint32_t stream, uint32_t bytes);
/* How many bytes of DATA may be queued. */
size_t channel_room(const struct channel *ch);
