/* Whether this host can keep the promises of one more VM. */
#pragma once

#include <stdint.h>

struct err;
struct host;

/* A VMM's own memory beside its guest's: program, devices, and QEMU's
 * translation buffer (64 MiB). */
#define PLACE_OVERHEAD_MB 128

struct place {
	int64_t memory_free;	/* bytes nobody uses and nobody was promised */
	int64_t memory_reserve; /* bytes that stay the host's */
	int64_t disk_size;	/* bytes of the store */
	int64_t disk_promised;	/* bytes, of all VMs */
	int64_t overcommit;
};

void place_look(const struct host *h, struct place *out);
/* SANDBOX_CAPACITY and what is short. */
int place_check(const struct place *p, int64_t memory_mb, int64_t disk_gb,
		struct err *e);
