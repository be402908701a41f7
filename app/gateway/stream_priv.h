/* A stream, for channels.c, channel.c and stream.c alone. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct channel;
struct channels;
struct err;
struct event;
struct frame;
struct stream_events;
struct stream_kind;

TAILQ_HEAD(stream_list, stream);

struct stream {
	struct channels *all;
	struct channel *ch;	  /* NULL while it fails */
	TAILQ_ENTRY(stream) link; /* channel.waiting or channels.failing */
	uint32_t id;		  /* 0 while it waits for the channel */
	const struct stream_kind *kind;
	const struct stream_events *events;
	void *owner;
	json_t *open;	    /* owned OPEN record while it waits */
	uint32_t rx_credit; /* DATA that the guest may send */
	uint32_t rx_owed;   /* consumed, not yet granted again */
	uint32_t tx_credit; /* DATA that we may send */
	bool replied;
	bool tx_eof;
	bool blocked; /* stream_send took less than it was given */
	bool whole;
	int64_t timeout_ms, since_ms;
	struct event *timer;
};

/* Sends OPEN on a channel that is up. -1: no slot, or memory. */
int stream_start(struct stream *s);
/* 0, or -1 with the reason when the guest broke the protocol. */
int stream_frame(struct channel *ch, const struct frame *f, const char **why);
void stream_fail(struct stream *s, const struct err *e);
void stream_wake(struct channel *ch);
