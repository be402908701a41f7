/*
 * Channels to guests, one connection a sandbox, and the streams on them.
 *
 * The guest is hostile: each frame is checked against the state of its stream,
 * and a guest that breaks the protocol loses its connection; all its streams
 * fail with GUEST_MISBEHAVED. It can hurt no sandbox but its own: an event
 * reads at most one buffer, and what is kept for a stream is bounded by the
 * credit it was given.
 *
 * Callbacks come from the event loop. `end` and `fail` are the last of a
 * stream; inside every callback the owner may open and close streams.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel_kind.h"

struct channel;
struct channels;
struct err;
struct event_base;
struct stream;

#define CHANNEL_GREET_MS 30000 /* for a WELCOME: a guest that boots */
#define CHANNEL_RESYNC_MS 2000 /* for a WELCOME of a guest that is up */
#define CHANNEL_IDLE_MS INT64_C(900000) /* without a stream: then closed */
#define CHANNEL_TRIES 4			/* to get a descriptor */
/* Before a guest that misbehaved is tried again. */
#define CHANNEL_PENALTY_MS 1000
#define CHANNEL_OUT_MAX ((size_t)1 << 20) /* bytes unsent: no more DATA */

/* Where descriptors come from, and who hears of what happened. */
struct channel_host {
	/* Will call channel_opened or channel_refused, never from inside. -1:
	 * it cannot even try. */
	int (*open)(void *arg, struct channel *ch, const char *sandbox,
		    struct err *e);
	/* The guest answered a HELLO. May be NULL. */
	void (*up)(void *arg, const char *sandbox, int64_t boot, bool claimed);
	/* It broke the protocol. May be NULL. */
	void (*misbehaved)(void *arg, const char *sandbox, const char *why);
};

struct stream_events {
	/* `record` is of the kind's table. May be NULL. */
	void (*reply)(void *owner, const void *record);
	/* Give credit back with stream_consumed. NULL: DATA is a violation. */
	void (*data)(void *owner, uint8_t flags, const uint8_t *p, size_t n);
	/* stream_send takes bytes again. May be NULL. */
	void (*writable)(void *owner);
	void (*end)(void *owner, const void *record);
	/* `lost`: the connection broke after OPEN was sent, so a durable
	 * operation may still run. */
	void (*fail)(void *owner, const struct err *e, bool lost);
};

struct stream_request {
	const char *sandbox;
	int64_t boot; /* generation of the VM; a channel of an older one goes */
	bool up;      /* the guest is known to have answered before */
	const struct stream_kind *kind;
	const void *record; /* of kind->open */
	int64_t timeout_ms; /* silence, while the guest has the turn */
	bool whole;	    /* timeout_ms is for the whole stream */
	const struct stream_events *events;
	void *owner;
};

/* `host` and `arg` are borrowed. NULL: no memory. channels_free fails every
 * stream first. */
struct channels *channels_new(struct event_base *base,
			      const struct channel_host *host, void *arg);
void channels_free(struct channels *cs);
size_t channels_count(const struct channels *cs);
/* Open streams of one kind in a sandbox. */
size_t channels_streams(const struct channels *cs, const char *sandbox,
			const struct stream_kind *kind);
/* The sandbox's VM is gone or will be: its streams fail with GUEST_GONE. */
void channels_drop(struct channels *cs, const char *sandbox);

/* The guest stands still: no deadline of it or of its streams ends until
 * release, when each begins anew. */
void channels_hold(struct channels *cs, const char *sandbox);
void channels_release(struct channels *cs, const char *sandbox);

/* `fd` is taken over. */
void channel_opened(struct channel *ch, int fd);
void channel_refused(struct channel *ch, const struct err *e);

/* Opens a stream, and the channel first when it is not. NULL: OVERLOADED, or
 * INVALID_REQUEST when the record fits no frame. Calls nobody back from inside. */
struct stream *stream_open(struct channels *cs, const struct stream_request *r,
			   struct err *e);
/* Tells the guest to forget it; no callback follows. Takes NULL. */
void stream_close(struct stream *s);
/* How many of n bytes were taken; less than n: `writable` will be called. */
size_t stream_send(struct stream *s, const void *p, size_t n);
/* The last bytes were sent. */
void stream_send_eof(struct stream *s);
/* n bytes of DATA were dealt with: as many more may come. */
void stream_consumed(struct stream *s, size_t n);
