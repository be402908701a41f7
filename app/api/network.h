/* A sandbox's network between its row and vmctl. */
#pragma once

#include <jansson.h>

struct call;
struct err;
struct req_patch;
struct sandbox;

/* The names for vmctl, owned: of network mode allowlist; else an empty array.
 * NULL: no memory. */
json_t *network_names(const struct sandbox *s);
/*
 * What the request changes of the network, in the row and in the VM, at once.
 * Nothing to change is fine. On failure after the row was written the keeper
 * brings the VM about.
 */
int network_patch(struct call *c, const struct req_patch *r, struct sandbox *s,
		  struct err *e);
