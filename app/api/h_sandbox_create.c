/*
 * Creating a sandbox. The order makes it safe to die anywhere: first one
 * transaction with the row, its lease and the Idempotency-Key; then vmctl,
 * which answers a repeat of the same op_id the same; then the gateway, which
 * makes it `running`. Whatever is left half-way when the lease is over, the
 * keeper destroys.
 */
#include "handlers.h"

#include <string.h>

#include "api.h"
#include "auto.h"
#include "call.h"
#include "destroy.h"
#include "err.h"
#include "gate.h"
#include "handover.h"
#include "idem_key.h"
#include "log.h"
#include "model/plan_crypt.h"
#include "model/problem.h"
#include "model/req_create.h"
#include "network.h"
#include "request.h"
#include "response.h"
#include "sandbox_answer.h"
#include "store/store_idempotency.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_create.h"
#include "store/store_sandbox_network.h"
#include "text.h"
#include "vmctl_client.h"

#define FIRST_OP 1

static int
fill_sandbox(const struct call *c, const struct req_create *r,
	     struct sandbox *s, struct err *e)
{
	if (req_create_sandbox(r, s, e))
		return -1;
	id_make(s->id, ID_SANDBOX);
	text_copy(s->account, sizeof(s->account), c->who.account.id);
	text_copy(s->host, sizeof(s->host), c->api->host);
	s->state = SANDBOX_creating;
	s->op_id = FIRST_OP;
	s->boot = FIRST_OP;
	return 0;
}

static bool
is_empty(const json_t *plan)
{
	return json_object_size(json_object_get(plan, "env")) == 0 &&
	       json_object_size(json_object_get(plan, "plan")) == 0;
}

/* Environment and plan, sealed; `out` stays empty when there are none. */
static int
seal_plan(const struct call *c, const struct req_create *r, const char *sandbox,
	  struct buf *out, struct err *e)
{
	auto_json json_t *plan = req_plan_make(r, e);
	auto_free char *text = NULL;
	int rc;

	if (!plan)
		return -1;
	if (is_empty(plan))
		return 0;
	text = json_text(plan);
	if (!text)
		return err_set(e, ERR_INTERNAL, "plan: out of memory");
	rc = plan_crypt_seal(c->api->plan_key, sandbox, text, strlen(text), out,
			     e);
	explicit_bzero(text, strlen(text));
	return rc;
}

static int
make_row(struct call *c, const struct sandbox *s, const struct buf *plan,
	 struct store_create_result *out, struct err *e)
{
	char owner[CALL_ACTOR_SIZE], actor[CALL_ACTOR_SIZE];
	struct store_create sc = {
		.sandbox = *s,
		.max_sandboxes = c->who.account.max_sandboxes,
		.owner = owner,
		.actor = actor,
		.lease_s = c->api->conf->create_lease_s,
		.plan = plan->len > 0 ? plan->data : NULL,
		.plan_len = plan->len,
		.idem_key = c->idem_key,
	};

	call_owner(owner);
	call_actor(c, actor);
	idem_key_hash(c, sc.request_hash);
	return store_sandbox_create(c->api->store, &sc, out, e);
}

/* Undoes the row; the keeper does when this cannot. */
static void
undo(struct call *c, const char *sandbox, bool asked_vmctl,
     const struct err *why)
{
	const struct err shown = problem_public(why);
	struct destroy d = {
		.sandbox = sandbox,
		.only_op_id = FIRST_OP,
		.never_made = !asked_vmctl,
		.reason = err_name(why->code),
		.problem = &shown,
	};
	struct err e;

	if (destroy_run(c, &d, &e))
		log_warn("create left to the keeper", "request",
			 c->req->request_id, "sandbox", sandbox, "error",
			 e.msg);
}

static int
call_vmctl(struct call *c, const struct sandbox *s, struct err *e)
{
	auto_json json_t *names = network_names(s);
	struct vmctl_create_args args = {
		.sandbox = s->id,
		.has_sandbox = true,
		.op_id = s->op_id,
		.has_op_id = true,
		.template = s->template_name,
		.has_template = true,
		.cpus = s->cpus,
		.has_cpus = true,
		.memory_mb = s->memory_mb,
		.has_memory_mb = true,
		.disk_gb = s->disk_gb,
		.has_disk_gb = true,
		.network_mode = s->network_mode,
		.has_network_mode = true,
		.allowlist = names,
		.has_allowlist = names != NULL,
	};
	struct vmctl_vm vm;

	if (vmctl_create(c->api->vmctl, &args, &vm, e))
		return -1;
	return vm.has_ip ? store_sandbox_ip(c->api->store, s->id, vm.ip, e) : 0;
}

/* The undoing is inside the gate too. */
static int
make_vm(struct call *c, const struct sandbox *s, struct err *e)
{
	struct api *a = c->api;
	struct err why;
	int rc;

	c->subject_type = "sandbox";
	c->subject_id = s->id;
	if (gate_enter(a->gate, a->worker, e)) {
		undo(c, s->id, false, e);
		return -1;
	}
	rc = call_vmctl(c, s, &why);
	if (rc)
		undo(c, s->id, true, &why);
	gate_leave(a->gate, a->worker);
	if (rc) {
		*e = why;
		return -1;
	}
	return handover_to_gateway(c, s, GRANT_OP_create, NULL, e);
}

/* A failure that a repeat may mend is told once more; then the key is free. */
static int
repeat_problem(struct call *c, const struct err *problem, struct err *e)
{
	struct err unused;

	if (err_retryable(problem->code))
		store_idem_release(c->api->store, c->who.account.id,
				   c->idem_key, &unused);
	*e = *problem;
	return -1;
}

/* The first request with this Idempotency-Key made a sandbox: shows it. */
static int
replay(struct call *c, const char *id, struct err *e)
{
	struct sandbox s;

	if (store_sandbox_get(c->api->store, c->who.account.id, id, &s, e))
		return -1;
	response_header(c->resp, "Idempotent-Replayed", "true");
	return sandbox_answer(c, 201, &s, e);
}

static int
follow(struct call *c, const struct sandbox *s,
       const struct store_create_result *r, struct err *e)
{
	switch (r->outcome) {
	case STORE_CREATED:
		return make_vm(c, s, e);
	case STORE_REPLAY:
		return replay(c, r->sandbox, e);
	case STORE_STILL_CREATING:
		return err_set(e, ERR_IDEMPOTENCY_RUNNING,
			       "sandbox %s is still being created", r->sandbox);
	case STORE_PROBLEM:
		return repeat_problem(c, &r->problem, e);
	case STORE_CONFLICT:
		return err_set(e, ERR_IDEMPOTENCY_CONFLICT,
			       "this Idempotency-Key was used for another "
			       "request");
	case STORE_OVER_QUOTA:
		return err_set(e, ERR_PLAN_LIMIT_REACHED,
			       "the account has %lld of %lld sandboxes",
			       (long long)r->count,
			       (long long)c->who.account.max_sandboxes);
	}
	return err_set(e, ERR_INTERNAL, "create: unknown outcome");
}

static int
create(struct call *c, const struct req_create *r, struct err *e)
{
	struct store_create_result result;
	struct sandbox s = {0};
	auto_buf struct buf plan = {0};

	buf_init(&plan, (size_t)STORE_PLAN_MAX);
	if (fill_sandbox(c, r, &s, e) || seal_plan(c, r, s.id, &plan, e) ||
	    make_row(c, &s, &plan, &result, e))
		return -1;
	return follow(c, &s, &result, e);
}

int
h_sandbox_create(struct call *c, struct err *e)
{
	static const char *const no_args[] = {NULL};
	auto_json json_t *body = NULL;
	struct req_create r;

	if (query_allow(&c->req->query, no_args, e))
		return -1;
	body = request_json(c->req, e);
	if (!body || req_create_read(body, c->req->alias, &r, e))
		return -1;
	return create(c, &r, e);
}
