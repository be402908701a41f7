/* What the file handlers read from a query string. */
#pragma once

#include <stdbool.h>

#include "channel.h"
#include "model/query.h"

struct buf;
struct err;
struct http_exchange;

/* A path as the channel carries it: percent-encoded. */
#define FILE_PATH_MAX ((size_t)3 * CHANNEL_PATH_MAX)
#define FILE_TIMEOUT_MS 60000 /* silence of the guest */

static inline void
file_query_fini(struct query *q)
{
	query_fini(q);
}

#define auto_query __attribute__((cleanup(file_query_fini)))

/* Reads the query, which may have the arguments `names` (ended by NULL), and
 * the path for the channel (appended to `path`); `fallback` as in
 * req_file_path. */
int file_query_read(const struct http_exchange *x, const char *const *names,
		    const char *fallback, struct query *q, struct buf *path,
		    struct err *e);
