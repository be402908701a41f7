/* The network of a sandbox as a request asks for it. */
#pragma once

#include <jansson.h>

struct err;
struct sandbox;

/*
 * Puts mode and names into the row; NULL leaves what is there. The names are
 * kept in their plain form ("*.Example.org" as "example.org"). INVALID_REQUEST,
 * and nothing is changed, when a name is none or mode allowlist would have no
 * names.
 */
int req_network_apply(const char *mode, const json_t *allowlist,
		      struct sandbox *s, struct err *e);
