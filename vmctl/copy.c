#include "copy.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"

static int
copy_range(int from, int to, off_t start, off_t end, struct err *e)
{
	off_t in = start, out = start;

	while (in < end) {
		ssize_t n = copy_file_range(from, &in, to, &out,
					    (size_t)(end - in), 0);

		if (n < 0)
			return err_errno(e, "copy_file_range");
		if (n == 0)
			return err_set(e, ERR_INTERNAL, "the file shrank");
	}
	return 0;
}

int
copy_sparse(int from, int to, struct err *e)
{
	struct stat s;
	off_t data, hole = 0;

	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	if (fstat(from, &s) < 0 || ftruncate(to, s.st_size) < 0)
		return err_errno(e, "copy");
	while ((data = lseek(from, hole, SEEK_DATA)) >= 0) {
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return err_errno(e, "seek hole");
		if (copy_range(from, to, data, hole, e) < 0)
			return -1;
	}
	/* ENXIO: no data from there to the end. */
	return errno == ENXIO ? 0 : err_errno(e, "seek data");
}
