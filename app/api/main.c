/*
 * caged-api: the FastCGI workers. Started as root it drops to its own user
 * first, whose groups may read the keys and reach vmctl's socket; so nothing
 * here, and no request, ever runs as root.
 */
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api.h"
#include "err.h"
#include "gate.h"
#include "listener.h"
#include "log.h"
#include "prefork.h"
#include "proc.h"
#include "rate.h"
#include "text.h"
#include "worker.h"

struct program {
	struct conf conf;
	struct api api;
	int listen_fd;
};

static int
run_worker(void *arg, int worker)
{
	struct program *p = arg;

	p->api.worker = worker;
	return worker_run(&p->api, p->listen_fd);
}

static void
worker_gone(void *arg, int worker)
{
	struct program *p = arg;

	gate_reap(p->api.gate, worker);
}

static void
all_started(void *arg)
{
	struct program *p = arg;

	log_info("ready", "socket", p->conf.api_socket);
	proc_notify_ready();
}

static int
name_host(struct program *p, struct err *e)
{
	if (p->conf.host[0])
		return text_copy(p->api.host, sizeof(p->api.host),
				 p->conf.host);
	if (gethostname(p->api.host, sizeof(p->api.host)) < 0)
		return err_errno(e, "host name");
	return 0;
}

static int
set_up(struct program *p, struct err *e)
{
	struct api *a = &p->api;

	if (proc_become(p->conf.api_user, e) || proc_harden(e) ||
	    name_host(p, e) ||
	    conf_read_key(p->conf.grant_key_file, a->grant_key,
			  sizeof(a->grant_key), e) ||
	    conf_read_key(p->conf.plan_key_file, a->plan_key,
			  sizeof(a->plan_key), e))
		return -1;
	a->conf = &p->conf;
	a->rate = rate_new(e);
	a->gate = a->rate ? gate_new((int)p->conf.api_workers, e) : NULL;
	if (!a->gate)
		return -1;
	p->listen_fd = listener_open(p->conf.api_socket, e);
	return p->listen_fd < 0 ? -1 : 0;
}

static void
tear_down(struct program *p)
{
	if (p->listen_fd >= 0) {
		close(p->listen_fd);
		unlink(p->conf.api_socket);
	}
	rate_free(p->api.rate);
	gate_free(p->api.gate);
	OPENSSL_cleanse(&p->api, sizeof(p->api));
}

static int
serve(struct program *p, struct err *e)
{
	struct prefork f = {
		.workers = (int)p->conf.api_workers,
		.run = run_worker,
		.gone = worker_gone,
		.ready = all_started,
		.arg = p,
	};

	return prefork_run(&f, e);
}

static const char *
parse_args(int argc, char **argv)
{
	const char *file = NULL;
	int c;

	while ((c = getopt(argc, argv, "c:h")) != -1) {
		if (c == 'h') {
			conf_help(stdout);
			exit(EXIT_SUCCESS);
		}
		if (c != 'c')
			break;
		file = optarg;
	}
	if (c == -1 && optind == argc)
		return file;
	fputs("usage: caged-api [-c FILE] | -h\n", stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	static struct program p = {.listen_fd = -1};
	const char *file = parse_args(argc, argv);
	struct err e;
	int rc;

	log_init("caged-api", LOG_LEVEL_INFO);
	rc = conf_load(&p.conf, file, &e);
	if (rc == 0) {
		log_init("caged-api",
			 (enum log_level)log_level_from_name(p.conf.log_level));
		rc = set_up(&p, &e);
	}
	if (rc == 0)
		rc = serve(&p, &e);
	if (rc)
		log_error("stopped", "error", e.msg);
	tear_down(&p);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
