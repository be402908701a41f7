#include "guard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "auto.h"
#include "cgroup.h"
#include "err.h"

#define MIB (INT64_C(1) << 20)

#define CGROUP_ROOT "/sys/fs/cgroup"
/* What kernel and agent need at most, measured under memory hogs; a small
 * guest gives three eighths, since its kernel's own tables are smaller too. */
#define RESERVE_MAX (112 * MIB)
#define AGENT_MIN_MAX (64 * MIB)
/* Fewer where their bare existence would fill the memory and thrash. */
#define USERS_PIDS_MAX 1024
#define MEMORY_EACH_PID (INT64_C(256) << 10)
#define PLATFORM_PIDS 512

void
guard_plan(struct guard *g, int64_t memory)
{
	int64_t reserve = memory / 8 * 3, pids;

	if (reserve > RESERVE_MAX)
		reserve = RESERVE_MAX;
	pids = (memory - reserve) / MEMORY_EACH_PID;
	if (pids > USERS_PIDS_MAX)
		pids = USERS_PIDS_MAX;

	*g = (struct guard){
		.users_fd = -1,
		.platform_fd = -1,
		.memory = memory,
		.reserve = reserve,
		.users_pids = pids,
		.exec_pids = pids / 8 * 7,
	};
}

static int
protect_self(struct err *e)
{
	auto_close int fd =
		open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "-1000", 5) != 5)
		return err_errno(e, "oom_score_adj");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		return err_errno(e, "mlockall");
	if (setpriority(PRIO_PROCESS, 0, -20) < 0)
		return err_errno(e, "setpriority");
	return 0;
}

static int
make_agent_group(const struct guard *g, int root, struct err *e)
{
	auto_close int fd = cgroup_make(root, "agent", e);
	int64_t min = g->reserve / 2;

	if (fd < 0)
		return -1;
	if (min > AGENT_MIN_MAX)
		min = AGENT_MIN_MAX;
	if (cgroup_set(fd, "cpu.weight", "10000", e) < 0 ||
	    cgroup_set_int(fd, "memory.min", min, e) < 0)
		return -1;
	if (cgroup_enter(fd) < 0)
		return err_errno(e, "enter cgroup agent");
	return 0;
}

/* A child group's controllers must be named before it can have children. */
static int
make_parent_group(int root, const char *name, const char *weight, int64_t pids,
		  int64_t memory, struct err *e)
{
	auto_close int fd = cgroup_make(root, name, e);

	if (fd < 0)
		return -1;
	if (cgroup_set(fd, "cgroup.subtree_control", "+cpu +memory +pids", e) <
		    0 ||
	    cgroup_set(fd, "cpu.weight", weight, e) < 0 ||
	    cgroup_set_int(fd, "pids.max", pids, e) < 0 ||
	    cgroup_set_int(fd, "memory.max", memory, e) < 0 ||
	    cgroup_set(fd, "memory.swap.max", "0", e) < 0)
		return err_wrap(e, "cgroup %s", name);
	return steal_fd(&fd);
}

int
guard_init(struct guard *g, struct err *e)
{
	auto_close int root =
		open(CGROUP_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sysinfo si;

	if (root < 0)
		return err_errno(e, "open %s", CGROUP_ROOT);
	if (sysinfo(&si) < 0)
		return err_errno(e, "sysinfo");
	guard_plan(g, (int64_t)si.totalram * si.mem_unit);
	if (cgroup_set(root, "cgroup.subtree_control", "+cpu +memory +pids",
		       e) < 0 ||
	    make_agent_group(g, root, e) < 0)
		return -1;
	g->users_fd = make_parent_group(root, "users", "100", g->users_pids,
					g->memory - g->reserve, e);
	if (g->users_fd < 0)
		return -1;
	g->platform_fd = make_parent_group(root, "platform", "1000",
					   PLATFORM_PIDS, g->memory / 2, e);
	if (g->platform_fd < 0)
		return -1;
	return protect_self(e);
}
