/* The accelerator of this host's VMs. */
#pragma once

struct err;
struct host;

enum accel { ACCEL_TCG, ACCEL_KVM };

const char *accel_name(enum accel a);
/*
 * conf.vm_accel decides; `auto` takes KVM only when a probe guest boots under
 * it within ACCEL_PROBE_MS. The answer is kept in /run until the host
 * reboots or QEMU changes. `root` is the jail's.
 */
#define ACCEL_PROBE_MS 3000 /* a kernel panics 0.5 s after its start */
int accel_choose(const struct host *h, const char *root, enum accel *out,
		 struct err *e);
