/* Any bytes as the payload of an OPEN: refused with a reason, or a record whose
 * paths decode within their bounds. */
#include <assert.h>
#include <string.h>

#include "../../agent/dispatch.h"
#include "../../agent/env.h"
#include "../../agent/file_path.h"
#include "err.h"
#include "frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_path(const char *pct)
{
	char path[CHANNEL_PATH_MAX + 1];
	struct err e = {0};
	size_t n;

	if (file_path_decode(path, pct, &e) < 0) {
		assert(e.code == ERR_INVALID_REQUEST && e.msg[0]);
		return;
	}
	n = strlen(path);
	assert(path[0] == '/' && n <= CHANNEL_PATH_MAX);
	assert(!strstr(path, "//") && !strstr(path, "/./"));
	assert(n == 1 || path[n - 1] != '/');
}

static void
check_record(const struct dispatch_request *r)
{
	struct err e = {0};

	switch (r->op) {
	case STREAM_OP_exec:
		env_check(r->record.exec.env, "env", &e);
		if (r->record.exec.has_cwd)
			check_path(r->record.exec.cwd);
		break;
	case STREAM_OP_file_list:
		check_path(r->record.file_list.path);
		break;
	case STREAM_OP_file_move:
		check_path(r->record.file_move.from);
		check_path(r->record.file_move.to);
		break;
	case STREAM_OP_git_diff:
	case STREAM_OP_file_delete:
		check_path(r->record.file_path.path);
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dispatch_request r = {0};
	struct err e = {0};

	if (size > FRAME_PAYLOAD_MAX)
		return 0;
	if (dispatch_parse(&r, data, size, true, &e) < 0) {
		assert(e.msg[0]);
		assert(err_from_guest(err_name(e.code)) == e.code);
		return 0;
	}
	assert(r.op > STREAM_OP_NONE && r.op < STREAM_OP_COUNT);
	check_record(&r);
	dispatch_request_fini(&r);
	assert(r.op == STREAM_OP_claim ||
	       dispatch_parse(&r, data, size, false, &e) < 0);
	return 0;
}
