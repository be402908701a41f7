#include "gateway.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "auto.h"
#include "channels.h"
#include "claim.h"
#include "collect.h"
#include "err.h"
#include "exec.h"
#include "grants.h"
#include "http.h"
#include "jobs.h"
#include "lease.h"
#include "log.h"
#include "pause.h"
#include "proc.h"
#include "resume.h"
#include "route.h"
#include "scribe.h"
#include "store/store.h"
#include "text.h"
#include "timeutil.h"
#include "vm_open.h"
#include "vmctl_client.h"

#define BACKLOG 1024
#define STOP_TICK_US 20000 /* while it stops: is everything done? */

/* nginx reaches the socket through its folder's group. */
static int
listen_at(const char *path, struct err *e)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	auto_close int fd = -1;

	if (text_copy(sa.sun_path, sizeof(sa.sun_path), path) < 0)
		return err_set(e, ERR_INTERNAL, "%s: the path is too long",
			       path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || (unlink(path) < 0 && errno != ENOENT) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    chmod(path, 0660) < 0 || listen(fd, BACKLOG) < 0)
		return err_errno(e, "listen at %s", path);
	return steal_fd(&fd);
}

static void
on_up(void *arg, const char *sandbox, int64_t boot, bool claimed)
{
	if (claimed)
		collect_start(arg, sandbox, boot);
}

static void
on_misbehaved(void *arg, const char *sandbox, const char *why)
{
	(void)arg;
	log_warn("guest broke the protocol", "sandbox", sandbox, "why", why);
}

static const struct channel_host channel_host = {
	.open = vm_open,
	.up = on_up,
	.misbehaved = on_misbehaved,
};

static int
save(void *ctx, const struct store_exec_item *items, size_t n, struct err *e)
{
	return store_exec_save(ctx, items, n, e);
}

static void
on_drained(void *arg)
{
	exec_drained(arg);
}

static void
on_saved(void *arg, const char *exec)
{
	exec_saved(arg, exec);
}

static void
on_trouble(void *arg, const struct err *e)
{
	(void)arg;
	if (e)
		log_error("execs wait for the database", "code",
			  err_name(e->code), "why", e->msg);
	else
		log_info("execs are written again");
}

static const struct scribe_hooks scribe_hooks = {
	.save = save,
	.drained = on_drained,
	.saved = on_saved,
	.trouble = on_trouble,
};

static void
on_stop_tick(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval tick = {.tv_usec = STOP_TICK_US};
	struct gateway *gw = arg;
	bool held = http_busy(gw->http) && time_mono_ms() < gw->stop_by_ms;
	bool unwritten = !scribe_idle(gw->scribe) &&
			 time_mono_ms() < gw->stop_by_ms + GATEWAY_FLUSH_MS;

	(void)fd;
	(void)what;
	if (held || unwritten)
		evtimer_add(gw->stop_timer, &tick);
	else
		event_base_loopbreak(gw->base);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct gateway *gw = arg;

	(void)what;
	if (gw->stopping)
		return;
	log_info("stopping", "signal", strsignal(sig));
	gw->stopping = true;
	gw->stop_by_ms = time_mono_ms() + GATEWAY_STOP_MS;
	http_stop(gw->http);
	on_stop_tick(-1, 0, gw);
}

static int
open_identity(struct gateway *gw, const struct conf *c, struct err *e)
{
	gw->conf = *c;
	if (text_copy(gw->host, sizeof(gw->host), c->host) < 0 ||
	    (!gw->host[0] && gethostname(gw->host, sizeof(gw->host) - 1) < 0))
		return err_set(e, ERR_INTERNAL, "this host has no name");
	snprintf(gw->owner, sizeof(gw->owner), "gateway:%d", (int)getpid());
	if (conf_read_key(c->grant_key_file, gw->grant_key,
			  sizeof(gw->grant_key), e) < 0)
		return -1;
	return conf_read_key(c->plan_key_file, gw->plan_key,
			     sizeof(gw->plan_key), e);
}

static int
open_workers(struct gateway *gw, struct err *e)
{
	gw->store = store_open(&gw->conf, gw->conf.gateway_user, e);
	if (!gw->store)
		return -1;
	gw->vmctl = vmctl_new(gw->conf.vmctl_socket);
	if (!gw->vmctl)
		return err_set(e, ERR_INTERNAL, "no memory for vmctl");
	gw->db = jobs_new(gw->base, "database", GATEWAY_DB_JOBS, gw->store, e);
	gw->vm = gw->db ? jobs_new(gw->base, "vmctl", GATEWAY_VM_JOBS,
				   gw->vmctl, e)
			: NULL;
	return gw->vm ? 0 : -1;
}

static int
open_signals(struct gateway *gw)
{
	static const int signals[2] = {SIGTERM, SIGINT};

	gw->stop_timer = evtimer_new(gw->base, on_stop_tick, gw);
	for (size_t i = 0; i < 2; i++) {
		gw->signal[i] =
			evsignal_new(gw->base, signals[i], on_signal, gw);
		if (!gw->signal[i] || event_add(gw->signal[i], NULL) < 0)
			return -1;
	}
	return gw->stop_timer ? 0 : -1;
}

static int
open_parts(struct gateway *gw, struct err *e)
{
	gw->base = event_base_new();
	if (!gw->base)
		return err_set(e, ERR_INTERNAL, "no event loop");
	if (open_workers(gw, e) < 0)
		return -1;
	gw->used = grants_new(GATEWAY_GRANTS);
	gw->channels = channels_new(gw->base, &channel_host, gw);
	gw->scribe = scribe_new(gw->base, gw->db, &scribe_hooks, gw);
	if (!gw->used || !gw->channels || !gw->scribe || open_signals(gw) < 0)
		return err_set(e, ERR_INTERNAL, "no memory for the gateway");
	return 0;
}

int
gateway_open(struct gateway *gw, const struct conf *c, struct err *e)
{
	auto_close int fd = -1;

	memset(gw, 0, sizeof(*gw));
	if (proc_harden(e) < 0 || open_identity(gw, c, e) < 0)
		return -1;
	fd = listen_at(c->gateway_socket, e);
	if (fd < 0 || proc_become(c->gateway_user, e) < 0 ||
	    open_parts(gw, e) < 0)
		return -1;
	gw->http = http_new(gw->base, steal_fd(&fd), route_head, gw, e);
	if (!gw->http)
		return -1;
	gw->resume = resume_new(gw);
	gw->lease = lease_new(gw);
	if (!gw->resume || !gw->lease)
		return err_set(e, ERR_INTERNAL, "no memory for the gateway");
	return 0;
}

void
gateway_run(struct gateway *gw)
{
	log_info("serving", "host", gw->host, "socket",
		 gw->conf.gateway_socket);
	proc_notify_ready();
	event_base_dispatch(gw->base);
}

static void
stop_workers(struct gateway *gw)
{
	gw->stopping = true;
	if (gw->vm)
		jobs_stop(gw->vm);
	if (gw->db)
		jobs_stop(gw->db);
}

/*
 * Nobody may be told of an exec's failure that is none, so execs go before the
 * channels; completions of jobs still need those, so the threads end first.
 */
void
gateway_close(struct gateway *gw)
{
	http_free(gw->http);
	exec_free_all(gw);
	stop_workers(gw);
	exec_free_all(gw);
	collect_free_all(gw);
	channels_free(gw->channels);
	claim_free_all(gw);
	pause_free_all(gw);
	resume_free(gw->resume);
	lease_free(gw->lease);
	scribe_free(gw->scribe);
	grants_free(gw->used);
	jobs_free(gw->vm);
	jobs_free(gw->db);
	vmctl_free(gw->vmctl);
	store_close(gw->store);
	for (size_t i = 0; i < 2; i++)
		if (gw->signal[i])
			event_free(gw->signal[i]);
	if (gw->stop_timer)
		event_free(gw->stop_timer);
	if (gw->base)
		event_base_free(gw->base);
	explicit_bzero(gw->grant_key, sizeof(gw->grant_key));
	explicit_bzero(gw->plan_key, sizeof(gw->plan_key));
}
