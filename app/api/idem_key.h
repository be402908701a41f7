/* The Idempotency-Key header. */
#pragma once

#include <stdint.h>

#include "id.h"

struct call;
struct err;

#define IDEM_KEY_HASH_SIZE 32

/*
 * Checks the header of a POST into c->idem_key. INVALID_REQUEST when it is not
 * 1 to 255 printable characters, or the route takes none.
 */
int idem_key_read(struct call *c, struct err *e);
/* HMAC-SHA256 of method, path and body: tells a repeat from another request. */
void idem_key_hash(const struct call *c, uint8_t out[IDEM_KEY_HASH_SIZE]);
/*
 * The exec id that this request always stands for: so a repeat names the
 * command that the first one started, whoever died in between.
 */
void idem_key_exec(const struct call *c, char out[ID_SIZE]);
