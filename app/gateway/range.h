/* Conditional and partial reads: Range, ETag, If-None-Match (RFC 9110). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One range of bytes. All members 0: the whole. */
struct range {
	bool set;
	bool empty;	/* "the last 0 bytes": never satisfiable */
	int64_t offset; /* of the first byte, when suffix is 0 */
	int64_t length; /* 0: to the end */
	int64_t suffix; /* the last so many bytes */
};

#define RANGE_ETAG_SIZE 40

/* A header that is absent, malformed, in other units or of several ranges
 * means the whole, as the RFC allows. */
void range_parse(const char *header, struct range *out);
/* Where the range lies in `size` bytes; false when it has none of them. */
bool range_place(const struct range *r, int64_t size, int64_t *out_offset,
		 int64_t *out_length);
/* A strong entity tag, with its quotes. */
void range_etag(char out[RANGE_ETAG_SIZE], int64_t mtime_us, int64_t size);
/* If-None-Match (may be NULL) names the tag, or any. */
bool range_etag_matches(const char *header, const char *etag);
