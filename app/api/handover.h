/* Hands a request over to the gateway: a grant, carried by the web server. */
#pragma once

#include "model/grant.h"

struct call;
struct err;
struct sandbox;

/* The named location of the web server for an operation. */
#define HANDOVER_HEADER "X-Accel-Redirect"

/* Permits `op` on the caller's sandbox; `exec` NULL for none. */
int handover_to_gateway(struct call *c, const struct sandbox *s,
			enum grant_op op, const char *exec, struct err *e);
/* The same for an upload: the grant alone, with status 204. */
/* The same, for one that settles the Idempotency-Key whose claim made `idem`
 * ("": there is none). */
int handover_settling(struct call *c, const struct sandbox *s, enum grant_op op,
		      const char *idem, struct err *e);
int handover_authorize(struct call *c, const struct sandbox *s,
		       enum grant_op op, struct err *e);
/* Makes the gateway refuse an upload with `why`; cannot fail but for memory. */
int handover_refuse(struct call *c, const struct err *why, struct err *e);
