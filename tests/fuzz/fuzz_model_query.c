/* Query strings, and the paths in them on their way to the agent. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "buf.h"
#include "channel.h"
#include "err.h"
#include "model/problem.h"
#include "model/query.h"
#include "model/req_file.h"
#include "text.h"

/* What the agent decodes is what the client sent. */
static void
check_path(const struct query *q, struct err *e)
{
	auto_buf struct buf path = {0};
	char back[CHANNEL_PATH_MAX + 1];
	long n;

	buf_init(&path, 3 * CHANNEL_PATH_MAX);
	if (req_file_path(q, NULL, &path, e))
		return;
	n = text_pct_decode(back, buf_str(&path), path.len, false);
	assert(n > 0 && n <= CHANNEL_PATH_MAX);
	assert(back[0] == query_find(q, "path")->value[0] ||
	       query_find(q, "path")->value[0] == '~');
}

static void
check_values(const struct query *q, struct err *e)
{
	static const char *const names[] = {"path", "limit", "metadata.", NULL};
	const char *text;
	int64_t n = 0;
	bool b;

	for (size_t i = 0; i < q->count; i++) {
		const struct query_arg *a = &q->args[i];

		assert(strlen(a->value) == a->len && a->name[0]);
		assert(query_find(q, a->name) == a);
	}
	(void)query_allow(q, names, e);
	(void)query_text(q, "path", 100, &text, e);
	(void)query_bool(q, "path", &b, e);
	if (query_int(q, "limit", 1, 1000, &n, e) == 0)
		assert(n >= 0 && n <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	auto_json json_t *problem = NULL;
	struct err e = {0};
	struct query q;

	memcpy(text, data, size);
	text[size] = '\0';
	if (query_init(&q, text, &e) == 0) {
		check_values(&q, &e);
		check_path(&q, &e);
	}
	query_fini(&q);
	problem = problem_json(&e, "request-1", NULL, NULL);
	assert(problem || e.code == ERR_NONE);
	return 0;
}
