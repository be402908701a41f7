#include "exec_group.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "cgroup.h"
#include "err.h"
#include "guard.h"

#define NAME "exec-%u"
#define NAME_SIZE 24
#define REFILL_MS 10 /* the command that took the last one starts first */

static int
make(struct exec_groups *g, struct exec_group *out, struct err *e)
{
	char name[NAME_SIZE];
	auto_close int fd = -1;

	snprintf(name, sizeof(name), NAME, ++g->last);
	fd = cgroup_make(g->guard->users_fd, name, e);
	if (fd < 0)
		return -1;
	if (cgroup_set_int(fd, "pids.max", g->guard->exec_pids, e) < 0)
		return -1;
	*out = (struct exec_group){.fd = steal_fd(&fd), .number = g->last};
	return 0;
}

/* Without a spare the next command makes its own, and says what is wrong. */
static void
refill(struct loop_timer *timer)
{
	struct exec_groups *g = container_of(timer, struct exec_groups, refill);
	struct err e;

	if (g->spare.fd < 0)
		make(g, &g->spare, &e);
}

void
exec_groups_init(struct exec_groups *g, struct loop *l,
		 const struct guard *guard)
{
	*g = (struct exec_groups){.loop = l,
				  .guard = guard,
				  .spare.fd = -1,
				  .refill.due = refill};
	if (guard->users_fd >= 0)
		loop_arm(l, &g->refill, 0);
}

void
exec_groups_fini(struct exec_groups *g)
{
	loop_disarm(g->loop, &g->refill);
	exec_groups_put(g, &g->spare);
}

int
exec_groups_take(struct exec_groups *g, struct exec_group *out, struct err *e)
{
	struct exec_group taken = g->spare;

	if (g->guard->users_fd >= 0) {
		if (taken.fd < 0 && make(g, &taken, e) < 0)
			return -1;
		g->spare.fd = -1;
		if (!g->refill.armed)
			loop_arm(g->loop, &g->refill, REFILL_MS);
	}
	*out = taken;
	return 0;
}

void
exec_groups_put(struct exec_groups *g, struct exec_group *group)
{
	char name[NAME_SIZE];

	if (group->fd < 0)
		return;
	close(steal_fd(&group->fd));
	snprintf(name, sizeof(name), NAME, group->number);
	unlinkat(g->guard->users_fd, name, AT_REMOVEDIR);
}

void
exec_groups_sweep(const struct exec_groups *g,
		  bool (*keep)(const void *arg, unsigned number),
		  const void *arg)
{
	int fd = g->guard->users_fd < 0
			 ? -1
			 : openat(g->guard->users_fd, ".",
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *ent;
	unsigned number;

	if (!d)
		return;
	while ((ent = readdir(d)) != NULL) {
		if (sscanf(ent->d_name, NAME, &number) == 1 &&
		    !(g->spare.fd >= 0 && number == g->spare.number) &&
		    !keep(arg, number))
			unlinkat(dirfd(d), ent->d_name, AT_REMOVEDIR);
	}
	closedir(d);
}
