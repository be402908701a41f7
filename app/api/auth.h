/* Who asks: API keys in the Authorization header. */
#pragma once

#include "model/api_key.h"

struct call;
struct err;

/*
 * The key's text from `Bearer KEY`, or from `Basic` with the key as user name
 * and whatever password. 0, or -1 with UNAUTHENTICATED; the message never
 * holds a byte of the header. out is wiped by the caller.
 */
int auth_header(const char *value, char out[API_KEY_TEXT_SIZE], struct err *e);

/*
 * Finds the caller's key, account and scope into c->who. UNAUTHENTICATED for a
 * key that is unknown, revoked or expired, or whose account is disabled.
 */
int auth_call(struct call *c, struct err *e);
/* INSUFFICIENT_SCOPE when the route needs more than the key has. */
int auth_scope(const struct call *c, struct err *e);
