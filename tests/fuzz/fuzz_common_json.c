/* Any bytes as JSON; what is taken survives writing and reading. */
#include <assert.h>
#include <string.h>

#include "auto.h"
#include "err.h"
#include "field.h"
#include "text.h"

#define DEPTH 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned
depth_of(const json_t *j)
{
	unsigned most = 0, d;
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_array(j))
		json_array_foreach(j, i, v)
			most = (d = depth_of(v)) > most ? d : most;
	else if (json_is_object(j))
		json_object_foreach((json_t *)(uintptr_t)j, key, v)
			most = (d = depth_of(v)) > most ? d : most;
	else
		return 0;
	return most + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = {0};
	auto_json json_t *j = json_parse((const char *)data, size, DEPTH, &e);
	auto_json json_t *again = NULL;
	auto_free char *text = NULL;
	unsigned depth;

	if (!j) {
		assert(e.code == ERR_INVALID_REQUEST && e.msg[0]);
		return 0;
	}
	assert(text_is_utf8(data, size));
	depth = depth_of(j);
	assert(depth <= DEPTH);
	text = json_text(j);
	again = json_parse(text, strlen(text), depth, &e);
	assert(again && json_equal(j, again));
	assert(depth == 0 || !json_parse(text, strlen(text), depth - 1, &e));
	return 0;
}
