/* One epoll loop of sources that embed `struct loop_src`. */
#pragma once

#include <stdint.h>

struct err;
struct loop_src;

typedef void loop_fn(struct loop_src *src, uint32_t events, void *arg);

struct loop_src {
	int fd; /* not owned by the loop; -1: not added */
	loop_fn *fn;
};

struct loop {
	int epoll_fd;
	unsigned sources; /* added and not closed */
	void *arg;	  /* given to every source */
};

int loop_init(struct loop *l, void *arg, struct err *e);
void loop_fini(struct loop *l);
/* The source must stay where it is until loop_del. */
int loop_add(struct loop *l, struct loop_src *src, struct err *e);
/* Closes the descriptor and sets it to -1; a source with -1 is ignored. */
void loop_close(struct loop *l, struct loop_src *src);
/* Waits at most timeout_ms (-1: for ever) and serves one ready source, so
 * that a source may close any other. 0 or -1. */
int loop_turn(struct loop *l, int timeout_ms, struct err *e);
