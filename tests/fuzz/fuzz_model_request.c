/*
 * Every JSON body of the API: read, checked, written out again. The first byte
 * picks the body. A refusal must make a problem that can be shown.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "buf.h"
#include "err.h"
#include "model/problem.h"
#include "model/req.h"
#include "model/req_create.h"
#include "model/req_exec.h"
#include "model/req_file.h"
#include "model/req_key.h"
#include "model/req_patch.h"
#include "model/sandbox.h"

static int
read_create(json_t *body, bool alias, struct err *e)
{
	static struct sandbox s;
	struct req_create r;
	auto_json json_t *shown = NULL;

	memset(&s, 0, sizeof(s));
	if (req_create_read(body, alias, &r, e))
		return -1;
	if (req_create_sandbox(&r, &s, e))
		abort();
	shown = sandbox_json(&s);
	assert(shown);
	return 0;
}

static int
create(json_t *body, struct err *e)
{
	return read_create(body, false, e);
}

static int
create_alias(json_t *body, struct err *e)
{
	return read_create(body, true, e);
}

static int
patch(json_t *body, struct err *e)
{
	static struct sandbox s;
	struct req_patch r;

	if (req_patch_read(body, &r, e))
		return -1;
	return req_patch_apply(&r, &s, e);
}

static int
run(json_t *body, struct err *e)
{
	auto_free char *text = NULL;
	struct req_exec r;

	if (req_exec_read(body, &r, e))
		return -1;
	text = req_exec_text(&r);
	assert(text && req_exec_timeout_ms(&r) > 0);
	return 0;
}

static int
file(json_t *body, struct err *e)
{
	auto_buf struct buf content = {0};
	struct req_file r;

	buf_init(&content, REQ_FILE_CONTENT_MAX);
	if (req_file_read(body, &r, e))
		return -1;
	return req_file_content(&r, &content, e);
}

static int
make_folder(json_t *body, struct err *e)
{
	struct req_mkdir r;

	return req_mkdir_read(body, &r, e);
}

static int
move(json_t *body, struct err *e)
{
	struct req_move r;

	return req_move_read(body, &r, e);
}

static int
key(json_t *body, struct err *e)
{
	struct req_key r;
	int64_t expires;

	return req_key_read(body, &r, &expires, e);
}

static int (*const readers[])(json_t *body, struct err *e) = {
	create, create_alias, patch, run, file, make_folder, move, key,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_json json_t *body = NULL;
	auto_json json_t *problem = NULL;
	struct err e = {0};
	size_t which;

	if (size == 0)
		return 0;
	which = data[0] % (sizeof(readers) / sizeof(readers[0]));
	body = req_parse(data + 1, size - 1, &e);
	if (body && readers[which](body, &e) == 0)
		return 0;
	assert(e.code != ERR_NONE);
	problem = problem_json(&e, "request-1", NULL, NULL);
	assert(problem);
	return 0;
}
