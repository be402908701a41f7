#include "request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auto.h"
#include "client.h"
#include "err.h"
#include "id.h"
#include "log.h"
#include "timeutil.h"

#define DEPTH 8

struct request *
request_new(struct client *c)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->client = client_ref(c);
	r->since_ms = time_mono_ms();
	r->name = "";
	return r;
}

static void
free_request(struct request *r)
{
	client_unref(r->client);
	json_decref(r->root);
	free(r->names);
	free(r);
}

static const struct vmctl_op_row *
find_row(const char *name)
{
	for (size_t i = 0; i < VMCTL_OP_COUNT; i++) {
		if (strcmp(vmctl_ops[i].name, name) == 0)
			return &vmctl_ops[i];
	}
	return NULL;
}

/* Every operation on a VM has a field `sandbox`; every mutating one, `op_id`.
 */
static int
take_target(struct request *r, json_t *args, struct err *e)
{
	if (r->row->flags & VMCTL_HOST)
		return 0;
	r->sandbox = json_string_value(json_object_get(args, "sandbox"));
	if (!r->sandbox || !id_valid(r->sandbox, ID_SANDBOX))
		return err_field(e, "sandbox", "not a sandbox id");
	if (r->row->flags & VMCTL_MUTATES)
		r->op_id = json_integer_value(json_object_get(args, "op_id"));
	return 0;
}

int
request_parse(struct request *r, const char *packet, size_t len, struct err *e)
{
	struct vmctl_request q;

	r->root = json_parse(packet, len, DEPTH, e);
	if (!r->root)
		return -1;
	/* As good as it gets for a malformed request. */
	r->id = json_integer_value(json_object_get(r->root, "id"));
	if (r->id < 0)
		r->id = 0;
	if (field_read(&vmctl_request_fields, r->root, &q, e) < 0)
		return -1;
	r->name = q.op;
	r->row = find_row(q.op);
	if (!r->row)
		return err_field(e, "op", "there is no operation %s", q.op);
	r->op = (enum vmctl_op)(r->row - vmctl_ops);
	if (r->row->args->size > sizeof(r->args))
		return err_set(e, ERR_INTERNAL, "arguments do not fit");
	if (field_read(r->row->args, q.args, &r->args, e) < 0)
		return -1;
	return take_target(r, q.args, e);
}

static void
send_reply(struct request *r, const char *key, json_t *value, int fd)
{
	auto_json json_t *reply = json_object();
	auto_free char *text = NULL;

	json_object_set_new(reply, "id", json_integer(r->id));
	json_object_set(reply, key, value);
	text = json_text(reply);
	if (text)
		client_send(r->client, text, strlen(text), fd);
}

static void
log_request(const struct request *r, const char *result, const struct err *e)
{
	char id[24], ms[24], uid[16], op_id[24];
	enum log_level level = e ? LOG_LEVEL_WARN
			       : r->row->flags & VMCTL_MUTATES
				       ? LOG_LEVEL_INFO
				       : LOG_LEVEL_DEBUG;

	snprintf(id, sizeof(id), "%" PRId64, r->id);
	snprintf(ms, sizeof(ms), "%" PRId64, time_mono_ms() - r->since_ms);
	snprintf(uid, sizeof(uid), "%u", r->client->uid);
	snprintf(op_id, sizeof(op_id), "%" PRId64, r->op_id);
	log_write(level, "operation", "op", r->name, "request", id, "uid", uid,
		  "sandbox", r->sandbox ? r->sandbox : "-", "op_id", op_id,
		  "ms", ms, "result", result, "message", e ? e->msg : "", NULL);
}

void
request_done(struct request *r, json_t *ok, int fd)
{
	auto_json json_t *value = ok;
	struct err e;

	if (!value) {
		err_set(&e, ERR_INTERNAL, "the reply cannot be written");
		request_failed(r, &e);
		return;
	}
	log_request(r, "ok", NULL);
	send_reply(r, "ok", value, fd);
	free_request(r);
}

void
request_failed(struct request *r, const struct err *e)
{
	auto_json json_t *value =
		json_pack("{s:s, s:s%}", "code", err_name(e->code), "message",
			  e->msg, strnlen(e->msg, 511));

	/* A message may quote what is not text: the code is told anyhow. */
	if (!value)
		value = json_pack("{s:s, s:s}", "code", err_name(e->code),
				  "message", "");
	log_request(r, err_name(e->code), e);
	if (value)
		send_reply(r, "error", value, -1);
	free_request(r);
}
