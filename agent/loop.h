/* The agent's only thread: one epoll loop and its timers. Nothing here blocks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct err;

#define LOOP_BATCH 32

struct loop_io {
	int fd;
	uint32_t events; /* what it is watched for; 0 = not watched */
	void (*ready)(struct loop_io *io, uint32_t events);
};

struct loop_timer {
	int64_t at_ms;
	bool armed;
	void (*due)(struct loop_timer *t);
	struct loop_timer *next; /* loop.timers */
};

struct loop {
	int epoll_fd;
	struct loop_timer *timers;
	struct epoll_event batch[LOOP_BATCH];
	int batch_len, batch_at;
};

int loop_init(struct loop *l, struct err *e);
void loop_fini(struct loop *l);

/*
 * Watches io->fd for `events`; 0 stops watching, so that not even EPOLLHUP is
 * reported. A stopped io may be freed at once, also from within a handler.
 */
void loop_watch(struct loop *l, struct loop_io *io, uint32_t events);
/* Stops watching and closes the descriptor; fine for fd -1. */
void loop_close(struct loop *l, struct loop_io *io);

/* One shot after `delay_ms`; arming an armed timer moves it. */
void loop_arm(struct loop *l, struct loop_timer *t, int64_t delay_ms);
void loop_disarm(struct loop *l, struct loop_timer *t);

/* Waits for the next events or timers, at most `max_ms` (-1 = no limit). */
int loop_turn(struct loop *l, int64_t max_ms, struct err *e);
