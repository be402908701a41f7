#include "job.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "auto.h"
#include "child.h"
#include "host.h"
#include "job_work.h"
#include "request.h"
#include "timeutil.h"
#include "vm.h"

/* A result must arrive whole. */
_Static_assert(sizeof(struct job_result) <= PIPE_BUF, "job_result");

static const struct {
	const char *name;
	int (*work)(const struct host *h, struct vm_state *st,
		    const struct job_task *t, struct err *e);
	enum vmctl_op deadline; /* that of this operation */
} kinds[] = {
	[JOB_CREATE] = {"create", job_work_create, VMCTL_OP_create},
	[JOB_DESTROY] = {"destroy", job_work_destroy, VMCTL_OP_destroy},
	[JOB_UNDO] = {"undo", job_work_undo, VMCTL_OP_destroy},
	[JOB_EXIT] = {"exit", job_work_exit, VMCTL_OP_destroy},
	[JOB_NETWORK] = {"network", job_work_network, VMCTL_OP_set_network},
	[JOB_RESOLVER] = {"resolver", job_work_resolver, VMCTL_OP_set_network},
	[JOB_PAUSE] = {"pause", job_work_pause, VMCTL_OP_pause},
	[JOB_RESUME] = {"resume", job_work_resume, VMCTL_OP_resume},
	[JOB_HANG_UP] = {"hang_up", job_work_hang_up, VMCTL_OP_open_channel},
};

const char *
job_kind_name(enum job_kind k)
{
	return kinds[k].name;
}

static void __attribute__((noreturn))
run(const struct host *h, const struct vm *vm, enum job_kind kind,
    const struct request *r, int out)
{
	const struct job_task task = {.vmm_fd = vm->exit.fd,
				      .names = r ? r->names : NULL};
	int keep[] = {h->dir_fd, h->lock_fd, h->uids_fd, vm->exit.fd, out};
	struct job_result res = {.st = vm->st};

	child_keep_fds(keep, sizeof(keep) / sizeof(keep[0]));
	/* keep[] is sorted now; the descriptors' numbers are the same. */
	if (kinds[kind].work(h, &res.st, &task, &res.err) == 0)
		res.err.code = ERR_NONE;
	_exit(write(out, &res, sizeof(res)) == (ssize_t)sizeof(res) ? 0 : 1);
}

static struct job *
new_job(struct host *h, struct vm *vm, enum job_kind kind, struct request *r)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	*j = (struct job){
		.next = h->job_list,
		.kind = kind,
		.vm = vm,
		.request = r,
		.end_ms = time_mono_ms() +
			  vmctl_ops[kinds[kind].deadline].deadline_ms,
	};
	return j;
}

int
job_start(struct host *h, struct vm *vm, enum job_kind kind, struct request *r,
	  struct err *e)
{
	auto_close int reader = -1, writer = -1;
	auto_free struct job *j = new_job(h, vm, kind, r);
	pid_t self = getpid();
	int ends[2];

	assert(!vm->job);
	/* j is freed by its attribute, which the analyser does not know:
	 * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
	if (!j || pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, "start job");
	reader = ends[0];
	writer = ends[1];
	j->pid = fork();
	if (j->pid < 0)
		return err_errno(e, "fork");
	if (j->pid == 0) {
		child_begin(self);
		run(h, vm, kind, r, writer);
	}
	j->reader = steal_fd(&reader);
	vm->job = j;
	h->job_list = steal_ptr(&j);
	h->jobs++;
	return 0;
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}

struct job *
job_find(const struct host *h, pid_t pid)
{
	struct job *j = h->job_list;

	while (j && j->pid != pid)
		j = j->next;
	return j;
}

static void
read_result(const struct job *j, int wait_status, struct job_result *out)
{
	ssize_t n = read(j->reader, out, sizeof(*out));

	if (n == (ssize_t)sizeof(*out))
		return;
	*out = (struct job_result){.st = j->vm->st};
	if (j->late)
		err_set(&out->err, ERR_VMM_FAILED,
			"%s did not end within its %d ms", kinds[j->kind].name,
			vmctl_ops[kinds[j->kind].deadline].deadline_ms);
	else
		err_set(&out->err, ERR_INTERNAL,
			"the job died (wait status %#x)", wait_status);
}

static void
unlink_job(struct host *h, const struct job *j)
{
	struct job **p = &h->job_list;

	while (*p != j)
		p = &(*p)->next;
	*p = j->next;
	h->jobs--;
}

void
job_finish(struct host *h, struct job *j, int wait_status,
	   struct job_result *out)
{
	read_result(j, wait_status, out);
	close(j->reader);
	j->vm->job = NULL;
	unlink_job(h, j);
	free(j);
}

int
job_check_deadlines(struct host *h)
{
	int64_t now = time_mono_ms(), next = INT_MAX;

	for (struct job *j = h->job_list; j; j = j->next) {
		if (j->late)
			continue;
		if (j->end_ms <= now) {
			/* Not reaped yet, so the pid is still its own. */
			kill(j->pid, SIGKILL);
			j->late = true;
		} else if (j->end_ms - now < next) {
			next = j->end_ms - now;
		}
	}
	return next == INT_MAX ? -1 : (int)next;
}
