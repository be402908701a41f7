/* Is everything there, and is it what this program expects? */
#include <string.h>

#include "admin/admin.h"
#include "admin/doctor.h"
#include "store/store_host.h"
#include "store/store_schema.h"
#include "vmctl_client.h"

#define KEEPER_SILENT_S 30

void
check_database(struct doctor *d, struct finding *out)
{
	struct err e = {0};

	if (store_ping(d->store, &e) < 0)
		doctor_found(out, "%s", e.msg);
	else
		d->has |= NEED_DATABASE;
}

void
check_schema(struct doctor *d, struct finding *out)
{
	struct err e = {0};

	if (store_schema_check(d->store, &e) < 0)
		doctor_found(out, "%s", e.msg);
}

void
check_vmctl(struct doctor *d, struct finding *out)
{
	struct vmctl_host_info info;
	struct err e = {0};

	if (vmctl_host_info(d->vmctl, &info, &e) < 0)
		doctor_found(out, "%s", e.msg);
	else
		d->has |= NEED_VMCTL;
}

void
check_host(struct doctor *d, struct finding *out)
{
	const char *host = d->admin->conf.host;
	struct vmctl_host_info info;
	struct err e = {0};

	if (vmctl_host_info(d->vmctl, &info, &e) < 0)
		doctor_found(out, "%s", e.msg);
	else if (strcmp(info.host, host) != 0)
		doctor_found(out, "vmctl is of host %s, this is %s", info.host,
			     host);
	else if (json_array_size(info.templates) == 0)
		doctor_found(out, "vmctl has no template");
}

void
check_keeper(struct doctor *d, struct finding *out)
{
	struct err e = {0};
	int64_t age;

	if (store_host_age(d->store, d->admin->conf.host, &age, &e) < 0)
		doctor_found(out, "%s", e.msg);
	else if (age > KEEPER_SILENT_S)
		doctor_found(out, "last seen %lld s ago", (long long)age);
}
