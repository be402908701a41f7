/* A short-lived process without any right that speaks QMP for root. */
#pragma once

#include <sys/types.h>

struct err;

struct qmp_helper {
	uid_t uid;	  /* the VM's */
	const char *root; /* becomes its root: the jail's */
	int qmp_fd;	  /* connected */
	int log_fd;	  /* where the VMM may have said why it died, or -1 */
	const char *command;
	const char *arguments; /* JSON, or NULL */
};

/*
 * Runs the command in a child that holds nothing but the two descriptors, in
 * namespaces and a root of its own. The caller learns success, or one line of
 * printable text.
 */
int qmp_helper_run(const struct qmp_helper *h, struct err *e);
