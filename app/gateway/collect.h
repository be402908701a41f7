/*
 * Execs that ran while no gateway looked: the agent lists what it keeps; what
 * the database has is acknowledged, the rest is attached to and stored, and
 * rows of which the agent knows nothing any more become `lost`.
 */
#pragma once

#include <stdint.h>

struct gateway;

#define COLLECT_BATCH 64 /* execs looked up at once */
#define COLLECT_LIST_MS 30000
#define COLLECT_RETRY_MS 2000 /* when the database is away */

/* Nothing when it is under way already. */
void collect_start(struct gateway *gw, const char *sandbox, int64_t boot);
void collect_free_all(struct gateway *gw);
