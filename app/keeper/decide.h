/* What is to be done about one sandbox: a pure function, a table. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/sandbox.h"
#include "vmctl_proto.h"

#define DECIDE_NO_ROW (-1) /* in place of an enum sandbox_state */

enum decide_action {
	DECIDE_NONE,
	DECIDE_FAIL,  /* running, or on the way to or from paused -> error: its
			* VMM is gone */
	DECIDE_UNDO,  /* creating -> destroyed: nobody finishes it */
	DECIDE_PAUSE, /* pausing -> paused: nobody finishes it */
	DECIDE_REPAUSE, /* resuming -> paused: nobody finishes it */
	DECIDE_FINISH,	/* destroying -> destroyed: nobody finishes it */
	DECIDE_ORPHAN,	/* remove a VM that no live row speaks of */
	DECIDE_ACTION_COUNT
};
const char *decide_action_name(enum decide_action a);

struct decide_facts {
	int row; /* enum sandbox_state or DECIDE_NO_ROW */
	enum vmctl_state vm;
	bool lease_over;
	int64_t age_ms; /* since when it has looked so */
};

enum decide_action decide(const struct decide_facts *f);
/* Does it look as it should, so that its age need not be watched? */
bool decide_normal(int row, enum vmctl_state vm);
