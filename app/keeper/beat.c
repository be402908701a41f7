/* This host's row. */
#include "err.h"
#include "keeper/keeper.h"
#include "store/store_host.h"
#include "vmctl_client.h"

int
step_beat(struct keeper *k, const struct fleet *f, struct err *e)
{
	struct vmctl_host_info info;
	struct err why = {0};
	bool up = vmctl_host_info(k->vmctl, &info, &why) == 0;

	(void)f;
	if (store_host_beat(k->store, k->conf.host, up ? &info : NULL, e) < 0)
		return -1;
	if (!up)
		*e = why;
	return up ? 0 : -1;
}
