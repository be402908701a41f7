#include "handlers.h"

#include <string.h>

#include "api.h"
#include "auto.h"
#include "call.h"
#include "destroy.h"
#include "err.h"
#include "gate.h"
#include "model/req_patch.h"
#include "model/sandbox.h"
#include "network.h"
#include "page.h"
#include "request.h"
#include "response.h"
#include "sandbox_answer.h"
#include "store/store_log.h"
#include "store/store_sandbox.h"
#include "timeutil.h"

#define METADATA_PREFIX "metadata."
#define STATUS_MAX 32

static const char *const no_args[] = {NULL};

int
h_sandbox_get(struct call *c, struct err *e)
{
	struct sandbox s;

	if (query_allow(&c->req->query, no_args, e) || call_sandbox(c, &s, e))
		return -1;
	return sandbox_answer(c, 200, &s, e);
}

/* The states that ?status= and ?include=destroyed ask for. */
static int
read_states(const struct query *q, unsigned *out, struct err *e)
{
	const char *status = NULL, *include = NULL;

	if (query_text(q, "status", STATUS_MAX, &status, e) ||
	    query_text(q, "include", STATUS_MAX, &include, e))
		return -1;
	if (include && strcmp(include, "destroyed") != 0)
		return err_field(e, "include", "include: must be destroyed");
	*out = store_states_live();
	if (include)
		*out |= store_states_of("destroyed");
	if (!status)
		return 0;
	*out = store_states_of(status);
	/* Statuses of the API that no state has yet match nothing. */
	if (*out == 0 && strcmp(status, "paused") != 0 &&
	    strcmp(status, "stopped") != 0)
		return err_field(e, "status",
				 "status: must be pending, running, paused, "
				 "stopped, error or destroyed");
	return 0;
}

/* The object of all ?metadata.k=v; NULL and no error when there are none. */
static int
read_metadata(const struct query *q, json_t **out, struct err *e)
{
	size_t prefix = strlen(METADATA_PREFIX);
	auto_json json_t *o = json_object();

	for (size_t i = 0; i < q->count; i++) {
		const struct query_arg *a = &q->args[i];

		if (strncmp(a->name, METADATA_PREFIX, prefix) != 0)
			continue;
		if (json_object_set_new(o, a->name + prefix,
					json_string(a->value)))
			return err_field(e, "metadata", "metadata: not UTF-8");
	}
	*out = json_object_size(o) > 0 ? steal_ptr(&o) : NULL;
	return 0;
}

struct list {
	struct page page;
	struct call *c;
};

static int
add_sandbox(void *arg, const struct sandbox *s)
{
	struct list *l = arg;

	return page_add(&l->page, s->seq, sandbox_answer_json(l->c, s));
}

static int
list_rows(struct list *l, unsigned states, const char *metadata, struct err *e)
{
	struct store_sandbox_query q = {
		.account = l->c->who.account.id,
		.states = states,
		.metadata_has = metadata,
		.before = l->page.before,
		.limit = l->page.limit + 1,
	};

	/* No state at all: nothing can match. */
	if (states == 0)
		return 0;
	return store_sandbox_list(l->c->api->store, &q, add_sandbox, l, e);
}

int
h_sandbox_list(struct call *c, struct err *e)
{
	static const char *const args[] = {"status", "include",	      "limit",
					   "cursor", METADATA_PREFIX, NULL};
	auto_json json_t *metadata = NULL;
	auto_free char *text = NULL;
	struct list l = {.c = c};
	unsigned states = 0;
	int rc = -1;

	if (query_allow(&c->req->query, args, e) ||
	    read_states(&c->req->query, &states, e) ||
	    read_metadata(&c->req->query, &metadata, e))
		return -1;
	text = metadata ? json_text(metadata) : NULL;
	if (page_init(&l.page, c, e) == 0 &&
	    list_rows(&l, states, text, e) == 0)
		rc = page_answer(&l.page, c, e);
	page_fini(&l.page);
	return rc;
}

static int
store_patch(struct call *c, const struct req_patch *r, struct sandbox *s,
	    struct err *e)
{
	struct store_patch p = {
		.name = r->has_name ? s->name : NULL,
		.metadata = r->has_metadata ? s->metadata : NULL,
		.timeout_s = r->has_timeout ? &s->timeout_s : NULL,
	};

	return store_sandbox_patch(c->api->store, c->who.account.id, s->id, &p,
				   e);
}

int
h_sandbox_patch(struct call *c, struct err *e)
{
	auto_json json_t *body = NULL;
	struct req_patch r;
	struct sandbox s;

	if (query_allow(&c->req->query, no_args, e) || call_sandbox(c, &s, e))
		return -1;
	body = request_json(c->req, e);
	if (!body || req_patch_read(body, &r, e) ||
	    network_patch(c, &r, &s, e) || req_patch_apply(&r, &s, e) ||
	    store_patch(c, &r, &s, e) || call_sandbox(c, &s, e))
		return -1;
	return sandbox_answer(c, 200, &s, e);
}

int
h_sandbox_delete(struct call *c, struct err *e)
{
	struct api *a = c->api;
	struct sandbox s;
	struct destroy d = {.sandbox = s.id, .reason = "requested"};
	int rc;

	if (query_allow(&c->req->query, no_args, e) || call_sandbox(c, &s, e) ||
	    gate_enter(a->gate, a->worker, e))
		return -1;
	rc = destroy_run(c, &d, e);
	gate_leave(a->gate, a->worker);
	if (rc)
		return -1;
	response_empty(c->resp, 204);
	return 0;
}

static int
add_line(void *arg, const struct store_log_line *l)
{
	char at[TIME_RFC3339_SIZE];

	time_rfc3339(at, l->at_us, 1);
	return json_array_append_new(
		arg, json_pack("{s:s, s:s, s:s}", "timestamp", at, "type",
			       l->type, "message", l->message));
}

int
h_sandbox_logs(struct call *c, struct err *e)
{
	static const char *const args[] = {"tail", "follow", NULL};
	auto_json json_t *lines = json_array();
	int64_t tail = 100;
	bool follow = false;
	struct sandbox s;

	if (query_allow(&c->req->query, args, e) ||
	    query_int(&c->req->query, "tail", 1, STORE_LOG_TAIL_MAX, &tail,
		      e) ||
	    query_bool(&c->req->query, "follow", &follow, e) ||
	    call_sandbox(c, &s, e))
		return -1;
	if (follow)
		return err_set(e, ERR_NOT_IMPLEMENTED,
			       "follow: this server cannot do that yet");
	if (store_log_tail(c->api->store, s.id, (int)tail, add_line, lines, e))
		return -1;
	return response_json(c->resp, 200, steal_ptr(&lines), e);
}
