#include "proc.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "auto.h"
#include "err.h"
#include "text.h"

int
proc_harden(struct err *e)
{
	const struct rlimit none = {0, 0};

	umask(0077);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(e, "make the process non-dumpable");
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return err_errno(e, "forbid core files");
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return err_errno(e, "ignore SIGPIPE");
	return 0;
}

void
proc_raise_nofile(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

void
proc_notify_ready(void)
{
	static const char ready[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	auto_close int sock = -1;
	socklen_t len;

	if (!path || text_copy(a.sun_path, sizeof(a.sun_path), path) < 0)
		return;
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			  strlen(path));
	if (a.sun_path[0] == '@') /* the abstract namespace */
		a.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return;
	/* A supervisor that does not listen is not our failure. */
	(void)sendto(sock, ready, sizeof(ready) - 1, MSG_NOSIGNAL,
		     (const struct sockaddr *)&a, len);
}
