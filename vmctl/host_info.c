#include "host_info.h"

#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "auto.h"
#include "driver.h"
#include "host.h"
#include "place.h"
#include "procfs.h"
#include "vm.h"
#include "vmctl_proto.h"

static json_t *
template_names(const struct host *h)
{
	char names[DRIVER_TEMPLATES_MAX][33];
	size_t n = h->driver->templates(h, names);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static int64_t
count_vms(const struct host *h)
{
	int64_t n = 0;

	for (size_t i = 0; i < h->vms.count; i++)
		n += vm_state_holds(&h->vms.vms[i]->st);
	return n;
}

static int64_t
disk_free(const struct host *h)
{
	struct statvfs v;

	return fstatvfs(h->dir_fd, &v) < 0 ? 0
					   : (int64_t)(v.f_bavail * v.f_frsize);
}

#define SET(name, value) .name = (value), .has_##name = true

json_t *
host_info_json(const struct host *h)
{
	auto_json json_t *names = template_names(h);
	struct utsname u;
	struct place p;
	struct vmctl_host_info info;

	uname(&u);
	place_look(h, &p);
	info = (struct vmctl_host_info){
		SET(host, h->conf->host[0] ? h->conf->host : u.nodename),
		SET(driver, h->driver->name),
		SET(accel, h->driver->accel(h)),
		SET(vmm_version, h->vmm_version),
		SET(host_kernel, u.release),
		SET(cpus, sysconf(_SC_NPROCESSORS_ONLN)),
		SET(memory_bytes, (int64_t)procfs_memory_total()),
		SET(memory_available_bytes,
		    p.memory_free > 0 ? p.memory_free : 0),
		SET(disk_free_bytes, disk_free(h)),
		SET(vms, count_vms(h)),
		SET(templates, names),
	};
	return field_write(&vmctl_host_info_fields, &info);
}
