/* Sandboxes whose lifetime is over are destroyed, whatever their state. */
#include "err.h"
#include "id.h"
#include "keeper/keeper.h"
#include "keeper/mend.h"
#include "log.h"
#include "store/store_sandbox.h"
#include "text.h"

#define EXPIRE_MAX 16 /* in one go: each may take vmctl's deadline */

struct expired {
	char ids[EXPIRE_MAX][ID_SIZE];
	size_t count;
};

static int
add(void *arg, const char *id)
{
	struct expired *x = arg;

	text_copy(x->ids[x->count++], ID_SIZE, id);
	return x->count == EXPIRE_MAX;
}

/* One that fails is destroying by then, or comes again: the others go on. */
int
step_expire(struct keeper *k, const struct fleet *f, struct err *e)
{
	struct expired x = {.count = 0};
	struct err why;

	(void)f;
	if (store_sandbox_expired(k->store, k->conf.host, EXPIRE_MAX, add, &x,
				  e) < 0)
		return -1;
	for (size_t i = 0; i < x.count && !*k->stop; i++)
		if (mend_expire(k, x.ids[i], &why) < 0)
			log_warn("cannot end a lifetime", "sandbox", x.ids[i],
				 "error", why.msg);
	return 0;
}
