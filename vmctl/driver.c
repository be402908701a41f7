#include "driver.h"

#include <string.h>

#include "err.h"
#include "procfs.h"
#include "vm_state.h"

const struct driver *
driver_find(const char *name)
{
	static const struct driver *const drivers[] = {&driver_qemu,
						       &driver_fake};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	}
	return NULL;
}

bool
driver_template_valid(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n >= 1 && n <= 32 && name[n] == '\0';
}

int
driver_identify(pid_t pid, struct vm_state *st, struct err *e)
{
	struct procfs_stat s;
	uint64_t dev, ino;

	if (procfs_stat(pid, &s) < 0 || procfs_exe(pid, &dev, &ino) < 0)
		return err_set(e, ERR_VMM_FAILED, "the VMM died at once");
	st->pid = pid;
	st->start_ticks = s.start_ticks;
	st->exe_dev = dev;
	st->exe_ino = ino;
	return 0;
}
