#include "place.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#include "err.h"
#include "host.h"
#include "procfs.h"
#include "vm.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

/* Guests touch their memory late: what they may still take counts as taken. */
static int64_t
untouched(const struct vm_state *st)
{
	int64_t promised = (st->memory_mb + PLACE_OVERHEAD_MB) * MIB;
	struct procfs_stat s;

	if (st->state == VMCTL_STATE_exited)
		return 0;
	if (procfs_stat(st->pid, &s) < 0)
		return promised;
	return (int64_t)s.rss_bytes < promised ? promised - (int64_t)s.rss_bytes
					       : 0;
}

void
place_look(const struct host *h, struct place *out)
{
	struct statvfs v;

	*out = (struct place){
		.memory_free = (int64_t)procfs_memory_available(),
		.memory_reserve = h->conf->vm_memory_reserve_mb * MIB,
		.overcommit = h->conf->vm_disk_overcommit,
	};
	if (fstatvfs(h->dir_fd, &v) == 0)
		out->disk_size = (int64_t)(v.f_blocks * v.f_frsize);
	for (size_t i = 0; i < h->vms.count; i++) {
		const struct vm_state *st = &h->vms.vms[i]->st;

		if (!vm_state_holds(st))
			continue;
		out->memory_free -= untouched(st);
		out->disk_promised += st->disk_gb * GIB;
	}
}

int
place_check(const struct place *p, int64_t memory_mb, int64_t disk_gb,
	    struct err *e)
{
	int64_t want = (memory_mb + PLACE_OVERHEAD_MB) * MIB;
	int64_t left = p->memory_free - p->memory_reserve;

	if (left < want)
		return err_set(e, ERR_SANDBOX_CAPACITY,
			       "this host has %" PRId64
			       " MiB of memory left for sandboxes, %" PRId64
			       " are needed",
			       left > 0 ? left / MIB : 0, want / MIB);
	if (p->disk_promised + disk_gb * GIB > p->disk_size * p->overcommit)
		return err_set(e, ERR_SANDBOX_CAPACITY,
			       "this host has promised %" PRId64
			       " GiB of disk, as much as it may",
			       p->disk_promised / GIB);
	return 0;
}
