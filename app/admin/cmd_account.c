#include "admin/admin.h"

#include <stdio.h>
#include <string.h>

#include "admin/args.h"
#include "store/store_account.h"
#include "text.h"
#include "timeutil.h"

static int
check(const char *name, const char *plan, struct err *e)
{
	size_t n = strlen(name);

	if (n == 0 || n >= STORE_NAME_SIZE || !text_is_utf8(name, n))
		return err_set(e, ERR_INVALID_REQUEST,
			       "NAME: 1 to %d bytes of UTF-8",
			       STORE_NAME_SIZE - 1);
	if (!account_plan_valid(plan))
		return err_set(e, ERR_INVALID_REQUEST, "there is no plan %s",
			       plan);
	return 0;
}

int
cmd_account_create(struct admin *a, struct err *e)
{
	const char *name, *plan = "enterprise";
	const struct args_option options[] = {{"--plan", &plan, NULL},
					      {NULL, NULL, NULL}};
	struct store_account account = {0};
	struct store *s;
	int rc;

	if (args_take(a, options, &name, 1, e) < 0 || check(name, plan, e) < 0)
		return -1;
	s = store_open(&a->conf, a->user, e);
	if (!s)
		return -1;
	id_make(account.id, ID_ACCOUNT);
	text_copy(account.name, sizeof(account.name), name);
	text_copy(account.plan, sizeof(account.plan), plan);
	rc = store_account_create(s, &account, e);
	store_close(s);
	if (rc == 0)
		printf("%s\n", account.id);
	return rc;
}

static int
print_account(void *arg, const struct store_account *a)
{
	char at[TIME_RFC3339_SIZE];

	(void)arg;
	time_rfc3339(at, a->created_us, 0);
	printf("%s\t%s\t%s\t%s\t%s\n", a->id, a->plan,
	       a->disabled ? "disabled" : "enabled", at, a->name);
	return 0;
}

int
cmd_account_list(struct admin *a, struct err *e)
{
	const struct args_option none = {NULL, NULL, NULL};
	struct store *s;
	int rc;

	if (args_take(a, &none, NULL, 0, e) < 0)
		return -1;
	s = store_open(&a->conf, a->user, e);
	if (!s)
		return -1;
	rc = store_account_list(s, print_account, NULL, e);
	store_close(s);
	return rc;
}
