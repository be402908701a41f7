#include "jobs.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "err.h"

TAILQ_HEAD(job_list, job);

struct jobs {
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows, to `count` */
	pthread_cond_t wake;
	struct job_list waiting;
	struct job_list finished;
	bool stopping;
	size_t count; /* waiting, running and finished */
	size_t cap;
	void *ctx;
	int eventfd;
	struct event *event;
};

static struct job *
take_job(struct jobs *js)
{
	struct job *j;

	pthread_mutex_lock(&js->lock);
	while (TAILQ_EMPTY(&js->waiting) && !js->stopping)
		pthread_cond_wait(&js->wake, &js->lock);
	j = TAILQ_FIRST(&js->waiting);
	if (j)
		TAILQ_REMOVE(&js->waiting, j, link);
	pthread_mutex_unlock(&js->lock);
	return j;
}

static void *
thread_main(void *arg)
{
	const uint64_t one = 1;
	struct jobs *js = arg;
	struct job *j;

	while ((j = take_job(js))) {
		j->run(j, js->ctx);
		pthread_mutex_lock(&js->lock);
		TAILQ_INSERT_TAIL(&js->finished, j, link);
		pthread_mutex_unlock(&js->lock);
		/* Fails only when 2^64 - 1 completions are unread. */
		(void)!write(js->eventfd, &one, sizeof(one));
	}
	return NULL;
}

static void
finish_jobs(struct jobs *js)
{
	struct job_list list = TAILQ_HEAD_INITIALIZER(list);
	struct job *j;

	pthread_mutex_lock(&js->lock);
	TAILQ_CONCAT(&list, &js->finished, link);
	pthread_mutex_unlock(&js->lock);
	while ((j = TAILQ_FIRST(&list))) {
		TAILQ_REMOVE(&list, j, link);
		pthread_mutex_lock(&js->lock);
		js->count--;
		pthread_mutex_unlock(&js->lock);
		j->done(j);
	}
}

static void
on_finished(evutil_socket_t fd, short what, void *arg)
{
	uint64_t n;

	(void)what;
	(void)!read(fd, &n, sizeof(n));
	finish_jobs(arg);
}

/* The loop's thread alone takes signals. */
static int
start_thread(struct jobs *js, const char *name)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&js->thread, NULL, thread_main, js);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		pthread_setname_np(js->thread, name);
	return rc;
}

static void
release(struct jobs *js)
{
	if (js->event)
		event_free(js->event);
	if (js->eventfd >= 0)
		close(js->eventfd);
	pthread_cond_destroy(&js->wake);
	pthread_mutex_destroy(&js->lock);
	free(js);
}

struct jobs *
jobs_new(struct event_base *base, const char *name, size_t cap, void *ctx,
	 struct err *e)
{
	struct jobs *js = calloc(1, sizeof(*js));

	if (!js) {
		err_errno(e, "make the queue %s", name);
		return NULL;
	}
	TAILQ_INIT(&js->waiting);
	TAILQ_INIT(&js->finished);
	pthread_mutex_init(&js->lock, NULL);
	pthread_cond_init(&js->wake, NULL);
	js->cap = cap;
	js->ctx = ctx;
	js->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (js->eventfd >= 0)
		js->event = event_new(base, js->eventfd, EV_READ | EV_PERSIST,
				      on_finished, js);
	if (!js->event || event_add(js->event, NULL) < 0 ||
	    start_thread(js, name) != 0) {
		err_set(e, ERR_INTERNAL, "start the thread %s", name);
		release(js);
		return NULL;
	}
	return js;
}

void
jobs_stop(struct jobs *js)
{
	if (js->stopping)
		return;
	pthread_mutex_lock(&js->lock);
	js->stopping = true;
	pthread_cond_signal(&js->wake);
	pthread_mutex_unlock(&js->lock);
	pthread_join(js->thread, NULL);
	finish_jobs(js);
}

void
jobs_free(struct jobs *js)
{
	if (!js)
		return;
	jobs_stop(js);
	release(js);
}

int
jobs_add(struct jobs *js, struct job *j)
{
	int rc = -1;

	pthread_mutex_lock(&js->lock);
	if (js->count < js->cap && !js->stopping) {
		js->count++;
		TAILQ_INSERT_TAIL(&js->waiting, j, link);
		pthread_cond_signal(&js->wake);
		rc = 0;
	}
	pthread_mutex_unlock(&js->lock);
	return rc;
}
