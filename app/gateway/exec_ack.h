/* Tells an agent that it may forget an exec. */
#pragma once

#include <stdint.h>

struct gateway;

void exec_ack(struct gateway *gw, const char *sandbox, int64_t boot,
	      const char *id);
