/* The network as a client of vmctl asks for it. */
#pragma once

#include <jansson.h>

#include "net_rules.h"

struct err;

/* `mode` NULL: none. `list` NULL or empty: no names. On success *out_names is
 * owned text, one name a line, "" without names. 0 or -1. */
int net_request_read(const char *mode, const json_t *list,
		     enum net_mode *out_mode, char **out_names, struct err *e);
