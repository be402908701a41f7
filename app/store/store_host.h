/* Hosts, as their keepers report them. */
#pragma once

#include <stdint.h>

#include "store/store.h"

struct vmctl_host_info;

/* Upserts the host's row with the database's time. `info` NULL: vmctl did not
 * answer; only the keeper's own sign of life is noted. */
int store_host_beat(struct store *s, const char *host,
		    const struct vmctl_host_info *info, struct err *e);
