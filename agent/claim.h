/*
 * Makes a booted guest one sandbox's. Clones of one template are identical
 * twins: until the claim gave fresh entropy, time and names, nothing else runs.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "id.h"

struct claim;
struct err;

#define CLAIM_BOOT_ID_SIZE 40

struct claim_state {
	bool done;
	char sandbox[ID_SIZE];
	json_t *env; /* owned; NULL = empty */
	char boot_id[CLAIM_BOOT_ID_SIZE];
};

int claim_init(struct claim_state *c, struct err *e);
void claim_fini(struct claim_state *c);

/* The same sandbox again sets entropy and clock, and keeps the rest. Another
 * sandbox is POLICY_DENIED. `ready_us`: since the kernel started. */
int claim_apply(struct claim_state *c, const struct claim *req,
		int64_t ready_us, json_t **out_end, struct err *e);
