/*
 * QMP, spoken to a process that its guest may have taken over: every length is
 * bounded and every word checked. Used by unprivileged children only.
 */
#pragma once

#include <stdint.h>

#include "buf.h"

struct err;

#define QMP_LINE_MAX 65536

enum qmp_kind { QMP_GREETING, QMP_RETURN, QMP_ERROR, QMP_EVENT };

struct qmp_message {
	enum qmp_kind kind;
	char text[128]; /* event: its name; error: its description, printable */
};

struct qmp {
	int fd;		/* not owned */
	int64_t end_ms; /* of the session, time_mono_ms */
	struct buf in;
	size_t taken; /* bytes of `in` that the last message used */
};

void qmp_init(struct qmp *q, int fd, int64_t end_ms);
void qmp_fini(struct qmp *q);
/* Gives bytes as if they had been received. 0, or -1: a line is too long. */
int qmp_feed(struct qmp *q, const void *p, size_t n, struct err *e);
/* 1 and a message, 0: needs more bytes, -1: not QMP. */
int qmp_next(struct qmp *q, struct qmp_message *out, struct err *e);
/* Waits for the greeting and leaves the negotiation mode. */
int qmp_start(struct qmp *q, struct err *e);
/* `arguments` is the text of a JSON object, or NULL. Events meanwhile are
 * dropped. */
int qmp_command(struct qmp *q, const char *name, const char *arguments,
		struct err *e);
