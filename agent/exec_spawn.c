#include "exec_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "cgroup.h"
#include "child.h"
#include "env.h"
#include "env_file.h"
#include "err.h"
#include "file_path.h"
#include "id.h"
#include "user.h"

#define CODE_NOT_FOUND 127
#define CODE_NOT_EXECUTABLE 126

/* [0] is the child's end of `in`, [1] of the others. */
struct pipes {
	int in[2], out[2], err[2], status[2];
};

static void
close_pair(const int fd[2])
{
	if (fd[0] >= 0)
		close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
}

static void
close_pipes(const struct pipes *p)
{
	close_pair(p->in);
	close_pair(p->out);
	close_pair(p->err);
	close_pair(p->status);
}

/* `ours` never blocks; the command's end does, as programs expect. */
static int
make_pipe(int fd[2], int ours)
{
	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	return fcntl(fd[ours], F_SETFL, O_NONBLOCK);
}

static int
make_pipes(struct pipes *p, bool with_stdin, struct err *e)
{
	*p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	if (make_pipe(p->out, 0) < 0 || make_pipe(p->err, 0) < 0 ||
	    make_pipe(p->status, 0) < 0 ||
	    (with_stdin && make_pipe(p->in, 1) < 0)) {
		err_errno(e, "pipe");
		close_pipes(p);
		return -1;
	}
	return 0;
}

int
exec_spawn_check(const struct exec *req, struct err *e)
{
	size_t i;
	json_t *arg;

	if (!id_valid(req->exec, ID_EXEC))
		return err_field(e, "exec", "not an exec id");
	if (req->has_command == req->has_argv)
		return err_field(e, "command",
				 "exactly one of command and argv is needed");
	json_array_foreach(req->argv, i, arg) {
		if (!json_is_string(arg) ||
		    (i == 0 && !*json_string_value(arg)))
			return err_field(e, "argv", "argv must hold strings");
	}
	return env_check(req->env, "env", e);
}

/* The pipes belong to the user, who may open them again (/dev/stderr). */
static int
set_stdio(const struct pipes *p, const struct user *u, struct err *e)
{
	int in = p->in[0];

	if (in < 0)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	else if (fchown(in, u->uid, u->gid) < 0)
		return err_errno(e, "fchown");
	if (fchown(p->out[1], u->uid, u->gid) < 0 ||
	    fchown(p->err[1], u->uid, u->gid) < 0)
		return err_errno(e, "fchown");
	if (dup2(in, STDIN_FILENO) < 0 || dup2(p->out[1], STDOUT_FILENO) < 0 ||
	    dup2(p->err[1], STDERR_FILENO) < 0)
		return err_errno(e, "dup2");
	return 0;
}

static int
enter_folder(const struct exec *req, struct err *e)
{
	char path[CHANNEL_PATH_MAX + 1];

	if (file_path_decode(path, req->has_cwd ? req->cwd : AGENT_WORKSPACE,
			     e) < 0)
		return err_wrap(e, "cwd");
	if (chdir(path) < 0)
		return file_path_errno(e, path, "cwd");
	return 0;
}

static int
prepare(const struct exec *req, const struct guard *g, int group,
	const struct claim_state *claim, const struct pipes *p, struct err *e)
{
	struct user u;

	if (user_find(&u, req->has_user ? req->user : AGENT_USER, e) < 0)
		return -1;
	if (group >= 0 && cgroup_enter(group) < 0)
		return err_errno(e, "enter the command's cgroup");
	if (g->users_fd >= 0 && child_unguard(e) < 0)
		return -1;
	if (set_stdio(p, &u, e) < 0 || user_become(&u, e) < 0 ||
	    enter_folder(req, e) < 0)
		return -1;
	env_base(&u);
	env_file_apply(ENV_FILE);
	env_apply(claim->env);
	env_apply(req->env);
	env_mark(req->exec, claim->env, req->env);
	return 0;
}

/* As a shell would say it. */
static void __attribute__((noreturn)) exec_argv(const char *file, char **argv)
{
	int why;

	execvp(file, argv);
	why = errno;
	dprintf(STDERR_FILENO, "%s: %s\n", file,
		why == ENOENT ? "command not found" : strerror(why));
	_exit(why == ENOENT ? CODE_NOT_FOUND : CODE_NOT_EXECUTABLE);
}

static char **
make_argv(const json_t *list)
{
	size_t n = json_array_size(list), i;
	char **argv = calloc(n + 1, sizeof(*argv));
	json_t *arg;

	if (!argv)
		_exit(CODE_NOT_EXECUTABLE);
	json_array_foreach(list, i, arg)
		argv[i] = strdup(json_string_value(arg));
	return argv;
}

static void __attribute__((noreturn))
run_child(const struct exec *req, const struct guard *g, int group,
	  const struct claim_state *claim, const struct pipes *p)
{
	struct err e = {0};
	char **argv;

	child_reset();
	if (prepare(req, g, group, claim, p, &e) < 0) {
		if (write(p->status[1], &e, sizeof(e)) < 0)
			_exit(CODE_NOT_EXECUTABLE);
		_exit(0);
	}
	child_close_on_exec();
	if (req->has_command) {
		char *shell[] = {(char[]){"bash"}, (char[]){"-lc"},
				 strdup(req->command), NULL};

		exec_argv("/bin/bash", shell);
	}
	argv = make_argv(req->argv);
	exec_argv(argv[0], argv);
}

int
exec_spawn(struct exec_child *out, const struct exec *req,
	   const struct guard *g, int group, const struct claim_state *claim,
	   struct err *e)
{
	struct pipes p;
	pid_t pid;

	if (make_pipes(&p, req->stdin, e) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		run_child(req, g, group, claim, &p);
	if (pid < 0) {
		err_errno(e, "fork");
		close_pipes(&p);
		return -1;
	}
	close(p.out[1]);
	close(p.err[1]);
	close(p.status[1]);
	if (p.in[0] >= 0)
		close(p.in[0]);
	*out = (struct exec_child){.in_fd = p.in[1],
				   .out_fd = p.out[0],
				   .err_fd = p.err[0],
				   .status_fd = p.status[0],
				   .pid = pid};
	return 0;
}
