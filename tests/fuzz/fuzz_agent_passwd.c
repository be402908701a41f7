/* Any bytes as passwd and group, split at the first NUL. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../../agent/user.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t n = strnlen(text, size);
	struct user u;
	struct err e = {0};

	if (user_parse_passwd(&u, text, n, "cage", &e) < 0) {
		assert(e.code == ERR_INVALID_REQUEST);
		return 0;
	}
	assert(strcmp(u.name, "cage") == 0 && u.home[0] && u.shell[0]);
	assert(u.n_groups == 1 && u.groups[0] == u.gid);
	user_parse_group(&u, text + n, size - n);
	assert(u.n_groups <= USER_GROUPS_MAX);
	for (size_t i = 1; i < u.n_groups; i++)
		assert(u.groups[i] != u.gid);
	return 0;
}
