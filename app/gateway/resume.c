#include "resume.h"

#include <event2/event.h>
#include <stdlib.h>

#include "claim.h"
#include "collect.h"
#include "err.h"
#include "gateway.h"
#include "id.h"
#include "jobs.h"
#include "pause.h"
#include "store/store_exec.h"
#include "store/store_sandbox.h"
#include "text.h"
#include "vmctl_client.h"

#define PAGE 100

struct left {
	char sandbox[ID_SIZE];
	int64_t boot;
	enum sandbox_state state;
	bool live; /* creating: its VMM exists; running: commands may run */
};

struct resume {
	struct gateway *gw;
	struct left *list; /* RESUME_MAX of them, while it works */
	size_t count;
	uint64_t after; /* the last row of a page */
	size_t page;	/* its rows */
	int rc;
	struct job job;
	struct event *timer;
};

#define OF(j) \
	((struct resume *)(void *)((char *)(j)-offsetof(struct resume, job)))

static int
add_row(void *arg, const struct store_host_row *row)
{
	const struct sandbox *sb = &row->sandbox;
	struct resume *r = arg;
	struct left *l = &r->list[r->count];

	r->after = sb->seq;
	r->page++;
	if (sb->state != SANDBOX_running && !sandbox_state_transient(sb->state))
		return 0;
	*l = (struct left){
		.boot = sb->boot,
		.state = sb->state,
	};
	text_copy(l->sandbox, sizeof(l->sandbox), sb->id);
	return ++r->count == RESUME_MAX;
}

static int
has_exec(void *arg, const struct store_exec *x)
{
	bool *live = arg;

	(void)x;
	*live = true;
	return 1;
}

static void
run_read(struct job *j, void *ctx)
{
	struct resume *r = OF(j);
	struct left *l;
	struct err e;

	r->count = 0;
	r->after = 0;
	do {
		r->page = 0;
		r->rc = store_sandbox_host_rows(ctx, r->gw->host, r->after,
						PAGE, add_row, r, &e);
	} while (r->rc == 0 && r->page == PAGE && r->count < RESUME_MAX);
	for (size_t i = 0; r->rc == 0 && i < r->count; i++) {
		l = &r->list[i];
		if (l->state == SANDBOX_running)
			r->rc = store_exec_running(ctx, l->sandbox, 1, has_exec,
						   &l->live, &e);
	}
}

/* A create whose VM vmctl still makes has a worker that will hand it over. */
static void
run_stat(struct job *j, void *ctx)
{
	struct resume *r = OF(j);
	struct vmctl_vm vm;
	struct err e;

	for (size_t i = 0; i < r->count; i++)
		if (r->list[i].state == SANDBOX_creating &&
		    vmctl_stat(ctx, r->list[i].sandbox, &vm, &e) == 0)
			r->list[i].live = vmctl_state_from_name(vm.state) ==
					  VMCTL_STATE_running;
}

static void
stat_done(struct job *j)
{
	struct resume *r = OF(j);
	const struct left *l;

	for (size_t i = 0; i < r->count && !r->gw->stopping; i++) {
		l = &r->list[i];
		if (l->state == SANDBOX_resuming ||
		    (l->live && l->state == SANDBOX_creating))
			claim_resume(r->gw, l->sandbox, l->boot);
		else if (l->state == SANDBOX_pausing)
			pause_resume(r->gw, l->sandbox);
		else if (l->live)
			collect_start(r->gw, l->sandbox, l->boot);
	}
	free(r->list);
	r->list = NULL;
}

static void
retry(struct resume *r)
{
	const struct timeval tv = {.tv_sec = RESUME_RETRY_MS / 1000};

	if (!r->gw->stopping)
		evtimer_add(r->timer, &tv);
}

static void
read_done(struct job *j)
{
	struct resume *r = OF(j);

	r->job = (struct job){.run = run_stat, .done = stat_done};
	if (r->rc < 0 || jobs_add(r->gw->vm, &r->job) < 0)
		retry(r);
}

static void
start(struct resume *r)
{
	r->job = (struct job){.run = run_read, .done = read_done};
	if (jobs_add(r->gw->db, &r->job) < 0)
		retry(r);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	start(arg);
}

struct resume *
resume_new(struct gateway *gw)
{
	struct resume *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->gw = gw;
	r->list = calloc(RESUME_MAX, sizeof(*r->list));
	r->timer = evtimer_new(gw->base, on_timer, r);
	if (!r->list || !r->timer) {
		resume_free(r);
		return NULL;
	}
	start(r);
	return r;
}

void
resume_free(struct resume *r)
{
	if (!r)
		return;
	if (r->timer)
		event_free(r->timer);
	free(r->list);
	free(r);
}
