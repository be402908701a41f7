/*
 * The overlay disk of a VM: a sparse ext4 file. A pristine one of each size is
 * made once with mkfs.ext4 and copied for each VM; no file system is ever
 * mounted or read here.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct err;

/* A copy of the pristine one in `folder` as VM_STORE_DISK, owned by uid, 0600. */
int disk_make(int dir_fd, int folder, int64_t disk_gb, uid_t uid,
	      struct err *e);
