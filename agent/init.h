/* From the initramfs to a system that can run commands; then the port. */
#pragma once

struct err;

/* /dev and a console for our messages, before anything else. */
int init_console(struct err *e);
/* Kernel modules, disks, root file system; needs the initramfs. */
int init_root(struct err *e);
/* Mounts below the root, kernel settings, loopback. */
int init_system(struct err *e);
/* Address, default route and resolver, where there is a network device. */
int init_network(struct err *e);
/* Opens the virtio-serial port of that name, waiting for it at most 5 s. */
int init_open_port(const char *name, struct err *e);
