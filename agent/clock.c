#include "clock.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/random.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "auto.h"
#include "err.h"

#define ENTROPY_MAX 64

int
clock_set(int64_t realtime_us, struct err *e)
{
	struct timespec ts = {
		.tv_sec = (time_t)(realtime_us / 1000000),
		.tv_nsec = (long)(realtime_us % 1000000 * 1000),
	};

	if (clock_settime(CLOCK_REALTIME, &ts) < 0)
		return err_errno(e, "set the clock");
	return 0;
}

int
clock_add_entropy(const void *p, size_t n, struct err *e)
{
	auto_close int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	union {
		struct rand_pool_info info;
		char room[sizeof(struct rand_pool_info) + ENTROPY_MAX];
	} pool = {0};
	int rc;

	assert(n <= ENTROPY_MAX);
	if (fd < 0)
		return err_errno(e, "open /dev/urandom");
	pool.info.entropy_count = (int)n * 8;
	pool.info.buf_size = (int)n;
	memcpy(pool.room + offsetof(struct rand_pool_info, buf), p, n);
	rc = ioctl(fd, RNDADDENTROPY, &pool);
	explicit_bzero(&pool, sizeof(pool));
	if (rc < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
		return err_errno(e, "add entropy");
	return 0;
}
