/* The part of a VM's life that is about its network: changes asked for, and
 * resolvers that die. */
#pragma once

#include "job.h"

struct host;
struct request;
struct vm;

/* Takes the request over and answers it when its job ends. */
void life_net_set(struct host *h, struct vm *vm, struct request *r);
/* A job of kind NETWORK or RESOLVER ended; `r` may be NULL. */
void life_net_ended(struct host *h, struct vm *vm, enum job_kind kind,
		    struct request *r, const struct job_result *res);
/* Brings about what a running VM needs: the rest of an interrupted change, its
 * resolver watched, or a new one. */
void life_net_mend(struct host *h, struct vm *vm);
