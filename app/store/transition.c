#include "store/transition.h"

#include "store/db.h"

int
transition_add(struct store *s, const struct transition *t, struct err *e)
{
	return stmt_run(s, STMT_transition_insert,
			CELLS(cell_text(t->sandbox), cell_text(t->from),
			      cell_text(t->to), cell_int(t->op_id),
			      cell_text(t->actor), cell_text(t->reason),
			      cell_text(t->message ? t->message : "")),
			NULL, e);
}
