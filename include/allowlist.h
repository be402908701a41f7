/* The names that a sandbox of network mode `allowlist` may reach: each means
 * itself and its subdomains. */
#pragma once

#include <jansson.h>
#include <stddef.h>

struct buf;
struct err;

#define ALLOWLIST_MAX 256	 /* names */
#define ALLOWLIST_NAME_MAX 253	 /* bytes */
#define ALLOWLIST_TEXT_MAX 32768 /* bytes of all, with a line's end each */

/*
 * A host name of letters, digits and hyphens, with at least two labels, not an
 * address; `*.x` is x, and so is `x.`. `out` gets it in lower case. 0 or -1.
 */
int allowlist_name(const char *name, char out[ALLOWLIST_NAME_MAX + 1]);
/* Appends the names of an array of strings, one a line, each once. `out` has
 * a cap of at least ALLOWLIST_TEXT_MAX. INVALID_REQUEST tells which is wrong. */
int allowlist_read(const json_t *array, struct buf *out, struct err *e);
/* The names of such a text as an array of strings, or NULL (no memory). */
json_t *allowlist_json(const char *text);
/* Whether the text is what allowlist_read makes. */
int allowlist_check(const char *text, struct err *e);
