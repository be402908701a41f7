#include "handlers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "auto.h"
#include "call.h"
#include "err.h"
#include "exec_answer.h"
#include "handover.h"
#include "idem_key.h"
#include "model/req_exec.h"
#include "model/sandbox.h"
#include "request.h"
#include "response.h"
#include "store/store_exec.h"
#include "store/store_idempotency.h"
#include "text.h"

/* A grant's life and a start: then a command that is not there never ran. */
#define START_LEASE_S 40

#define SETTLE_LOOKS 3
#define SETTLE_NS 60000000

static const char *const no_args[] = {NULL};

/* Reads the row of a command that may have ended a moment ago: results are
 * written in batches. */
static int
get_settled(struct call *c, const struct sandbox *s, const char *exec,
	    struct store_exec *x, char **command, struct err *e)
{
	const struct timespec moment = {.tv_nsec = SETTLE_NS};
	bool is_argv;

	for (int i = 0; i < SETTLE_LOOKS; i++) {
		if (store_exec_get(c->api->store, c->who.account.id, s->id,
				   exec, x, command, &is_argv, e))
			return -1;
		if (x->status != EXEC_running || i + 1 == SETTLE_LOOKS)
			break;
		free(steal_ptr(command));
		nanosleep(&moment, NULL);
	}
	return 0;
}

/*
 * What the first request with this key came to. *out_known false: no such
 * command is known (yet).
 */
static int
replay(struct call *c, const struct sandbox *s, const char *exec,
       bool *out_known, struct err *e)
{
	auto_free char *command = NULL;
	struct store_exec x;

	*out_known = false;
	if (get_settled(c, s, exec, &x, &command, e))
		return e->code == ERR_EXEC_NOT_FOUND ? 0 : -1;
	*out_known = true;
	if (x.status == EXEC_running)
		return err_set(e, ERR_IDEMPOTENCY_RUNNING,
			       "command %s still runs", exec);
	response_header(c->resp, "Idempotent-Replayed", "true");
	return exec_answer_result(c, &x, command, e);
}

/* The resource here only tells this claim from another one: the command's id
 * follows from the request. */
static int
claim(struct call *c, enum store_idem_outcome *out, struct err *e)
{
	uint8_t hash[IDEM_KEY_HASH_SIZE];
	char resource[ID_SIZE];
	struct store_idem first;
	const struct store_idem_claim sc = {
		.account = c->who.account.id,
		.key = c->idem_key,
		.request_hash = hash,
		.resource = resource,
		.lease_s = START_LEASE_S,
	};

	id_make(resource, ID_EXEC);
	idem_key_hash(c, hash);
	if (store_idem_claim(c->api->store, &sc, &first, e))
		return -1;
	*out = first.outcome;
	return 0;
}

/* With an Idempotency-Key: the command runs at most once. The gateway checks
 * the body too; but a refused one must not use up the key. */
static int
start_once(struct call *c, const struct sandbox *s, struct err *e)
{
	auto_json json_t *body = request_json(c->req, e);
	enum store_idem_outcome outcome;
	struct req_exec r;
	bool known = false;

	if (!body || req_exec_read(body, &r, e) || claim(c, &outcome, e))
		return -1;
	if (outcome == STORE_IDEM_CONFLICT)
		return err_set(e, ERR_IDEMPOTENCY_CONFLICT,
			       "this Idempotency-Key was used for another "
			       "request");
	if (replay(c, s, c->exec, &known, e))
		return -1;
	if (known)
		return 0;
	if (outcome != STORE_IDEM_CLAIMED)
		return err_set(e, ERR_IDEMPOTENCY_RUNNING,
			       "command %s is being started", c->exec);
	return handover_to_gateway(c, s, GRANT_OP_exec, c->exec, e);
}

/* Every answer names the command, refusals too: whoever lost the answer can
 * ask for its result. */
static int
name_exec(struct call *c, struct err *e)
{
	if (!c->idem_key) {
		id_make(c->exec, ID_EXEC);
	} else {
		if (request_body(c->req, e))
			return -1;
		idem_key_exec(c, c->exec);
	}
	response_header(c->resp, "X-Exec-Id", c->exec);
	return 0;
}

int
h_exec_start(struct call *c, struct err *e)
{
	struct sandbox s;

	if (name_exec(c, e) || request_check_type(c->req, e) ||
	    query_allow(&c->req->query, no_args, e) || call_guest(c, &s, e))
		return -1;
	if (c->idem_key)
		return start_once(c, &s, e);
	return handover_to_gateway(c, &s, GRANT_OP_exec, c->exec, e);
}

static int
no_exec(struct err *e, const char *id)
{
	return err_set(e, ERR_EXEC_NOT_FOUND, "no command %s", id);
}

/* What the database does not know to have ended, the gateway may. */
static bool
ask_gateway(const struct call *c, const struct sandbox *s)
{
	return s->state == SANDBOX_running &&
	       strcmp(s->host, c->api->host) == 0;
}

int
h_exec_get(struct call *c, struct err *e)
{
	const char *id = c->match.params[1];
	auto_free char *command = NULL;
	struct store_exec x = {0};
	struct sandbox s;
	bool is_argv, found;

	if (query_allow(&c->req->query, no_args, e) || call_sandbox(c, &s, e))
		return -1;
	c->subject_type = "exec";
	c->subject_id = id;
	if (!id_valid(id, ID_EXEC))
		return no_exec(e, id);
	found = store_exec_get(c->api->store, c->who.account.id, s.id, id, &x,
			       &command, &is_argv, e) == 0;
	if (!found && e->code != ERR_EXEC_NOT_FOUND)
		return -1;
	response_header(c->resp, "X-Exec-Id", id);
	if ((!found || x.status == EXEC_running) && ask_gateway(c, &s))
		return handover_to_gateway(c, &s, GRANT_OP_exec_get, id, e);
	return found ? exec_answer_row(c, &x, command, e) : no_exec(e, id);
}
