/* The checks of doctor: what they share and what they find. */
#pragma once

#include "vmctl_proto.h"

struct admin;
struct store;
struct vmctl;

enum doctor_need { NEED_DATABASE = 1, NEED_VMCTL = 2 };

struct doctor {
	struct admin *admin;
	struct store *store;
	struct vmctl *vmctl;
	unsigned has; /* needs that are met */
};

#define DOCTOR_SHOWN 5 /* sandboxes named in one finding */

/* What a check found; `count` 0: all is well. */
struct finding {
	int count;
	char words[512];
};

/* Counts one more thing that is not well, and names it while there is room. */
void doctor_found(struct finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

typedef void doctor_check(struct doctor *d, struct finding *out);

#define CHECK(name, needs, holds, action) doctor_check check_##name;
#include "admin/checks.def"
#undef CHECK
