#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent.h"
#include "auto.h"
#include "buf.h"
#include "env.h"
#include "err.h"

#define ENV_FILE AGENT_RUN "/env.sh"
#define ENV_FILE_MAX (1 << 20)

static const struct {
	const char *file, *place, *text; /* text NULL: the login script */
} bound[] = {
	{AGENT_RUN "/hostname", "/etc/hostname", "sandbox\n"},
	{AGENT_RUN "/hosts", "/etc/hosts", "127.0.0.1 localhost\n"},
	{AGENT_RUN "/machine-id", "/etc/machine-id", ""},
	{AGENT_RUN "/profile.sh", "/etc/profile.d/caged.sh", NULL},
};

bool
identity_hostname_ok(const char *name)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	size_t n = strlen(name);

	return n > 0 && n < 64 && name[strspn(name, legal)] == '\0' &&
	       name[0] != '-' && name[0] != '.' && name[n - 1] != '-' &&
	       name[n - 1] != '.';
}

/* Keeps the inode of a file that is bound already. */
static int
write_file(const char *path, mode_t mode, const void *text, size_t n,
	   struct err *e)
{
	auto_close int fd = open(path,
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
					 O_NOFOLLOW | O_NONBLOCK,
				 mode);

	if (fd < 0)
		return err_errno(e, "open %s", path);
	if (fchmod(fd, mode) < 0)
		return err_errno(e, "chmod %s", path);
	if (write(fd, text, n) != (ssize_t)n)
		return err_errno(e, "write %s", path);
	return 0;
}

static int
write_text(const char *path, const char *text, struct err *e)
{
	return write_file(path, 0644, text, strlen(text), e);
}

int
identity_init(struct err *e)
{
	if (mkdir(AGENT_RUN, 0755) < 0 && errno != EEXIST)
		return err_errno(e, "mkdir " AGENT_RUN);
	for (size_t i = 0; i < sizeof(bound) / sizeof(bound[0]); i++) {
		const char *text = bound[i].text ? bound[i].text : env_profile;

		if (write_text(bound[i].file, text, e) < 0)
			return -1;
		/* An image without the place does without the file. */
		if (mount(bound[i].file, bound[i].place, NULL, MS_BIND, NULL) <
			    0 &&
		    errno != ENOENT)
			return err_errno(e, "bind %s", bound[i].place);
	}
	return 0;
}

int
identity_set(const char *hostname, const char *machine_id, struct err *e)
{
	auto_buf struct buf hosts = {0}, line = {0};

	buf_init(&hosts, 4096);
	buf_init(&line, 256);
	if (sethostname(hostname, strlen(hostname)) < 0)
		return err_errno(e, "sethostname");
	buf_addf(&hosts,
		 "127.0.0.1 localhost\n"
		 "127.0.1.1 %s\n"
		 "::1 localhost ip6-localhost ip6-loopback\n",
		 hostname);
	if (write_text(AGENT_RUN "/hosts", buf_str(&hosts), e) < 0)
		return -1;
	buf_addf(&line, "%s\n", hostname);
	if (write_text(AGENT_RUN "/hostname", buf_str(&line), e) < 0)
		return -1;
	buf_reset(&line);
	buf_addf(&line, "%s\n", machine_id);
	return write_text(AGENT_RUN "/machine-id", buf_str(&line), e);
}

int
identity_write_env(json_t *env, struct err *e)
{
	auto_buf struct buf script = {0};

	buf_init(&script, ENV_FILE_MAX);
	if (env_script(&script, env) < 0)
		return err_set(e, ERR_INVALID_REQUEST, "env is too large");
	if (write_file(ENV_FILE, 0600, buf_str(&script), script.len, e) < 0)
		return -1;
	if (lchown(ENV_FILE, AGENT_UID, AGENT_GID) < 0)
		return err_errno(e, "chown " ENV_FILE);
	return 0;
}
