/* QEMU's command line. Pure: no file is opened here. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "accel.h"
#include "buf.h"

#define QEMU_ARGS_MAX 96

/* The numbers that the descriptors have in QEMU. */
enum qemu_fd {
	QEMU_FD_KERNEL = 3,
	QEMU_FD_INITRAMFS,
	QEMU_FD_IMAGE,
	QEMU_FD_DISK_RW,
	QEMU_FD_DISK_RO,
	QEMU_FD_AGENT,
	QEMU_FD_QMP,
	QEMU_FD_TAP,
	QEMU_FD_END,
};

struct qemu_shape {
	enum accel accel;
	int64_t cpus, memory_mb;
	int64_t tsc_khz; /* 0: leave the guest to find out */
};

struct qemu_args {
	struct buf text; /* the arguments, each NUL-terminated */
	size_t count;
	const char *argv[QEMU_ARGS_MAX + 1]; /* NULL-terminated, into text */
};

/* A VM of that shape, stopped before its first instruction. 0 or -1. */
int qemu_args_vm(struct qemu_args *a, const struct qemu_shape *s);
/* A guest that has the kernel alone: it panics, resets, and QEMU exits with 0.
 */
int qemu_args_probe(struct qemu_args *a, const struct qemu_shape *s);
void qemu_args_fini(struct qemu_args *a);
