#include "admin/admin.h"

int
cmd_doctor(struct admin *a, struct err *e)
{
	(void)a;
	return err_set(e, ERR_NOT_IMPLEMENTED, "being written");
}
