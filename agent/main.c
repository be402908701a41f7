/*
 * caged-agent: PID 1 of a sandbox's guest.
 *
 * There is no supervisor above it. If this process ends, the kernel panics and
 * the VMM exits, which the host sees at once; a supervisor would have to keep
 * streams, results and secrets alive across a restart to do better, and would
 * be the same unkillable code once more. What could crash on foreign bytes
 * (files, git) runs in workers, and those may die.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "dispatch.h"
#include "err.h"
#include "identity.h"
#include "init.h"
#include "log.h"
#include "reap.h"
#include "timeutil.h"

#define NOFILE 4096 /* pipes of every command kept, and then some */

static int
boot(struct agent *a, struct err *e)
{
	const struct rlimit files = {NOFILE, NOFILE};

	signal(SIGPIPE, SIG_IGN);
	umask(022);
	if (init_root(e) < 0 || init_system(e) < 0 || init_network(e) < 0 ||
	    identity_init(e) < 0 || guard_init(&a->guard, e) < 0)
		return -1;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_errno(e, "raise the limit of open files");
	return 0;
}

static int
set_up(struct agent *a, struct reaper *r, struct err *e)
{
	int port;

	if (claim_init(&a->claim, e) < 0 || loop_init(&a->loop, e) < 0 ||
	    reaper_init(r, a, e) < 0)
		return -1;
	exec_table_init(&a->execs, &a->loop, &a->guard, &a->claim);
	plan_init(&a->plan, &a->execs);
	worker_table_init(&a->workers, &a->loop, &a->guard);
	stream_table_init(&a->streams, &a->link);
	port = init_open_port(AGENT_PORT, e);
	if (port < 0)
		return -1;
	a->ready_us = time_mono_us();
	link_init(&a->link, &a->loop, port, &dispatch_link_ops);
	return 0;
}

static int
run(struct agent *a, struct err *e)
{
	while (loop_turn(&a->loop, -1, e) == 0)
		;
	return -1;
}

int
main(int argc, char **argv)
{
	static struct agent agent;
	static struct reaper reaper;
	struct err e = {0};

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("caged-agent " AGENT_VERSION);
		return 0;
	}
	if (getpid() != 1) {
		fputs("caged-agent is the init of a sandbox's guest\n", stderr);
		return 2;
	}
	if (init_console(&e) < 0)
		return 1;
	log_init("caged-agent", LOG_LEVEL_INFO);
	if (boot(&agent, &e) == 0 && set_up(&agent, &reaper, &e) == 0)
		run(&agent, &e);
	log_error("the agent cannot go on", "why", e.msg);
	return 1;
}
