#include "vmctl_client.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/un.h>

#include "auto.h"
#include "err.h"
#include "id.h"
#include "seqpacket.h"
#include "text.h"
#include "timeutil.h"

#define GRACE_MS 500 /* for the way there and back */
#define DEPTH 8	     /* of a reply's JSON */

struct vmctl {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int sock;      /* -1: not connected */
	int64_t id;    /* of the last request */
	json_t *reply; /* owns the strings of the last reply */
	char packet[VMCTL_PACKET_MAX];
};

/* One call on its way. */
struct call {
	const struct vmctl_op_row *op;
	int64_t until_ms;
	int fd;	     /* that came with the reply */
	bool unread; /* vmctl closed the connection without reading it */
};

union reply {
	struct vmctl_vm vm;
	struct vmctl_empty_reply empty;
	struct vmctl_list_reply list;
	struct vmctl_host_info host_info;
};

struct vmctl *
vmctl_new(const char *path)
{
	struct vmctl *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->sock = -1;
	if (text_copy(c->path, sizeof(c->path), path) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

static void
disconnect(struct vmctl *c)
{
	auto_close_fn(&c->sock);
	c->sock = -1;
}

void
vmctl_free(struct vmctl *c)
{
	if (!c)
		return;
	disconnect(c);
	json_decref(c->reply);
	free(c);
}

/* Every failure after which the operation may or may not have taken place. */
static int
unavailable(struct vmctl *c, const char *why, struct err *e)
{
	disconnect(c);
	return err_set(e, ERR_VMCTL_UNAVAILABLE, "%s", why);
}

static int
left_ms(const struct call *k)
{
	int64_t left = k->until_ms - time_mono_ms();

	return left > 0 ? (int)left : 0;
}

/* 0, or -1 when the time is over. */
static int
wait_for(struct vmctl *c, const struct call *k, short events)
{
	struct pollfd p = {.fd = c->sock, .events = events};
	int n;

	do
		n = poll(&p, 1, left_ms(k));
	while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : -1;
}

/* Between calls nothing may come: what is readable is an end, or nonsense. */
static bool
is_stale(struct vmctl *c)
{
	struct pollfd p = {.fd = c->sock, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

static int
connect_anew(struct vmctl *c, const struct call *k, struct err *e)
{
	disconnect(c);
	c->sock = seqpacket_connect(c->path, left_ms(k), e);
	if (c->sock < 0)
		return -1;
	if (fcntl(c->sock, F_SETFL, O_NONBLOCK) < 0) {
		disconnect(c);
		return err_errno(e, "fcntl");
	}
	return 0;
}

/* 0, or -1 with errno and nothing sent. */
static int
send_once(struct vmctl *c, const struct call *k, const char *text)
{
	while (seqpacket_send(c->sock, text, strlen(text), -1) < 0) {
		if (errno != EAGAIN)
			return -1;
		if (wait_for(c, k, POLLOUT) < 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

/* A packet is sent whole or not at all, so a failed send may be repeated. */
static int
send_request(struct vmctl *c, const struct call *k, const char *text,
	     struct err *e)
{
	if (c->sock >= 0 && !is_stale(c) && send_once(c, k, text) == 0)
		return 0;
	if (connect_anew(c, k, e) < 0)
		return -1;
	if (send_once(c, k, text) < 0)
		return unavailable(c, strerror(errno), e);
	return 0;
}

/* The request's packet; malloc'ed. */
static char *
request_text(struct vmctl *c, const struct call *k, const void *args)
{
	auto_json json_t *a = field_write(k->op->args, args);
	struct vmctl_request r = {
		.id = ++c->id,
		.has_id = true,
		.op = k->op->name,
		.has_op = true,
		.args = a,
		.has_args = true,
	};
	auto_json json_t *j = a ? field_write(&vmctl_request_fields, &r) : NULL;

	return j ? json_text(j) : NULL;
}

/* Reads one packet into c->packet; its length, or -1. */
static ssize_t
receive(struct vmctl *c, struct call *k, struct err *e)
{
	ssize_t n;

	do {
		if (wait_for(c, k, POLLIN) < 0)
			return unavailable(c, "vmctl does not answer", e);
		n = seqpacket_recv(c->sock, c->packet, sizeof(c->packet),
				   &k->fd);
	} while (n < 0 && errno == EAGAIN);
	k->unread = n < 0 && errno == ECONNRESET;
	if (n < 0)
		return unavailable(c, strerror(errno), e);
	if (n == 0)
		return unavailable(c, "vmctl closed the connection", e);
	return n;
}

/* Keeps the reply in c->reply and reads its envelope. */
static int
read_reply(struct vmctl *c, struct call *k, struct vmctl_reply *r,
	   struct err *e)
{
	ssize_t n = receive(c, k, e);
	struct err why;

	if (n < 0)
		return -1;
	json_decref(c->reply);
	c->reply = json_parse(c->packet, (size_t)n, DEPTH, &why);
	if (!c->reply || field_read(&vmctl_reply_fields, c->reply, r, &why) < 0)
		return unavailable(c, "vmctl's reply is malformed", e);
	if (r->id != c->id)
		return unavailable(c, "vmctl's reply is to another request", e);
	if (r->has_ok == r->has_error)
		return unavailable(c, "vmctl's reply is malformed", e);
	return 0;
}

static int
refused(struct vmctl *c, const struct vmctl_reply *r, struct err *e)
{
	struct vmctl_error error;
	enum err_code code;
	struct err why;

	if (field_read(&vmctl_error_fields, r->error, &error, &why) < 0)
		return unavailable(c, "vmctl's error is malformed", e);
	code = err_from_name(error.code);
	return err_set(e, code ? code : ERR_INTERNAL, "%s", error.message);
}

static int
converse(struct vmctl *c, struct call *k, const char *text,
	 struct vmctl_reply *r, struct err *e)
{
	if (send_request(c, k, text, e) < 0)
		return -1;
	return read_reply(c, k, r, e);
}

static int
exchange(struct vmctl *c, struct call *k, const void *args, void *out,
	 struct err *e)
{
	auto_free char *text = request_text(c, k, args);
	struct vmctl_reply r;
	struct err why;

	if (!text || strlen(text) > VMCTL_PACKET_MAX)
		return err_set(e, ERR_INTERNAL,
			       "the arguments do not make a request");
	if (converse(c, k, text, &r, e) < 0 &&
	    (!k->unread || converse(c, k, text, &r, e) < 0))
		return -1;
	if (r.has_error)
		return refused(c, &r, e);
	if (field_read(k->op->reply, r.ok, out, &why) < 0) {
		err_wrap(&why, "vmctl's reply is malformed");
		return unavailable(c, why.msg, e);
	}
	if ((k->op->flags & VMCTL_GIVES_FD) && k->fd < 0)
		return unavailable(c, "vmctl's reply has no descriptor", e);
	return 0;
}

/* `out` is a struct of the operation's reply table, written on success. */
static int
call(struct vmctl *c, enum vmctl_op op, const void *args, void *out,
     int *out_fd, struct err *e)
{
	const struct vmctl_op_row *row = &vmctl_ops[op];
	struct call k = {
		.op = row,
		.until_ms = time_mono_ms() + row->deadline_ms + GRACE_MS,
		.fd = -1,
	};
	union reply reply;
	int rc;

	assert(row->reply->size <= sizeof(reply));
	rc = exchange(c, &k, args, &reply, e);
	if (rc == 0) {
		memcpy(out, &reply, row->reply->size);
		if (out_fd)
			*out_fd = steal_fd(&k.fd);
	}
	auto_close_fn(&k.fd);
	return rc < 0 ? err_wrap(e, "vmctl %s", row->name) : 0;
}

int
vmctl_create(struct vmctl *c, const struct vmctl_create_args *a,
	     struct vmctl_vm *out, struct err *e)
{
	return call(c, VMCTL_OP_create, a, out, NULL, e);
}

int
vmctl_destroy(struct vmctl *c, const struct vmctl_destroy_args *a,
	      struct err *e)
{
	struct vmctl_empty_reply r;

	return call(c, VMCTL_OP_destroy, a, &r, NULL, e);
}

int
vmctl_set_network(struct vmctl *c, const struct vmctl_set_network_args *a,
		  struct vmctl_vm *out, struct err *e)
{
	return call(c, VMCTL_OP_set_network, a, out, NULL, e);
}

int
vmctl_pause(struct vmctl *c, const struct vmctl_switch_args *a,
	    struct vmctl_vm *out, struct err *e)
{
	return call(c, VMCTL_OP_pause, a, out, NULL, e);
}

int
vmctl_resume(struct vmctl *c, const struct vmctl_switch_args *a,
	     struct vmctl_vm *out, struct err *e)
{
	return call(c, VMCTL_OP_resume, a, out, NULL, e);
}

int
vmctl_stat(struct vmctl *c, const char *sandbox, struct vmctl_vm *out,
	   struct err *e)
{
	struct vmctl_sandbox_args a = {
		.sandbox = sandbox,
		.has_sandbox = true,
	};

	return call(c, VMCTL_OP_stat, &a, out, NULL, e);
}

int
vmctl_open_channel(struct vmctl *c, const char *sandbox, int *out_fd,
		   struct err *e)
{
	struct vmctl_sandbox_args a = {
		.sandbox = sandbox,
		.has_sandbox = true,
	};
	struct vmctl_empty_reply r;

	return call(c, VMCTL_OP_open_channel, &a, &r, out_fd, e);
}

int
vmctl_host_info(struct vmctl *c, struct vmctl_host_info *out, struct err *e)
{
	struct vmctl_no_args a = {.has_unused = false};

	return call(c, VMCTL_OP_host_info, &a, out, NULL, e);
}

/* 1 when fn wants no more. `last` gets the id of the page's last VM. */
static int
give_page(const json_t *vms, int (*fn)(void *arg, const struct vmctl_vm *vm),
	  void *arg, char last[ID_SIZE], struct err *e)
{
	struct vmctl_vm vm;
	struct err why;
	json_t *item;
	size_t i;

	json_array_foreach(vms, i, item) {
		if (field_read(&vmctl_vm_fields, item, &vm, &why) < 0 ||
		    strcmp(vm.sandbox, last) <= 0)
			return err_set(e, ERR_VMCTL_UNAVAILABLE,
				       "vmctl list: a VM is malformed");
		text_copy(last, ID_SIZE, vm.sandbox);
		if (fn(arg, &vm) != 0)
			return 1;
	}
	return 0;
}

int
vmctl_list(struct vmctl *c, int (*fn)(void *arg, const struct vmctl_vm *vm),
	   void *arg, struct err *e)
{
	char last[ID_SIZE] = "";
	struct vmctl_list_reply page = {.more = false};
	int rc;

	do {
		struct vmctl_list_args a = {
			.after = last,
			.has_after = last[0] != '\0',
		};
		json_t *reply;

		if (call(c, VMCTL_OP_list, &a, &page, NULL, e) < 0)
			return -1;
		if (page.more && json_array_size(page.vms) == 0)
			return err_set(e, ERR_VMCTL_UNAVAILABLE,
				       "vmctl list: an empty page");
		/* Keeps the page's strings when fn makes a call of its own. */
		reply = json_incref(c->reply);
		rc = give_page(page.vms, fn, arg, last, e);
		json_decref(reply);
	} while (rc == 0 && page.more);
	return rc < 0 ? -1 : 0;
}
