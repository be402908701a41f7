#include "store/store_sandbox_move.h"

#include <assert.h>
#include <string.h>

#include "store/idem.h"
#include "store/sandbox_row.h"
#include "store/transition.h"
#include "store/tx.h"

struct move_arg {
	const struct store_move *m;
	enum store_move_outcome outcome;
	struct sandbox row;
};

/* With a lock: whoever reads it here decides alone until the commit. */
static int
lock_row(struct store *s, const char *account, const char *id,
	 struct sandbox *row, struct err *e)
{
	int n = stmt_one(s, STMT_sandbox_lock, CELLS(cell_text(id)),
			 &sandbox_record, row, e);

	if (n < 0)
		return -1;
	if (n == 0 || (account && strcmp(row->account, account) != 0))
		return err_set(e, ERR_SANDBOX_NOT_FOUND, "no sandbox %s", id);
	return 0;
}

static int
read_row(struct store *s, struct sandbox *row, struct err *e)
{
	char id[ID_SIZE];
	int n;

	memcpy(id, row->id, sizeof(id));
	n = stmt_one(s, STMT_sandbox_get, CELLS(cell_text(id)), &sandbox_record,
		     row, e);
	assert(n != 0); /* its row is locked by us */
	return n < 0 ? -1 : 0;
}

static int
open_run(struct store *s, const struct sandbox *sb, struct err *e)
{
	return stmt_run(s, STMT_run_open,
			CELLS(cell_text(sb->id), cell_text(sb->account),
			      cell_text(sb->host), cell_int(sb->boot),
			      cell_int(sb->cpus), cell_int(sb->memory_mb),
			      cell_int(sb->disk_gb)),
			NULL, e);
}

/* A VMM that was found dead ran until it was last seen alive. */
static int
close_run(struct store *s, const char *id, bool found_dead, struct err *e)
{
	return stmt_run(s, STMT_run_close,
			CELLS(cell_int(found_dead), cell_text(id)), NULL, e);
}

/* What the state `from` had and `to` has not ends. */
static int
leave(struct store *s, const char *id, enum sandbox_state from,
      enum sandbox_state to, struct err *e)
{
	if (from == SANDBOX_running &&
	    close_run(s, id, to == SANDBOX_error, e) < 0)
		return -1;
	if (!sandbox_state_alive(from) || sandbox_state_alive(to))
		return 0;
	return stmt_run(s, STMT_exec_lost_all, CELLS(cell_text(id)), NULL, e);
}

static int
side_effects(struct store *s, const struct store_move *m,
	     const struct sandbox *row, struct err *e)
{
	if (leave(s, m->sandbox, m->from, m->to, e) < 0)
		return -1;
	if (m->to == SANDBOX_running)
		return open_run(s, row, e);
	if (m->to == SANDBOX_destroyed)
		return stmt_run(s, STMT_plan_delete,
				CELLS(cell_text(m->sandbox)), NULL, e);
	return 0;
}

static int
compare_and_set(struct store *s, const struct store_move *m, struct err *e)
{
	bool failed = m->to == SANDBOX_error;
	bool ended =
		sandbox_state_alive(m->from) && !sandbox_state_alive(m->to);
	int64_t n;

	if (stmt_run(s, STMT_sandbox_move,
		     CELLS(cell_text(sandbox_state_name(m->to)),
			   cell_text(failed ? m->reason : NULL),
			   cell_text(failed ? m->message : NULL),
			   cell_int(m->to == SANDBOX_running),
			   cell_int(m->to == SANDBOX_running), cell_int(ended),
			   cell_int(m->to == SANDBOX_destroyed),
			   cell_text(m->sandbox), cell_int(m->op_id),
			   cell_text(sandbox_state_name(m->from))),
		     &n, e) < 0)
		return -1;
	assert(n == 1); /* its row is locked by us */
	return 0;
}

static int
move(struct store *s, void *arg, struct err *e)
{
	struct move_arg *a = arg;
	const struct store_move *m = a->m;
	struct transition t = {
		.sandbox = m->sandbox,
		.from = sandbox_state_name(m->from),
		.to = sandbox_state_name(m->to),
		.op_id = m->op_id,
		.actor = m->actor,
		.reason = m->reason,
		.message = m->message,
	};

	if (lock_row(s, NULL, m->sandbox, &a->row, e) < 0)
		return -1;
	a->outcome = STORE_MOVE_LOST;
	if (a->row.op_id == m->op_id && a->row.state == m->to)
		a->outcome = STORE_MOVED_BEFORE;
	if (a->row.op_id != m->op_id || a->row.state != m->from)
		return 0;
	a->outcome = STORE_MOVED;
	if (compare_and_set(s, m, e) < 0 || transition_add(s, &t, e) < 0 ||
	    side_effects(s, m, &a->row, e) < 0)
		return -1;
	return read_row(s, &a->row, e);
}

int
store_sandbox_move(struct store *s, const struct store_move *m,
		   enum store_move_outcome *out, struct sandbox *out_now,
		   struct err *e)
{
	struct move_arg a = {.m = m};

	assert(sandbox_move_legal(m->from, m->to));
	assert(m->to != SANDBOX_destroying);
	if (tx_run(s, 0, move, &a, e) < 0)
		return -1;
	*out = a.outcome;
	if (out_now)
		*out_now = a.row;
	return 0;
}

struct destroy_arg {
	const struct store_destroy *d;
	enum store_destroy_outcome outcome;
	struct sandbox row;
};

static int
tell_repeats(struct store *s, const struct store_destroy *d, struct err *e)
{
	return stmt_run(
		s, STMT_idem_fail,
		CELLS(IDEM_OUTCOME(err_status(d->problem->code), d->problem),
		      cell_text(d->sandbox)),
		NULL, e);
}

static int
set_destroying(struct store *s, const struct destroy_arg *a, struct err *e)
{
	const struct store_destroy *d = a->d;
	const struct sandbox *row = &a->row;
	bool was_alive = sandbox_state_alive(row->state);
	int64_t n;

	if (stmt_run(s, STMT_sandbox_begin_destroy,
		     CELLS(cell_text(d->owner), cell_int(STORE_DESTROY_LEASE_S),
			   cell_text(d->problem ? err_name(d->problem->code)
						: NULL),
			   cell_text(d->problem ? d->problem->msg : NULL),
			   cell_int(was_alive), cell_text(row->id),
			   cell_int(row->op_id),
			   cell_text(sandbox_state_name(row->state))),
		     &n, e) < 0)
		return -1;
	assert(n == 1); /* its row is locked by us */
	if (leave(s, row->id, row->state, SANDBOX_destroying, e) < 0)
		return -1;
	return d->problem ? tell_repeats(s, d, e) : 0;
}

/* What there is to do, from the locked row alone. */
static enum store_destroy_outcome
destroy_outcome(const struct store_destroy *d, const struct sandbox *row)
{
	bool ours =
		row->state == SANDBOX_creating && row->op_id == d->only_op_id;

	if (row->state == SANDBOX_destroyed)
		return STORE_DESTROY_DONE;
	if (row->state == SANDBOX_destroying)
		return STORE_DESTROY_RUNNING;
	if (d->only_op_id && !ours)
		return STORE_DESTROY_LOST;
	return STORE_DESTROY_BEGUN;
}

static int
begin_destroy(struct store *s, void *arg, struct err *e)
{
	struct destroy_arg *a = arg;
	const struct store_destroy *d = a->d;
	struct transition t = {
		.sandbox = d->sandbox,
		.to = sandbox_state_name(SANDBOX_destroying),
		.actor = d->actor,
		.reason = d->reason,
		.message = d->message,
	};

	if (lock_row(s, d->account, d->sandbox, &a->row, e) < 0)
		return -1;
	a->outcome = destroy_outcome(d, &a->row);
	if (a->outcome != STORE_DESTROY_BEGUN)
		return 0;
	assert(sandbox_move_legal(a->row.state, SANDBOX_destroying));
	if (set_destroying(s, a, e) < 0)
		return -1;
	a->row.op_id++;
	t.from = sandbox_state_name(a->row.state);
	t.op_id = a->row.op_id;
	return transition_add(s, &t, e);
}

int
store_sandbox_begin_destroy(struct store *s, const struct store_destroy *d,
			    enum store_destroy_outcome *out, int64_t *out_op_id,
			    struct err *e)
{
	struct destroy_arg a = {.d = d};

	if (tx_run(s, 0, begin_destroy, &a, e) < 0)
		return -1;
	*out = a.outcome;
	*out_op_id = a.row.op_id;
	return 0;
}

struct begin_arg {
	const struct store_begin *b;
	enum store_begin_outcome outcome;
	struct sandbox row;
};

static enum store_begin_outcome
begin_outcome(const struct store_begin *b, const struct sandbox *row)
{
	if (row->state == b->to)
		return STORE_BEGIN_RUNNING;
	if (row->state == b->goal)
		return STORE_BEGIN_DONE;
	if (row->state != b->from ||
	    (b->only_op_id && row->op_id != b->only_op_id))
		return STORE_BEGIN_REFUSED;
	return STORE_BEGUN;
}

static int
set_transient(struct store *s, const struct store_begin *b,
	      const struct sandbox *row, struct err *e)
{
	int64_t n;

	if (stmt_run(s, STMT_sandbox_begin,
		     CELLS(cell_text(sandbox_state_name(b->to)),
			   cell_text(b->owner), cell_int(STORE_BEGIN_LEASE_S),
			   cell_text(b->pause_reason), cell_text(row->id),
			   cell_int(row->op_id),
			   cell_text(sandbox_state_name(b->from))),
		     &n, e) < 0)
		return -1;
	assert(n == 1); /* its row is locked by us */
	return leave(s, row->id, b->from, b->to, e);
}

static int
begin(struct store *s, void *arg, struct err *e)
{
	struct begin_arg *a = arg;
	const struct store_begin *b = a->b;
	struct transition t = {
		.sandbox = b->sandbox,
		.from = sandbox_state_name(b->from),
		.to = sandbox_state_name(b->to),
		.actor = b->actor,
		.reason = b->reason,
		.message = b->message,
	};

	if (lock_row(s, b->account, b->sandbox, &a->row, e) < 0)
		return -1;
	a->outcome = begin_outcome(b, &a->row);
	if (a->outcome != STORE_BEGUN)
		return 0;
	t.op_id = a->row.op_id + 1;
	if (set_transient(s, b, &a->row, e) < 0 || transition_add(s, &t, e) < 0)
		return -1;
	return read_row(s, &a->row, e);
}

int
store_sandbox_begin(struct store *s, const struct store_begin *b,
		    enum store_begin_outcome *out, struct sandbox *out_now,
		    struct err *e)
{
	struct begin_arg a = {.b = b};

	assert(sandbox_move_legal(b->from, b->to));
	assert(sandbox_move_legal(b->to, b->goal));
	if (tx_run(s, 0, begin, &a, e) < 0)
		return -1;
	*out = a.outcome;
	*out_now = a.row;
	return 0;
}
