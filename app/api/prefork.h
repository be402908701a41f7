/*
 * The parent of the workers. It serves nothing itself, so that it lives on.
 *
 * SIGTERM, SIGINT: every worker finishes its request, then this returns.
 * SIGHUP: the workers are replaced one after the other; the others serve.
 * A worker that dies is replaced: at once when it had lived a while, else
 * after a pause that doubles up to PREFORK_PAUSE_MAX_MS.
 */
#pragma once

#define PREFORK_PAUSE_MIN_MS 100
#define PREFORK_PAUSE_MAX_MS 5000
#define PREFORK_DRAIN_MS 30000 /* then SIGKILL */
#define PREFORK_WORKERS_MAX 256

struct err;

struct prefork {
	int workers;
	/* In a child, with SIGTERM blocked; its exit status. */
	int (*run)(void *arg, int worker);
	/* In the parent: that worker is gone, whatever it held. */
	void (*gone)(void *arg, int worker);
	/* In the parent, once: every worker was started. */
	void (*ready)(void *arg);
	void *arg;
};

/* Blocks the signals it handles. 0 after SIGTERM; -1 when it cannot begin. */
int prefork_run(const struct prefork *p, struct err *e);
