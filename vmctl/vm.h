/* One VM as the daemon's loop sees it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "vm_state.h"

struct job;
struct request;

#define VM_QUEUE_MAX 16

struct vm {
	struct vm_state
		st; /* as the state file, or as a running job will have it */
	struct job *job;      /* NULL: no operation runs */
	struct loop_src exit; /* fd: the VMM's pidfd, or -1 */
	bool channel_given;   /* maybe: its connection must be ended first */
	struct loop_src resolver; /* fd: the pidfd of its resolver, or -1 */
	unsigned resolver_deaths; /* since a client last set the network */
	struct request *queue;	  /* waits for the job's end; oldest first */
	unsigned queued;
};
