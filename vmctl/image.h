/* The files that every VM of a template shares, opened for QEMU. */
#pragma once

#include <stddef.h>

struct err;

/* conf.image_dir/NAME/rootfs.erofs, never through a link or out of the
 * folder, nor one that others than its owner may write: a VM may reopen what it
 * is given. TEMPLATE_NOT_FOUND. `name` is valid (driver_template_valid). */
int image_open(const char *image_dir, const char *name, struct err *e);
size_t image_list(const char *image_dir, char (*out)[33], size_t max);
/* The guest's kernel or initramfs: a VM's uid must be able to read it. */
int image_open_shared(const char *path, struct err *e);
