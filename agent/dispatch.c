#include "dispatch.h"

#include <string.h>

#include "agent.h"
#include "auto.h"
#include "err.h"
#include "exec_stream.h"
#include "file.h"
#include "git.h"
#include "log.h"

#define JSON_DEPTH 4

/* An operation runs in the loop (`open`) or as a job in a worker. */
struct row {
	const struct field_table *fields; /* NULL: the operation takes none */
	int (*open)(struct agent *a, struct stream *s,
		    const union dispatch_record *r, struct err *e);
	worker_job *job;
	bool before_claim;
};

static int
open_claim(struct agent *a, struct stream *s, const union dispatch_record *r,
	   struct err *e)
{
	auto_json json_t *end = NULL;

	if (claim_apply(&a->claim, &r->claim, a->ready_us, &end, e) < 0)
		return -1;
	stream_end(s, end);
	return 0;
}

static int
open_exec(struct agent *a, struct stream *s, const union dispatch_record *r,
	  struct err *e)
{
	return exec_stream_open(&a->execs, s, &r->exec, e);
}

static int
open_exec_list(struct agent *a, struct stream *s,
	       const union dispatch_record *r, struct err *e)
{
	(void)r;
	(void)e;
	exec_stream_list(&a->execs, s);
	return 0;
}

static int
open_exec_attach(struct agent *a, struct stream *s,
		 const union dispatch_record *r, struct err *e)
{
	return exec_stream_attach(&a->execs, s, r->exec_ref.exec, e);
}

static int
open_exec_ack(struct agent *a, struct stream *s, const union dispatch_record *r,
	      struct err *e)
{
	return exec_stream_ack(&a->execs, s, r->exec_ref.exec, e);
}

static int
open_plan(struct agent *a, struct stream *s, const union dispatch_record *r,
	  struct err *e)
{
	return plan_open(&a->plan, s, &r->plan, e);
}

static const struct row rows[STREAM_OP_COUNT] = {
	[STREAM_OP_claim] = {&claim_fields, open_claim, NULL, true},
	[STREAM_OP_exec] = {&exec_fields, open_exec, NULL, false},
	[STREAM_OP_exec_list] = {NULL, open_exec_list, NULL, false},
	[STREAM_OP_exec_attach] = {&exec_ref_fields, open_exec_attach, NULL,
				   false},
	[STREAM_OP_exec_ack] = {&exec_ref_fields, open_exec_ack, NULL, false},
	[STREAM_OP_plan] = {&plan_fields, open_plan, NULL, false},
	[STREAM_OP_file_list] = {&file_list_fields, NULL, file_list_job, false},
	[STREAM_OP_file_read] = {&file_read_fields, NULL, file_read_job, false},
	[STREAM_OP_file_write] = {&file_write_fields, NULL, file_write_job,
				  false},
	[STREAM_OP_file_delete] = {&file_path_fields, NULL, file_delete_job,
				   false},
	[STREAM_OP_file_mkdir] = {&file_mkdir_fields, NULL, file_mkdir_job,
				  false},
	[STREAM_OP_file_move] = {&file_move_fields, NULL, file_move_job, false},
	[STREAM_OP_git_diff] = {&file_path_fields, NULL, git_diff_job, false},
};

static const struct row *
find_row(json_t *json, enum stream_op *out_op, struct err *e)
{
	const char *name = json_string_value(json_object_get(json, "op"));
	enum stream_op op = name ? stream_op_from_name(name) : STREAM_OP_NONE;
	const struct row *row = &rows[op];

	if (!name) {
		err_field(e, "op", "op must be a string");
		return NULL;
	}
	if (!row->open && !row->job) {
		err_set(e, ERR_NOT_IMPLEMENTED,
			"this agent has no such operation");
		return NULL;
	}
	*out_op = op;
	return row;
}

int
dispatch_parse(struct dispatch_request *out, const void *payload, size_t n,
	       bool claimed, struct err *e)
{
	auto_json json_t *json = json_parse(payload, n, JSON_DEPTH, e);
	static const struct field_table no_fields = {.name = "operation"};
	const struct row *row;
	struct dispatch_request r = {0};

	if (!json)
		return -1;
	if (!json_is_object(json))
		return err_set(e, ERR_INVALID_REQUEST,
			       "OPEN must be an object");
	row = find_row(json, &r.op, e);
	if (!row)
		return -1;
	if (!claimed && !row->before_claim)
		return err_set(e, ERR_POLICY_DENIED,
			       "%s: the guest was not claimed yet",
			       stream_op_name(r.op));
	json_object_del(json, "op");
	if (field_read(row->fields ? row->fields : &no_fields, json, &r.record,
		       e) < 0)
		return err_wrap(e, "%s", stream_op_name(r.op));
	r.json = steal_ptr(&json);
	*out = r;
	return 0;
}

void
dispatch_request_fini(struct dispatch_request *r)
{
	json_decref(r->json);
	r->json = NULL;
}

static int
start(struct agent *a, struct stream *s, const struct dispatch_request *r,
      struct err *e)
{
	const struct row *row = &rows[r->op];

	if (row->open)
		return row->open(a, s, &r->record, e);
	return worker_start(&a->workers, s, row->job, &r->record, e);
}

static void
on_open(struct agent *a, const struct frame *f)
{
	struct dispatch_request r = {0};
	struct stream refused = {.id = f->stream, .link = &a->link};
	struct stream *s;
	struct err e = {0};

	s = stream_table_open(&a->streams, f->stream, &e);
	if (!s) {
		stream_error(&refused, &e);
		return;
	}
	if (dispatch_parse(&r, f->payload, f->len, a->claim.done, &e) < 0 ||
	    start(a, s, &r, &e) < 0)
		stream_error(s, &e);
	dispatch_request_fini(&r);
}

static void
on_hello(struct agent *a, const struct frame *f)
{
	auto_json json_t *json = NULL, *reply = NULL;
	auto_free char *text = NULL;
	struct hello hello;
	struct welcome w = {0};
	struct err e = {0};

	stream_table_reset(&a->streams);
	json = json_parse((const char *)f->payload, f->len, JSON_DEPTH, &e);
	if (!json || field_read(&hello_fields, json, &hello, &e) < 0) {
		log_warn("hello refused", "why", e.msg);
		return;
	}
	FIELD_SET(w, version, CHANNEL_VERSION);
	FIELD_SET(w, boot_id, a->claim.boot_id);
	FIELD_SET(w, claimed, a->claim.done);
	FIELD_SET(w, agent_version, AGENT_VERSION);
	reply = field_write(&welcome_fields, &w);
	text = reply ? json_text(reply) : NULL;
	if (text)
		link_welcome(&a->link, text);
}

/* Frames for a stream that ended on our side a moment ago are no error. */
static void
on_stream_frame(struct agent *a, const struct frame *f)
{
	struct stream *s = stream_table_find(&a->streams, f->stream);

	if (!s)
		return;
	if (f->type == FRAME_DATA)
		stream_on_data(s, f);
	else if (f->type == FRAME_CREDIT)
		stream_on_credit(s, f);
	else
		stream_on_reset(s);
}

static void
on_frame(struct link *k, const struct frame *f)
{
	struct agent *a = container_of(k, struct agent, link);

	if (f->type == FRAME_HELLO)
		on_hello(a, f);
	else if (f->type == FRAME_OPEN)
		on_open(a, f);
	else
		on_stream_frame(a, f);
}

static void
on_lost(struct link *k)
{
	stream_table_reset(&container_of(k, struct agent, link)->streams);
}

static void
on_room(struct link *k)
{
	stream_table_resume(&container_of(k, struct agent, link)->streams);
}

const struct link_ops dispatch_link_ops = {
	.frame = on_frame, .lost = on_lost, .room = on_room};
