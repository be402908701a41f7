/*
 * The sandboxes of this host as database and vmctl see them at one moment: the
 * rows that are not destroyed are read first, then the VMs, and each sandbox
 * that is in either is one pair.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "id.h"
#include "vmctl_proto.h"

struct err;
struct store;
struct vmctl;

#define FLEET_MAX 20000 /* rows and VMs; more is an error */

struct fleet_pair {
	char id[ID_SIZE];
	int row;	     /* enum sandbox_state or DECIDE_NO_ROW */
	int64_t op_id, boot; /* of the row */
	bool lease_over;
	int64_t lease_over_s;
	enum vmctl_state vm;
	int64_t vm_op_id;
	int64_t sent_bytes, received_bytes;
	char exit_cause[129];
};

struct fleet {
	struct fleet_pair *pairs; /* sorted by id; owned */
	size_t count, size;
};

/* -1, and nothing in `out`, when either did not answer in full. */
int fleet_read(struct fleet *out, struct store *s, struct vmctl *v,
	       const char *host, struct err *e);
void fleet_fini(struct fleet *f);
