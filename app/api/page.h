/* One page of a list: ?limit=, ?cursor=, Link and X-Next-Cursor. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct call;
struct err;

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

struct page {
	int limit;
	uint64_t before; /* of the cursor; 0 for the first page */
	json_t *items;	 /* owned */
	uint64_t last;	 /* of the last item taken */
	bool more;	 /* there is another page */
	bool failed;	 /* no memory */
};

/* Reads the query; ask the store for limit + 1 rows. Needs page_fini. */
int page_init(struct page *p, struct call *c, struct err *e);
void page_fini(struct page *p);
/* Takes `item` over (NULL: no memory). Not 0: the page is full, stop. */
int page_add(struct page *p, uint64_t seq, json_t *item);
/* Answers with the page. */
int page_answer(struct page *p, struct call *c, struct err *e);
