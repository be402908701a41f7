#include "admin/admin.h"

#include <stdio.h>
#include <string.h>

#include "admin/args.h"
#include "model/api_key.h"
#include "store/store_key.h"
#include "text.h"
#include "timeutil.h"

_Static_assert(API_KEY_SHOWN < STORE_KEY_PREFIX_SIZE, "the shown part fits");

#define LIST_PAGE 1000

struct key_options {
	const char *scope, *name, *expires;
};

static int
read_options(const struct key_options *o, struct store_key *k, struct err *e)
{
	int scope = key_scope_from_name(o->scope);

	if (scope < 0)
		return err_set(e, ERR_INVALID_REQUEST, "there is no scope %s",
			       o->scope);
	k->scope = (enum key_scope)scope;
	if (!text_is_utf8(o->name, strlen(o->name)) ||
	    text_copy(k->name, sizeof(k->name), o->name) < 0)
		return err_set(e, ERR_INVALID_REQUEST,
			       "--name: at most %d bytes of UTF-8",
			       STORE_NAME_SIZE - 1);
	if (o->expires && (time_parse_rfc3339(o->expires, &k->expires_us) < 0 ||
			   k->expires_us <= time_unix_us()))
		return err_set(e, ERR_INVALID_REQUEST,
			       "--expires: a time to come, like "
			       "2030-01-31T00:00:00Z");
	return 0;
}

/* The one time that the key's text is shown; only its hash is kept. */
static int
create_key(struct store *s, const char *account, struct store_key *k,
	   struct err *e)
{
	struct store_account owner;
	char text[API_KEY_TEXT_SIZE];
	uint8_t hash[API_KEY_HASH_SIZE];
	int rc;

	if (store_account_find(s, account, &owner, e) < 0)
		return -1;
	api_key_make(text);
	api_key_hash(text, hash);
	id_make(k->id, ID_KEY);
	text_copy(k->account, sizeof(k->account), owner.id);
	snprintf(k->prefix, sizeof(k->prefix), "%.*s", API_KEY_SHOWN, text);
	rc = store_key_create(s, k, hash, e);
	if (rc == 0)
		printf("%s\n", text);
	explicit_bzero(text, sizeof(text));
	return rc;
}

int
cmd_key_create(struct admin *a, struct err *e)
{
	struct key_options o = {.scope = "full", .name = ""};
	const struct args_option options[] = {{"--scope", &o.scope, NULL},
					      {"--name", &o.name, NULL},
					      {"--expires", &o.expires, NULL},
					      {NULL, NULL, NULL}};
	struct store_key k = {0};
	const char *account;
	struct store *s;
	int rc;

	if (args_take(a, options, &account, 1, e) < 0 ||
	    read_options(&o, &k, e) < 0)
		return -1;
	s = store_open(&a->conf, a->user, e);
	if (!s)
		return -1;
	rc = create_key(s, account, &k, e);
	store_close(s);
	return rc;
}

static int
print_key(void *arg, const struct store_key *k)
{
	char made[TIME_RFC3339_SIZE], end[TIME_RFC3339_SIZE] = "never",
				      used[TIME_RFC3339_SIZE] = "never";

	*(uint64_t *)arg = k->seq;
	time_rfc3339(made, k->created_us, 0);
	if (k->expires_us)
		time_rfc3339(end, k->expires_us, 0);
	if (k->last_used_us)
		time_rfc3339(used, k->last_used_us, 0);
	printf("%s\t%s...\t%s\tcreated %s\texpires %s\tused %s\t%s\n", k->id,
	       k->prefix, key_scope_name(k->scope), made, end, used, k->name);
	return 0;
}

static int
list_keys(struct store *s, const char *account, struct err *e)
{
	struct store_account owner;
	uint64_t last = 0, before;

	if (store_account_find(s, account, &owner, e) < 0)
		return -1;
	do {
		before = last;
		if (store_key_list(s, owner.id, before, LIST_PAGE, print_key,
				   &last, e) < 0)
			return -1;
	} while (last != before);
	return 0;
}

int
cmd_key_list(struct admin *a, struct err *e)
{
	const struct args_option none = {NULL, NULL, NULL};
	const char *account;
	struct store *s;
	int rc;

	if (args_take(a, &none, &account, 1, e) < 0)
		return -1;
	s = store_open(&a->conf, a->user, e);
	if (!s)
		return -1;
	rc = list_keys(s, account, e);
	store_close(s);
	return rc;
}

int
cmd_key_revoke(struct admin *a, struct err *e)
{
	const struct args_option none = {NULL, NULL, NULL};
	struct store_account owner;
	const char *words[2];
	struct store *s;
	int rc = -1;

	if (args_take(a, &none, words, 2, e) < 0)
		return -1;
	s = store_open(&a->conf, a->user, e);
	if (!s)
		return -1;
	if (store_account_find(s, words[0], &owner, e) == 0)
		rc = store_key_revoke(s, owner.id, words[1], e);
	store_close(s);
	return rc;
}
