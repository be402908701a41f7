/*
 * Streams of the present connection. A stream lives from its OPEN until END,
 * ERROR or RESET, or until the connection is lost; its owner hears of the
 * latter two by `gone` and must forget it.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "frame.h"

struct err;
struct link;
struct stream;

struct stream_ops {
	/* DATA within the credit; `flags` may hold DATA_EOF. Owes stream_took.
	 */
	void (*data)(struct stream *s, uint8_t flags, const uint8_t *p,
		     size_t n);
	/* stream_room may have grown. */
	void (*resume)(struct stream *s);
	void (*gone)(struct stream *s);
};

struct stream {
	uint32_t id; /* 0 = slot is free */
	struct link *link;
	const struct stream_ops *ops; /* NULL until an owner took it */
	void *owner;
	uint32_t send_credit; /* bytes of DATA the gateway still takes */
	uint32_t recv_credit; /* bytes of DATA it may still send */
	uint32_t recv_owed;   /* consumed, not yet granted again */
};

struct stream_table {
	struct link *link;
	struct stream slots[CHANNEL_STREAMS_MAX];
	uint32_t last_id; /* highest ever opened on this connection */
	size_t first;	  /* slot that is resumed first, in turns */
};

void stream_table_init(struct stream_table *t, struct link *k);
/* Every stream is gone. */
void stream_table_reset(struct stream_table *t);
void stream_table_resume(struct stream_table *t);
struct stream *stream_table_find(struct stream_table *t, uint32_t id);
/* NULL and an error when the id is not above the last or all slots are taken.
 */
struct stream *stream_table_open(struct stream_table *t, uint32_t id,
				 struct err *e);

/* DATA, CREDIT and RESET frames of the gateway. */
void stream_on_data(struct stream *s, const struct frame *f);
void stream_on_credit(struct stream *s, const struct frame *f);
void stream_on_reset(struct stream *s);

/* Most bytes that stream_data takes now; 0 = wait for `resume`. */
size_t stream_room(struct stream *s);
/* n <= stream_room(s); 0 bytes (for a flag alone) are always taken. */
void stream_data(struct stream *s, uint8_t flags, const void *p, size_t n);
/* n bytes of DATA were consumed: the gateway may send as many again. */
void stream_took(struct stream *s, size_t n);
void stream_reply(struct stream *s, json_t *record);
/* These close the stream; the owner forgets it first. */
void stream_end(struct stream *s, json_t *record);
void stream_error(struct stream *s, const struct err *e);
void stream_reset(struct stream *s);
/* As END or ERROR with a payload that is ready. */
void stream_close(struct stream *s, enum frame_type type, const void *payload,
		  size_t n);
