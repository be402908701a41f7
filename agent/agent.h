/* What the parts of the agent share. */
#pragma once

#include <stddef.h>

#include "claim.h"
#include "exec.h"
#include "guard.h"
#include "link.h"
#include "loop.h"
#include "plan.h"
#include "stream.h"
#include "worker.h"

#define AGENT_VERSION "0.1.0"
#define AGENT_PORT "caged.agent" /* name of the virtio-serial port */

#define AGENT_USER "cage"
#define AGENT_UID 1000
#define AGENT_GID 1000
#define AGENT_HOME "/home/cage"
#define AGENT_WORKSPACE "/workspace"
#define AGENT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Only the agent writes here; a tmpfs, so nothing of it enters a snapshot. */
#define AGENT_RUN "/run/caged"

struct agent {
	struct loop loop;
	struct guard guard;
	struct link link;
	struct stream_table streams;
	struct exec_table execs;
	struct plan_run plan;
	struct worker_table workers;
	struct claim_state claim;
	int64_t ready_us; /* CLOCK_MONOTONIC when the port was open */
};

#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Sets a field of a record that field_write shall write. */
#define FIELD_SET(record, name, value) \
	((record).name = (value), (record).has_##name = true)
