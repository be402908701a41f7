/*
 * Frames of the channel: header codec, an incremental reader that survives
 * anything, and the hello that starts a connection.
 *
 * A virtio-serial port outlives its connections: bytes of a dead connection
 * may be read by the next one, and a frame may be cut anywhere. So a reader
 * starts hunting: it drops bytes until it finds a HELLO (agent) or the WELCOME
 * that carries its own nonce (gateway). Any malformed frame makes it hunt again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define FRAME_HEADER 12
#define FRAME_PAYLOAD_MAX 65536
#define FRAME_NONCE 16

enum frame_type {
	FRAME_NONE,
#define FRAME(name, value, control, gateway, agent) FRAME_##name = (value),
#include "channel.def"
#undef FRAME
};

enum frame_side { FRAME_GATEWAY, FRAME_AGENT };

struct frame {
	uint32_t stream;
	uint8_t type; /* enum frame_type */
	uint8_t flags;
	uint32_t len;
	const uint8_t *payload; /* borrowed until frame_reader_space */
};

/* Appends a frame. 0, or -1 when the buffer's cap would be passed. */
int frame_add(struct buf *b, uint32_t stream, enum frame_type type,
	      uint8_t flags, const void *payload, size_t len);
int frame_add_credit(struct buf *b, uint32_t stream, uint32_t bytes);
/* 0 and the bytes, or -1 for a malformed CREDIT (not 4 bytes, or 0). */
int frame_credit(const struct frame *f, uint32_t *out_bytes);

/* HELLO (by a gateway) or WELCOME (by an agent) with its JSON text. */
int frame_add_hello(struct buf *b, enum frame_type type,
		    const uint8_t nonce[FRAME_NONCE], const char *json);

struct frame_reader {
	enum frame_side side; /* who reads */
	bool hunting;
	uint8_t nonce
		[FRAME_NONCE]; /* gateway: of the WELCOME it waits for; agent: of the last HELLO */
	struct buf in;
	size_t taken;	  /* bytes of `in` that are done with */
	size_t seen;	  /* bytes of a HELLO or WELCOME already looked at */
	uint64_t dropped; /* bytes skipped while hunting, and with bad frames */
};

/* `nonce` for a gateway only; NULL for an agent. */
void frame_reader_init(struct frame_reader *r, enum frame_side side,
		       const uint8_t *nonce);
void frame_reader_fini(struct frame_reader *r);
/* Forgets half a frame and hunts: the other side closed. */
void frame_reader_hunt(struct frame_reader *r);
/* Room for bytes to be read from the descriptor, to be asked for once
 * frame_reader_next gave 0: *out_len > 0 then. NULL when memory ran out. */
uint8_t *frame_reader_space(struct frame_reader *r, size_t *out_len);
void frame_reader_filled(struct frame_reader *r, size_t n);
/*
 * 1 and a whole, well-formed frame (its type legal for the other side and on
 * that stream), or 0 when more bytes are needed. A HELLO or WELCOME comes as a
 * frame whose payload is the JSON text alone. A malformed frame is counted in
 * `dropped` and makes the reader hunt; `out_lost`, if not NULL, is set then:
 * the caller must reset all its streams.
 */
int frame_reader_next(struct frame_reader *r, struct frame *out,
		      bool *out_lost);

/* NULL when unknown. */
const char *frame_type_name(uint8_t type);
