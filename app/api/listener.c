#include "listener.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"
#include "text.h"

static int
remove_stale(const struct sockaddr_un *at, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(e, "socket");
	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return err_set(e, ERR_INTERNAL, "%s: somebody listens there",
			       at->sun_path);
	if (errno == ENOENT)
		return 0;
	if (errno != ECONNREFUSED)
		return err_errno(e, "%s", at->sun_path);
	if (unlink(at->sun_path) < 0 && errno != ENOENT)
		return err_errno(e, "remove %s", at->sun_path);
	return 0;
}

int
listener_open(const char *path, struct err *e)
{
	auto_close int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (fd < 0)
		return err_errno(e, "socket");
	if (text_copy(at.sun_path, sizeof(at.sun_path), path))
		return err_set(e, ERR_INTERNAL, "%s: path too long", path);
	if (remove_stale(&at, e))
		return -1;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return err_errno(e, "bind %s", path);
	if (chmod(path, 0660) < 0)
		return err_errno(e, "chmod %s", path);
	if (listen(fd, LISTENER_BACKLOG) < 0)
		return err_errno(e, "listen on %s", path);
	return steal_fd(&fd);
}
