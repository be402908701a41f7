/*
 * Remembers since when something looked the way it looks: what is odd for a
 * moment is often only a change under way. Bounded; when it is full, what does
 * not fit counts as just begun.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "id.h"

#define WATCH_MAX 1024

struct watch_entry {
	char id[ID_SIZE];
	int look; /* any number that stands for how it looks */
	int64_t since_ms, seen_ms, snooze_ms;
};

struct watch {
	struct watch_entry entries[WATCH_MAX];
	size_t count;
};

/* For how long `id` has had this look without a gap; 0 the first time. */
int64_t watch_age_ms(struct watch *w, const char *id, int look, int64_t now_ms);
/* Leaves `id` alone until `until_ms`. */
void watch_snooze(struct watch *w, const char *id, int64_t now_ms,
		  int64_t until_ms);
bool watch_snoozed(struct watch *w, const char *id, int64_t now_ms);
/* Forgets what was not asked about since `since_ms`. */
void watch_forget(struct watch *w, int64_t since_ms);
