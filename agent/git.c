#include "git.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "file_path.h"
#include "text.h"
#include "timeutil.h"
#include "worker_io.h"

#define DEADLINE_MS 60000 /* for all of one job */
#define DIFF_MAX (4 << 20)
#define FILES_MAX 500
/* Of the END record, which must fit one frame. */
#define FILES_JSON_MAX (FRAME_PAYLOAD_MAX - 1024)
/* The longest record of `git status -z`: two paths. */
#define RECORD_MAX (2 * CHANNEL_PATH_MAX + 16)
#define ARGS_MAX 24

struct git {
	const char *folder;
	int64_t deadline_ms;
	pid_t pid;
	int fd; /* its standard output */
};

static void __attribute__((noreturn))
run_child(const struct git *g, int out, const char *const *args)
{
	static const char *const always[] = {
		"git", "--no-pager",
		"-c",  "core.fsmonitor=false",
		"-c",  "core.hooksPath=/dev/null",
		"-c",  "safe.directory=*",
		"-c",  "core.quotePath=true",
	};
	char *argv[ARGS_MAX + 1] = {0};
	size_t n = 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		argv[n++] = strdup(always[i]);
	for (; *args && n < ARGS_MAX; args++)
		argv[n++] = strdup(*args);
	clearenv();
	setenv("PATH", AGENT_PATH, 1);
	setenv("HOME", AGENT_HOME, 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("GIT_OPTIONAL_LOCKS", "0", 1);
	setenv("GIT_TERMINAL_PROMPT", "0", 1);
	if (chdir(g->folder) == 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 &&
	    dup2(null, 2) >= 0)
		execvp("git", argv);
	_exit(127);
}

static int
start(struct git *g, const char *const *args, struct err *e)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(e, "pipe");
	g->pid = fork();
	if (g->pid == 0)
		run_child(g, fd[1], args);
	close(fd[1]);
	if (g->pid < 0) {
		close(fd[0]);
		return err_errno(e, "fork");
	}
	g->fd = fd[0];
	return 0;
}

/* Its next bytes; 0 at its end. */
static ssize_t
read_some(struct git *g, void *p, size_t size, struct err *e)
{
	struct pollfd pfd = {.fd = g->fd, .events = POLLIN};
	int64_t left = g->deadline_ms - time_mono_ms();
	ssize_t n;
	int rc;

	do
		rc = poll(&pfd, 1, left > 0 ? (int)left : 0);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return err_set(e, ERR_OVERLOADED, "git took longer than %d s",
			       DEADLINE_MS / 1000);
	n = read(g->fd, p, size);
	return n < 0 ? err_errno(e, "read from git") : n;
}

/* Its exit code; a git that still runs is killed first. */
static int
finish(struct git *g, bool kill_it)
{
	int status = 0;

	if (kill_it)
		kill(g->pid, SIGKILL);
	close(g->fd);
	while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
check_repository(struct git *g, struct err *e)
{
	static const char *const args[] = {"rev-parse", "--is-inside-work-tree",
					   NULL};
	char answer[8] = "";
	ssize_t n;
	int code;

	if (chdir(g->folder) < 0)
		return file_path_errno(e, g->folder, "enter");
	if (chdir("/") < 0 || start(g, args, e) < 0)
		return -1;
	n = read_some(g, answer, sizeof(answer) - 1, e);
	code = finish(g, n < 0);
	if (n < 0)
		return -1;
	if (code == 127)
		return err_set(e, ERR_NOT_IMPLEMENTED,
			       "the sandbox has no git");
	if (code != 0 || strncmp(answer, "true", 4) != 0)
		return err_field(e, "path", "not a git repository");
	return 0;
}

/* One diff as DATA; sets *truncated when it is cut at DIFF_MAX. */
static int
send_diff(struct git *g, struct worker_io *io, bool staged, bool *truncated,
	  struct err *e)
{
	static uint8_t bytes[WORKER_DATA_MAX];
	const char *const args[] = {"diff",
				    "--no-ext-diff",
				    "--no-textconv",
				    "--no-color",
				    "--ignore-submodules=dirty",
				    staged ? "--cached" : "--",
				    staged ? "--" : ".",
				    staged ? "." : NULL,
				    NULL};
	size_t left = DIFF_MAX;
	ssize_t n = 0;
	int code;

	if (start(g, args, e) < 0)
		return -1;
	while ((n = read_some(g, bytes, sizeof(bytes), e)) > 0 && left > 0) {
		size_t part = (size_t)n < left ? (size_t)n : left;

		if (worker_data(io, 0, bytes, part, e) < 0) {
			finish(g, true);
			return -1;
		}
		left -= part;
		*truncated |= part < (size_t)n;
	}
	*truncated |= n > 0;
	code = finish(g, n != 0);
	if (n < 0)
		return -1;
	if (n == 0 && code != 0)
		return err_set(e, ERR_FILE_CONFLICT, "git diff failed");
	return worker_data(io, DATA_EOF, NULL, 0, e);
}

struct files {
	json_t *list;
	size_t json_len;
	bool truncated;
};

static const char *
status_name(const char xy[2])
{
	static const struct {
		char letter;
		const char *name;
	} names[] = {{'?', "untracked"},
		     {'R', "renamed"},
		     {'D', "deleted"},
		     {'A', "added"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (xy[0] == names[i].letter || xy[1] == names[i].letter)
			return names[i].name;
	return "modified";
}

static int
add_file(struct files *f, const char *record, struct err *e)
{
	auto_buf struct buf pct = {0};
	struct git_file rec = {0};
	json_t *j = NULL;

	buf_init(&pct, 3 * CHANNEL_PATH_MAX);
	if (text_add_pct(&pct, record + 3, strlen(record + 3)) == 0) {
		FIELD_SET(rec, path, buf_str(&pct));
		FIELD_SET(rec, status, status_name(record));
		j = field_write(&git_file_fields, &rec);
	}
	if (!j)
		return err_set(e, ERR_INTERNAL, "git status: out of memory");
	f->json_len += pct.len + 64;
	if (json_array_size(f->list) >= FILES_MAX ||
	    f->json_len > FILES_JSON_MAX) {
		f->truncated = true;
		json_decref(j);
		return 0;
	}
	json_array_append_new(f->list, j);
	return 0;
}

/* Takes whole records off `b`: "XY path\0", and after a rename "from\0". */
static int
take_records(struct files *f, struct buf *b, struct err *e)
{
	while (b->len > 0 && !f->truncated) {
		const char *record = buf_str(b);
		size_t n = strnlen(record, b->len), from = 0;

		if (n == b->len)
			return 0;
		if (n < 4)
			return err_set(e, ERR_INTERNAL,
				       "git status: bad record");
		if (record[0] == 'R' || record[0] == 'C') {
			size_t rest = b->len - n - 1;

			from = strnlen(record + n + 1, rest) + 1;
			if (from > rest)
				return 0;
		}
		if (add_file(f, record, e) < 0)
			return -1;
		buf_consume(b, n + 1 + from);
	}
	return 0;
}

static int
read_files(struct git *g, struct files *f, struct buf *b, struct err *e)
{
	ssize_t n = 1;

	while (n > 0 && !f->truncated) {
		uint8_t *p = buf_reserve(b, 4096);

		if (!p)
			return err_set(e, ERR_INTERNAL,
				       "git status: a record is too long");
		n = read_some(g, p, 4096, e);
		if (n < 0)
			return -1;
		b->len += (size_t)n;
		if (take_records(f, b, e) < 0)
			return -1;
	}
	return 0;
}

static int
list_files(struct git *g, struct files *f, struct err *e)
{
	static const char *const args[] = {"status",
					   "--porcelain=v1",
					   "-z",
					   "--untracked-files=all",
					   "--ignore-submodules=dirty",
					   "--",
					   ".",
					   NULL};
	auto_buf struct buf b = {0};
	int rc, code;

	buf_init(&b, RECORD_MAX + 4096);
	if (start(g, args, e) < 0)
		return -1;
	rc = read_files(g, f, &b, e);
	code = finish(g, rc < 0 || f->truncated);
	if (rc == 0 && !f->truncated && code != 0)
		return err_set(e, ERR_FILE_CONFLICT, "git status failed");
	return rc;
}

int
git_diff_job(struct worker_io *io, const void *record, json_t **out_end,
	     struct err *e)
{
	const struct file_path *req = record;
	char path[CHANNEL_PATH_MAX + 1];
	struct git g = {.folder = path,
			.deadline_ms = time_mono_ms() + DEADLINE_MS};
	auto_json json_t *list = json_array();
	struct files files = {.list = list};
	bool truncated = false;

	if (file_path_decode(path, req->path, e) < 0 ||
	    check_repository(&g, e) < 0 ||
	    send_diff(&g, io, true, &truncated, e) < 0 ||
	    send_diff(&g, io, false, &truncated, e) < 0 ||
	    list_files(&g, &files, e) < 0)
		return -1;
	*out_end = json_object();
	json_object_set(*out_end, "files", list);
	json_object_set_new(*out_end, "truncated",
			    json_boolean(truncated || files.truncated));
	return 0;
}
