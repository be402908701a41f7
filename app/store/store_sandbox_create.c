/*
 * Theory of operation: raising account.lock_seq locks the account's row, so
 * creates of one account come one after the other, on any number of hosts. The
 * row is inserted before the account's sandboxes are counted, so that a
 * transaction whose COMMIT was not answered finds itself when it runs again.
 */
#include "store/store_sandbox_create.h"

#include <assert.h>
#include <string.h>

#include "store/idem.h"
#include "store/sandbox_row.h"
#include "store/transition.h"
#include "store/tx.h"

/* The answer is given; the rest of the transaction is not run. */
enum step { STEP_FAILED = -1, STEP_ON, STEP_ANSWERED };

struct create_arg {
	const struct store_create *c;
	struct store_create_result out;
};

static int
answer(struct create_arg *a, enum store_create_outcome outcome)
{
	a->out.outcome = outcome;
	return STEP_ANSWERED;
}

static int
lock_account(struct store *s, const char *account, struct err *e)
{
	int64_t n;

	if (stmt_run(s, STMT_account_lock, CELLS(cell_text(account)), &n, e) <
	    0)
		return -1;
	return n == 1 ? 0 : err_set(e, ERR_NOT_FOUND, "no account %s", account);
}

/* The first request's sandbox tells how far it came. */
static int
answer_by_sandbox(struct store *s, struct create_arg *a, struct err *e)
{
	struct sandbox first;
	int n = stmt_one(s, STMT_sandbox_get, CELLS(cell_text(a->out.sandbox)),
			 &sandbox_record, &first, e);

	if (n < 0)
		return STEP_FAILED;
	return answer(a, n == 1 && first.state == SANDBOX_creating
				 ? STORE_STILL_CREATING
				 : STORE_REPLAY);
}

static int
claim_key(struct store *s, struct create_arg *a, struct err *e)
{
	struct store_idem_claim claim = {
		.account = a->c->sandbox.account,
		.key = a->c->idem_key,
		.request_hash = a->c->request_hash,
		.resource = a->c->sandbox.id,
		.lease_s = INT32_MAX, /* the sandbox has a lease of its own */
	};
	struct store_idem idem;

	if (!claim.key)
		return STEP_ON;
	if (idem_claim(s, &claim, &idem, e) < 0)
		return STEP_FAILED;
	memcpy(a->out.sandbox, idem.resource, sizeof(a->out.sandbox));
	a->out.problem = idem.problem;
	if (idem.outcome == STORE_IDEM_CLAIMED)
		return STEP_ON;
	if (idem.outcome == STORE_IDEM_CONFLICT)
		return answer(a, STORE_CONFLICT);
	if (idem.problem.code != ERR_NONE)
		return answer(a, STORE_PROBLEM);
	return answer_by_sandbox(s, a, e);
}

static int
insert_sandbox(struct store *s, struct create_arg *a, struct err *e)
{
	const struct store_create *c = a->c;
	const struct sandbox *sb = &c->sandbox;

	if (stmt_run(s, STMT_sandbox_insert,
		     CELLS(cell_text(sb->id), cell_text(sb->account),
			   cell_text(sb->host), cell_int(sb->op_id),
			   cell_int(sb->boot), cell_text(c->owner),
			   cell_int(c->lease_s), cell_text(sb->template_name),
			   cell_int(sb->cpus), cell_int(sb->memory_mb),
			   cell_int(sb->disk_gb), cell_text(sb->network_mode),
			   cell_text(sb->allowlist[0] ? sb->allowlist : "[]"),
			   cell_text(sb->name),
			   cell_text(sb->metadata[0] ? sb->metadata : "{}"),
			   cell_text(sb->ports[0] ? sb->ports : "[]"),
			   cell_int(sb->timeout_s), cell_text(sb->repo_url),
			   cell_text(sb->init_script),
			   sb->lifetime_s ? cell_int(sb->lifetime_s)
					  : cell_text(NULL)),
		     NULL, e) == 0)
		return STEP_ON;
	if (s->fail != DB_FAIL_TAKEN)
		return STEP_FAILED;
	return answer(a, STORE_CREATED); /* committed by the run before */
}

struct count_row {
	int64_t count;
};

static int
check_quota(struct store *s, struct create_arg *a, struct err *e)
{
	static const struct column columns[] = {
		COLUMN(count_row, INT, count, NULL),
	};
	static const struct record record = RECORD(columns);
	struct cell cells[1 + STATE_SLOTS] = {
		cell_text(a->c->sandbox.account),
	};
	struct count_row row;
	unsigned states = 0;

	if (a->c->max_sandboxes == 0)
		return STEP_ON;
	for (int i = 0; i < SANDBOX_STATE_COUNT; i++) {
		if (sandbox_state_counts((enum sandbox_state)i))
			states |= 1u << i;
	}
	sandbox_row_states(cells + 1, states);
	if (stmt_one(s, STMT_sandbox_count, cells, 1 + STATE_SLOTS, &record,
		     &row, e) < 0)
		return STEP_FAILED;
	if (row.count <= a->c->max_sandboxes)
		return STEP_ON;
	a->out.count = row.count - 1; /* without the one just inserted */
	a->out.outcome = STORE_OVER_QUOTA;
	return err_set(e, ERR_PLAN_LIMIT_REACHED, "undo the insert");
}

static int
insert_rest(struct store *s, struct create_arg *a, struct err *e)
{
	const struct store_create *c = a->c;
	struct transition t = {
		.sandbox = c->sandbox.id,
		.from = "",
		.to = sandbox_state_name(SANDBOX_creating),
		.op_id = c->sandbox.op_id,
		.actor = c->actor,
		.reason = "create",
	};

	if (c->plan && stmt_run(s, STMT_plan_insert,
				CELLS(cell_text(c->sandbox.id),
				      cell_blob(c->plan, c->plan_len)),
				NULL, e) < 0)
		return STEP_FAILED;
	if (transition_add(s, &t, e) < 0)
		return STEP_FAILED;
	return answer(a, STORE_CREATED);
}

static int
create(struct store *s, void *arg, struct err *e)
{
	static int (*const steps[])(struct store * s, struct create_arg * a,
				    struct err * e) = {
		claim_key, insert_sandbox, check_quota, insert_rest};
	struct create_arg *a = arg;
	int rc = STEP_ON;

	a->out = (struct store_create_result){0};
	if (lock_account(s, a->c->sandbox.account, e) < 0)
		return -1;
	for (size_t i = 0; rc == STEP_ON; i++) {
		assert(i < sizeof(steps) / sizeof(steps[0]));
		rc = steps[i](s, a, e);
	}
	return rc == STEP_FAILED ? -1 : 0;
}

int
store_sandbox_create(struct store *s, const struct store_create *c,
		     struct store_create_result *out, struct err *e)
{
	struct create_arg a = {.c = c};
	struct err why = {0};

	assert(c->plan_len <= STORE_PLAN_MAX);
	assert(c->sandbox.op_id >= 1 && c->sandbox.boot == c->sandbox.op_id);
	if (tx_run(s, 0, create, &a, &why) < 0 &&
	    (why.code != ERR_PLAN_LIMIT_REACHED)) {
		*e = why;
		return -1;
	}
	*out = a.out;
	return 0;
}
