/* A packet as any local peer may send it, through vmctl's readers. */
#include <assert.h>
#include <string.h>

#include "auto.h"
#include "err.h"
#include "text.h"
#include "vmctl_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Both ways gives the same; an error names a code and says why in one line. */
static void
check_record(const struct field_table *t, json_t *obj)
{
	auto_free void *rec = malloc(t->size);
	struct err e = {0};

	if (field_read(t, obj, rec, &e) == 0) {
		auto_json json_t *back = field_write(t, rec);

		assert(json_equal(obj, back));
		return;
	}
	assert(e.code == ERR_INVALID_REQUEST && e.msg[0]);
	assert(text_is_utf8(e.msg, strlen(e.msg)) && !strchr(e.msg, '\n'));
	assert(text_is_utf8(e.field, strlen(e.field)));
}

static void
check_request(json_t *packet)
{
	struct vmctl_request r;
	struct err e;

	if (field_read(&vmctl_request_fields, packet, &r, &e) < 0)
		return;
	for (int i = 0; i < VMCTL_OP_COUNT; i++)
		if (strcmp(vmctl_ops[i].name, r.op) == 0)
			check_record(vmctl_ops[i].args, r.args);
}

static void
check_reply(json_t *packet)
{
	struct vmctl_reply r;
	struct err e;

	if (field_read(&vmctl_reply_fields, packet, &r, &e) < 0)
		return;
	if (r.has_error)
		check_record(&vmctl_error_fields, r.error);
	for (int i = 0; r.has_ok && i < VMCTL_OP_COUNT; i++)
		check_record(vmctl_ops[i].reply, r.ok);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e;
	auto_json json_t *packet =
		size <= VMCTL_PACKET_MAX
			? json_parse((const char *)data, size, 8, &e)
			: NULL;

	if (!packet)
		return 0;
	check_request(packet);
	check_reply(packet);
	return 0;
}
