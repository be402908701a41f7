#include "vm_state.h"

#include <assert.h>
#include <string.h>

#include "auto.h"
#include "text.h"

FIELDS_DEFINE(vm_record, VM_RECORD_FIELDS)

void
vm_state_init(struct vm_state *st, const char *sandbox)
{
	*st = (struct vm_state){
		.state = VMCTL_STATE_absent,
		.op = VMCTL_OP_COUNT,
	};
	text_copy(st->sandbox, sizeof(st->sandbox), sandbox);
}

void
vm_state_fail(struct vm_state *st, const struct err *why)
{
	st->done = true;
	st->error = why->code;
	text_copy(st->message, sizeof(st->message), why->msg);
}

bool
vm_state_holds(const struct vm_state *st)
{
	return st->state != VMCTL_STATE_absent &&
	       st->state != VMCTL_STATE_destroyed;
}

bool
vm_state_lives(const struct vm_state *st)
{
	return st->state == VMCTL_STATE_running ||
	       st->state == VMCTL_STATE_paused;
}

#define SET(r, name, value) \
	do { \
		(r)->name = (value); \
		(r)->has_##name = true; \
	} while (0)

static void
fill_operation(const struct vm_state *st, struct vm_record *r)
{
	SET(r, version, VM_STATE_VERSION);
	SET(r, sandbox, st->sandbox);
	SET(r, state, vmctl_state_name(st->state));
	SET(r, op_id, st->op_id);
	if (st->op != VMCTL_OP_COUNT)
		SET(r, op, vmctl_ops[st->op].name);
	SET(r, done, st->done);
	if (st->error != ERR_NONE) {
		SET(r, error, err_name(st->error));
		SET(r, message, st->message);
	}
	SET(r, changed_us, st->changed_us);
}

static void
fill_vm(const struct vm_state *st, struct vm_record *r)
{
	SET(r, boot, st->boot);
	SET(r, uid, st->uid);
	SET(r, pid, st->pid);
	SET(r, start_ticks, (int64_t)st->start_ticks);
	SET(r, exe_dev, (int64_t)st->exe_dev);
	SET(r, exe_ino, (int64_t)st->exe_ino);
	SET(r, host_boot, st->host_boot);
	SET(r, accel, st->accel);
	SET(r, template, st->template);
	SET(r, cpus, st->cpus);
	SET(r, memory_mb, st->memory_mb);
	SET(r, disk_gb, st->disk_gb);
	SET(r, exit_cause, st->exit_cause);
}

static void
fill_network(const struct vm_state *st, struct vm_record *r)
{
	SET(r, network, net_mode_name(st->network));
	SET(r, resolver_pid, st->resolver_pid);
	SET(r, resolver_ticks, (int64_t)st->resolver_ticks);
	SET(r, sent_bytes, st->sent_bytes);
	SET(r, received_bytes, st->received_bytes);
}

int
vm_state_print(const struct vm_state *st, struct buf *b, struct err *e)
{
	auto_json json_t *obj = NULL;
	auto_free char *text = NULL;
	struct vm_record r = {0};

	fill_operation(st, &r);
	fill_vm(st, &r);
	fill_network(st, &r);
	obj = field_write(&vm_record_fields, &r);
	text = obj ? json_text(obj) : NULL;
	if (!text || buf_addf(b, "%s\n", text) < 0)
		return err_set(e, ERR_INTERNAL, "cannot write the state of %s",
			       st->sandbox);
	return 0;
}

static int
op_from_name(const char *name, enum vmctl_op *out)
{
	for (int i = 0; i < VMCTL_OP_COUNT; i++) {
		if (strcmp(vmctl_ops[i].name, name) == 0) {
			*out = (enum vmctl_op)i;
			return 0;
		}
	}
	return -1;
}

static int
read_names(const struct vm_record *r, struct vm_state *st, struct err *e)
{
	int state = vmctl_state_from_name(r->state);

	if (!id_valid(r->sandbox, ID_SANDBOX))
		return err_field(e, "sandbox", "not a sandbox id");
	/* Below are the host's own users: never kill as one of them. */
	if (r->uid != 0 && r->uid < VM_UID_MIN)
		return err_field(e, "uid", "not a VM's");
	if (state < 0)
		return err_field(e, "state", "no such state");
	if (r->has_op && op_from_name(r->op, &st->op) < 0)
		return err_field(e, "op", "no such operation");
	st->state = (enum vmctl_state)state;
	st->error = r->has_error ? err_from_name(r->error) : ERR_NONE;
	if (r->has_error && st->error == ERR_NONE)
		return err_field(e, "error", "no such error");
	return 0;
}

/* A file from before there were networks has none of these. */
static int
read_network(const struct vm_record *r, struct vm_state *st, struct err *e)
{
	int mode =
		r->has_network ? net_mode_from_name(r->network) : NET_MODE_none;

	if (mode < 0)
		return err_field(e, "network", "no such mode");
	st->network = (enum net_mode)mode;
	st->resolver_pid = (pid_t)r->resolver_pid;
	st->resolver_ticks = (uint64_t)r->resolver_ticks;
	st->sent_bytes = r->sent_bytes;
	st->received_bytes = r->received_bytes;
	return 0;
}

static void
read_texts(const struct vm_record *r, struct vm_state *st)
{
	int bad = text_copy(st->host_boot, sizeof(st->host_boot), r->host_boot);

	bad |= text_copy(st->accel, sizeof(st->accel), r->accel);
	bad |= text_copy(st->template, sizeof(st->template), r->template);
	bad |= text_copy(st->exit_cause, sizeof(st->exit_cause), r->exit_cause);
	if (r->has_message)
		bad |= text_copy(st->message, sizeof(st->message), r->message);
	assert(!bad); /* the record's bounds are the arrays' sizes */
}

static int
from_record(const struct vm_record *r, struct vm_state *out, struct err *e)
{
	struct vm_state st;

	vm_state_init(&st, r->sandbox);
	if (read_names(r, &st, e) < 0 || read_network(r, &st, e) < 0)
		return -1;
	read_texts(r, &st);
	st.op_id = r->op_id;
	st.done = r->done;
	st.boot = r->boot;
	st.uid = (uid_t)r->uid;
	st.pid = (pid_t)r->pid;
	st.start_ticks = (uint64_t)r->start_ticks;
	st.exe_dev = (uint64_t)r->exe_dev;
	st.exe_ino = (uint64_t)r->exe_ino;
	st.cpus = r->cpus;
	st.memory_mb = r->memory_mb;
	st.disk_gb = r->disk_gb;
	st.changed_us = r->changed_us;
	*out = st;
	return 0;
}

int
vm_state_parse(const char *text, size_t len, struct vm_state *out,
	       struct err *e)
{
	auto_json json_t *obj = NULL;
	struct vm_record r;

	/* The line's end shows that the file is whole. */
	if (len == 0 || text[len - 1] != '\n')
		return err_set(e, ERR_INVALID_REQUEST, "the file is cut");
	obj = json_parse(text, len - 1, 4, e);
	if (!obj || field_read(&vm_record_fields, obj, &r, e) < 0)
		return -1;
	return from_record(&r, out, e);
}
