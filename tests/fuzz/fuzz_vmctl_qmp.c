/* QMP's reader: the first byte says in what pieces the rest arrives. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "err.h"

#include "../../vmctl/qmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
drain(struct qmp *q)
{
	struct qmp_message m;
	struct err e;
	int rc;

	while ((rc = qmp_next(q, &m, &e)) == 1) {
		assert(m.kind <= QMP_EVENT);
		for (const char *p = m.text; *p; p++)
			assert(*p >= ' ' && *p <= '~');
	}
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece = size ? (size_t)data[0] + 1 : 1, at = 1;
	struct qmp q;
	struct err e;

	qmp_init(&q, -1, 0);
	while (at < size) {
		size_t n = size - at < piece ? size - at : piece;

		if (qmp_feed(&q, data + at, n, &e) < 0 || drain(&q) < 0)
			break;
		at += n;
	}
	qmp_fini(&q);
	return 0;
}
