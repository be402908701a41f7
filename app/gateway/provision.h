/*
 * A sandbox's plan, as its agent carries it out: the stream, and the results of
 * the steps as they come. The plan goes on in the guest whatever becomes of the
 * stream; a later one gets every result again.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "channel.h"
#include "err.h"

struct gateway;
struct stream;

struct provision {
	struct gateway *gw;
	const char *sandbox;
	int64_t boot;
	json_t *record; /* owned: a plan of channel.h */
	/* It ended, all of it (NULL), or its stream failed. */
	void (*done)(struct provision *p, const struct err *e, bool lost);
	/* the rest is provision.c's */
	struct stream *s;
	struct buf line;
	json_t *steps; /* as the API shows them */
};

/* `p`, its first five members set, lives until provision_fini. 0 or -1. */
int provision_start(struct provision *p, struct err *e);
/* Takes a zeroed one. */
void provision_fini(struct provision *p);

/* Of a plan that ended. 0, or -1 and the problem that a client is told. A
 * failed init_script is none. */
int provision_verdict(const struct provision *p, struct err *e);
/* The steps as JSON, at most SANDBOX_PROVISION_MAX bytes: where they would be
 * longer, outputs are left out, the longest first. Owned; NULL: no memory. */
char *provision_text(const struct provision *p);
