#include "id.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";

#define LETTERS (sizeof(alphabet) - 1)

void
random_bytes(void *out, size_t n)
{
	uint8_t *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		p += got;
		n -= (size_t)got;
	}
}

/* Bytes past the last multiple of LETTERS are refused: no letter is likelier.
 */
static char
random_letter(void)
{
	uint8_t c;

	do
		random_bytes(&c, 1);
	while (c >= 256 / LETTERS * LETTERS);
	return alphabet[c % LETTERS];
}

void
id_make(char out[ID_SIZE], const char *prefix)
{
	size_t n = strlen(prefix);

	assert(n + ID_RANDOM_LEN < ID_SIZE);
	memcpy(out, prefix, n);
	for (size_t i = 0; i < ID_RANDOM_LEN; i++)
		out[n + i] = random_letter();
	out[n + ID_RANDOM_LEN] = '\0';
}

bool
id_valid(const char *id, const char *prefix)
{
	size_t n = strlen(prefix);

	return id && strncmp(id, prefix, n) == 0 &&
	       strlen(id + n) == ID_RANDOM_LEN &&
	       strspn(id + n, alphabet) == ID_RANDOM_LEN;
}
