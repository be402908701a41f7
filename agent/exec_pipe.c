#include "exec_pipe.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent.h"
#include "exec_stream.h"

#define READ_MAX 32768

/* Nothing more to read: closed, or left to the background child that holds it.
 */
static void
retire(struct exec_pipe *p)
{
	struct exec_table *t = p->run->table;
	struct pollfd pfd = {.fd = p->io.fd, .events = POLLIN};

	p->left = 0;
	if (poll(&pfd, 1, 0) == 1 && !(pfd.revents & POLLIN)) {
		loop_close(t->loop, &p->io);
		return;
	}
	loop_watch(t->loop, &p->io, 0);
	orphan_add(&t->orphans, p->io.fd);
	p->io.fd = -1;
}

static void
on_ready(struct loop_io *io, uint32_t events)
{
	static uint8_t bytes[READ_MAX];
	struct exec_pipe *p = container_of(io, struct exec_pipe, io);
	size_t most = p->left < READ_MAX ? p->left : READ_MAX;
	ssize_t n = read(io->fd, bytes, most);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_close(p->run->table->loop, io);
	} else {
		exec_output_add(&p->run->output, p->is_err, bytes, (size_t)n);
		p->bytes += (uint64_t)n;
		if (p->left != SIZE_MAX)
			p->left -= (size_t)n;
		if (p->left == 0)
			retire(p);
	}
	exec_stream_progress(p->run);
}

void
exec_pipe_init(struct exec_pipe *p, struct exec_run *x, int fd, bool is_err)
{
	*p = (struct exec_pipe){.run = x,
				.io = {.fd = fd, .ready = on_ready},
				.is_err = is_err,
				.left = SIZE_MAX};
}

void
exec_pipe_fini(struct exec_pipe *p)
{
	loop_close(p->run->table->loop, &p->io);
}

void
exec_pipe_watch(struct exec_pipe *p, bool read)
{
	if (p->io.fd >= 0)
		loop_watch(p->run->table->loop, &p->io, read ? EPOLLIN : 0);
}

void
exec_pipe_exited(struct exec_pipe *p)
{
	int n = 0;

	if (p->io.fd < 0)
		return;
	if (ioctl(p->io.fd, FIONREAD, &n) < 0 || n <= 0)
		retire(p);
	else
		p->left = (size_t)n;
}
