/*
 * caged-keeper: one a host. Ticks, and in each tick runs the steps that are
 * due (steps.def). It serves nobody; what it does it may do again, so it is
 * stopped by SIGTERM between two actions or killed at any time.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "err.h"
#include "keeper/keeper.h"
#include "keeper/tick.h"
#include "log.h"
#include "proc.h"
#include "store/store.h"
#include "timeutil.h"
#include "vmctl_client.h"

static volatile bool stop;

static void
on_term(int sig)
{
	(void)sig;
	stop = true;
}

static void
catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_term};

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
}

/* A signal that comes between the look at `stop` and the wait ends the wait. */
static void
wait_ms(int64_t ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
	sigset_t blocked, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (!stop)
		ppoll(NULL, 0, &ts, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static int
set_up(struct keeper *k, struct err *e)
{
	if (proc_become(k->conf.keeper_user, e) < 0 || proc_harden(e) < 0)
		return -1;
	snprintf(k->owner, sizeof(k->owner), "keeper:%.56s", k->conf.host);
	k->stop = &stop;
	k->vmctl = vmctl_new(k->conf.vmctl_socket);
	if (!k->vmctl)
		return err_set(e, ERR_INTERNAL, "no memory");
	k->store = store_open(&k->conf, k->conf.keeper_user, e);
	return k->store ? 0 : -1;
}

static void
run(struct keeper *k)
{
	static struct tick tick;
	int64_t now = time_mono_ms(), next = now;

	while (!stop) {
		tick_run(&tick, k, now);
		next += k->conf.keeper_tick_ms;
		now = time_mono_ms();
		if (next > now)
			wait_ms(next - now);
		else
			next = now; /* a tick took longer: no race to catch up
				     */
		now = time_mono_ms();
	}
}

static const char *
parse_args(int argc, char **argv)
{
	const char *conf = NULL;
	int c;

	while ((c = getopt(argc, argv, "c:")) == 'c')
		conf = optarg;
	if (c != -1 || optind != argc) {
		fprintf(stderr, "usage: caged-keeper [-c CONF]\n");
		exit(2);
	}
	return conf;
}

int
main(int argc, char **argv)
{
	const char *conf = parse_args(argc, argv);
	static struct keeper k;
	struct err e = {0};
	int rc;

	log_init("caged-keeper", LOG_LEVEL_INFO);
	catch_signals();
	rc = conf_load(&k.conf, conf, &e);
	if (rc == 0) {
		log_init("caged-keeper",
			 (enum log_level)log_level_from_name(k.conf.log_level));
		rc = set_up(&k, &e);
	}
	if (rc == 0) {
		log_info("ready", "host", k.conf.host);
		proc_notify_ready();
		run(&k);
	} else {
		log_error("cannot start", "error", e.msg);
	}
	store_close(k.store);
	vmctl_free(k.vmctl);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
