#include "pause.h"

#include <stdlib.h>

#include "channels.h"
#include "err.h"
#include "gateway.h"
#include "handlers.h"
#include "http.h"
#include "jobs.h"
#include "log.h"
#include "reply.h"
#include "store/store_idempotency.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_move.h"
#include "text.h"
#include "vmctl_client.h"

/* look (the row, database) -> stop (vmctl) -> settle (the row, database). */
struct pausing {
	struct table_entry entry; /* gateway.pauses */
	struct gateway *gw;
	struct http_exchange *x; /* NULL: nobody waits */
	char sandbox[ID_SIZE];
	char idem[ID_SIZE];
	int64_t undo_op_id; /* of a failed resume; 0: a pause */
	struct err why;	    /* it failed */
	struct sandbox row;
	int rc; /* of the job */
	struct err error;
	struct job job;
};

#define OF(j) \
	((struct pausing *)(void *)((char *)(j)-offsetof(struct pausing, job)))

static void
pausing_free(struct pausing *p)
{
	table_remove(&p->gw->pauses, &p->entry);
	free(p);
}

static void
free_entry(struct table_entry *entry, void *arg)
{
	(void)arg;
	pausing_free(table_object(entry, struct pausing, entry));
}

void
pause_free_all(struct gateway *gw)
{
	table_each(&gw->pauses, free_entry, NULL);
}

static void
end(struct pausing *p)
{
	if (p->x && p->rc == 0)
		reply_json(p->x, 200, sandbox_json(&p->row));
	else if (p->x)
		reply_problem(p->x, &p->error);
	else if (p->rc < 0)
		log_warn("pause left to the keeper", "sandbox", p->sandbox,
			 "error", p->error.msg);
	pausing_free(p);
}

static void
next(struct pausing *p, struct jobs *js, void (*run)(struct job *, void *),
     void (*done)(struct job *))
{
	p->job = (struct job){.run = run, .done = done};
	if (jobs_add(js, &p->job) == 0)
		return;
	p->rc = err_set(&p->error, ERR_OVERLOADED, "too many pauses wait");
	end(p);
}

static void
run_settle(struct job *j, void *ctx)
{
	struct pausing *p = OF(j);
	const struct store_move m = {
		.sandbox = p->sandbox,
		.op_id = p->row.op_id,
		.from = SANDBOX_pausing,
		.to = SANDBOX_paused,
		.actor = GATEWAY_ACTOR,
		.reason = "paused",
		.message = "",
	};
	enum store_move_outcome outcome;
	struct err unused;

	p->rc = store_sandbox_move(ctx, &m, &outcome, &p->row, &p->error);
	if (p->rc == 0 && outcome == STORE_MOVE_LOST)
		p->rc = err_set(&p->error, ERR_WRONG_STATE,
				"sandbox %s is %s meanwhile", p->sandbox,
				sandbox_state_name(p->row.state));
	if (p->rc == 0 && p->idem[0])
		store_idem_settle(ctx, p->idem, 200, &unused);
}

static void
settled(struct job *j)
{
	end(OF(j));
}

static void
run_stop(struct job *j, void *ctx)
{
	struct pausing *p = OF(j);
	const struct vmctl_switch_args a = {
		.sandbox = p->sandbox,
		.has_sandbox = true,
		.op_id = p->row.op_id,
		.has_op_id = true,
	};
	struct vmctl_vm vm;

	p->rc = vmctl_pause(ctx, &a, &vm, &p->error);
}

static void
stopped(struct job *j)
{
	struct pausing *p = OF(j);

	if (p->rc == 0)
		next(p, p->gw->db, run_settle, settled);
	else
		end(p);
}

static int
begin_undo(struct pausing *p, struct store *s)
{
	const struct store_begin b = {
		.sandbox = p->sandbox,
		.from = SANDBOX_resuming,
		.to = SANDBOX_pausing,
		.goal = SANDBOX_paused,
		.only_op_id = p->undo_op_id,
		.owner = p->gw->owner,
		.actor = GATEWAY_ACTOR,
		.reason = err_name(p->why.code),
		.message = p->why.msg,
	};
	enum store_begin_outcome outcome;

	return store_sandbox_begin(s, &b, &outcome, &p->row, &p->error);
}

static void
run_look(struct job *j, void *ctx)
{
	struct pausing *p = OF(j);

	p->rc = p->undo_op_id ? begin_undo(p, ctx)
			      : store_sandbox_get(ctx, NULL, p->sandbox,
						  &p->row, &p->error);
}

static void
looked(struct job *j)
{
	struct pausing *p = OF(j);
	bool stops = p->rc == 0 && p->row.state == SANDBOX_pausing;
	bool stands = p->rc == 0 && p->row.state == SANDBOX_paused;

	if (stops || stands)
		channels_hold(p->gw->channels, p->sandbox);
	if (stops) {
		next(p, p->gw->vm, run_stop, stopped);
		return;
	}
	if (p->rc == 0 && !stands)
		p->rc = err_set(&p->error, ERR_WRONG_STATE,
				"sandbox %s is %s meanwhile", p->sandbox,
				sandbox_state_name(p->row.state));
	end(p);
}

static struct pausing *
find(struct gateway *gw, const char *sandbox)
{
	struct table_entry *entry = table_find(&gw->pauses, sandbox);

	return entry ? table_object(entry, struct pausing, entry) : NULL;
}

static struct pausing *
begin(struct gateway *gw, const char *sandbox, struct err *e)
{
	struct pausing *p = NULL;

	if (find(gw, sandbox)) {
		err_set(e, ERR_WRONG_STATE, "sandbox %s is being paused",
			sandbox);
		return NULL;
	}
	if (gw->pauses.count < GATEWAY_CLAIMS_MAX)
		p = calloc(1, sizeof(*p));
	if (!p) {
		err_set(e, ERR_OVERLOADED, "too many sandboxes are paused");
		return NULL;
	}
	p->gw = gw;
	text_copy(p->sandbox, sizeof(p->sandbox), sandbox);
	table_add(&gw->pauses, &p->entry, p->sandbox);
	return p;
}

void
pause_resume(struct gateway *gw, const char *sandbox)
{
	struct err e;
	struct pausing *p = begin(gw, sandbox, &e);

	if (p)
		next(p, gw->db, run_look, looked);
}

void
pause_undo(struct gateway *gw, const char *sandbox, int64_t op_id,
	   const struct err *why)
{
	struct err e;
	struct pausing *p = begin(gw, sandbox, &e);

	if (!p)
		return;
	p->undo_op_id = op_id;
	p->why = *why;
	next(p, gw->db, run_look, looked);
}

static void
client_gone(void *ctx)
{
	struct pausing *p = ctx;

	p->x = NULL;
}

static const struct http_events client_events = {.gone = client_gone};

void
pause_start(struct gateway *gw, struct http_exchange *x, const uint8_t *body,
	    size_t n)
{
	struct pausing *p = find(gw, x->grant.sandbox);
	bool begun = p && !p->x; /* its client left, or there never was one */
	struct err e;

	(void)body;
	(void)n;
	if (!begun)
		p = begin(gw, x->grant.sandbox, &e);
	if (!p) {
		reply_problem(x, &e);
		return;
	}
	p->x = x;
	x->events = &client_events;
	x->ctx = p;
	if (begun)
		return;
	/* Else a job may read it now: that key's lease will end by itself. */
	text_copy(p->idem, sizeof(p->idem), x->grant.idem);
	next(p, gw->db, run_look, looked);
}
