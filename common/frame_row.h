/* What frame.c and frame_reader.c both know of the wire. */
#pragma once

#include "frame.h"

#define FRAME_MAGIC_SIZE 8
#define FRAME_HELLO_HEAD (FRAME_MAGIC_SIZE + FRAME_NONCE)
#define FRAME_CREDIT_SIZE 4

/*
 * Begins the payload of a HELLO and a WELCOME. FF and FE are in no UTF-8 text,
 * so it cannot be in the JSON after it.
 */
extern const uint8_t frame_magic[FRAME_MAGIC_SIZE];

#define FRAME_ROWS 16 /* more than the highest type */

struct frame_row {
	const char *name; /* NULL: no such type */
	bool control;	  /* on stream 0, and only there */
	bool from[2];	  /* by enum frame_side: who may send it */
};

extern const struct frame_row frame_rows[FRAME_ROWS];

static inline const struct frame_row *
frame_row(uint8_t type)
{
	return type < FRAME_ROWS && frame_rows[type].name ? &frame_rows[type]
							  : NULL;
}

static inline uint32_t
frame_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}
