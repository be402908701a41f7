/* The reply of host_info. */
#pragma once

#include <jansson.h>

struct host;

/* NULL: no memory. */
json_t *host_info_json(const struct host *h);
