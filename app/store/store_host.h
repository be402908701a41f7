/* Hosts, as their keepers report them. */
#pragma once

#include <stdint.h>

#include "store/store.h"

struct vmctl_host_info;

/* Seconds since the host's keeper was seen. NOT_FOUND when it never was. */
int store_host_age(struct store *s, const char *host, int64_t *out_s,
		   struct err *e);

/* Upserts the host's row with the database's time. `info` NULL: vmctl did not
 * answer; only the keeper's own sign of life is noted. */
int store_host_beat(struct store *s, const char *host,
		    const struct vmctl_host_info *info, struct err *e);
