/*
 * Makes a booted VM its sandbox, and a paused one go on with its clock and its
 * entropy right: the second half of a create and of a resume. One at a time for
 * a sandbox. A create that fails destroys the VM, a resume that fails leaves it
 * paused; either settles the row. A claim goes on when its client leaves.
 */
#pragma once

#include <stdint.h>

struct gateway;

#define CLAIM_MS 30000	      /* for the guest to boot and answer */
#define CLAIM_RESUME_MS 10000 /* for a guest that has booted; below the lease */
#define CLAIM_DB_TRIES 5      /* of the compare-and-set, CLAIM_RETRY_MS apart */
#define CLAIM_RETRY_MS 1000
#define CLAIM_LOSSES 5 /* of the connection while a plan runs */

/* A create or resume that lost its gateway; its VM exists. Nothing when it is under way.
 */
void claim_resume(struct gateway *gw, const char *sandbox, int64_t boot);
/* The creates that are under way; the rows of which were read. */
void claim_each(struct gateway *gw,
		void (*fn)(void *arg, const char *sandbox, int64_t op_id),
		void *arg);
void claim_free_all(struct gateway *gw);
