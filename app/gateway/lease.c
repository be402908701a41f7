#include "lease.h"

#include <event2/event.h>
#include <stdlib.h>

#include "claim.h"
#include "err.h"
#include "gateway.h"
#include "id.h"
#include "jobs.h"
#include "store/store_sandbox_provision.h"
#include "text.h"

#define TURNS 4 /* in the time of a lease */

struct lease {
	struct gateway *gw;
	struct event *timer;
	bool busy; /* the job is on its way */
	char ids[GATEWAY_CLAIMS_MAX][ID_SIZE];
	struct store_renew list[GATEWAY_CLAIMS_MAX];
	size_t count;
	struct job job;
};

#define OF(j) \
	((struct lease *)(void *)((char *)(j)-offsetof(struct lease, job)))

/* A turn that fails is followed by others before the lease is over. */
static void
run_renew(struct job *j, void *ctx)
{
	struct lease *l = OF(j);
	struct err e;
	size_t n;

	for (size_t at = 0; at < l->count; at += n) {
		n = l->count - at;
		if (n > STORE_RENEW_BATCH)
			n = STORE_RENEW_BATCH;
		if (store_sandbox_renew(ctx, l->list + at, n, l->gw->owner,
					l->gw->conf.create_lease_s, &e) < 0)
			return;
	}
}

static void
renewed(struct job *j)
{
	OF(j)->busy = false;
}

static void
take(void *arg, const char *sandbox, int64_t op_id)
{
	struct lease *l = arg;

	if (l->count == GATEWAY_CLAIMS_MAX)
		return;
	text_copy(l->ids[l->count], ID_SIZE, sandbox);
	l->list[l->count] = (struct store_renew){l->ids[l->count], op_id};
	l->count++;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct lease *l = arg;

	(void)fd;
	(void)what;
	if (l->busy)
		return;
	l->count = 0;
	claim_each(l->gw, take, l);
	l->job = (struct job){.run = run_renew, .done = renewed};
	l->busy = l->count > 0 && jobs_add(l->gw->db, &l->job) == 0;
}

struct lease *
lease_new(struct gateway *gw)
{
	int64_t ms = gw->conf.create_lease_s * 1000 / TURNS;
	const struct timeval tv = {.tv_sec = ms / 1000,
				   .tv_usec = ms % 1000 * 1000};
	struct lease *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->gw = gw;
	l->timer = event_new(gw->base, -1, EV_PERSIST, on_timer, l);
	if (!l->timer || event_add(l->timer, &tv) < 0) {
		lease_free(l);
		return NULL;
	}
	return l;
}

void
lease_free(struct lease *l)
{
	if (!l)
		return;
	if (l->timer)
		event_free(l->timer);
	free(l);
}
