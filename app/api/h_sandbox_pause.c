/*
 * Pause and resume: the worker moves the row to the transient state, which
 * takes an op_id and a lease; the gateway, which owns the guest's channel, does
 * the rest. What is left half-way when the lease is over, the keeper ends.
 */
#include "handlers.h"

#include <string.h>

#include "api.h"
#include "call.h"
#include "err.h"
#include "handover.h"
#include "idem_key.h"
#include "model/sandbox.h"
#include "request.h"
#include "response.h"
#include "sandbox_answer.h"
#include "store/store_idempotency.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_move.h"

/* Of a key whose request failed: then it may be used again. */
#define KEY_LEASE_S 15

static const char *const no_args[] = {NULL};

struct change {
	enum sandbox_state from, to, goal;
	enum grant_op op;
	const char *reason;
	const char *pause_reason;
};

static const struct change pause = {SANDBOX_running, SANDBOX_pausing,
				    SANDBOX_paused,  GRANT_OP_pause,
				    "pause",	     "user"};
static const struct change resume = {SANDBOX_paused,  SANDBOX_resuming,
				     SANDBOX_running, GRANT_OP_resume,
				     "resume",	      NULL};

static int
begin(struct call *c, const struct change *how,
      enum store_begin_outcome *outcome, struct sandbox *s, struct err *e)
{
	char actor[CALL_ACTOR_SIZE], owner[CALL_ACTOR_SIZE];
	char id[ID_SIZE];
	const struct store_begin b = {
		.account = c->who.account.id,
		.sandbox = id,
		.from = how->from,
		.to = how->to,
		.goal = how->goal,
		.owner = owner,
		.actor = actor,
		.reason = how->reason,
		.message = "",
		.pause_reason = how->pause_reason,
	};

	memcpy(id, s->id, sizeof(id));
	call_actor(c, actor);
	call_owner(owner);
	return store_sandbox_begin(c->api->store, &b, outcome, s, e);
}

static int
refuse(const struct sandbox *s, struct err *e)
{
	if (s->state == SANDBOX_pausing || s->state == SANDBOX_resuming)
		return err_set(
			e, ERR_WRONG_STATE, "sandbox %s is being %s", s->id,
			s->state == SANDBOX_pausing ? "paused" : "resumed");
	return call_refuse(s, e);
}

/* `idem`: see handover_settling. */
static int
run(struct call *c, const struct change *how, struct sandbox *s,
    const char *idem, struct err *e)
{
	enum store_begin_outcome outcome;
	struct err unused;

	if (strcmp(s->host, c->api->host) != 0)
		return err_set(e, ERR_GATEWAY_UNAVAILABLE,
			       "sandbox %s is on another host", s->id);
	if (begin(c, how, &outcome, s, e))
		return -1;
	if (outcome == STORE_BEGIN_REFUSED)
		return refuse(s, e);
	if (outcome != STORE_BEGIN_DONE)
		return handover_settling(c, s, how->op, idem, e);
	if (idem[0])
		store_idem_settle(c->api->store, idem, 200, &unused);
	return sandbox_answer(c, 200, s, e);
}

static int
claim(struct call *c, char resource[ID_SIZE], struct store_idem *first,
      struct err *e)
{
	uint8_t hash[IDEM_KEY_HASH_SIZE];
	const struct store_idem_claim sc = {
		.account = c->who.account.id,
		.key = c->idem_key,
		.request_hash = hash,
		.resource = resource,
		.lease_s = KEY_LEASE_S,
	};

	if (request_body(c->req, e))
		return -1;
	id_make(resource, ID_EXEC);
	idem_key_hash(c, hash);
	return store_idem_claim(c->api->store, &sc, first, e);
}

/* At most once for a key: a repeat shows the sandbox as it is. */
static int
run_once(struct call *c, const struct change *how, struct sandbox *s,
	 struct err *e)
{
	char resource[ID_SIZE];
	struct store_idem first;
	struct err unused;

	if (claim(c, resource, &first, e))
		return -1;
	switch (first.outcome) {
	case STORE_IDEM_CLAIMED:
		if (run(c, how, s, resource, e) == 0)
			return 0;
		store_idem_release(c->api->store, c->who.account.id,
				   c->idem_key, &unused);
		return -1;
	case STORE_IDEM_DONE:
		response_header(c->resp, "Idempotent-Replayed", "true");
		return sandbox_answer(c, 200, s, e);
	case STORE_IDEM_RUNNING:
		return err_set(e, ERR_IDEMPOTENCY_RUNNING,
			       "the first request with this Idempotency-Key "
			       "still runs");
	case STORE_IDEM_CONFLICT:
		break;
	}
	return err_set(e, ERR_IDEMPOTENCY_CONFLICT,
		       "this Idempotency-Key was used for another request");
}

static int
change(struct call *c, const struct change *how, struct err *e)
{
	struct sandbox s;

	if (query_allow(&c->req->query, no_args, e) || call_sandbox(c, &s, e))
		return -1;
	return c->idem_key ? run_once(c, how, &s, e) : run(c, how, &s, "", e);
}

int
h_sandbox_pause(struct call *c, struct err *e)
{
	return change(c, &pause, e);
}

int
h_sandbox_resume(struct call *c, struct err *e)
{
	return change(c, &resume, e);
}

/* A repeat does no harm: a key changes nothing. */
int
h_sandbox_keepalive(struct call *c, struct err *e)
{
	struct sandbox s;

	if (query_allow(&c->req->query, no_args, e) || call_guest(c, &s, e) ||
	    store_sandbox_touch(c->api->store, s.id, e))
		return -1;
	return sandbox_answer(c, 200, &s, e);
}
