#include "seqpacket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../support/fd_count.h"
#include "../support/temp_dir.h"
#include "auto.h"
#include "err.h"
#include "timeutil.h"

struct pair {
	int a, b;
};

static void
pair_init(struct pair *p)
{
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	*p = (struct pair){fds[0], fds[1]};
}

static void
pair_fini(struct pair *p)
{
	close(p->a);
	close(p->b);
}

#define auto_pair __attribute__((cleanup(pair_fini)))

/* A packet with n copies of fd, as a hostile peer may send it. */
static void
send_fds(int sock, int fd, size_t n)
{
	union {
		struct cmsghdr h;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} c = {.bytes = {0}};
	char text[] = "many";
	struct iovec iov = {text, 4};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &c,
			   .msg_controllen = CMSG_SPACE(n * sizeof(int))};

	c.h.cmsg_level = SOL_SOCKET;
	c.h.cmsg_type = SCM_RIGHTS;
	c.h.cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(&c.h) + i * sizeof(int), &fd, sizeof(fd));
	assert_int_equal(sendmsg(sock, &m, 0), 4);
}

static void
packet_keeps_its_borders(void **state)
{
	auto_pair struct pair p;
	char got[16];
	int fd = 77;

	(void)state;
	pair_init(&p);
	assert_int_equal(seqpacket_send(p.a, "one", 3, -1), 0);
	assert_int_equal(seqpacket_send(p.a, "three", 5, -1), 0);
	assert_int_equal(seqpacket_recv(p.b, got, sizeof(got), &fd), 3);
	assert_int_equal(fd, -1);
	assert_int_equal(seqpacket_recv(p.b, got, 5, &fd), 5);
	assert_memory_equal(got, "three", 5);
	shutdown(p.a, SHUT_WR);
	assert_int_equal(seqpacket_recv(p.b, got, sizeof(got), &fd), 0);
}

static void
empty_packet_is_not_sent(void **state)
{
	auto_pair struct pair p;

	(void)state;
	pair_init(&p);
	assert_int_equal(seqpacket_send(p.a, "", 0, -1), -1);
	assert_int_equal(errno, EINVAL);
}

static void
descriptor_rides_along(void **state)
{
	auto_pair struct pair p;
	struct stat sent, came;
	char got[16];
	int before, fd;

	(void)state;
	pair_init(&p);
	before = fd_count();
	assert_int_equal(seqpacket_send(p.a, "x", 1, p.a), 0);
	assert_int_equal(seqpacket_recv(p.b, got, sizeof(got), &fd), 1);
	assert_int_equal(fd_count(), before + 1);
	fstat(p.a, &sent);
	fstat(fd, &came);
	assert_int_equal(sent.st_ino, came.st_ino);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void
superfluous_descriptors_are_closed(void **state)
{
	auto_pair struct pair p;
	char got[16];

	(void)state;
	pair_init(&p);
	for (size_t n = 1; n <= 16; n++) {
		int before = fd_count();
		int fd = -1;

		send_fds(p.a, p.a, n);
		assert_int_equal(seqpacket_recv(p.b, got, sizeof(got), &fd), 4);
		assert_true(fd >= 0);
		assert_int_equal(fd_count(), before + 1);
		close(fd);
		send_fds(p.a, p.a, n);
		assert_int_equal(seqpacket_recv(p.b, got, sizeof(got), NULL),
				 4);
		assert_int_equal(fd_count(), before);
	}
}

static void
long_packet_is_refused(void **state)
{
	auto_pair struct pair p;
	char got[3];
	int before, fd = 77;

	(void)state;
	pair_init(&p);
	before = fd_count();
	send_fds(p.a, p.a, 2);
	assert_int_equal(seqpacket_recv(p.b, got, sizeof(got), &fd), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(fd, 77);
	assert_int_equal(fd_count(), before);
	/* The next packet is not touched by it. */
	assert_int_equal(seqpacket_send(p.a, "ok", 2, -1), 0);
	assert_int_equal(seqpacket_recv(p.b, got, sizeof(got), &fd), 2);
}

static void
closed_peer_is_an_error(void **state)
{
	auto_pair struct pair p;

	(void)state;
	pair_init(&p);
	close(p.b);
	p.b = -1;
	assert_int_equal(seqpacket_send(p.a, "x", 1, -1), -1);
	assert_int_equal(errno, EPIPE);
}

static void
listens_and_connects(void **state)
{
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX], got[8];
	struct err e = {0};

	(void)state;
	temp_dir_init(&d);
	temp_dir_file(&d, "s", path);
	auto_close int ls = seqpacket_listen(path, 4, &e);
	auto_close int c = seqpacket_connect(path, 1000, &e);
	auto_close int s = accept(ls, NULL, NULL);

	assert_true(ls >= 0 && c >= 0 && s >= 0);
	assert_int_equal(fcntl(ls, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(ls, F_GETFL) & O_NONBLOCK);
	assert_false(fcntl(c, F_GETFL) & O_NONBLOCK);
	assert_int_equal(seqpacket_send(c, "hi", 2, -1), 0);
	assert_int_equal(seqpacket_recv(s, got, sizeof(got), NULL), 2);
}

static void
stale_socket_is_replaced(void **state)
{
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX];
	struct err e = {0};
	int first, second;

	(void)state;
	temp_dir_init(&d);
	temp_dir_file(&d, "s", path);
	first = seqpacket_listen(path, 4, &e);
	assert_true(first >= 0);
	assert_int_equal(seqpacket_listen(path, 4, &e), -1);
	assert_non_null(strstr(e.msg, "in use"));
	close(first);
	second = seqpacket_listen(path, 4, &e);
	assert_true(second >= 0);
	close(second);
}

static void
other_files_are_not_replaced(void **state)
{
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX];
	struct err e = {0};

	(void)state;
	temp_dir_init(&d);
	temp_dir_write(temp_dir_file(&d, "s", path), "precious", 8);
	assert_int_equal(seqpacket_listen(path, 4, &e), -1);
	assert_non_null(strstr(e.msg, "not a socket"));
	assert_int_equal(access(path, F_OK), 0);
}

static void
connect_to_nobody(void **state)
{
	char path[300];
	struct err e = {0};
	int before = fd_count();

	(void)state;
	assert_int_equal(seqpacket_connect("/nonexistent/s", 100, &e), -1);
	assert_int_equal(e.code, ERR_VMCTL_UNAVAILABLE);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(seqpacket_connect(path, 100, &e), -1);
	assert_int_equal(seqpacket_listen(path, 1, &e), -1);
	assert_int_equal(fd_count(), before);
}

/* A server that does not accept must not hold its clients for ever. */
static void
connect_gives_up_in_time(void **state)
{
	auto_temp_dir struct temp_dir d;
	char path[TEMP_PATH_MAX];
	struct err e = {0};
	int64_t start;
	int fds[8], n = 0;

	(void)state;
	temp_dir_init(&d);
	auto_close int ls =
		seqpacket_listen(temp_dir_file(&d, "s", path), 0, &e);
	assert_true(ls >= 0);
	while (n < 8 && (fds[n] = seqpacket_connect(path, 50, &e)) >= 0)
		n++;
	assert_in_range(n, 1, 7);
	start = time_mono_ms();
	assert_int_equal(seqpacket_connect(path, 200, &e), -1);
	assert_int_equal(e.code, ERR_VMCTL_UNAVAILABLE);
	assert_in_range(time_mono_ms() - start, 150, 5000);
	while (n > 0)
		close(fds[--n]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_keeps_its_borders),
		cmocka_unit_test(empty_packet_is_not_sent),
		cmocka_unit_test(descriptor_rides_along),
		cmocka_unit_test(superfluous_descriptors_are_closed),
		cmocka_unit_test(long_packet_is_refused),
		cmocka_unit_test(closed_peer_is_an_error),
		cmocka_unit_test(listens_and_connects),
		cmocka_unit_test(stale_socket_is_replaced),
		cmocka_unit_test(other_files_are_not_replaced),
		cmocka_unit_test(connect_to_nobody),
		cmocka_unit_test(connect_gives_up_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
