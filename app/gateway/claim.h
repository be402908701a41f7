/*
 * Makes a booted VM its sandbox: the second half of a create. One at a time for
 * a sandbox. A claim that fails destroys the VM and settles the row; a claim
 * goes on when its client leaves.
 */
#pragma once

#include <stdint.h>

struct gateway;

#define CLAIM_MS 30000	 /* for the guest to boot and answer */
#define CLAIM_DB_TRIES 5 /* of the compare-and-set, CLAIM_RETRY_MS apart */
#define CLAIM_RETRY_MS 1000
#define CLAIM_LOSSES 5 /* of the connection while a plan runs */

/* A create that lost its gateway; its VM exists. Nothing when it is under way.
 */
void claim_resume(struct gateway *gw, const char *sandbox, int64_t boot);
/* The creates that are under way; the rows of which were read. */
void claim_each(struct gateway *gw,
		void (*fn)(void *arg, const char *sandbox, int64_t op_id),
		void *arg);
void claim_free_all(struct gateway *gw);
