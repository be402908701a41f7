/* What is too old goes, a bounded number of short batches at a time. */
#include "err.h"
#include "keeper/keeper.h"
#include "log.h"
#include "store/store_retain.h"

#define BATCHES_MAX 20 /* of one kind in one go */

static const struct retained {
	const char *what;
	int (*remove)(struct store *s, int64_t *out_count, struct err *e);
} retained[] = {
	{"idempotency keys", store_retain_idempotency},
	{"execs", store_retain_exec},
	{"sandboxes", store_retain_sandbox},
	{"run intervals", store_retain_run},
};

static int
remove_old(struct keeper *k, const struct retained *r, struct err *e)
{
	int64_t n = STORE_RETAIN_BATCH, total = 0;
	char text[24];

	for (int i = 0; i < BATCHES_MAX && n == STORE_RETAIN_BATCH && !*k->stop;
	     i++) {
		if (r->remove(k->store, &n, e) < 0)
			return err_wrap(e, "remove old %s", r->what);
		total += n;
	}
	if (total == 0)
		return 0;
	snprintf(text, sizeof(text), "%lld", (long long)total);
	log_info("removed what is too old", "what", r->what, "rows", text);
	return 0;
}

int
step_retain(struct keeper *k, const struct fleet *f, struct err *e)
{
	(void)f;
	for (size_t i = 0; i < sizeof(retained) / sizeof(retained[0]); i++) {
		if (remove_old(k, &retained[i], e) < 0)
			return -1;
	}
	return 0;
}

int
step_partitions(struct keeper *k, const struct fleet *f, struct err *e)
{
	int64_t n;
	char text[24];

	(void)f;
	if (store_retain_partitions(k->store, &n, e) < 0)
		return -1;
	if (n == 0)
		return 0;
	snprintf(text, sizeof(text), "%lld", (long long)n);
	log_info("rolled the days of exec_output", "changed", text);
	return 0;
}
