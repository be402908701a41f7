#include "worker.h"

#include <signal.h>
#include <stdlib.h>

#include "api.h"
#include "dispatch.h"
#include "err.h"
#include "fcgi.h"
#include "log.h"
#include "store/store.h"
#include "vmctl_client.h"

static volatile sig_atomic_t stop;

static void
on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void
handle(void *arg, const struct request_source *source, struct response *out)
{
	dispatch(arg, source, out);
}

static int
serve(struct api *a, int listen_fd, struct err *e)
{
	const struct sigaction term = {.sa_handler = on_term};
	struct fcgi_server s = {
		.listen_fd = listen_fd,
		.stop = &stop,
		.handle = handle,
		.arg = a,
	};

	sigaction(SIGTERM, &term, NULL);
	sigprocmask(SIG_BLOCK, NULL, &s.idle_mask);
	sigdelset(&s.idle_mask, SIGTERM);
	a->store = store_open(a->conf, a->conf->api_user, e);
	a->vmctl = a->store ? vmctl_new(a->conf->vmctl_socket) : NULL;
	if (!a->store)
		return -1;
	if (!a->vmctl)
		return err_set(e, ERR_INTERNAL, "vmctl: out of memory");
	return fcgi_serve(&s, e);
}

int
worker_run(struct api *a, int listen_fd)
{
	struct err e;
	int rc = serve(a, listen_fd, &e);

	if (rc)
		log_error("worker failed", "error", e.msg);
	vmctl_free(a->vmctl);
	store_close(a->store);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
