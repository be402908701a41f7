#include "claim_db.h"

#include <string.h>

#include "auto.h"
#include "field.h"
#include "gateway.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_create.h"
#include "store/store_sandbox_move.h"
#include "store/store_sandbox_provision.h"

#define PLAN_DEPTH 4

static int
read_plan(const uint8_t key[PLAN_KEY_SIZE], const char *sandbox,
	  const struct buf *sealed, json_t **out_plan, struct err *e)
{
	auto_json json_t *json = NULL;
	auto_buf struct buf plain = {0};
	int rc;

	buf_init(&plain, STORE_PLAN_MAX);
	rc = plan_crypt_open(key, sandbox, sealed->data, sealed->len, &plain,
			     e);
	if (rc == 0)
		json = json_parse(buf_str(&plain), plain.len, PLAN_DEPTH, e);
	if (plain.data)
		explicit_bzero(plain.data, plain.len);
	if (!json)
		return err_wrap(e, "open the plan of %s", sandbox);
	*out_plan = steal_ptr(&json);
	return 0;
}

int
claim_db_load(struct store *s, const uint8_t key[PLAN_KEY_SIZE],
	      const char *sandbox, struct sandbox *out, json_t **out_plan,
	      struct err *e)
{
	auto_buf struct buf sealed = {0};

	buf_init(&sealed, STORE_PLAN_MAX);
	if (store_sandbox_get(s, NULL, sandbox, out, e) < 0)
		return -1;
	if (out->state != SANDBOX_creating)
		return 0;
	if (store_plan_get(s, sandbox, &sealed, e) < 0)
		return -1;
	return sealed.len ? read_plan(key, sandbox, &sealed, out_plan, e) : 0;
}

int
claim_db_lost(const struct sandbox *now, struct err *e)
{
	if (sandbox_state_alive(now->state))
		return err_set(e, ERR_WRONG_STATE, "sandbox %s is %s meanwhile",
			       now->id, sandbox_state_name(now->state));
	return err_set(e, ERR_SANDBOX_DESTROYED,
		       "the sandbox was destroyed while it was started");
}

int
claim_db_commit(struct store *s, const struct sandbox *row, const char *steps,
		struct sandbox *out, struct err *e)
{
	const struct store_move m = {
		.sandbox = row->id,
		.op_id = row->op_id,
		.from = row->state,
		.to = SANDBOX_running,
		.actor = GATEWAY_ACTOR,
		.reason =
			row->state == SANDBOX_resuming ? "resumed" : "claimed",
		.message = "",
	};
	enum store_move_outcome outcome;

	if (steps &&
	    store_sandbox_provision(s, row->id, row->op_id, steps, e) < 0)
		return -1;
	if (store_sandbox_move(s, &m, &outcome, out, e) < 0)
		return -1;
	if (outcome == STORE_MOVE_LOST)
		return claim_db_lost(out, e);
	return 0;
}

void
claim_db_renew(struct store *s, const struct sandbox *row, const char *owner,
	       int64_t lease_s)
{
	const struct store_renew renew = {row->id, row->op_id};
	struct err e;

	store_sandbox_renew(s, &renew, 1, owner, lease_s, &e);
}
