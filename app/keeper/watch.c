#include "keeper/watch.h"

#include <string.h>

static struct watch_entry *
find(struct watch *w, const char *id)
{
	for (size_t i = 0; i < w->count; i++) {
		if (!strcmp(w->entries[i].id, id))
			return &w->entries[i];
	}
	return NULL;
}

/* NULL when it is new and there is no room. */
static struct watch_entry *
find_or_add(struct watch *w, const char *id, int look, int64_t now_ms)
{
	struct watch_entry *x = find(w, id);

	if (x || w->count == WATCH_MAX)
		return x;
	x = &w->entries[w->count++];
	*x = (struct watch_entry){.look = look, .since_ms = now_ms};
	strncpy(x->id, id, sizeof(x->id) - 1);
	return x;
}

int64_t
watch_age_ms(struct watch *w, const char *id, int look, int64_t now_ms)
{
	struct watch_entry *x = find_or_add(w, id, look, now_ms);

	if (!x)
		return 0;
	if (x->look != look) {
		x->look = look;
		x->since_ms = now_ms;
	}
	x->seen_ms = now_ms;
	return now_ms - x->since_ms;
}

void
watch_snooze(struct watch *w, const char *id, int64_t now_ms, int64_t until_ms)
{
	struct watch_entry *x = find_or_add(w, id, 0, now_ms);

	if (!x)
		return;
	x->seen_ms = now_ms;
	x->snooze_ms = until_ms;
}

bool
watch_snoozed(struct watch *w, const char *id, int64_t now_ms)
{
	struct watch_entry *x = find(w, id);

	if (!x)
		return false;
	x->seen_ms = now_ms;
	return now_ms < x->snooze_ms;
}

void
watch_forget(struct watch *w, int64_t since_ms)
{
	for (size_t i = 0; i < w->count;) {
		if (w->entries[i].seen_ms < since_ms)
			w->entries[i] = w->entries[--w->count];
		else
			i++;
	}
}
