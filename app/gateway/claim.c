#include "claim.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auto.h"
#include "buf.h"
#include "channel.h"
#include "channels.h"
#include "claim_db.h"
#include "err.h"
#include "gateway.h"
#include "handlers.h"
#include "http.h"
#include "jobs.h"
#include "model/problem.h"
#include "pause.h"
#include "provision.h"
#include "reply.h"
#include "store/store_idempotency.h"
#include "text.h"
#include "undo.h"
#include "vmctl_client.h"

#define ENTROPY 64
#define MACHINE_ID 16

/*
 * load (row and plan, database) -> resume (vmctl, when it is paused) -> claim
 * stream (guest) -> plan stream, where there is a plan (guest) -> commit
 * (database) -> answer. A failure of the guest or of the plan goes through undo,
 * or back to paused; a connection that broke while the plan runs is made again,
 * from the claim on.
 */
struct claiming {
	struct table_entry entry; /* gateway.claims */
	struct gateway *gw;
	struct http_exchange *x; /* NULL: nobody waits */
	bool respond_async;
	char idem[ID_SIZE]; /* see struct grant */
	char sandbox[ID_SIZE];
	int64_t boot;
	struct sandbox row;
	int64_t op_id; /* of the row; 0: it was not read yet */
	json_t *plan;  /* owned: env and plan; NULL: neither */
	struct provision provision;
	char *steps; /* owned: what they gave, once they ended */
	int losses;
	int tries;
	int rc; /* of the job */
	struct err error;
	struct job job;
	struct event *timer; /* until the next try of the commit */
	struct undo undo;
};

#define OF(j) \
	((struct claiming *)(void *)((char *)(j)-offsetof(struct claiming, \
							  job)))

#define OF_PROVISION(p) \
	((struct claiming *)(void *)((char *)(p)-offsetof(struct claiming, \
							  provision)))

static void commit(struct claiming *c);
static void ask_guest(struct claiming *c);
static void on_fail(void *owner, const struct err *e, bool lost);

static void
claiming_free(struct claiming *c)
{
	table_remove(&c->gw->claims, &c->entry);
	if (c->timer)
		event_free(c->timer);
	provision_fini(&c->provision);
	json_decref(c->plan);
	free(c->steps);
	free(c);
}

static void
free_entry(struct table_entry *entry, void *arg)
{
	(void)arg;
	claiming_free(table_object(entry, struct claiming, entry));
}

void
claim_free_all(struct gateway *gw)
{
	table_each(&gw->claims, free_entry, NULL);
}

static void
answer_row(struct claiming *c, int status)
{
	struct http_exchange *x = c->x;

	c->x = NULL;
	if (!x)
		return;
	if (x->grant.op == GRANT_OP_create)
		http_header(x, "Location", "/v1/sandboxes/%s", c->sandbox);
	reply_json(x, status, sandbox_json(&c->row));
}

static void
answer_running(struct claiming *c)
{
	bool made = c->x && c->x->grant.op == GRANT_OP_create;

	answer_row(c, made ? 201 : 200);
}

/* With what each step printed: a problem's words hold only the end of it. */
static void
answer_problem(struct claiming *c, const struct err *e)
{
	struct err shown = problem_public(e);
	json_t *problem =
		problem_json(&shown, c->x->request_id, "sandbox", c->sandbox);

	if (problem && c->steps)
		json_object_set_new(problem, "provision",
				    json_loads(c->steps, 0, NULL));
	reply_problem_json(c->x, e, problem);
}

/* Ends the claim without touching the VM. */
static void
give_up(struct claiming *c, const struct err *e)
{
	if (c->x)
		answer_problem(c, e);
	claiming_free(c);
}

static void
undone(struct undo *u)
{
	struct claiming *c =
		(struct claiming *)(void *)((char *)u -
					    offsetof(struct claiming, undo));

	give_up(c, &u->problem);
}

static void
fail(struct claiming *c, const struct err *e)
{
	if (c->row.state == SANDBOX_resuming) {
		pause_undo(c->gw, c->sandbox, c->row.op_id, e);
		give_up(c, e);
		return;
	}
	c->undo = (struct undo){
		.gw = c->gw,
		.creating_op_id = c->op_id,
		.problem = *e,
		.steps = c->steps,
		.done = undone,
	};
	text_copy(c->undo.sandbox, sizeof(c->undo.sandbox), c->sandbox);
	undo_start(&c->undo);
}

static void
run_commit(struct job *j, void *ctx)
{
	struct claiming *c = OF(j);
	struct sandbox now;

	c->rc = claim_db_commit(ctx, &c->row, c->steps, &now, &c->error);
	if (c->rc < 0)
		return;
	c->row = now;
	if (c->idem[0])
		store_idem_settle(ctx, c->idem, 200, &c->error);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	commit(arg);
}

static void
committed(struct job *j)
{
	struct claiming *c = OF(j);
	const struct timeval tv = {.tv_sec = CLAIM_RETRY_MS / 1000};

	if (c->rc == 0) {
		answer_running(c);
		claiming_free(c);
	} else if (c->error.code == ERR_DATABASE_UNAVAILABLE &&
		   ++c->tries < CLAIM_DB_TRIES && c->timer) {
		evtimer_add(c->timer, &tv);
	} else {
		/* Whoever moved the row, or the keeper, takes the VM away. */
		give_up(c, &c->error);
	}
}

static void
commit(struct claiming *c)
{
	c->job = (struct job){.run = run_commit, .done = committed};
	if (jobs_add(c->gw->db, &c->job) == 0)
		return;
	err_set(&c->error, ERR_OVERLOADED, "too much waits for the database");
	give_up(c, &c->error);
}

static void
provisioned(struct provision *p, const struct err *e, bool lost)
{
	struct claiming *c = OF_PROVISION(p);
	struct err problem;

	if (e && lost && ++c->losses <= CLAIM_LOSSES &&
	    e->code != ERR_GATEWAY_UNAVAILABLE) {
		ask_guest(c);
		return;
	}
	if (e) {
		on_fail(c, e, lost);
		return;
	}
	c->steps = provision_text(p);
	if (provision_verdict(p, &problem) < 0)
		fail(c, &problem);
	else
		commit(c);
}

static void
on_claimed(void *owner, const void *record)
{
	struct claiming *c = owner;
	struct provision *p = &c->provision;
	struct err e;

	(void)record; /* what a guest says of itself decides nothing */
	if (json_object_size(json_object_get(c->plan, "plan")) == 0) {
		commit(c);
		return;
	}
	provision_fini(p);
	*p = (struct provision){
		.gw = c->gw,
		.sandbox = c->sandbox,
		.boot = c->boot,
		.record = json_incref(json_object_get(c->plan, "plan")),
		.done = provisioned,
	};
	if (provision_start(p, &e) < 0)
		on_fail(c, &e, false);
}

static void
on_fail(void *owner, const struct err *e, bool lost)
{
	struct claiming *c = owner;
	struct err failed = *e;

	(void)lost;
	if (e->code == ERR_GATEWAY_UNAVAILABLE) {
		give_up(c, e); /* we stop: our successor goes on */
		return;
	}
	/* While there is no sandbox its guest's ends are the VMM's. */
	if (!err_retryable(e->code))
		err_set(&failed, ERR_VMM_FAILED, "the sandbox did not %s: %s",
			c->row.state == SANDBOX_resuming ? "go on" : "start",
			e->msg);
	fail(c, &failed);
}

static const struct stream_events events = {
	.end = on_claimed,
	.fail = on_fail,
};

#define SET(record, member, v) \
	((record)->member = (v), (record)->has_##member = true)

static struct stream *
open_claim(struct claiming *c, const char *entropy, const char *machine_id,
	   struct err *e)
{
	bool resuming = c->row.state == SANDBOX_resuming;
	json_t *env = json_object_get(c->plan, "env");
	struct claim record = {0};
	const struct stream_request r = {
		.sandbox = c->sandbox,
		.boot = c->boot,
		.up = resuming,
		.kind = &kind_claim,
		.record = &record,
		.timeout_ms = resuming ? CLAIM_RESUME_MS : CLAIM_MS,
		.whole = true,
		.events = &events,
		.owner = c,
	};

	SET(&record, sandbox, c->sandbox);
	SET(&record, entropy, entropy);
	SET(&record, hostname, c->sandbox);
	SET(&record, machine_id, machine_id);
	if (env)
		SET(&record, env, env);
	return stream_open(c->gw->channels, &r, e);
}

static void
ask_guest(struct claiming *c)
{
	uint8_t bytes[ENTROPY], id[MACHINE_ID];
	char machine_id[2 * MACHINE_ID + 1];
	auto_buf struct buf entropy = {0};
	struct err e;

	random_bytes(bytes, sizeof(bytes));
	random_bytes(id, sizeof(id));
	text_hex(machine_id, id, sizeof(id));
	buf_init(&entropy, 2 * sizeof(bytes));
	if (text_add_base64(&entropy, bytes, sizeof(bytes)) < 0)
		err_set(&e, ERR_INTERNAL, "no memory for entropy");
	else if (open_claim(c, buf_str(&entropy), machine_id, &e))
		return;
	fail(c, &e);
}

static void
run_resume(struct job *j, void *ctx)
{
	struct claiming *c = OF(j);
	const struct vmctl_switch_args a = {
		.sandbox = c->sandbox,
		.has_sandbox = true,
		.op_id = c->row.op_id,
		.has_op_id = true,
	};
	struct vmctl_vm vm;

	c->rc = vmctl_resume(ctx, &a, &vm, &c->error);
}

static void
resumed(struct job *j)
{
	struct claiming *c = OF(j);

	if (c->rc < 0) {
		fail(c, &c->error);
		return;
	}
	channels_release(c->gw->channels, c->sandbox);
	ask_guest(c);
}

static void
resume(struct claiming *c)
{
	c->job = (struct job){.run = run_resume, .done = resumed};
	if (jobs_add(c->gw->vm, &c->job) == 0)
		return;
	err_set(&c->error, ERR_OVERLOADED, "too much waits for vmctl");
	fail(c, &c->error);
}

static void
run_load(struct job *j, void *ctx)
{
	struct claiming *c = OF(j);

	c->rc = claim_db_load(ctx, c->gw->plan_key, c->sandbox, &c->row,
			      &c->plan, &c->error);
	if (c->rc == 0 && c->row.state == SANDBOX_creating)
		claim_db_renew(ctx, &c->row, c->gw->owner,
			       c->gw->conf.create_lease_s);
}

static void
loaded(struct job *j)
{
	struct claiming *c = OF(j);

	if (c->rc == 0 && c->row.state == SANDBOX_running) {
		/* A former gateway did it. */
		answer_running(c);
		claiming_free(c);
		return;
	}
	if (c->rc == 0 && c->row.state != SANDBOX_creating &&
	    c->row.state != SANDBOX_resuming)
		c->rc = claim_db_lost(&c->row, &c->error);
	if (c->rc < 0) {
		give_up(c, &c->error);
		return;
	}
	c->op_id = c->row.op_id;
	if (c->respond_async)
		answer_row(c, 202);
	if (c->row.state == SANDBOX_resuming)
		resume(c);
	else
		ask_guest(c);
}

static struct claiming *
begin(struct gateway *gw, const char *sandbox, int64_t boot, struct err *e)
{
	struct claiming *c = NULL;

	if (gw->claims.count < GATEWAY_CLAIMS_MAX)
		c = calloc(1, sizeof(*c));
	if (!c) {
		err_set(e, ERR_OVERLOADED, "too many sandboxes start at once");
		return NULL;
	}
	c->gw = gw;
	c->boot = boot;
	text_copy(c->sandbox, sizeof(c->sandbox), sandbox);
	c->timer = evtimer_new(gw->base, on_retry, c);
	c->job = (struct job){.run = run_load, .done = loaded};
	table_add(&gw->claims, &c->entry, c->sandbox);
	if (jobs_add(gw->db, &c->job) == 0)
		return c;
	err_set(e, ERR_OVERLOADED, "too much waits for the database");
	claiming_free(c);
	return NULL;
}

static struct claiming *
find(struct gateway *gw, const char *sandbox)
{
	struct table_entry *entry = table_find(&gw->claims, sandbox);

	return entry ? table_object(entry, struct claiming, entry) : NULL;
}

struct visit {
	void (*fn)(void *arg, const char *sandbox, int64_t op_id);
	void *arg;
};

static void
visit_entry(struct table_entry *entry, void *arg)
{
	const struct claiming *c = table_object(entry, struct claiming, entry);
	const struct visit *v = arg;

	if (c->op_id)
		v->fn(v->arg, c->sandbox, c->op_id);
}

void
claim_each(struct gateway *gw,
	   void (*fn)(void *arg, const char *sandbox, int64_t op_id), void *arg)
{
	struct visit v = {fn, arg};

	table_each(&gw->claims, visit_entry, &v);
}

void
claim_resume(struct gateway *gw, const char *sandbox, int64_t boot)
{
	struct err e;

	if (!find(gw, sandbox))
		begin(gw, sandbox, boot, &e);
}

static void
client_gone(void *ctx)
{
	struct claiming *c = ctx;

	c->x = NULL;
}

static const struct http_events client_events = {.gone = client_gone};

/* RFC 7240: a list of preferences, whose names are case-insensitive. */
static bool
wants_async(const struct http_exchange *x)
{
	const char *prefer = x->request->header[HTTP_prefer];

	return prefer && strcasestr(prefer, "respond-async");
}

void
claim_start(struct gateway *gw, struct http_exchange *x, const uint8_t *body,
	    size_t n)
{
	struct claiming *c = find(gw, x->grant.sandbox);
	bool begun = c != NULL;
	struct err e;

	(void)body; /* the worker read it */
	(void)n;
	if (c && c->x)
		err_set(&e, ERR_WRONG_STATE, "the sandbox is being started");
	if (!c)
		c = begin(gw, x->grant.sandbox, x->grant.boot, &e);
	if (!c || c->x) {
		reply_problem(x, &e);
		return;
	}
	/* Else a job may read it now: that key's lease will end by itself. */
	if (!begun)
		text_copy(c->idem, sizeof(c->idem), x->grant.idem);
	c->x = x;
	c->respond_async = x->grant.op == GRANT_OP_create && wants_async(x);
	x->events = &client_events;
	x->ctx = c;
}
