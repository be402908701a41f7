/* The part of a VM's life in which its guest stands still. */
#pragma once

#include "job.h"

struct host;
struct request;
struct vm;

/* pause or resume, as the request says: takes it over and answers it when its
 * job ends. */
void life_switch_set(struct host *h, struct vm *vm, struct request *r);
/* A job of kind PAUSE or RESUME ended; `r` may be NULL. */
void life_switch_ended(struct host *h, struct vm *vm, enum job_kind kind,
		       struct request *r, const struct job_result *res);
