#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "text.h"

#define FILE_MAX (1 << 20)
#define LINE_FIELDS 7
#define ID_MAX (UINT32_MAX - 1) /* the highest means "no id" to the kernel */

struct span {
	const char *p;
	size_t n;
};

/* Takes the next line off `text`; false at its end. */
static bool
next_line(struct span *text, struct span *out)
{
	const char *end;

	if (text->n == 0)
		return false;
	end = memchr(text->p, '\n', text->n);
	out->p = text->p;
	out->n = end ? (size_t)(end - text->p) : text->n;
	text->p += out->n;
	text->n -= out->n;
	if (end) {
		text->p++;
		text->n--;
	}
	return true;
}

/* Splits at `sep`; the number of parts, or max + 1 when there are more. */
static size_t
split(struct span s, char sep, struct span *parts, size_t max)
{
	size_t n = 0;

	for (;;) {
		const char *end = s.n ? memchr(s.p, sep, s.n) : NULL;
		size_t len = end ? (size_t)(end - s.p) : s.n;

		if (n == max)
			return max + 1;
		parts[n++] = (struct span){s.p, len};
		if (!end)
			return n;
		s.p += len + 1;
		s.n -= len + 1;
	}
}

static bool
span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static bool
span_copy(char out[USER_FIELD_MAX], struct span s)
{
	if (s.n >= USER_FIELD_MAX || memchr(s.p, '\0', s.n))
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

static bool
span_id(struct span s, uint32_t *out)
{
	char text[16];
	int64_t v;

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (text_int(text, 0, ID_MAX, &v) < 0)
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool
read_passwd_line(struct user *u, struct span line, const char *name)
{
	struct span f[LINE_FIELDS];

	if (split(line, ':', f, LINE_FIELDS) != LINE_FIELDS ||
	    !span_is(f[0], name))
		return false;
	return span_copy(u->name, f[0]) && span_id(f[2], &u->uid) &&
	       span_id(f[3], &u->gid) && span_copy(u->home, f[5]) &&
	       span_copy(u->shell, f[6]);
}

int
user_parse_passwd(struct user *out, const char *text, size_t n,
		  const char *name, struct err *e)
{
	struct span rest = {text, n}, line;

	while (next_line(&rest, &line)) {
		struct user u = {0};

		if (!read_passwd_line(&u, line, name))
			continue;
		if (!u.home[0])
			text_copy(u.home, sizeof(u.home), "/");
		if (!u.shell[0])
			text_copy(u.shell, sizeof(u.shell), "/bin/sh");
		u.groups[0] = u.gid;
		u.n_groups = 1;
		*out = u;
		return 0;
	}
	return err_field(e, "user", "the sandbox has no such user");
}

static bool
lists_user(struct span members, const char *name)
{
	while (members.n > 0) {
		const char *end = memchr(members.p, ',', members.n);
		struct span m = {members.p,
				 end ? (size_t)(end - members.p) : members.n};

		if (span_is(m, name))
			return true;
		members.p += m.n + (end != NULL);
		members.n -= m.n + (end != NULL);
	}
	return false;
}

void
user_parse_group(struct user *u, const char *text, size_t n)
{
	struct span rest = {text, n}, line, f[4];
	uint32_t gid;

	while (u->n_groups < USER_GROUPS_MAX && next_line(&rest, &line)) {
		if (split(line, ':', f, 4) != 4 || !span_id(f[2], &gid) ||
		    gid == u->gid || !lists_user(f[3], u->name))
			continue;
		u->groups[u->n_groups++] = gid;
	}
}

/* Never waits: a FIFO or device in the file's place is refused. */
static int
read_file(struct buf *b, const char *path, struct err *e)
{
	auto_close int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n = 0;
	uint8_t *p;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID_REQUEST, "%s is not a file",
			       path);
	while ((p = buf_reserve(b, 4096)) != NULL &&
	       (n = read(fd, p, 4096)) > 0)
		b->len += (size_t)n;
	if (n < 0)
		return err_errno(e, "read %s", path);
	return 0;
}

int
user_find(struct user *out, const char *name, struct err *e)
{
	auto_buf struct buf passwd = {0}, group = {0};
	struct err ignored;

	buf_init(&passwd, FILE_MAX);
	buf_init(&group, FILE_MAX);
	if (read_file(&passwd, "/etc/passwd", e) < 0 ||
	    user_parse_passwd(out, buf_str(&passwd), passwd.len, name, e) < 0)
		return -1;
	if (read_file(&group, "/etc/group", &ignored) == 0)
		user_parse_group(out, buf_str(&group), group.len);
	return 0;
}

int
user_become(const struct user *u, struct err *e)
{
	if (setgroups(u->n_groups, u->groups) < 0)
		return err_errno(e, "setgroups");
	if (setresgid(u->gid, u->gid, u->gid) < 0)
		return err_errno(e, "setresgid");
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return err_errno(e, "setresuid");
	return 0;
}

void
user_default(struct user *out)
{
	*out = (struct user){.uid = AGENT_UID,
			     .gid = AGENT_GID,
			     .groups = {AGENT_GID},
			     .n_groups = 1};
	text_copy(out->name, sizeof(out->name), AGENT_USER);
	text_copy(out->home, sizeof(out->home), AGENT_HOME);
	text_copy(out->shell, sizeof(out->shell), "/bin/bash");
}
