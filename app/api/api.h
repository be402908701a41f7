/* What one worker has in its hands; made by the parent, finished by the worker.
 */
#pragma once

#include <stdint.h>

#include "conf.h"

struct rate;
struct gate;
struct store;
struct vmctl;

struct api {
	const struct conf *conf;
	char host[65]; /* this host's name in the database and in grants */
	uint8_t grant_key[32];
	uint8_t plan_key[32];
	struct rate *rate;   /* shared by all workers */
	struct gate *gate;   /* shared by all workers */
	int worker;	     /* which of them: 0 .. api_workers - 1 */
	struct store *store; /* this worker's own */
	struct vmctl *vmctl; /* this worker's own */
};
