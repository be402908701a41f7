/* Names of an allowlist from hostile bytes: what is taken is plain, short and
 * stays what it is. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "allowlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char out[ALLOWLIST_NAME_MAX + 1], again[ALLOWLIST_NAME_MAX + 1];
	char *name = calloc(1, size + 1);

	if (!name)
		return 0;
	memcpy(name, data, size);
	if (allowlist_name(name, out) == 0) {
		assert(strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789.-") ==
		       strlen(out));
		assert(strchr(out, '.') && out[0] != '.' && out[0] != '-');
		assert(allowlist_name(out, again) == 0);
		assert(strcmp(out, again) == 0);
	}
	free(name);
	return 0;
}
