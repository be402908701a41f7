/* SOCK_SEQPACKET packets that may carry one descriptor. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct err;

/* A listening, close-on-exec, non-blocking socket at `path`; a stale one is
 * replaced. Mode and owner are the folder's business. -1 on error. */
int seqpacket_listen(const char *path, int backlog, struct err *e);
/* Connects within timeout_ms; VMCTL_UNAVAILABLE otherwise. */
int seqpacket_connect(const char *path, int timeout_ms, struct err *e);
/* fd: -1 for none. One whole packet or -1 with errno. */
int seqpacket_send(int sock, const void *p, size_t n, int fd);
/*
 * Length (0 = end of file), or -1 with errno; EMSGSIZE when the packet was
 * longer than n. *out_fd is an owned descriptor or -1; superfluous ones are
 * closed. NULL refuses descriptors (they are closed).
 */
ssize_t seqpacket_recv(int sock, void *p, size_t n, int *out_fd);
