/* FastCGI: the only file that knows libfcgi. One request a connection. */
#pragma once

#include <signal.h>

struct err;
struct request_source;
struct response;

struct fcgi_server {
	int listen_fd; /* non-blocking, shared with the other workers */
	/* The mask while nothing is being served: with it, and only then, the
	 * signal that sets *stop may come. */
	sigset_t idle_mask;
	const volatile sig_atomic_t *stop;
	/* Fills the response; must not keep anything of the source. */
	void (*handle)(void *arg, const struct request_source *source,
		       struct response *out);
	void *arg;
};

/* Serves until *stop is set. No request that was accepted is dropped. 0 or -1.
 */
int fcgi_serve(const struct fcgi_server *s, struct err *e);
