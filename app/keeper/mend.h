/* The keeper's actions on one sandbox. Each may be repeated; each that did
 * something logs one line. */
#pragma once

#include "keeper/decide.h"

struct err;
struct fleet_pair;
struct keeper;

int mend(struct keeper *k, enum decide_action action,
	 const struct fleet_pair *p, struct err *e);
/* Destroys a sandbox whose lifetime is over. */
int mend_expire(struct keeper *k, const char *id, struct err *e);
