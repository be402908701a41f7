/* Run intervals: a VMM that lives is noted; what cannot live is closed. */
#include "err.h"
#include "keeper/fleet.h"
#include "keeper/keeper.h"
#include "log.h"
#include "model/sandbox.h"
#include "store/store_exec.h"
#include "store/store_run.h"
#include "text.h"

int
step_run_seen(struct keeper *k, const struct fleet *f, struct err *e)
{
	struct store_run_ref refs[STORE_RUN_BATCH];
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct fleet_pair *p = &f->pairs[i];

		if (p->row == SANDBOX_running && p->vm == VMCTL_STATE_running) {
			text_copy(refs[n].sandbox, ID_SIZE, p->id);
			refs[n].sent_bytes = p->sent_bytes;
			refs[n].received_bytes = p->received_bytes;
			refs[n++].boot = p->boot;
		}
		if (n == STORE_RUN_BATCH || (n > 0 && i + 1 == f->count)) {
			if (store_run_seen(k->store, refs, n, e) < 0)
				return -1;
			n = 0;
		}
	}
	return 0;
}

static void
log_count(const char *what, int64_t n)
{
	char text[24];

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)n);
	log_info("swept", "what", what, "rows", text);
}

int
step_sweep(struct keeper *k, const struct fleet *f, struct err *e)
{
	int64_t runs, execs;

	(void)f;
	if (store_run_sweep(k->store, &runs, e) < 0)
		return -1;
	log_count("run intervals closed", runs);
	if (store_exec_sweep(k->store, &execs, e) < 0)
		return -1;
	log_count("execs lost", execs);
	return 0;
}
